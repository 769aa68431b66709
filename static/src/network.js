// The network on the page: painted anew from a message, walked over by keys, zoomed and dragged. The server drew it.
import { ARROWS, ZOOMS, panning, towards } from "./panning.js";
import { locale, words } from "./words.js";

const LOADING = [[1000, "over", ", overloaded"], [800, "high", ", high"], [500, "notable", ""], [-Infinity, "calm", ""]];
const NEAR_BAND = 100;
const LEAST_FLOW_W = 150;
const MARKS = { below: "M-5 6h10l-5 7z", low: "M-4 6h8l-4 6z", above: "M-5 -6h10l-5 -7z", raised: "M-4 -6h8l-4 -6z" };

const number = (value, digits) => value.toLocaleString(locale(), { minimumFractionDigits: digits, maximumFractionDigits: digits });

function loadingLook(loading) {
  if (loading === null || loading === undefined) return ["unknown", words("not known")];
  const [, name, more] = LOADING.find(([from]) => loading >= from);
  return [name, `${words("{percent} % of its rating", { percent: number(loading / 10, 0) })}${more && words(more)}`];
}

function voltageLook(voltage, low, high) {
  if (voltage === null || voltage === undefined) return ["unknown", words("no voltage known")];
  const volts = `${number(voltage / 10000, 3)} p.u.`;
  if (voltage < low) return ["below", words("{volts}, below its band", { volts })];
  if (voltage > high) return ["above", words("{volts}, above its band", { volts })];
  if (voltage < low + NEAR_BAND) return ["low", words("{volts}, near the lower end", { volts })];
  if (voltage > high - NEAR_BAND) return ["raised", words("{volts}, near the upper end", { volts })];
  return ["good", volts];
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

const SVG = "http://www.w3.org/2000/svg";
function part(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

/**
 * The drawing as the server sends it is short: paths in their order, and a map of one path for all that look alike. What only moves, is pointed
 * at or speaks is added here, since it does nothing without this script.
 */
function dress(svg, still) {
  const branches = svg.querySelector(".branches");
  if (svg.id === "map") plot(svg, branches, still);
  [...branches.children].forEach((wire, place) => {
    const group = part("g", { class: `branch ${wire.getAttribute("class") || "calm"}`, "data-branch": place });
    const d = wire.getAttribute("d");
    wire.replaceWith(group);
    wire.setAttribute("class", "wire");
    group.append(wire, part("path", { class: "move still", d }));
    const windings = svg.querySelector(`[data-windings="${place}"]`);
    if (windings) group.append(windings);
    group.append(part("path", { class: "hit", d }));
    named(group, still.branches[place][0]);
  });
  [...svg.querySelector(".nodes").children].forEach((group, place) => {
    if (!group.firstElementChild) return;
    const look = LOOKS.find((name) => group.classList.contains(name)) ?? "good";
    group.classList.add("node", look);
    group.dataset.node = place;
    const isBar = group.firstElementChild.localName === "path";
    group.firstElementChild.classList.add(isBar ? "bar" : "dot");
    group.append(part("path", { class: "mark", d: MARKS[look] ?? "" }));
    group.append(isBar ? part("rect", { class: "hit", x: -14, y: -11, width: 28, height: 20 }) : part("circle", { class: "hit", r: 8 }));
    named(group, still.nodes[place][0]);
  });
  for (const group of svg.querySelectorAll("[data-battery]")) {
    group.classList.add("battery");
    group.append(part("path", { class: "flow-mark", d: "" }));
  }
}

/** The map taken apart: a path for each branch, a group for each node, in their order; looks come with the next message. */
function plot(svg, branches, still) {
  const at = (place) => still.nodes[place].slice(3);
  branches.replaceChildren(...still.branches.map(([, first, second]) => {
    const [from, to] = [at(first), at(second)];
    return part("path", { class: "unknown", d: from[0] === null || to[0] === null ? "" : `M${from.join(" ")}L${to.join(" ")}` });
  }));
  const nodes = part("g", { class: "nodes" });
  nodes.append(...still.nodes.map(([, , , x, y], place) => {
    const group = part("g", x === null ? {} : { class: "unknown", transform: `translate(${x} ${y})` });
    const isCoupling = svg.parentElement.parentElement.querySelector("#diagram .nodes")?.children[place]?.classList.contains("coupling");
    if (isCoupling) group.classList.add("coupling");
    if (x !== null) group.append(isCoupling ? part("rect", { x: -6, y: -6, width: 12, height: 12 }) : part("circle", { r: 3 }));
    return group;
  }));
  svg.querySelector(".dots").replaceWith(nodes);
}

function named(group, code) {
  if (group.querySelector("title")) return;
  group.prepend(Object.assign(part("title", {}), { textContent: code }));
}

/** Nodes of a drawing by place, with where they stand. */
const spots = (svg) => [...svg.querySelectorAll("[data-node]")].filter((group) => group.transform.baseVal.length).map((group) => [Number(group.dataset.node), group.transform.baseVal[0].matrix]);

export function network(page, still, chosen) {
  const by = (name) => {
    const found = [];
    for (const element of page.querySelectorAll(`[data-${name}]`)) (found[Number(element.getAttribute(`data-${name}`))] ??= []).push(element);
    return found;
  };
  for (const svg of page.querySelectorAll("svg.network")) dress(svg, still);
  const drawn = { node: by("node"), branch: by("branch"), battery: by("battery") };
  const listed = { node: [], branch: [] };
  for (const line of page.querySelectorAll("#elements li")) (listed[line.parentElement.dataset.kind][line.value] ??= []).push(line);
  const most = by("most");

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
      for (const line of listed.branch[i] ?? []) { write(line.lastElementChild, text); put(line.lastElementChild, name); }
      for (const word of most[i] ?? []) write(word, text);
    });
  }

  function paintNodes(state) {
    still.nodes.forEach(([code, low, high], i) => {
      const [name, text] = voltageLook(state.voltage[i], low, high);
      for (const group of drawn.node[i] ?? []) {
        if (!group.classList.contains(name)) { put(group, name); group.querySelector(".mark").setAttribute("d", MARKS[name] ?? ""); }
        write(group.querySelector("title"), `${code}: ${text}`);
      }
      for (const line of listed.node[i] ?? []) { write(line.lastElementChild, text); put(line.lastElementChild, name); }
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
      const doing = sum.flow > 50 ? words(", takes {power} kW", { power: number(sum.flow / 1000, 1) }) : sum.flow < -50 ? words(", gives {power} kW", { power: number(-sum.flow / 1000, 1) }) : "";
      for (const group of drawn.battery[node] ?? []) {
        const fill = group.querySelector(".fill");
        fill.setAttribute("height", (percent ?? 0) / 10);
        fill.setAttribute("y", 5 - (percent ?? 0) / 10);
        group.classList.toggle("silent", percent === null);
        group.querySelector(".flow-mark").setAttribute("d", sum.flow > 50 ? "M-20.5 13l-3 -5h6z" : sum.flow < -50 ? "M-20.5 8l-3 5h6z" : "");
        const title = group.querySelector("title");
        write(title, `${title.textContent.split(": ")[0]}: ${percent === null ? words("charge not known") : words("{percent} % full", { percent })}${doing}`);
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

  const codeOf = ([kind, place]) => still[kind === "node" ? "nodes" : "branches"][place][0];
  const show = () => picked && chosen(picked[0], codeOf(picked));
  page.addEventListener("click", (event) => {
    const link = event.target.closest("#elements li a")?.parentElement;
    const group = event.target.closest("svg.network [data-node], svg.network [data-branch]");
    if (!link && !group) return;
    if (link) event.preventDefault();
    if (group?.ownerSVGElement.dataset.dragged) return;
    const kind = link ? link.parentElement.dataset.kind : "node" in group.dataset ? "node" : "branch";
    pick(kind, link ? link.value : Number(group.dataset[kind]));
    show();
  });

  for (const svg of page.querySelectorAll("svg[data-pan]")) {
    const pan = panning(svg);
    svg.addEventListener("keydown", (event) => {
      if (ARROWS[event.key] && event.shiftKey) pan.move(...ARROWS[event.key]);
      else if (ARROWS[event.key]) pick("node", towards(spots(svg), picked?.[0] === "node" ? picked[1] : -1, ...ARROWS[event.key]));
      else if (event.key === "Enter") show();
      else if (event.key in ZOOMS) pan.zoom(ZOOMS[event.key]);
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
    picked: () => picked && [picked[0], codeOf(picked)],
  };
}
