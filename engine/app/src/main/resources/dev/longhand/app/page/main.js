// Starts the page: its theme, its views, and the settings of its link.

import { startAsking } from "./ask.js";
import { loadKeywords } from "./keywords.js";
import { showResults, studyIsServed } from "./results.js";

const THEMES = ["auto", "light", "dark"];
const THEME = "longhand.theme";
const dark = matchMedia("(prefers-color-scheme: dark)");

function showTheme() {
  const chosen = localStorage.getItem(THEME) ?? "auto";
  const theme = chosen === "auto" ? (dark.matches ? "dark" : "light") : chosen;
  document.documentElement.dataset.theme = theme;
  document.getElementById("theme").textContent = `Theme: ${chosen}`;
}

document.getElementById("theme").addEventListener("click", () => {
  const now = THEMES.indexOf(localStorage.getItem(THEME) ?? "auto");
  localStorage.setItem(THEME, THEMES[(now + 1) % THEMES.length]);
  showTheme();
});
dark.addEventListener("change", showTheme);
showTheme();

/** Splits the fragment of the address into the view's name and its settings. */
function place() {
  const [view, settings] = location.hash.slice(1).split("?", 2);
  return { view: view === "results" ? "results" : "ask", settings: new URLSearchParams(settings ?? "") };
}

function showView() {
  const { view, settings } = place();
  for (const name of ["ask", "results"]) {
    document.getElementById(`${name}-view`).hidden = name !== view;
    const link = document.getElementById(`to-${name}`);
    if (name === view) {
      link.setAttribute("aria-current", "page");
    } else {
      link.removeAttribute("aria-current");
    }
  }
  document.title = view === "ask" ? "Longhand" : "Longhand: results";
  if (view === "results") {
    showResults(settings);
  }
}

await loadKeywords();
await startAsking(place().view === "ask" ? place().settings : new URLSearchParams());
document.getElementById("to-results").hidden = !(await studyIsServed());
addEventListener("hashchange", showView);
showView();
