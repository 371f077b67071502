/* Two photos: a range uncovers the later one, or lets it shine through. Without this script they stand side by side. */
(() => {
  for (const box of document.querySelectorAll("[data-compare]")) {
    const range = box.querySelector(".compare-range");
    if (!range) {
      continue;
    }
    const after = box.querySelector(".compare-after");
    const picture = after.querySelector("img");
    const handle = box.querySelector(".compare-handle");

    const show = () => {
      if (box.dataset.compare === "slider") {
        picture.style.clipPath = `inset(0 0 0 ${range.value}%)`;
        handle.style.insetInlineStart = `${range.value}%`;
      } else {
        picture.style.opacity = String(range.value / 100);
      }
    };

    box.classList.add("is-live");
    range.hidden = false;
    if (handle) {
      handle.hidden = false;
    }
    range.addEventListener("input", show);
    show();
  }
})();
