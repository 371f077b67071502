// What an invented patient reads of a text while it is being typed, and how long its SMS is. The server counts again.
"use strict";

(() => {
  const preview = document.querySelector(".message-preview");
  const body = document.getElementById("id_body");
  if (!preview || !body) return;
  const subject = document.getElementById("id_subject");
  const channel = document.getElementById("id_channel");
  const example = JSON.parse(preview.dataset.example);
  const place = /\{([^{}]*)\}/g;

  const fill = (text) =>
    text
      .replace(place, (whole, name) => (name in example ? example[name] : whole))
      .replace(/\n{3,}/g, "\n\n")
      .trim();

  const count = (text) => {
    const letters = [...text];
    const basic = letters.every((each) => preview.dataset.basic.includes(each) || preview.dataset.extended.includes(each));
    const sizes = letters.map((each) => (basic ? (preview.dataset.extended.includes(each) ? 2 : 1) : each.length));
    const units = sizes.reduce((sum, size) => sum + size, 0);
    const [single, part] = basic ? [160, 153] : [70, 67];
    let parts = units ? 1 : 0;
    let room = part;
    if (units > single) {
      for (const size of sizes) {
        if (size > room) {
          parts += 1;
          room = part;
        }
        room -= size;
      }
    }
    return { units, parts, encoding: basic ? "GSM-7" : "UCS-2" };
  };

  const show = () => {
    const text = fill(body.value);
    const isSms = channel.value === "sms";
    preview.querySelector(".preview-subject").textContent = isSms ? "" : fill(subject.value);
    preview.querySelector(".preview-body").textContent = text;
    const length = preview.querySelector(".preview-length");
    const { units, parts, encoding } = count(text);
    length.textContent = isSms ? `${units} (${encoding}), ${parts} SMS / ${preview.dataset.most}` : "";
    length.classList.toggle("errornote", isSms && parts > Number(preview.dataset.most));
  };

  for (const field of [body, subject, channel]) field.addEventListener("input", show);
  show();
})();
