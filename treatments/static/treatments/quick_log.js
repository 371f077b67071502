/* Logging a reaction: what follows from the kind as it is chosen, and the lots of the areas that are ticked. The page
   works without this. Every word shown comes from the HTML. */
(() => {
  const form = document.getElementById("side-effect-form");
  const facts = JSON.parse(document.getElementById("kind-facts").textContent);
  const clock = form.querySelector("[data-kind-clock]");

  function showKind() {
    const kind = form.querySelector("input[name=kind]:checked");
    clock.hidden = !kind;
    if (kind) {
      clock.querySelector("span").textContent = facts[kind.value].clock;
    }
  }

  /* A lot that went into none of the areas is left out of sight, and keeps its tick: the server leaves it out, too. */
  function showLots() {
    const areas = [...form.querySelectorAll("input[name=areas]:checked")].map((box) => box.value);
    form.querySelectorAll("input[name=lots]").forEach((box) => {
      const went = box.dataset.areas.split(" ");
      box.closest("label").hidden = areas.length > 0 && !areas.some((area) => went.includes(area));
    });
  }

  form.addEventListener("change", (event) => {
    if (event.target.name === "kind") {
      showKind();
    }
    if (event.target.name === "areas") {
      showLots();
    }
  });
  document.addEventListener("htmx:afterSettle", showLots);
  window.addEventListener("pageshow", () => {
    showKind();
    showLots();
  });
})();
