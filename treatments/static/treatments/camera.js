/* The camera with the last photo of the same view over its picture, where a browser gives one. What is taken goes the
   way of every other photo: into the form of its view, and from there through photos.js. */
(() => {
  const box = document.getElementById("camera");
  if (!box || !navigator.mediaDevices?.getUserMedia) {
    return;
  }
  const video = box.querySelector("video");
  const ghost = box.querySelector("img");
  const strength = box.querySelector("input");
  const refused = box.querySelector("[data-camera-refused]");
  const take = box.querySelector("[data-camera-take]");
  const wanted = { facingMode: "environment", width: { ideal: 4032 }, height: { ideal: 3024 } };
  let form;

  const show = () => {
    ghost.style.opacity = String(strength.value / 100);
  };

  async function open(button) {
    form = button.closest("form");
    document.getElementById("camera-title").textContent = button.dataset.camera;
    ghost.src = button.dataset.ghost;
    refused.hidden = true;
    take.disabled = true;
    box.showModal();
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ video: wanted, audio: false });
      if (!box.open) {
        stream.getTracks().forEach((track) => track.stop());
        return;
      }
      video.srcObject = stream;
      await video.play();
      take.disabled = false;
    } catch {
      refused.hidden = false;
    }
  }

  function shoot() {
    const canvas = document.createElement("canvas");
    canvas.width = video.videoWidth;
    canvas.height = video.videoHeight;
    canvas.getContext("2d").drawImage(video, 0, 0);
    canvas.toBlob(
      (blob) => {
        const files = new DataTransfer();
        files.items.add(new File([blob], "camera.jpg", { type: "image/jpeg" }));
        form.querySelector("input[type=file]").files = files.files;
        box.close();
        form.requestSubmit();
      },
      "image/jpeg",
      0.95,
    );
  }

  box.addEventListener("close", () => {
    video.srcObject?.getTracks().forEach((track) => track.stop());
    video.srcObject = null;
  });
  box.querySelector("[data-camera-close]").addEventListener("click", () => box.close());
  take.addEventListener("click", shoot);
  strength.addEventListener("input", show);
  show();
  for (const button of document.querySelectorAll("[data-camera]")) {
    button.hidden = false;
    button.addEventListener("click", () => open(button));
  }
})();
