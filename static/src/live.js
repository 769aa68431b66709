// The live grid: one WebSocket that comes back by itself, numbers, the flow picture, the network, any moment again.
import { draw, ticks } from "./charts.js";
import { network } from "./network.js";
import { replay } from "./replay.js";
import { standing } from "./standing.js";
import { locale, words } from "./words.js";

const page = document.querySelector("[data-live]");
const kilowatts = (w) => w === null || w === undefined ? "–" : `${(w / 1000).toLocaleString(locale(), { minimumFractionDigits: 1, maximumFractionDigits: 1 })}`;
const byId = (id) => document.getElementById(id);
const figure = (chart) => page.querySelector(`figure[data-chart-frame]:has([data-chart="${chart}"])`);
const powerChart = figure("power") ? draw(figure("power")) : null;
const dayChart = figure("day") ? draw(figure("day")) : () => {};
const sentences = JSON.parse(byId("sentences").textContent);
const when = new Intl.DateTimeFormat(locale(), { timeZone: page.dataset.zone, dateStyle: "medium", timeStyle: "short" });
const clock = (iso) => new Date(iso).toLocaleTimeString("en-GB", { timeZone: page.dataset.zone, hour: "2-digit", minute: "2-digit" });
const points = ticks(JSON.parse(byId("recent")?.textContent ?? "null"));
let last = null;
let newest = null;
let pause = 500;

function element(kind, code) {
  const at = page.dataset.at ? `&at=${encodeURIComponent(page.dataset.at)}` : "";
  window.htmx.ajax("GET", `${page.dataset.element}?${kind}=${encodeURIComponent(code)}${at}`, { target: "#element", swap: "outerHTML" });
}
const wires = network(page, JSON.parse(byId("still").textContent), element);
page.addEventListener("click", (event) => { if (event.target.closest("[data-let-go]")) { wires.letGo(); byId("element").remove(); } });

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

function say(id, text) {
  if (byId(id).textContent !== text) byId(id).textContent = text; // a screen reader speaks of changes only
}

/** Sources that may give less than they can and loads that are let go, in a sentence. */
function heldBack(told) {
  const names = (rows) => rows.slice(0, 5).map((row) => row.code).join(", ") + (rows.length > 5 ? ` ${words("and {count} more", { count: rows.length - 5 })}` : "");
  const parts = [];
  if (told?.sources?.length) parts.push(`${words("Held back")}: ${names(told.sources)}.`);
  if (told?.loads?.length) parts.push(`${words("Let go")}: ${names(told.loads)}.`);
  return parts.join(" ");
}

function show(state) {
  for (const [key, value] of Object.entries(state)) {
    if (key.endsWith("_w")) for (const one of page.querySelectorAll(`[data-watts="${key}"]`)) one.textContent = kilowatts(value);
  }
  const exchange = state.import_w - state.export_w;
  const battery = state.charge_w - state.discharge_w;
  byId("exchange").textContent = kilowatts(Math.abs(exchange));
  byId("exchange-word").textContent = words(exchange >= 0 ? "From the public grid" : "To the public grid");
  const known = state.storage_wh !== null && state.storage_capacity_wh;
  byId("stored").textContent = known ? Math.round((100 * state.storage_wh) / state.storage_capacity_wh) : kilowatts(Math.abs(battery));
  byId("stored-unit").textContent = words(known ? "% full" : battery > 20 ? "kW taken" : battery < -20 ? "kW given" : "kW, idle");
  tell("storage", battery, words("charging"), words("giving"));
  tell("grid", exchange, words("giving"), words("taking"));
  say("status", sentences[standing(state)] ?? state.status);
  byId("status").dataset.state = state.status;
  const said = (document.documentElement.lang.startsWith("de") && state.reasons_de) || state.reasons;
  byId("reasons").replaceChildren(...(said.length ? said : [words("Reasons are kept with ticks, not with closed days.")]).map((reason) => Object.assign(document.createElement("li"), { textContent: reason })));
  say("held-back", heldBack(state.held_back));
  byId("tick").textContent = state.tick ?? "–";
  byId("losses").textContent = state.losses_w === null ? "–" : `${kilowatts(state.losses_w)} kW`;
  byId("shown-at").textContent = when.format(new Date(state.at));
  byId("reporting").textContent = `${state.sites_reporting} / ${state.sites_total}`;
  byId("estimated").hidden = !state.points_estimated;
  byId("estimated-count").textContent = state.points_estimated ?? 0;
  const most = Math.max(20000, state.production_w, state.consumption_w);
  flow("flow-roof", state.production_w, most);
  flow("flow-home", state.consumption_w, most);
  flow("flow-battery", battery, most);
  flow("flow-grid", exchange, most);
  // Another order means another network: the page is drawn anew, once.
  if (!wires.paint(state) && state.loading?.length && !sessionStorage.getItem(`drawn ${state.order}`)) { sessionStorage.setItem(`drawn ${state.order}`, "yes"); location.reload(); }
}

const player = replay(page, { show, goLive: () => { byId("alarms-now")?.removeAttribute("hidden"); byId("alarms-then")?.remove(); if (newest) show(newest); age(); }, draw: dayChart });

let count = null;
function hear(state) {
  last = Date.now();
  newest = state;
  // Alarms came or went: the list at the side renews itself at once.
  const told = state.alarms?.join();
  if (told !== count && byId("alarm-side")) { if (count !== null) window.htmx?.trigger("#alarm-side", "alarms-changed"); count = told; }
  points.push({ ...state, label: clock(state.at) });
  while (points.length > 900) points.shift();
  if (powerChart && state.tick % 3 === 0) powerChart(points);
  if (player.isOn()) return;
  show(state);
  player.follow(state.at);
}

function connect() {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const socket = new WebSocket(`${scheme}://${location.host}${page.dataset.live}`);
  socket.addEventListener("open", () => { pause = 500; });
  socket.addEventListener("message", (event) => { const state = JSON.parse(event.data); if (state.type === "grid.state") hear(state); });
  // Logged out, or not ours any more: the page says so when it is asked for again. Otherwise back after a pause, not all at the same moment.
  socket.addEventListener("close", ({ code }) => {
    if (code === 4401) location.reload();
    else if (code !== 4404) setTimeout(connect, pause * (0.5 + Math.random()));
    pause = Math.min(pause * 2, 10000);
  });
  socket.addEventListener("error", () => socket.close());
}

/** How old what is shown is; the words change only when they mean something else. */
function age() {
  const seconds = last === null ? null : Math.round((Date.now() - last) / 1000);
  const fresh = seconds !== null && seconds < 20;
  byId("live-dot").classList.toggle("on", fresh && !player.isOn());
  say("age", player.isOn() ? words("replayed") : seconds === null ? words("waiting for the first reading") : fresh ? words("live") : words("{seconds} s old", { seconds: seconds - (seconds % 10) }));
  byId("figures").classList.toggle("stale", !fresh && seconds !== null && !player.isOn());
}
setInterval(age, 1000);

for (const button of page.querySelectorAll("[data-show]")) {
  button.addEventListener("click", (event) => {
    event.preventDefault();
    page.dataset.view = button.dataset.show;
    mark();
  });
}
/** Which way of showing is chosen; by itself a wide screen shows the diagram, a phone the list. */
function mark() {
  const view = page.dataset.view === "auto" ? (innerWidth < 720 ? "list" : "diagram") : page.dataset.view;
  for (const button of page.querySelectorAll("[data-show]")) button.toggleAttribute("aria-current", button.dataset.show === view);
}
mark();

const first = JSON.parse(byId("message").textContent);
if (first) show(first);
connect();
