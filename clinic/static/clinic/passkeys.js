/* Passkeys: before such a form is sent, the device is asked, and what it says goes along. Without it the form stays. */
(() => {
  const fault = document.getElementById("passkey-fault");

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

  const send = async (form) => {
    const button = form.querySelector("[type=submit]");
    button.disabled = true;
    fault.hidden = true;
    try {
      const credential = await (form.dataset.passkey === "create" ? make(form) : use(form));
      form.elements.credential.value = JSON.stringify(credential);
      form.submit();
    } catch {
      // The person said no, the device has none, or the time was up: the browser has told which.
      fault.hidden = false;
      button.disabled = false;
    }
  };

  const forms = document.querySelectorAll("form[data-passkey]");
  // An address of figures has no passkeys, and browsers say so only when asked.
  const isNamed = !/^(\d+\.){3}\d+$|^\[/.test(location.hostname);
  if (window.PublicKeyCredential && isNamed) {
    forms.forEach((form) => {
      form.hidden = false;
      form.addEventListener("submit", (event) => {
        event.preventDefault();
        send(form);
      });
    });
  } else {
    document.getElementById("no-passkeys")?.removeAttribute("hidden");
    forms.forEach((form) => {
      form.hidden = true;
    });
  }
})();
