/* The photos' keys on the page of a session: htmx sends each photo by itself and swaps the card; this says when one did
   not arrive, and lets the list of what signing wants follow. Without this script the keys are links to the photos. */
(() => {
  const rail = document.getElementById("session-rail");
  let busy = 0;

  const card = () => document.getElementById("photos");
  const isPhoto = (event) => event.detail.target?.id === "photos";

  function say(words) {
    const note = card().querySelector("[data-photo-trouble]");
    note.lastElementChild.textContent = note.dataset[words] ?? "";
    note.hidden = !words;
  }

  /* One at a time: the card that comes back would swap away the others on their way. */
  function lock(isLocked) {
    for (const input of card().querySelectorAll("input[type=file]")) {
      input.disabled = isLocked;
    }
  }

  document.addEventListener("htmx:configRequest", (event) => {
    if (isPhoto(event)) {
      const token = document.querySelector("#session-form [name=csrfmiddlewaretoken]").value;
      event.detail.headers["X-CSRFToken"] = token;
    }
  });

  document.addEventListener("htmx:beforeSend", (event) => {
    if (isPhoto(event)) {
      busy += 1;
      const words = event.detail.elt.closest("label").querySelector("[data-sending]");
      words.textContent = words.dataset.sending;
      event.detail.elt.closest("label").setAttribute("aria-busy", "true");
      say("");
      lock(true);
    }
  });

  document.addEventListener("htmx:beforeSwap", (event) => {
    if (isPhoto(event)) {
      const isCard = event.detail.xhr.responseText.includes('id="photos"');
      event.detail.shouldSwap = isCard; // a photo refused comes with the card and its reason
      event.detail.isError = false;
      if (!isCard) {
        failed(event.detail.xhr.status < 500 ? "signedOut" : "offline", event.detail.requestConfig.elt);
      }
    }
  });

  document.addEventListener("htmx:afterSwap", (event) => {
    if (isPhoto(event)) {
      card().focus({ preventScroll: true });
      window.htmx.trigger(rail, "keep");
    }
  });

  document.addEventListener("htmx:afterRequest", (event) => {
    if (isPhoto(event)) {
      busy -= 1;
    }
  });

  for (const name of ["htmx:sendError", "htmx:timeout", "htmx:sendAbort"]) {
    document.addEventListener(name, (event) => isPhoto(event) && failed("offline", event.detail.elt));
  }

  function failed(words, input) {
    const key = input.closest("label");
    key.removeAttribute("aria-busy");
    key.querySelector("[data-sending]").textContent = key.querySelector("[data-sending]").dataset.idle;
    lock(false);
    input.value = "";
    say(words);
  }

  window.addEventListener("beforeunload", (event) => {
    if (busy) {
      event.preventDefault();
    }
  });
})();
