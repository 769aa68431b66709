// The network on the page: painted anew from a message, walked over by keys, zoomed and dragged. The server drew it.
const LOADING = [[1000, "over", ", overloaded"], [800, "high", ", high"], [500, "notable", ""], [-Infinity, "calm", ""]];
const NEAR_BAND = 100;
const LEAST_FLOW_W = 150;
const MARKS = { below: "M-5 6h10l-5 7z", low: "M-4 6h8l-4 6z", above: "M-5 -6h10l-5 -7z", raised: "M-4 -6h8l-4 -6z" };

const number = (value, digits) => value.toLocaleString(document.documentElement.lang, { minimumFractionDigits: digits, maximumFractionDigits: digits });

function loadingLook(loading) {
  if (loading === null || loading === undefined) return ["unknown", "not known"];
  const [, name, more] = LOADING.find(([from]) => loading >= from);
  return [name, `${number(loading / 10, 0)} % of its rating${more}`];
}

function voltageLook(voltage, low, high) {
  if (voltage === null || voltage === undefined) return ["unknown", "no voltage known"];
  const words = `${number(voltage / 10000, 3)} p.u.`;
  if (voltage < low) return ["below", `${words}, below its band`];
  if (voltage > high) return ["above", `${words}, above its band`];
  if (voltage < low + NEAR_BAND) return ["low", `${words}, near the lower end`];
  if (voltage > high - NEAR_BAND) return ["raised", `${words}, near the upper end`];
  return ["good", words];
}

const LOOKS = ["over", "high", "notable", "calm", "unknown", "below", "low", "above", "raised", "good"];
function put(element, name) {
  if (element.classList.contains(name)) return;
  element.classList.remove(...LOOKS);
  element.classList.add(name);
}

function write(element, text) {
  if (element && element.textContent !== text) element.textContent = text;
}

