/* The session page: the severity of a reaction shows once it is chosen, and the list of what signing wants keeps up.
   Without this script all severities are shown, and the list says how the page was when it came. */
(() => {
  const form = document.getElementById("session-form");
  const wells = [...document.querySelectorAll("[data-shown-by]")];
  const checks = [...document.querySelectorAll("[data-check]")];

  const inputs = (name) => [...form.querySelectorAll(`[name="${CSS.escape(name)}"]`)];

  const isAnswered = (input) => (["checkbox", "radio"].includes(input.type) ? input.checked : input.value.trim() !== "");

  function keepUp() {
    for (const well of wells) {
      const input = inputs(well.dataset.shownBy).find((each) => each.value === well.dataset.shownFor);
      well.hidden = !input?.checked;
    }
    for (const check of checks) {
      const names = [check.dataset.check, check.dataset.or].filter(Boolean);
      const isDone = "always" in check.dataset || names.some((name) => inputs(name).some(isAnswered));
      check.classList.toggle("is-in-time", isDone);
      check.classList.toggle("is-prolonged", !isDone);
    }
  }

  form.addEventListener("input", keepUp);
  form.addEventListener("change", keepUp);
  keepUp();
})();
