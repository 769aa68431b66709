// Walking over a drawing by arrow keys, and looking closer at it: what the live network and still drawings share.

export const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
export const ZOOMS = { "+": 0.75, "-": 1.33, 0: 0 };

/** Of places with where they stand, the nearest one in a direction; the first where none is chosen yet. */
export function towards(spots, from, dx, dy) {
  const here = spots.find(([place]) => place === from)?.[1];
  if (!here) return spots[0]?.[0];
  let best = null;
  let least = Infinity;
  for (const [place, at] of spots) {
    const along = (at.e - here.e) * dx + (at.f - here.f) * dy;
    const aside = Math.abs((at.e - here.e) * dy) + Math.abs((at.f - here.f) * dx);
    if (along > 1 && along + 3 * aside < least) { best = place; least = along + 3 * aside; }
  }
  return best ?? from;
}

/** Drag and zoom by changing the viewBox; a wheel zooms with Ctrl only, so that the page still scrolls. */
export function panning(svg) {
  const whole = svg.getAttribute("viewBox").split(" ").map(Number);
  let box = [...whole];
  const apply = () => svg.setAttribute("viewBox", box.map((v) => v.toFixed(1)).join(" "));
  function zoom(factor, fx = 0.5, fy = 0.5) {
    if (!factor) { box = [...whole]; return apply(); }
    const width = Math.min(Math.max(box[2] * factor, whole[2] / 12), whole[2]);
    const height = (width * whole[3]) / whole[2];
    box = [box[0] + (box[2] - width) * fx, box[1] + (box[3] - height) * fy, width, height];
    keepInside();
  }
  function keepInside() {
    box[0] = Math.min(Math.max(box[0], whole[0]), whole[0] + whole[2] - box[2]);
    box[1] = Math.min(Math.max(box[1], whole[1]), whole[1] + whole[3] - box[3]);
    apply();
  }
  function move(dx, dy) { box[0] += dx * box[2] * 0.15; box[1] += dy * box[3] * 0.15; keepInside(); }
  let from = null;
  svg.addEventListener("pointerdown", (event) => { from = [event.clientX, event.clientY, box[0], box[1]]; delete svg.dataset.dragged; });
  svg.addEventListener("pointermove", (event) => {
    if (!from || box[2] >= whole[2]) return;
    const scale = box[2] / svg.clientWidth;
    const [dx, dy] = [event.clientX - from[0], event.clientY - from[1]];
    if (Math.abs(dx) + Math.abs(dy) > 5) svg.dataset.dragged = "yes";
    box[0] = from[2] - dx * scale;
    box[1] = from[3] - dy * scale;
    keepInside();
  });
  for (const end of ["pointerup", "pointerleave", "pointercancel"]) svg.addEventListener(end, () => { from = null; });
  svg.addEventListener("wheel", (event) => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    const frame = svg.getBoundingClientRect();
    zoom(event.deltaY > 0 ? 1.2 : 0.83, (event.clientX - frame.left) / frame.width, (event.clientY - frame.top) / frame.height);
  }, { passive: false });
  svg.pan = { zoom, move };
  return svg.pan;
}
