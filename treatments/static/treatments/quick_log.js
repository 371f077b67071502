/* Logging and correcting a reaction: what follows from the kind as it is chosen, and the lots of the areas that are
   ticked. The pages work without this. Every word shown comes from the HTML. */
(() => {
  const form = document.getElementById("side-effect-form");
  const facts = (id) => JSON.parse(document.getElementById(id)?.textContent ?? "{}");
  const clocks = facts("kind-facts");
  const grades = facts("grade-facts");
  const clock = form.querySelector("[data-kind-clock]");
  const general = new Map();

  function kind() {
    return form.querySelector("input[name=kind]:checked, select[name=kind]")?.value ?? "";
  }

  function showClock() {
    if (clock) {
      clock.hidden = !clocks[kind()];
      clock.querySelector("span").textContent = clocks[kind()]?.clock ?? "";
    }
  }

  /* Beside each grade stand the words of the kind, where it has its own; a grade that it does not have cannot be chosen. */
  function showGrades() {
    const own = grades[kind()];
    const lowest = own ? Math.min(...Object.keys(own)) : 0;
    form.querySelectorAll("input[name=grade]").forEach((input) => {
      const words = input.closest("label").querySelector("small");
      if (words) {
        general.set(input, general.get(input) ?? words.textContent);
        words.textContent = own?.[input.value] ?? general.get(input);
      }
      input.disabled = input.value !== "" && Number(input.value) < lowest;
      if (input.disabled && input.checked) {
        form.querySelector("input[name=grade][value='']").checked = true;
      }
    });
    form.querySelector("[data-grade-from]").hidden = lowest < 2;
    form.querySelector("[data-grade-words]").hidden = true;
  }

  /* A lot that went into none of the areas is left out of sight, and keeps its tick: the server leaves it out, too. */
  function showLots() {
    const areas = [...form.querySelectorAll("input[name=areas]:checked")].map((box) => box.value);
    form.querySelectorAll("input[name=lots]").forEach((box) => {
      const went = box.dataset.areas.split(" ");
      box.closest("label").hidden = areas.length > 0 && !areas.some((area) => went.includes(area));
    });
  }

  function showAll() {
    showClock();
    showGrades();
    showLots();
  }

  form.addEventListener("change", showAll);
  document.addEventListener("htmx:afterSettle", showLots);
  window.addEventListener("pageshow", showAll);
})();
