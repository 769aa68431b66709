// The live grid: one WebSocket that comes back by itself, numbers, the flow picture, the network.
import { draw, token } from "./charts.js";

const page = document.querySelector("[data-live]");
const kilowatts = (w) => `${(w / 1000).toLocaleString(document.documentElement.lang, { minimumFractionDigits: 1, maximumFractionDigits: 1 })}`;
const byId = (id) => document.getElementById(id);
const powerChart = page.querySelector("figure[data-chart-frame]") ? draw(page.querySelector("figure[data-chart-frame]")) : null;
const sentences = JSON.parse(byId("sentences").textContent);
// English dates as the pages write them: day, month, year and 24 hours.
const when = new Intl.DateTimeFormat(document.documentElement.lang === "en" ? "en-GB" : document.documentElement.lang, { timeZone: page.dataset.zone, dateStyle: "medium", timeStyle: "short" });
const clock = (iso) => new Date(iso).toLocaleTimeString("en-GB", { timeZone: page.dataset.zone, hour: "2-digit", minute: "2-digit" });
const points = JSON.parse(byId("recent")?.textContent ?? "[]");
let last = null;
let pause = 500;

const colourOf = (percent) => percent >= 100 ? token("alarm") : percent >= 80 ? token("warning") : token("shared");

function flow(id, watts, most) {
  const path = byId(id);
  path.classList.toggle("still", Math.abs(watts) < 20);
  path.classList.toggle("back", watts < 0);
  path.style.setProperty("--pace", `${Math.max(0.6, 6 - 5.4 * Math.min(1, Math.abs(watts) / most))}s`);
}

function tell(place, watts, positive, negative) {
  byId(`${place}-flow`).textContent = kilowatts(Math.abs(watts));
  byId(`${place}-word`).textContent = Math.abs(watts) < 20 ? "" : watts > 0 ? positive : negative;
}

function show(state) {
  last = Date.now();
  for (const [key, value] of Object.entries(state)) {
    for (const element of page.querySelectorAll(`[data-watts="${key}"]`)) element.textContent = kilowatts(value);
  }
  const exchange = state.import_w - state.export_w;
  byId("exchange").textContent = kilowatts(Math.abs(exchange));
  byId("exchange-word").textContent = exchange >= 0 ? "From the public grid" : "To the public grid";
  byId("stored").textContent = state.storage_capacity_wh ? Math.round((100 * state.storage_wh) / state.storage_capacity_wh) : "–";
  tell("storage", state.charge_w - state.discharge_w, "charging", "giving");
  tell("grid", exchange, "giving", "taking");
  byId("status").textContent = sentences[state.status] ?? state.status;
  byId("status").dataset.state = state.status;
  byId("reasons").replaceChildren(...state.reasons.map((reason) => Object.assign(document.createElement("li"), { textContent: reason })));
  byId("tick").textContent = state.tick;
  byId("shown-at").textContent = when.format(new Date(state.at));
  byId("reporting").textContent = `${state.sites_reporting} / ${state.sites_total}`;
  const most = Math.max(20000, state.production_w, state.consumption_w);
  flow("flow-roof", state.production_w, most);
  flow("flow-home", state.consumption_w, most);
  flow("flow-battery", state.charge_w - state.discharge_w, most);
  flow("flow-grid", exchange, most);
  for (const line of state.lines ?? []) {
    const drawn = page.querySelector(`[data-line="${CSS.escape(line.code)}"]`);
    if (drawn) { drawn.style.stroke = colourOf(line.loading_percent); drawn.style.strokeWidth = 1.5 + Math.min(6, line.loading_percent / 12); drawn.querySelector("title").textContent = `${line.code}: ${line.loading_percent.toFixed(1)} %`; }
  }
  for (const node of state.nodes ?? []) {
    const drawn = page.querySelector(`[data-node="${CSS.escape(node.code)}"]`);
    if (drawn) { drawn.style.fill = node.vm_pu < 0.95 || node.vm_pu > 1.05 ? token("warning") : token("ink"); drawn.querySelector("title").textContent = `${node.code}: ${node.vm_pu.toFixed(3)} p.u.`; }
  }
  points.push({ ...state, label: clock(state.at) });
  while (points.length > 900) points.shift();
  if (powerChart && state.tick % 3 === 0) powerChart(points);
}

function connect() {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const socket = new WebSocket(`${scheme}://${location.host}${page.dataset.live}`);
  socket.addEventListener("open", () => { pause = 500; });
  socket.addEventListener("message", (event) => { const state = JSON.parse(event.data); if (state.type === "grid.state") show(state); });
  socket.addEventListener("close", () => { setTimeout(connect, pause); pause = Math.min(pause * 2, 10000); });
  socket.addEventListener("error", () => socket.close());
}

setInterval(() => {
  const seconds = last === null ? null : Math.round((Date.now() - last) / 1000);
  const fresh = seconds !== null && seconds < 20;
  byId("live-dot").classList.toggle("on", fresh);
  byId("age").textContent = seconds === null ? "waiting for the first reading" : seconds < 3 ? "live" : `${seconds} s ago`;
  byId("figures").classList.toggle("stale", !fresh && seconds !== null);
}, 1000);

connect();
