// Everything a page needs besides its HTML: steps by htmx, charts, and the check of a bill when asked for.
import "htmx.org";
import { draw } from "./charts.js";
import "./keys.js";

for (const figure of document.querySelectorAll("figure[data-chart-frame]")) {
  if (!figure.closest("[data-live]")) draw(figure); // the live page draws its own
}

for (const button of document.querySelectorAll("[data-check-bill]")) {
  button.addEventListener("click", async () => {
    const { checkPage } = await import(button.dataset.checkScript);
    await checkPage(button);
  });
  button.hidden = false;
}
