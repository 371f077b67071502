/* Signing on the screen: a finger, a pen or the mouse draws strokes, kept as fractions of the field in a hidden input.
   Without this script the name is typed. */
(() => {
  const signing = document.querySelector("[data-signing]");
  const pad = signing.querySelector(".signature-pad");
  const kept = signing.querySelector("input[name=strokes]");
  const typed = signing.querySelector("input[name=typed]");
  const state = document.getElementById("pad-state");
  const drawnPart = signing.querySelector(".signing-drawn");
  const typedPart = signing.querySelector(".signing-typed");
  const drawInstead = signing.querySelector("[data-draw]");
  const [width, height] = [pad.viewBox.baseVal.width, pad.viewBox.baseVal.height];
  const mostStrokes = 200;
  const mostPoints = 20000;
  const nearest = 0.002; // of the field: points nearer than this to the last one add nothing to the line
  let strokes = [];
  let current = null;

  function read() {
    try {
      return JSON.parse(kept.value || "[]");
    } catch {
      return [];
    }
  }

  const place = ([x, y]) => `${(x * width).toFixed(1)} ${(y * height).toFixed(1)}`;

  function pathOf(stroke) {
    return `M${(stroke.length > 1 ? stroke : [stroke[0], stroke[0]]).map(place).join("L")}`;
  }

  function draw() {
    pad.querySelectorAll("path").forEach((path) => path.remove());
    strokes.forEach((stroke) => {
      const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
      path.setAttribute("d", pathOf(stroke));
      pad.append(path);
    });
  }

  function keep() {
    kept.value = strokes.length ? JSON.stringify(strokes) : "";
    kept.dispatchEvent(new Event("input", { bubbles: true }));
    state.textContent = strokes.length ? state.dataset.drawn.replace("{count}", strokes.length) : state.dataset.empty;
  }

  function pointOf(event) {
    const box = pad.getBoundingClientRect();
    const fraction = (value) => Math.round(Math.min(Math.max(value, 0), 1) * 10000) / 10000;
    return [fraction((event.clientX - box.left) / box.width), fraction((event.clientY - box.top) / box.height)];
  }

  function begin(event) {
    if (!event.isPrimary || event.button !== 0 || strokes.length >= mostStrokes) {
      return;
    }
    event.preventDefault();
    pad.setPointerCapture(event.pointerId);
    current = [pointOf(event)];
    strokes.push(current);
    draw();
  }

  function goOn(event) {
    if (!current) {
      return;
    }
    const events = event.getCoalescedEvents?.() ?? [];
    let room = mostPoints - strokes.reduce((sum, stroke) => sum + stroke.length, 0);
    for (const each of events.length ? events : [event]) {
      const [x, y] = pointOf(each);
      const [lastX, lastY] = current[current.length - 1];
      if (room > 0 && Math.hypot(x - lastX, y - lastY) >= nearest) {
        current.push([x, y]);
        room -= 1;
      }
    }
    pad.lastElementChild.setAttribute("d", pathOf(current));
  }

  function end() {
    if (current) {
      current = null;
      keep();
    }
  }

  function change(next) {
    strokes = next;
    draw();
    keep();
  }

  /* One way to sign at a time: what is hidden is not sent. */
  function show(drawing) {
    drawnPart.hidden = !drawing;
    typedPart.hidden = drawing;
    typed.disabled = drawing;
    kept.disabled = !drawing;
  }

  pad.addEventListener("pointerdown", begin);
  pad.addEventListener("pointermove", goOn);
  pad.addEventListener("pointerup", end);
  pad.addEventListener("pointercancel", end);
  signing.querySelector("[data-undo]").addEventListener("click", () => change(strokes.slice(0, -1)));
  signing.querySelector("[data-clear]").addEventListener("click", () => change([]));
  signing.querySelector("[data-type]").addEventListener("click", () => {
    show(false);
    typed.focus();
  });
  drawInstead.addEventListener("click", () => {
    show(true);
    signing.querySelector("[data-type]").focus();
  });

  drawInstead.hidden = false;
  strokes = read();
  draw();
  state.textContent = strokes.length ? state.dataset.drawn.replace("{count}", strokes.length) : state.dataset.empty;
  show(!typed.value && !typed.matches("[aria-invalid=true]"));
})();