export function network(page, still, chosen) {
  const by = (name) => {
    const found = [];
    for (const element of page.querySelectorAll(`[data-${name}]`)) (found[Number(element.getAttribute(`data-${name}`))] ??= []).push(element);
    return found;
  };
  const drawn = { node: by("node"), branch: by("branch"), battery: by("battery") };
  const words = { node: by("word-node"), branch: by("word-branch") };
  for (const marked of page.querySelectorAll(".node")) marked.querySelector(".mark").setAttribute("d", MARKS[LOOKS.find((name) => MARKS[name] && marked.classList.contains(name))] ?? "");

  function paintBranches(state) {
    still.branches.forEach(([code], i) => {
      const loading = state.loading[i];
      const watts = state.branch_w[i] ?? 0;
      const [name, text] = loadingLook(loading);
      for (const group of drawn.branch[i] ?? []) {
        put(group, name);
        write(group.querySelector("title"), `${code}: ${text}`);
        group.querySelector(".wire").style.strokeWidth = 1.5 + Math.min(loading ?? 0, 1200) / 240;
        const move = group.querySelector(".move");
        move.classList.toggle("still", Math.abs(watts) < LEAST_FLOW_W);
        move.classList.toggle("back", watts < 0);
        // Speed in few steps: a changed duration starts the dashes anew, which would look like flicker.
        const pace = `${[8, 5, 3.2, 2][Math.min(3, Math.floor(Math.log10(Math.max(Math.abs(watts), 100) / 100) * 1.6))]}s`;
        if (move.style.getPropertyValue("--pace") !== pace) move.style.setProperty("--pace", pace);
      }
      for (const word of words.branch[i] ?? []) { write(word, text); if (!word.hasAttribute("data-short")) put(word, name); }
    });
  }

  function paintNodes(state) {
    still.nodes.forEach(([code, , , low, high], i) => {
      const [name, text] = voltageLook(state.voltage[i], low, high);
      for (const group of drawn.node[i] ?? []) {
        if (!group.classList.contains(name)) { put(group, name); group.querySelector(".mark").setAttribute("d", MARKS[name] ?? ""); }
        write(group.querySelector("title"), `${code}: ${text}`);
      }
      for (const word of words.node[i] ?? []) { write(word, text); put(word, name); }
    });
  }

  function paintBatteries(state) {
    const sums = new Map();
    still.storages.forEach(([node, capacity], i) => {
      const sum = sums.get(node) ?? { soc: 0, capacity: 0, known: true, flow: 0 };
      sum.capacity += capacity;
      sum.flow += (state.storage_charge_w[i] ?? 0) - (state.storage_discharge_w[i] ?? 0);
      if (state.storage_soc_wh[i] === null || state.storage_soc_wh[i] === undefined) sum.known = false; else sum.soc += state.storage_soc_wh[i];
      sums.set(node, sum);
    });
    for (const [node, sum] of sums) {
      const percent = sum.known && sum.capacity ? Math.round((100 * sum.soc) / sum.capacity) : null;
      const doing = sum.flow > 50 ? `, takes ${number(sum.flow / 1000, 1)} kW` : sum.flow < -50 ? `, gives ${number(-sum.flow / 1000, 1)} kW` : "";
      for (const group of drawn.battery[node] ?? []) {
        const fill = group.querySelector(".fill");
        fill.setAttribute("height", (percent ?? 0) / 10);
        fill.setAttribute("y", 5 - (percent ?? 0) / 10);
        group.classList.toggle("silent", percent === null);
        group.querySelector(".flow-mark").setAttribute("d", sum.flow > 50 ? "M-20.5 13l-3 -5h6z" : sum.flow < -50 ? "M-20.5 8l-3 5h6z" : "");
        const title = group.querySelector("title");
        write(title, `${title.textContent.split(": ")[0]}: ${percent === null ? "charge not known" : `${percent} % full`}${doing}`);
      }
    }
  }

  let picked = null;
  function pick(kind, place) {
    for (const element of page.querySelectorAll(".picked")) element.classList.remove("picked");
    picked = kind ? [kind, place] : null;
    if (!kind) return;
    for (const element of drawn[kind][place] ?? []) element.classList.add("picked");
    write(document.getElementById("picked"), drawn[kind][place]?.[0].querySelector("title").textContent ?? "");
  }

  const show = () => picked && chosen(picked[0], still[picked[0] === "node" ? "nodes" : "branches"][picked[1]][0]);
  page.addEventListener("click", (event) => {
    const link = event.target.closest("[data-pick-node], [data-pick-branch]");
    const group = event.target.closest("svg.network [data-node], svg.network [data-branch]");
    if (!link && !group) return;
    if (link) event.preventDefault();
    if (group?.ownerSVGElement.dataset.dragged) return;
    const kind = (link ? "pickNode" in link.dataset : "node" in group.dataset) ? "node" : "branch";
    pick(kind, Number(link ? link.dataset.pickNode ?? link.dataset.pickBranch : group.dataset[kind]));
    show();
  });

  /** The nearest node in a direction, as the diagram or the map lies. */
  function towards(svg, from, dx, dy) {
    const spots = [...svg.querySelectorAll("[data-node]")].map((group) => [Number(group.dataset.node), group.transform.baseVal[0].matrix]);
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

  const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  for (const svg of page.querySelectorAll("svg[data-pan]")) {
    const pan = panning(svg);
    svg.addEventListener("keydown", (event) => {
      if (ARROWS[event.key] && event.shiftKey) pan.move(...ARROWS[event.key]);
      else if (ARROWS[event.key]) pick("node", towards(svg, picked?.[0] === "node" ? picked[1] : -1, ...ARROWS[event.key]));
      else if (event.key === "Enter") show();
      else if (event.key === "+" || event.key === "-" || event.key === "0") pan.zoom({ "+": 0.75, "-": 1.33, 0: 0 }[event.key]);
      else return;
      event.preventDefault();
      event.stopPropagation();
    });
  }
  for (const button of page.querySelectorAll("[data-zoom]")) {
    button.addEventListener("click", () => {
      const svg = [...page.querySelectorAll("svg[data-pan]")].find((one) => one.getClientRects().length);
      svg?.pan.zoom({ in: 0.75, out: 1.33, fit: 0 }[button.dataset.zoom]);
    });
  }

  return {
    paint(state) {
      if (state.order !== still.order) return false;
      paintBranches(state);
      paintNodes(state);
      paintBatteries(state);
      return true;
    },
    letGo: () => pick(null),
    picked: () => picked && [picked[0], still[picked[0] === "node" ? "nodes" : "branches"][picked[1]][0]],
  };
}

/** Drag and zoom by changing the viewBox; a wheel zooms with Ctrl only, so that the page still scrolls. */
function panning(svg) {
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
