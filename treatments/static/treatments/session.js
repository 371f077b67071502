/* Shows the severity of a reaction once the reaction is chosen. Without this script all severities are shown. */
(() => {
  const wells = [...document.querySelectorAll("[data-shown-by]")];

  function show() {
    for (const well of wells) {
      const input = document.querySelector(
        `input[name="${well.dataset.shownBy}"][value="${CSS.escape(well.dataset.shownFor)}"]`,
      );
      well.hidden = !input?.checked;
    }
  }

  document.addEventListener("change", show);
  show();
})();
