/* Small comforts on top of pages that work without them. Every word shown comes from the HTML. */
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const phone = matchMedia("(max-width: 599.98px)");
  const focusable = "a[href], button, input:not([type=hidden]), select, textarea, [tabindex]";

  /* Search: "/" goes there, arrows walk the hits, Escape leaves. */
  const topbar = document.querySelector(".topbar");
  const search = document.querySelector(".search");
  const field = search?.querySelector("input[type=search]");
  const searchButton = document.querySelector(".search-button");

  function openSearch() {
    topbar.classList.add("search-open");
    searchButton?.setAttribute("aria-expanded", "true");
    field.focus();
    field.select();
  }

  function closeSearch() {
    topbar.classList.remove("search-open");
    searchButton?.setAttribute("aria-expanded", "false");
  }

  function walkHits(event) {
    const hits = all(".search-hit", search);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || !hits.length) {
      return;
    }
    event.preventDefault();
    const next = hits.indexOf(document.activeElement) + step;
    (hits[next] ?? (next < 0 ? field : hits[hits.length - 1])).focus();
  }

  if (search && field) {
    searchButton?.addEventListener("click", (event) => {
      event.preventDefault();
      openSearch();
    });
    search.addEventListener("keydown", (event) => {
      walkHits(event);
      if (event.key === "Escape") {
        closeSearch();
        document.activeElement.blur();
        searchButton?.focus();
      }
    });
    search.addEventListener("focusout", (event) => {
      if (!search.contains(event.relatedTarget) && event.relatedTarget !== searchButton) {
        closeSearch();
      }
    });
    document.addEventListener("keydown", (event) => {
      const typing = event.target.closest("input, select, textarea, [contenteditable]");
      if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
        event.preventDefault();
        openSearch();
      }
    });
  }

  /* Steppers: the keys add or take one step and never leave a long tail of decimals. */
  function takeStep(button) {
    const input = button.parentElement.querySelector("input");
    const step = Number(input.step) || 1;
    const decimals = (input.step.split(".")[1] ?? "").length;
    let value = (Number(input.value) || 0) + step * Number(button.dataset.step);
    value = Math.max(input.min === "" ? -Infinity : Number(input.min), value);
    value = Math.min(input.max === "" ? Infinity : Number(input.max), value);
    input.value = value.toFixed(decimals);
    input.dispatchEvent(new Event("input", { bubbles: true }));
    input.dispatchEvent(new Event("change", { bubbles: true }));
  }

  /* Printing and copying need a script, so their buttons show themselves. */
  all("[data-print], [data-copy]").forEach((button) => {
    button.hidden = false;
  });

  /* Chips: "None" and any other answer exclude each other. */
  function exclude(box) {
    const group = box.closest("[data-exclusive]");
    if (!group || !box.checked) {
      return;
    }
    const chosenNone = box.value === group.dataset.exclusive;
    all("input[type=checkbox]", group).forEach((other) => {
      if (other !== box && other.checked && (chosenNone || other.value === group.dataset.exclusive)) {
        other.checked = false;
        other.dispatchEvent(new Event("change", { bubbles: true }));
      }
    });
  }

  document.addEventListener("click", (event) => {
    const key = event.target.closest(".stepper button[data-step]");
    if (key) {
      takeStep(key);
    }
    if (event.target.closest("[data-print]")) {
      print();
    }
    const copy = event.target.closest("[data-copy]");
    if (copy) {
      const field = document.getElementById(copy.dataset.copy);
      field.select();
      navigator.clipboard?.writeText(field.value).then(() => {
        copy.lastElementChild.textContent = copy.dataset.copied;
      });
    }
    const close = event.target.closest("[data-close-toast]");
    if (close) {
      close.closest(".toast-item").remove();
    }
    const jump = event.target.closest(".error-summary a[href^='#']");
    const target = jump && document.getElementById(jump.hash.slice(1));
    if (target) {
      event.preventDefault();
      const control = target.matches(focusable) ? target : target.querySelector(focusable);
      (control ?? target).focus();
    }
    all("details.menu[open]").forEach((menu) => {
      if (!menu.contains(event.target)) {
        menu.open = false;
      }
    });
  });

  document.addEventListener("keydown", (event) => {
    const menu = event.key === "Escape" && event.target.closest("details.menu[open]");
    if (menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });

  document.addEventListener("focusout", (event) => {
    const menu = event.target.closest("details.menu[open]");
    if (menu && event.relatedTarget && !menu.contains(event.relatedTarget)) {
      menu.open = false;
    }
  });

  document.addEventListener("change", (event) => {
    if (event.target.matches("input[type=checkbox]")) {
      exclude(event.target);
    }
    if (event.target.closest("[data-submit]")) {
      event.target.form?.requestSubmit();
    }
  });

  /* Toasts leave after six seconds, but not from under a pointer or the focus. */
  function hideLater(toast) {
    if (toast.dataset.timed) {
      return;
    }
    toast.dataset.timed = "yes";
    let timer;
    const start = () => {
      clearTimeout(timer);
      timer = setTimeout(() => toast.remove(), 6000);
    };
    const stay = () => clearTimeout(timer);
    toast.addEventListener("mouseenter", stay);
    toast.addEventListener("focusin", stay);
    toast.addEventListener("mouseleave", start);
    toast.addEventListener("focusout", start);
    start();
  }

  /* The board on a phone: one status at a time. The words are the columns' own headings. */
  function segmentBoard(board) {
    const columns = all(":scope > .board-col", board);
    if (!columns.length || board.querySelector(":scope > .board-seg")) {
      return;
    }
    const bar = document.createElement("div");
    bar.className = "seg board-seg";
    const buttons = columns.map((column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "seg-item";
      button.append(...[...column.querySelector("h2").childNodes].map((node) => node.cloneNode(true)));
      bar.append(button);
      return button;
    });
    const show = (index) => {
      columns.forEach((column, at) => column.classList.toggle("is-shown", at === index));
      buttons.forEach((button, at) => button.setAttribute("aria-pressed", String(at === index)));
    };
    buttons.forEach((button, index) =>
      button.addEventListener("click", () => {
        show(index);
        sessionStorage.setItem("board-column", index);
      }),
    );
    const kept = sessionStorage.getItem("board-column");
    const waiting = columns.findIndex((column) => column.querySelector(".is-longest"));
    const filled = columns.findIndex((column) => column.querySelector(".appt"));
    const first = waiting >= 0 ? waiting : Math.max(filled, 0);
    show(kept !== null && columns[kept] ? Number(kept) : first);
    board.prepend(bar);
  }

  /* Forms: no double submit; a warning before leaving what is not saved. */
  const submitted = new WeakSet();
  const dirty = new Set();

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || event.defaultPrevented) {
      return;
    }
    if (submitted.has(form)) {
      event.preventDefault();
      return;
    }
    dirty.delete(form);
    if (form.matches("[hx-post], [data-hx-post]")) {
      return;
    }
    submitted.add(form);
    event.submitter?.setAttribute("aria-busy", "true");
  });

  window.addEventListener("pageshow", () => {
    all("form").forEach((form) => submitted.delete(form));
    all("[aria-busy=true]").forEach((button) => button.removeAttribute("aria-busy"));
  });

  document.addEventListener("input", (event) => {
    const form = event.target.closest("form[data-guard]");
    if (form) {
      dirty.add(form);
    }
  });

  document.addEventListener("saved", (event) => {
    dirty.delete(event.target.closest("form"));
  });

  window.addEventListener("beforeunload", (event) => {
    if ([...dirty].some((form) => form.isConnected)) {
      event.preventDefault();
    }
  });

  /* A sign-in on another page makes the token of this one worthless; the cookie has the new one. */
  document.addEventListener("htmx:configRequest", ({ detail }) => {
    const found = document.cookie.match(/(?:^|; )(?:__Host-)?csrftoken=([^;]+)/);
    if (!found || detail.verb === "get") {
      return;
    }
    detail.headers["X-CSRFToken"] = found[1];
    if (detail.parameters.csrfmiddlewaretoken !== undefined) {
      detail.parameters.csrfmiddlewaretoken = found[1];
    }
  });

  /* Waiting: a line under the bar, only when an answer takes longer than 400 ms. */
  const line = document.querySelector(".waiting-line");
  let waiting = 0;
  let lineTimer;

  document.addEventListener("htmx:beforeRequest", () => {
    waiting += 1;
    lineTimer ??= setTimeout(() => line?.removeAttribute("hidden"), 400);
  });

  document.addEventListener("htmx:afterRequest", () => {
    waiting = Math.max(0, waiting - 1);
    if (!waiting) {
      clearTimeout(lineTimer);
      lineTimer = undefined;
      line?.setAttribute("hidden", "");
    }
  });

  function dress(root) {
    all(".toast-item", root).forEach(hideLater);
    all(".board", root).forEach(segmentBoard);
    const board = root.closest?.(".board");
    if (board) {
      segmentBoard(board);
    }
  }

  document.addEventListener("htmx:load", (event) => dress(event.target));
  dress(document);
  document.querySelector(".error-summary")?.focus();
  if (field?.hasAttribute("data-autofocus") && !phone.matches && document.activeElement === document.body) {
    field.focus();
  }
})();
