// Everything a page needs besides its HTML: steps by htmx, charts, and the check of a bill when asked for.
import htmx from "htmx.org";
import "./keys.js";

window.htmx = htmx; // pages with a script of their own ask for parts through it

const figures = [...document.querySelectorAll("figure[data-chart-frame]")].filter((figure) => !figure.closest("[data-live]")); // the live page draws its own
if (figures.length) import("./charts.js").then(({ draw }) => figures.forEach((figure) => draw(figure)));

const drawings = document.querySelectorAll("svg[data-still]");
if (drawings.length) import("./still_drawing.js").then(({ still }) => drawings.forEach(still));

// On a narrow screen tabs scroll: the one that is open must be seen.
for (const tab of document.querySelectorAll(".tabs [aria-current], .segments [aria-current]")) {
  const row = tab.parentElement;
  row.scrollLeft = tab.offsetLeft - row.offsetLeft - (row.clientWidth - tab.offsetWidth) / 2;
}

// What scrolls is reached by keyboard, and says what it is.
for (const wrap of document.querySelectorAll(".table-wrap, .tall-table")) {
  if (wrap.tabIndex >= 0 || (wrap.scrollWidth <= wrap.clientWidth && wrap.scrollHeight <= wrap.clientHeight)) continue;
  wrap.tabIndex = 0;
  wrap.setAttribute("role", "region");
  wrap.setAttribute("aria-label", (wrap.querySelector("caption") ?? wrap.closest("section, main")?.querySelector("h2, h1"))?.textContent.trim() ?? "");
}

for (const button of document.querySelectorAll("[data-check-bill]")) {
  button.addEventListener("click", async () => {
    const { checkPage } = await import(button.dataset.checkScript);
    await checkPage(button);
  });
  button.hidden = false;
}
