/* The scoring page: number keys choose and lead on, totals keep up, a third reading shows when two differ by over 1 %.
   Without this script everything is there to tap and type; the server counts and asks. */
(() => {
  const form = document.getElementById("assessment-form");
  const photo = form.querySelector("[name=photo_based]");
  const all = (selector, root = form) => [...root.querySelectorAll(selector)];
  const isShown = (element) => !element.closest("[hidden]") && !element.closest("details:not([open])");

  const rows = () => all(".score-row").filter(isShown);
  const control = (row) => row.querySelector("input:checked") ?? row.querySelector("input");

  function leadOn(row, step) {
    const shown = rows();
    const next = shown[shown.indexOf(row) + step];
    if (next) {
      control(next).focus();
      next.scrollIntoView({ block: "nearest" });
    }
  }

  function press(event) {
    const input = event.target;
    const row = input.closest(".score-row");
    if (!row || input.type !== "radio" || event.ctrlKey || event.metaKey || event.altKey) {
      return;
    }
    const wanted = ["-", "Backspace", "Delete"].includes(event.key) ? "" : event.key;
    const key = all("input[type=radio]", row).find((each) => each.value === wanted);
    if (!key || (wanted === "" && event.key === "")) {
      return;
    }
    event.preventDefault();
    key.checked = true;
    key.focus();
    key.dispatchEvent(new Event("input", { bubbles: true }));
    key.dispatchEvent(new Event("change", { bubbles: true }));
    if (wanted !== "") {
      leadOn(row, 1);
    }
  }

  function keepTotal(box) {
    const out = box.querySelector(".score-sum");
    if (!out) {
      return;
    }
    const parts = all(".score-row", box).filter((row) => !row.hidden);
    const given = parts.map((row) => row.querySelector("input:checked")?.value ?? "").filter((value) => value !== "");
    out.hidden = given.length === 0;
    const sum = given.reduce((total, value) => total + Number(value), 0);
    out.textContent = `${out.dataset.label} ${sum}${given.length < parts.length ? " …" : ""}`;
  }

  function keepReadings(box) {
    const [first, second, third] = all("input", box).map((input) => Number(input.value));
    const row = box.querySelector("[data-third]");
    const apart = first > 0 && second > 0 && Math.abs(first - second) * 200 > first + second;
    row.hidden = !apart && !third && !row.classList.contains("has-error");
  }

  function keepUp() {
    all("[data-touch]").forEach((row) => {
      row.hidden = photo.checked;
    });
    all("[data-sum]").forEach(keepTotal);
    all("[data-readings]").forEach(keepReadings);
  }

  // A keyboard scores at once. On touch nothing moves, and a page that came back shows what it asks first.
  const first = form.querySelector(".score-row input[type=radio]");
  const asks = form.closest("main").querySelector("[role=alert], .asking"); // outside it waits the sign-in
  if (first && !asks && matchMedia("(hover: hover) and (pointer: fine)").matches) {
    control(first.closest(".score-row")).focus({ preventScroll: true });
  }

  form.addEventListener("keydown", press);
  form.addEventListener("input", keepUp);
  form.addEventListener("change", keepUp);
  keepUp();
})();
