/* A sign-in ends when nobody uses it. A minute before, the page says so; afterwards the sign-in comes over the page, so
   that what was typed on it stays. The server decides: this page asks it, and asking keeps nobody signed in. Without this
   script the next page leads to the sign-in. */
(() => {
  const dialog = document.getElementById("sign-in");
  if (!dialog?.showModal) {
    return;
  }
  const given = dialog.dataset;
  const steps = [...dialog.querySelectorAll("[data-step]")];
  const door = dialog.querySelector("[data-door]");
  const trouble = dialog.querySelector("[data-trouble]");
  const WARNING = 60;
  const NEWS = 5;
  const PING = 60_000;

  let token = given.token;
  let end = Date.now() + Number(given.seconds) * 1000;
  let longer = Boolean(given.longer);
  let step = "";
  let isActive = false;
  let pingedAt = Date.now();
  let timer;
  let wasFocused;
  let isDismissed = false;

  const secondsLeft = () => Math.ceil((end - Date.now()) / 1000);

  /* What the dialog shows: nothing, a warning, or the door. */
  function show(next) {
    if (step === next) {
      return;
    }
    const before = step;
    step = next;
    document.documentElement.toggleAttribute("data-signed-out", next === "ended");
    steps.forEach((section) => {
      section.hidden = section.dataset.step !== next;
      const title = section.querySelector("[data-title]");
      title.id = section.hidden ? "" : "sign-in-title";
    });
    if (!next) {
      dialog.close();
      // Where the caret was: a field that was hidden meanwhile takes keys only once it is focused anew.
      document.activeElement?.blur();
      setTimeout(() => wasFocused?.isConnected && wasFocused.focus());
      return;
    }
    if (!before) {
      wasFocused = document.activeElement;
    }
    if (!dialog.open) {
      dialog.showModal();
    }
    dialog.querySelector("[data-step]:not([hidden]) button")?.focus();
  }

  /* Escape does not open a door; a browser insists at the second time. */
  dialog.addEventListener("keydown", (event) => event.key === "Escape" && event.preventDefault());
  dialog.addEventListener("cancel", (event) => event.preventDefault());
  dialog.addEventListener("close", () => {
    if (step) {
      dialog.showModal();
    }
  });

  async function ask(method = "GET") {
    const headers = { "X-Background": "1", ...(method === "POST" && { "X-CSRFToken": token }) };
    const answer = await fetch(given.stateUrl, { method, headers, redirect: "error" });
    if (!answer.ok) {
      throw new Error(String(answer.status));
    }
    return answer.json();
  }

  function take(state) {
    if (!state.person) {
      ended();
      return;
    }
    if (state.person !== given.person) {
      leave();
      return;
    }
    takeToken(state.token);
    end = Date.now() + state.seconds * 1000;
    longer = state.longer;
    if (step === "ended") {
      signedInAgain();
    }
    if (secondsLeft() > WARNING) {
      isDismissed = false;
      show("");
    } else if (!isDismissed) {
      show(longer ? "warning" : "last");
    }
    plan();
  }

  /* Every form of the page is sent with the token of this sign-in. */
  function takeToken(fresh) {
    token = fresh;
    document.querySelectorAll("input[name=csrfmiddlewaretoken]").forEach((input) => {
      input.value = fresh;
    });
    document.body.setAttribute("hx-headers", JSON.stringify({ "X-CSRFToken": fresh }));
  }

  async function look(method) {
    try {
      take(await ask(method));
    } catch {
      if (secondsLeft() <= 0) {
        ended(); // no answer: the page closes when its time is over all the same
      } else {
        plan(NEWS);
      }
    }
  }

  function plan(seconds) {
    clearTimeout(timer);
    const left = secondsLeft();
    const wait = seconds ?? (step === "ended" ? NEWS : left > WARNING ? left - WARNING : Math.min(left, 1));
    timer = setTimeout(tick, Math.max(wait, 0.2) * 1000);
  }

  function tick() {
    const left = secondsLeft();
    if (step && step !== "ended" && left > 0) {
      dialog.querySelectorAll("[data-left]").forEach((place) => {
        place.textContent = String(left);
      });
      plan();
      return;
    }
    look();
  }

  function stay() {
    isActive = false;
    pingedAt = Date.now();
    look("POST");
  }

  /* Typing and tapping is use as well, though it sends nothing: told once a minute, and only while it goes on. */
  for (const kind of ["keydown", "pointerdown", "input"]) {
    document.addEventListener(
      kind,
      (event) => {
        if (!event.isTrusted || step) {
          return;
        }
        isActive = true;
        if (Date.now() - pingedAt > PING) {
          stay();
        }
      },
      { capture: true, passive: true },
    );
  }
  setInterval(() => isActive && !step && Date.now() - pingedAt > PING && stay(), PING / 4);

  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && look());
  window.addEventListener("pageshow", (event) => event.persisted && look());
  document.addEventListener("signed-out", () => look());
  dialog.querySelector("[data-stay]").addEventListener("click", stay);
  dialog.querySelector("[data-close]").addEventListener("click", () => {
    isDismissed = true;
    show("");
  });
  dialog.querySelector("[data-leave]").addEventListener("click", letGo);

  /* A form sent when the time is over would be lost on the way: it waits until somebody is signed in. */
  document.addEventListener(
    "submit",
    async (event) => {
      const { target: form, submitter } = event;
      if (form.method !== "post" || dialog.contains(form) || secondsLeft() > NEWS) {
        return;
      }
      event.preventDefault();
      event.stopImmediatePropagation();
      await look("POST");
      if (step !== "ended") {
        form.requestSubmit(submitter);
      }
    },
    true,
  );

  /* The door: the form of the sign-in page, and whatever comes after it, shown here. */
  function ended() {
    if (step === "ended") {
      plan();
      return;
    }
    show("ended");
    openDoor();
    plan();
  }

  async function openDoor() {
    try {
      const next = new URLSearchParams({ next: given.stateUrl });
      await showDoor(await fetch(`${given.loginUrl}?${next}`, { headers: { Accept: "text/html" } }));
    } catch {
      say(dialog.querySelector("[data-words]").dataset.offline);
    }
  }

  async function showDoor(answer) {
    if (new URL(answer.url).pathname === given.stateUrl) {
      take(await answer.json());
      return;
    }
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const main = page.querySelector("main");
    main.querySelectorAll("script:not([type='application/json'])").forEach((script) => script.remove());
    const login = main.querySelector("[name=login]");
    if (login) {
      main.querySelectorAll("h1, .lede").forEach((each) => each.remove());
      login.value = given.login;
      login.readOnly = true;
      login.removeAttribute("autofocus");
      main.querySelector("[name=password]").setAttribute("autofocus", "");
    }
    // The page below may have fields of the same name.
    const names = ["id", "for", "aria-describedby", "aria-labelledby", "data-options"];
    for (const name of names) {
      main.querySelectorAll(`[${name}]`).forEach((each) => each.setAttribute(name, `again-${each.getAttribute(name)}`));
    }
    main.querySelectorAll("a").forEach((link) => {
      link.target = "_blank";
      link.rel = "noopener";
    });
    say("");
    door.replaceChildren(...main.childNodes);
    (door.querySelector("[aria-invalid], [autofocus]") ?? door.querySelector("input:not([type=hidden])"))?.focus();
    await fetchScripts(page);
    door.dispatchEvent(new Event("door-shown", { bubbles: true }));
  }

  /* What the sign-in page asks of a device that holds a passkey. Where it does not come, the password remains. */
  async function fetchScripts(page) {
    for (const { src } of page.querySelectorAll("script[data-passkeys]")) {
      if (!document.querySelector(`script[src="${src}"]`)) {
        await new Promise((done) => {
          const script = Object.assign(document.createElement("script"), { src, onload: done, onerror: done });
          document.head.append(script);
        });
      }
    }
  }

  function say(words) {
    trouble.hidden = !words;
    trouble.querySelector("[data-trouble-words]").textContent = words;
  }

  let isKnocking = false;
  door.addEventListener("submit", async (event) => {
    if (event.defaultPrevented) {
      return; // a passkey is asked for first
    }
    event.preventDefault();
    event.stopPropagation();
    if (isKnocking) {
      return;
    }
    isKnocking = true;
    const form = event.target;
    try {
      const body = new FormData(form, event.submitter);
      await showDoor(await fetch(form.action, { method: "POST", body, headers: { Accept: "text/html" } }));
    } catch {
      say(dialog.querySelector("[data-words]").dataset.offline);
      form.querySelectorAll("[type=submit]").forEach((button) => {
        button.disabled = false;
      });
    }
    isKnocking = false;
  });

  /* The same person again: at the place where they were, on the page as it stood. */
  function signedInAgain() {
    door.replaceChildren();
    if (given.location) {
      const body = new URLSearchParams({ location: given.location, csrfmiddlewaretoken: token });
      fetch(given.locationUrl, { method: "POST", body, redirect: "manual" }).catch(() => {});
    }
    show("");
    document.dispatchEvent(new Event("signed-in-again"));
  }

  function letGo() {
    document.querySelectorAll("form[data-guard]").forEach((form) => {
      form.dispatchEvent(new Event("saved", { bubbles: true }));
    });
  }

  function leave() {
    letGo();
    location.replace(given.otherUrl);
  }

  plan();
})();
