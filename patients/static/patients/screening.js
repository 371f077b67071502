/* The screening: "No to all the rest" answers on the page, and the bar counts what is answered.
   Without this script the button asks the server to do the same, and nothing is counted. */
(() => {
  const form = document.getElementById("screening-form");
  const status = document.querySelector("[data-answered]");
  const questions = [...form.querySelectorAll(".ask-question")];
  const isAnswered = (question) => question.querySelector("input:checked") !== null;

  function count() {
    const answered = questions.filter(isAnswered).length;
    status.textContent = status.dataset.answered.replace("{answered}", answered).replace("{all}", questions.length);
  }

  document.querySelector("button[name=rest]").addEventListener("click", (event) => {
    event.preventDefault();
    for (const question of questions.filter((each) => !isAnswered(each))) {
      question.querySelector("input[value=no]").checked = true;
    }
    form.dispatchEvent(new Event("input", { bubbles: true }));
  });

  form.addEventListener("input", count);
  form.addEventListener("change", count);
  count();
})();
