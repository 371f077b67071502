/* Passkeys: before such a form is sent, the device is asked, and what it says goes along. Without it the form stays.
   The forms of the sign-in that comes over a page arrive after it: sign_in.js says so. */
(() => {
  const optionsOf = async (form) => {
    if (form.dataset.options) {
      return JSON.parse(document.getElementById(form.dataset.options).textContent);
    }
    const answer = await fetch(form.action, { headers: { Accept: "application/json" } });
    if (!answer.ok) {
      throw new Error(`${answer.status}`);
    }
    return answer.json();
  };

  const make = async (form) => {
    const options = (await optionsOf(form)).creation_options;
    const wanted = options.publicKey.authenticatorSelection;
    const alone = form.elements.passwordless.checked;
    wanted.residentKey = alone ? "required" : "discouraged";
    wanted.requireResidentKey = alone;
    if (alone) {
      wanted.userVerification = "required";
    }
    return webauthnJSON.create(options);
  };

  const use = async (form) => webauthnJSON.get((await optionsOf(form)).request_options);

  const bound = new WeakSet();
  const answered = new WeakSet();

  const send = async (form) => {
    const fault = form.parentElement.querySelector("[data-passkey-fault]");
    const button = form.querySelector("[type=submit]");
    button.disabled = true;
    fault.hidden = true;
    try {
      const credential = await (form.dataset.passkey === "create" ? make(form) : use(form));
      form.elements.credential.value = JSON.stringify(credential);
    } catch {
      // The person said no, the device has none, or the time was up: the browser has told which.
      fault.hidden = false;
      button.disabled = false;
      return;
    }
    // Sent as any other form is, so that a page which sends its forms itself gets this one too.
    answered.add(form);
    form.requestSubmit();
  };

  // An address of figures has no passkeys, and browsers say so only when asked.
  const isNamed = !/^(\d+\.){3}\d+$|^\[/.test(location.hostname);
  const isPossible = Boolean(window.PublicKeyCredential) && isNamed;

  const bind = (root) => {
    root.querySelectorAll("form[data-passkey]").forEach((form) => {
      form.hidden = !isPossible;
      if (bound.has(form)) {
        return;
      }
      bound.add(form);
      form.addEventListener("submit", (event) => {
        if (!answered.delete(form)) {
          event.preventDefault();
          send(form);
        }
      });
    });
    root.querySelector("[data-no-passkeys]")?.toggleAttribute("hidden", isPossible);
  };

  document.addEventListener("door-shown", (event) => bind(event.target));
  bind(document);
})();
