// A drawing that stands still: nodes and lines say their sentence when they are chosen by key or click, and one can look closer.
import { ARROWS, ZOOMS, panning, towards } from "./panning.js";

export function still(svg) {
  const pan = panning(svg);
  const said = document.getElementById(`${svg.id}-picked`);
  const parts = [...svg.querySelectorAll(".spot")];
  const spots = parts.map((group, place) => [place, group.transform.baseVal[0].matrix]);
  let at = -1;
  function pick(part) {
    svg.querySelector(".picked")?.classList.remove("picked");
    part.classList.add("picked");
    at = parts.indexOf(part);
    said.textContent = part.querySelector("title").textContent;
  }
  svg.addEventListener("click", (event) => {
    const part = event.target.closest(".spot, .windings, .branches > path");
    if (part && !svg.dataset.dragged) pick(part);
  });
  svg.addEventListener("keydown", (event) => {
    if (ARROWS[event.key] && event.shiftKey) pan.move(...ARROWS[event.key]);
    else if (ARROWS[event.key] && parts.length) pick(parts[towards(spots, at, ...ARROWS[event.key])]);
    else if (event.key in ZOOMS) pan.zoom(ZOOMS[event.key]);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  for (const button of svg.closest("section").querySelectorAll("[data-zoom]")) {
    button.addEventListener("click", () => pan.zoom({ in: 0.75, out: 1.33, fit: 0 }[button.dataset.zoom]));
  }
}
