/* The calendar by pointer and by keys: a block is moved and lengthened in steps of five minutes, then a form is sent. */
(() => {
  const STEP = 5; // minutes, and one row
  const FAR = 5; // pixels before a press becomes a drag
  const HOLD = 350; // milliseconds that a finger rests before it drags instead of scrolling
  const EDGE = 8; // pixels at the lower end that lengthen
  const MOST = 480;
  const LEAST = 5;
  const A_DAY = 24 * 60;

  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const clock = (minute) =>
    `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;
  const shown = () => all(".cal-col").filter((column) => column.offsetParent);
  const panel = document.getElementById("cal-panel");
  let moving = null;
  let press = null;

  function begin(block) {
    if (moving?.block === block) {
      return moving;
    }
    putBack();
    const column = block.closest(".cal-col");
    moving = {
      block,
      column,
      home: column,
      start: Number(block.dataset.start),
      minutes: Number(block.dataset.minutes),
      was: { start: Number(block.dataset.start), minutes: Number(block.dataset.minutes) },
      classes: block.className,
      after: block.nextSibling,
    };
    block.classList.add("is-moving");
    return moving;
  }

  function changed() {
    return (
      moving &&
      (moving.start !== moving.was.start || moving.minutes !== moving.was.minutes || moving.column !== moving.home)
    );
  }

  /* Drawn through the script's own style sheet object, which the policy allows where an attribute is not. */
  function draw() {
    const body = moving.column.querySelector(".cal-body");
    const first = Number(body.dataset.first);
    moving.start = Math.min(Math.max(moving.start, 0), A_DAY - STEP);
    moving.minutes = Math.min(Math.max(moving.minutes, LEAST), MOST);
    const { block } = moving;
    if (block.parentElement !== body) {
      const hadFocus = document.activeElement === block;
      body.append(block);
      if (hadFocus) {
        block.focus({ preventScroll: true });
      }
    }
    block.style.gridRow = `${Math.max(Math.floor((moving.start - first) / STEP), 0) + 1} / span ${Math.ceil(moving.minutes / STEP)}`;
    block.style.gridColumn = "1 / -1";
    block.querySelector(".cal-time").textContent = `${clock(moving.start)}–${clock(Math.min(moving.start + moving.minutes, A_DAY))}`;
    block.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  function say() {
    const live = document.getElementById("cal-live");
    const words = {
      start: clock(moving.start),
      end: clock(Math.min(moving.start + moving.minutes, A_DAY)),
      where: moving.column.querySelector(".cal-head").firstChild.textContent.trim(),
    };
    live.textContent = live.dataset.moved.replace(/%\((\w+)\)s/g, (_all, name) => words[name]);
  }

  function putBack(aloud = false) {
    if (!moving) {
      return;
    }
    const { block, home, after, was } = moving;
    const hadFocus = document.activeElement === block;
    block.style.gridRow = "";
    block.style.gridColumn = "";
    block.classList.remove("is-moving");
    home.querySelector(".cal-body").insertBefore(block, after?.parentElement === home.querySelector(".cal-body") ? after : null);
    block.querySelector(".cal-time").textContent = clock(was.start);
    moving = null;
    if (hadFocus) {
      block.focus({ preventScroll: true });
    }
    if (aloud) {
      const live = document.getElementById("cal-live");
      live.textContent = live.dataset.back;
    }
  }

  function send() {
    const form = document.getElementById("cal-move");
    const kind = document.getElementById("calendar").dataset.columns;
    const { block, column } = moving;
    form.elements.version.value = block.dataset.version;
    form.elements.starts.value = `${column.dataset.day}T${clock(moving.start)}`;
    form.elements.minutes.value = moving.minutes;
    for (const name of ["with", "room"]) {
      form.elements[name].disabled = name !== kind;
      form.elements[name].value = column.dataset.column;
    }
    const { id } = block;
    const scroll = document.querySelector(".cal-scroll");
    const at = [scroll.scrollLeft, scroll.scrollTop];
    moving = null;
    window.htmx
      .ajax("POST", block.dataset.move, {
        source: form,
        values: Object.fromEntries(new FormData(form)),
        target: "#calendar",
        select: "#calendar",
        swap: "outerHTML",
      })
      .then(() => {
        document.querySelector(".cal-scroll").scrollTo(...at);
        document.getElementById(id)?.focus({ preventScroll: true });
      });
  }

  /* htmx would take over what stands in a style attribute, which the policy refuses. */
  document.addEventListener("htmx:beforeSwap", () => {
    all(".cal-block[style]").forEach((block) => block.removeAttribute("style"));
  });

  /* Keys on a focused block. */
  const KEYS = {
    ArrowUp: (state, shift) => (shift ? (state.minutes -= STEP) : (state.start -= STEP)),
    ArrowDown: (state, shift) => (shift ? (state.minutes += STEP) : (state.start += STEP)),
    ArrowLeft: (state) => step(state, -1),
    ArrowRight: (state) => step(state, 1),
  };

  function step(state, by) {
    const columns = shown().filter((column) => column.dataset.column !== "" || column.dataset.day);
    state.column = columns[columns.indexOf(state.column) + by] ?? state.column;
  }

  document.addEventListener("keydown", (event) => {
    const block = event.target.closest?.(".cal-block[data-move]");
    if (block && KEYS[event.key] && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      KEYS[event.key](begin(block), event.shiftKey);
      draw();
      say();
    } else if (block && moving && event.key === "Enter") {
      event.preventDefault();
      if (changed()) {
        send();
      } else {
        putBack();
      }
    } else if (moving && event.key === "Escape") {
      event.preventDefault();
      press = null;
      putBack(true);
    } else {
      turn(event);
    }
  });

  document.addEventListener("focusout", (event) => {
    if (moving?.block === event.target && !moving.pointer && event.relatedTarget && event.relatedTarget !== event.target) {
      putBack(true);
    }
  });

  /* From day to day: p and n, t for today, as long as nobody types. */
  function turn(event) {
    const typing = event.target.closest?.("input, select, textarea, [contenteditable]");
    const link = { n: "after", p: "before", t: "today" }[event.key];
    if (link && !typing && !panel?.open && !event.ctrlKey && !event.metaKey && !event.altKey) {
      document.querySelector(`[data-step="${link}"]`)?.click();
    }
  }

  /* The pointer. A mouse drags at once, a finger after it has rested. */
  document.addEventListener("pointerdown", (event) => {
    const block = event.target.closest?.(".cal-block[data-move]");
    if (!block || event.button !== 0) {
      return;
    }
    const box = block.getBoundingClientRect();
    press = {
      block,
      x: event.clientX,
      y: event.clientY,
      id: event.pointerId,
      lengthens: box.bottom - event.clientY < EDGE && box.height > 2 * EDGE,
      grip: event.clientY - box.top,
      dragging: false,
      timer: event.pointerType === "mouse" ? null : setTimeout(() => press && drag(), HOLD),
    };
  });

  function drag() {
    press.dragging = true;
    const state = begin(press.block);
    state.pointer = true;
    press.block.setPointerCapture?.(press.id);
  }

  document.addEventListener("pointermove", (event) => {
    if (!press || event.pointerId !== press.id) {
      return;
    }
    const far = Math.hypot(event.clientX - press.x, event.clientY - press.y) > FAR;
    if (!press.dragging) {
      if (far && press.timer) {
        clearTimeout(press.timer);
        press = null; // a finger that scrolls
      } else if (far) {
        drag();
      }
    }
    if (press?.dragging) {
      follow(event);
    }
  });

  function follow(event) {
    const row = rowHeight();
    if (press.lengthens) {
      moving.minutes = moving.was.minutes + Math.round((event.clientY - press.y) / row) * STEP;
    } else {
      const over = shown().find((column) => {
        const box = column.getBoundingClientRect();
        return event.clientX >= box.left && event.clientX < box.right;
      });
      moving.column = over ?? moving.column;
      const body = moving.column.querySelector(".cal-body");
      const top = event.clientY - press.grip - body.getBoundingClientRect().top;
      moving.start = Number(body.dataset.first) + Math.round(top / row) * STEP;
    }
    draw();
  }

  function rowHeight() {
    const body = document.querySelector(".cal-col .cal-body");
    return body.getBoundingClientRect().height / (body.querySelector(".cal-hours").dataset.rows || 1);
  }

  function drop(event) {
    if (!press || event.pointerId !== press.id) {
      return;
    }
    clearTimeout(press.timer);
    const dragged = press.dragging;
    press = null;
    if (!dragged) {
      return;
    }
    swallowClick();
    if (event.type === "pointerup" && changed()) {
      send();
    } else {
      putBack();
    }
  }

  /* A drop ends with a click on the link that was dragged. */
  function swallowClick() {
    const swallow = (click) => {
      click.preventDefault();
      click.stopPropagation();
    };
    document.addEventListener("click", swallow, { capture: true, once: true });
    setTimeout(() => document.removeEventListener("click", swallow, { capture: true }), 50);
  }

  document.addEventListener("pointerup", drop);
  document.addEventListener("pointercancel", drop);
  document.addEventListener("dragstart", (event) => {
    if (event.target.closest?.(".cal-block")) {
      event.preventDefault();
    }
  });
  document.addEventListener(
    "touchmove",
    (event) => {
      if (press?.dragging) {
        event.preventDefault();
      }
    },
    { passive: false },
  );
  document.addEventListener("contextmenu", (event) => {
    if (press?.dragging) {
      event.preventDefault();
    }
  });

  /* A tap on an appointment shows what can be done with it; a new tab and a page without a script show its page. */
  function show(block) {
    const text = (part) => block.querySelector(part)?.innerText.trim() ?? "";
    panel.querySelector("#cal-panel-title").textContent = [text(".cal-time"), text(".cal-name")].join(" ");
    panel.querySelector("#cal-panel-what").textContent = text(".cal-what");
    panel.querySelector("#cal-panel-link").href = block.href;
    panel.querySelector("#cal-panel-acts").replaceChildren();
    panel.showModal();
    window.htmx.ajax("GET", `${block.href}?from=calendar`, {
      target: "#cal-panel-acts",
      select: "#appointment-acts",
      swap: "innerHTML",
    });
  }

  document.addEventListener("click", (event) => {
    const block = event.target.closest?.(".cal-block, .cal-agenda a, .cal-line");
    if (block && panel && !moving && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      show(block);
    }
    if (event.target === panel || event.target.closest?.("[data-close-panel]")) {
      panel?.close();
    }
  });

  /* The hour it is stands in view, and its line goes on with the clock. */
  const opened = Date.now();

  setInterval(() => {
    const rows = Math.floor((Date.now() - opened) / (STEP * 60_000));
    all(".cal-now").forEach((line) => {
      line.style.gridRowStart = Number(line.dataset.row) + 1 + rows;
    });
  }, 60_000);

  function showNow() {
    const scroll = document.querySelector(".cal-scroll");
    const target = document.querySelector(".cal-now") ?? document.querySelector(".cal-block");
    if (scroll && target && !scroll.dataset.placed) {
      scroll.scrollTop = Math.max(target.offsetTop - scroll.clientHeight / 3, 0);
      scroll.dataset.placed = "yes";
    }
  }

  showNow();
})();
