/* The session page: what an answer asks for shows once it is given, blank product rows wait folded, "No to all" answers
   the screening, and what is typed is kept by the server. Without this script everything is shown, nothing is kept
   before it is saved, and the list of what signing wants says how the page was when it came. */
(() => {
  const form = document.getElementById("session-form");
  const rail = document.getElementById("session-rail");
  const trouble = document.getElementById("session-trouble");
  const signIn = document.getElementById("session-sign-in");
  const wells = [...document.querySelectorAll("[data-shown-by]")];
  const rows = [...document.querySelectorAll(".product-row")];
  const addProduct = document.querySelector("[data-add-product]");
  const answerAll = document.querySelector("[data-answer-all]");

  const inputs = (name) => [...form.querySelectorAll(`[name="${CSS.escape(name)}"]`)];

  function showWells() {
    for (const well of wells) {
      const input = inputs(well.dataset.shownBy).find((each) => each.value === well.dataset.shownFor);
      well.hidden = !input?.checked;
    }
  }

  /* Products: one blank row stands ready only where there is none with something in it. */
  function foldRows() {
    const blank = rows.filter((row) => row.hasAttribute("data-blank"));
    blank.forEach((row, index) => {
      row.hidden = index > 0 || blank.length < rows.length;
    });
    addProduct.hidden = !blank.length;
  }

  addProduct?.addEventListener("click", () => {
    const next = rows.find((row) => row.hidden);
    if (next) {
      next.hidden = false;
      next.querySelector("select").focus();
    }
    addProduct.hidden = !rows.some((row) => row.hidden);
  });

  function sumDrawn() {
    const total = rows.reduce((sum, row) => sum + (Number(row.querySelector("input").value) || 0), 0);
    const map = document.querySelector("[data-bodymap]");
    if (map) {
      map.dataset.totalMl = String(Math.round(total * 1000) / 1000);
    }
  }

  if (answerAll) {
    answerAll.hidden = false;
    answerAll.addEventListener("click", () => {
      const all = [...form.querySelectorAll(`#screening input[value="${CSS.escape(answerAll.dataset.answerAll)}"]`)];
      all.forEach((input) => {
        input.checked = true;
      });
      all[0]?.dispatchEvent(new Event("change", { bubbles: true }));
    });
  }

  function keepUp() {
    showWells();
    sumDrawn();
  }

  form.addEventListener("input", keepUp);
  form.addEventListener("change", keepUp);
  keepUp();
  foldRows();

  /* Keeping: htmx sends the form a moment after each change and swaps what is left to do. */
  function say(words) {
    trouble.textContent = words;
    trouble.hidden = !words;
    signIn.hidden = words !== trouble.dataset.signedOut;
  }

  function takeToken() {
    // A sign-in on another page makes the token of this one worthless; the cookie has the new one.
    const name = `${form.dataset.cookie}=`;
    const found = document.cookie.split("; ").find((cookie) => cookie.startsWith(name));
    if (found) {
      form.querySelector("[name=csrfmiddlewaretoken]").value = found.slice(name.length);
    }
  }

  const isKeeping = (event) => event.detail.elt === rail || event.detail.target === rail;

  document.addEventListener("htmx:configRequest", (event) => {
    if (isKeeping(event)) {
      takeToken();
      const token = form.querySelector("[name=csrfmiddlewaretoken]").value;
      event.detail.headers["X-CSRFToken"] = token;
      event.detail.parameters.csrfmiddlewaretoken = token;
    }
  });

  document.addEventListener("htmx:beforeSwap", (event) => {
    if (isKeeping(event) && !event.detail.xhr.responseText.includes("copy_version")) {
      event.detail.shouldSwap = false; // the page of the sign-in
      say(trouble.dataset.signedOut);
    }
  });

  document.addEventListener("htmx:afterSwap", (event) => {
    if (isKeeping(event)) {
      say("");
      form.dispatchEvent(new Event("saved", { bubbles: true }));
    }
  });

  for (const name of ["htmx:sendError", "htmx:timeout"]) {
    document.addEventListener(name, (event) => isKeeping(event) && say(trouble.dataset.offline));
  }
  document.addEventListener("htmx:responseError", (event) => {
    if (isKeeping(event)) {
      say([401, 403].includes(event.detail.xhr.status) ? trouble.dataset.signedOut : trouble.dataset.offline);
    }
  });
  document.addEventListener("signed-in-again", () => rail.dispatchEvent(new Event("keep")));

  /* On leaving, what was typed in the last second goes along. */
  let changed = false;
  let isSubmitted = false;
  form.addEventListener("input", () => (changed = true));
  form.addEventListener("change", () => (changed = true));
  form.addEventListener("saved", () => (changed = false));
  form.addEventListener("submit", (event) => {
    if (!trouble.hidden && trouble.textContent === trouble.dataset.signedOut) {
      event.preventDefault(); // the way to the sign-in page would lose what is typed; once signed in, it is kept
      rail.dispatchEvent(new Event("keep"));
      return;
    }
    isSubmitted = true;
    takeToken();
  });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden" && changed && !isSubmitted) {
      takeToken();
      navigator.sendBeacon(rail.getAttribute("hx-post"), new FormData(form));
    }
  });
})();
