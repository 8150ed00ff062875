// For the drawings alone: T changes the theme, and ?theme=dark opens a page in one.
const root = document.documentElement;
const asked = new URLSearchParams(location.search).get("theme");
if (asked) root.dataset.theme = asked;
addEventListener("keydown", (event) => {
  if (event.key !== "t" || event.target.matches("input, textarea, select")) return;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
});
