/* Runs before the first paint: a person whose setting is "system" gets the system's theme, and follows its changes. */
(() => {
  const root = document.documentElement;
  root.classList.add("has-script");
  if (root.dataset.theme !== "system") {
    return;
  }
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const follow = () => {
    root.dataset.bsTheme = dark.matches ? "dark" : "light";
  };
  follow();
  dark.addEventListener("change", follow);
})();
