// A card for each charge of a tariff: fields with words, never JSON. The part itself is what is edited; `changed` is called after each edit.
import { choice, entry, freshId, labelled, make, moved, number } from "./dom.js";
import { say } from "./words.js";
import { MONTHS } from "./schedule.js";
import { WeekGrid } from "./week_grid.js";

const SPANS = [["day", "a day"], ["month", "a month"], ["year", "a year"]];
const UNITS = [["month", "kWh a month"], ["day", "kWh a day"], ["kw", "kWh per kW of the month's peak"], ["kw_day", "kWh a day per kW of the month's peak"]];
export const ON = [["energy", "energy from the grid"], ["spot", "energy at spot prices"], ["local", "energy from neighbours"], ["standing", "standing charges"], ["demand", "power"], ["capacity", "fuse"], ["reactive", "reactive energy"]];
// These names are known: a bill says them in the member's language.
const period = (name) => ({ name, tiers: [{ price: "" }] });

export const KINDS = {
  energy: { title: "Energy by the hour", add: "Energy by the hour", fresh: () => ({ periods: [period("base"), period("peak")], schedule: [] }) },
  spot: { title: "Energy at the spot price", add: "Energy at the spot price", fresh: () => ({ index: "day-ahead", margin: "0.10" }) },
  standing: { title: "Standing charge", fresh: () => ({ amount: "", per: "month" }) },
  demand: { title: "Power", add: "A charge on power", fresh: () => ({ periods: [period("all day")] }) },
  capacity: { title: "Connection by fuse", fresh: () => ({ steps: [{ fuse_a: 35, amount: "" }, { fuse_a: 63, amount: "" }] }) },
  reactive: { title: "Reactive energy", fresh: () => ({ price: "", free_share: "0.5" }) },
  export: { title: "Feeding in", add: "Rules for feeding in", fresh: () => ({ rule: "feed_in", periods: [period("all day")] }) },
  incentive: { title: "Thank-you", add: "A thank-you per kWh", fresh: () => ({ price: "", basis: "off_peak", schedule: [] }) },
  local: { title: "Energy from neighbours", fresh: () => ({ rule: "mid_market" }) },
  levy: { title: "Levy", fresh: () => ({ name: "", price: "" }) },
  discount: { title: "Discount", fresh: () => ({ name: "", percent: "" }) },
  vat: { title: "VAT of some lines", add: "Another VAT rate for some lines", fresh: () => ({ rate: "", on: ["standing"] }) },
  minimum: { title: "Smallest amount of a bill", fresh: () => ({ amount: "", per: "month" }) },
};

/** Defaults are left out, as the program writes parts. */
function put(part, key, value, changed) {
  if (value === "" || value === null || value === undefined || (Array.isArray(value) && !value.length)) delete part[key];
  else part[key] = value;
  changed();
}

const money = (label, part, key, changed, hint) => labelled(label, entry(part[key], (v) => put(part, key, number(v), changed), { inputmode: "decimal", "data-key": key }), hint && make("small", {}, hint));
const text = (label, part, key, changed) => labelled(label, entry(part[key], (v) => put(part, key, v.trim(), changed), { maxlength: 40, "data-key": key }));
const share = (label, part, key, changed) => labelled(label, entry(part[key] === undefined ? "" : moved(part[key], 2), (v) => put(part, key, v.trim() && moved(v, -2), changed), { inputmode: "decimal", "data-key": key }));
const select = (label, part, key, options, fallback, changed, after) => labelled(label, choice(options, part[key] ?? fallback, (v) => { put(part, key, v === fallback ? "" : v, changed); after?.(); }, { "data-key": key }));

function kindsOn(part, changed) {
  const chosen = new Set(part.on ?? []);
  const boxes = ON.map(([kind, words]) => make("label", { class: "te-check" }, make("input", {
    type: "checkbox", checked: chosen.has(kind),
    onchange: (event) => { if (event.target.checked) chosen.add(kind); else chosen.delete(kind); put(part, "on", ON.map(([k]) => k).filter((k) => chosen.has(k)), changed); },
  }), words));
  return make("div", { class: "te-field te-wide" }, make("span", { class: "te-label" }, "Of which lines (none: of all)"), make("div", { class: "te-checks" }, ...boxes));
}

/** Periods with their prices in steps. `per` is what a price is for, `limits` how a step's limit is told. */
function periodRows(part, { per, units, fixedName, changed, again, onDrop, currency }) {
  const table = make("div", { class: "te-periods" });
  part.periods.forEach((period, place) => {
    const row = make("div", { class: "te-period", role: "group", "aria-label": say("Period {number}", { number: place }) });
    row.append(make("span", { class: `te-swatch te-p${place % 8}`, "aria-hidden": "true" }, String(place)));
    if (!fixedName) row.append(labelled("Name", entry(period.name, (v) => { period.name = v.trim(); changed("names"); }, { maxlength: 28, "data-period-name": place })));
    period.tiers.forEach((tier, step) => row.append(tierFields(period, tier, step, { per, units, changed, again, currency, place })));
    const actions = make("div", { class: "te-row-actions" });
    actions.append(make("button", { type: "button", class: "te-link", onclick: () => { addTier(period); again(); } }, "Add a step"));
    if (onDrop && part.periods.length > 1) actions.append(make("button", { type: "button", class: "te-link", "aria-label": say("Remove {name}", { name: period.name || say("period {number}", { number: place }) }), onclick: () => onDrop(place) }, "Remove"));
    row.append(actions);
    table.append(row);
  });
  return table;
}

function addTier(period) {
  const last = period.tiers.at(-1);
  if (last.up_to === undefined) last.up_to = "";
  period.tiers.push({ price: "", ...(last.unit ? { unit: last.unit } : {}) });
}

function tierFields(period, tier, step, { per, units, changed, again, currency, place }) {
  const last = step === period.tiers.length - 1;
  const price = labelled(step ? "then" : say("{currency} per {unit}", { currency, unit: say(per) }), entry(tier.price, (v) => { tier.price = number(v); changed(); }, { inputmode: "decimal", size: 8, "data-price": `${place}.${step}` }));
  const group = make("div", { class: "te-tier" }, price);
  if (!last || tier.up_to !== undefined) {
    group.append(labelled("up to", entry(tier.up_to, (v) => { const given = number(v); if (given) tier.up_to = given; else if (last) delete tier.up_to; else tier.up_to = ""; changed(); }, { inputmode: "decimal", size: 7, "data-limit": `${place}.${step}` })));
    if (units && !step) group.append(labelled("counted in", choice(units, tier.unit ?? "month", (v) => { for (const one of period.tiers) { if (v === "month") delete one.unit; else one.unit = v; } changed(); again(); })));
  }
  if (period.tiers.length > 1) {
    group.append(make("button", { type: "button", class: "te-link", "aria-label": say("Remove step {number}", { number: step + 1 }), onclick: () => { period.tiers.splice(step, 1); delete period.tiers.at(-1).up_to; again(); } }, "×"));
  }
  return group;
}

const WEEKS = new WeakMap(); // seasons that look alike for now stay apart while a card is made anew

/** Periods and the painted week that says when they hold. */
function painted(part, card, { per, units, changed, currency, stands, again }) {
  const names = () => part.periods.map((period, place) => period.name || say("period {number}", { number: place }));
  if (!WEEKS.has(part)) WEEKS.set(part, new WeekGrid(part.schedule ?? [], names, (windows) => put(part, "schedule", windows, changed), { stands }));
  const week = WEEKS.get(part);
  week.paint();
  const rows = () => periodRows(part, {
    per, units, currency, again: () => { changed(); again(); }, changed: (what) => { changed(); if (what === "names") week.paint(); },
    onDrop: (place) => { part.periods.splice(place, 1); week.dropPeriod(place); changed(); again(); },
  });
  if (!stands) card.append(rows(), make("button", { type: "button", class: "te-link te-add", onclick: () => { part.periods.push({ name: say("period {number}", { number: part.periods.length }), tiers: [{ price: "" }] }); changed(); again(); } }, "Add a period"));
  card.append(week.element);
}

const BODIES = {
  energy(part, card, tools) {
    painted(part, card, { ...tools, per: "kWh", units: UNITS });
    if (!tools.stands && part.periods.some((period) => period.tiers.length > 1)) {
      card.append(make("div", { class: "te-fields" }, select("Steps are", part, "tier_rule", [["chronological", "filled as energy is drawn"], ["prorated", "spread over the periods in proportion"]], "chronological", tools.changed)));
    }
  },
  demand(part, card, tools) {
    card.append(make("div", { class: "te-fields" },
      select("Measured as", part, "measure", [["highest", "the month's highest quarter hour"], ["mean_of_three", "the mean of the three highest"], ["coincident", "what was drawn at the microgrid's peak"]], "highest", tools.changed),
      money("At least this share of earlier months [%]", part, "ratchet_percent", tools.changed, "Empty: none."),
      labelled("of how many months before", entry(part.ratchet_months, (v) => put(part, "ratchet_months", /^\d+$/.test(v) ? Number(v) : "", tools.changed), { inputmode: "numeric", "data-key": "ratchet_months" })),
      labelled("of which months of the year (1 to 12)", entry(part.ratchet_of?.join(", "), (v) => put(part, "ratchet_of", (v.match(/\d+/g) ?? []).map(Number), tools.changed), { inputmode: "numeric", "data-key": "ratchet_of" }), make("small", {}, "Empty: of all."))));
    if (part.months?.length) card.append(monthPeriods(part, tools));
    else painted(part, card, { ...tools, per: "kW and month" });
  },
  spot(part, card, { changed, indexes }) {
    const known = freshId("indexes");
    card.append(make("datalist", { id: known }, ...indexes.map((code) => make("option", { value: code }))), make("div", { class: "te-fields" },
      labelled("Index", entry(part.index, (v) => put(part, "index", v.trim(), changed), { list: known, maxlength: 40, "data-key": "index" })),
      money("Factor on the index", part, "factor", changed, "Empty: 1."), money("Margin per kWh", part, "margin", changed),
      money("Never below, per kWh", part, "floor", changed, "Empty: no floor."), money("Never above, per kWh", part, "cap", changed, "Empty: no cap."),
      money("Factor while the village has more than it needs", part, "surplus_factor", changed, "Empty: 1."),
      money("Factor while the grid is near its limit", part, "scarce_factor", changed, "Empty: 1."),
      select("Where no spot price is known", part, "fallback", [["last_week", "the same quarter hour a week before"], ["day_before", "the same quarter hour of the day before"], ["fixed", "the plain price of energy per kWh"]], "last_week", changed)));
  },
  standing(part, card, { changed }) { card.append(make("div", { class: "te-fields" }, money("Amount", part, "amount", changed), select("per", part, "per", SPANS, null, changed))); },
  minimum(part, card, { changed }) { card.append(make("div", { class: "te-fields" }, money("At least", part, "amount", changed), select("per", part, "per", SPANS, null, changed))); },
  vat(part, card, { changed }) {
    card.append(make("div", { class: "te-fields" }, share("Rate [%]", part, "rate", changed),
      select("Treated as", part, "treatment", [["standard", "VAT at this rate"], ["exempt", "exempt"]], "standard", changed), kindsOn(part, changed)));
  },
  levy(part, card, { changed }) { card.append(make("div", { class: "te-fields" }, text("Name on the bill", part, "name", changed), money("per kWh drawn", part, "price", changed), money("and percent", part, "percent", changed), kindsOn(part, changed))); },
  discount(part, card, { changed }) { card.append(make("div", { class: "te-fields" }, text("Name on the bill", part, "name", changed), money("percent off", part, "percent", changed), money("amount off a month", part, "amount_per_month", changed), kindsOn(part, changed))); },
  local(part, card, { changed, again }) {
    card.append(make("div", { class: "te-fields" }, select("Costs", part, "rule", [["mid_market", "the published local price"], ["discount", "a share of the own grid price"]], null, changed, again),
      part.rule === "discount" ? share("Share of the own price [%]", part, "share", changed) : null));
  },
  capacity(part, card, { changed, again }) {
    const rows = part.steps.map((step, place) => make("div", { class: "te-period", role: "group", "aria-label": say("Step {number}", { number: place + 1 }) },
      labelled("up to [A]", entry(step.fuse_a, (v) => { step.fuse_a = /^\d+$/.test(v) ? Number(v) : v; changed(); }, { inputmode: "numeric", "data-step": `${place}.fuse_a` })),
      labelled("amount a month", entry(step.amount, (v) => { step.amount = number(v); changed(); }, { inputmode: "decimal", "data-step": `${place}.amount` })),
      part.steps.length > 1 ? make("button", { type: "button", class: "te-link", "aria-label": say("Remove step {number}", { number: place + 1 }), onclick: () => { part.steps.splice(place, 1); changed(); again(); } }, "Remove") : null));
    card.append(make("div", { class: "te-periods" }, ...rows), make("button", { type: "button", class: "te-link te-add", onclick: () => { part.steps.push({ fuse_a: "", amount: "" }); again(); } }, "Add a step"));
  },
  reactive(part, card, { changed }) {
    const factor = make("p", { class: "te-muted", "aria-live": "polite" });
    const tell = () => {
      const value = Number(part.free_share);
      const now = part.free_share !== undefined && value >= 0 ? `${say("Free down to a cos phi of {value} (48.43 % is 0.90).", { value: Math.cos(Math.atan(value)).toFixed(2) })} ` : "";
      factor.textContent = `${now}${say("Sites with this tariff need a meter that counts reactive energy: Meters, “counts reactive energy from”.")}`;
    };
    tell();
    card.append(make("div", { class: "te-fields" }, money("per kvarh above what is free", part, "price", changed), share("free, in percent of the kWh", part, "free_share", () => { tell(); changed(); })), factor);
  },
  export(part, card, tools) {
    const { changed, again } = tools;
    const net = part.rule === "net_metering";
    card.append(make("div", { class: "te-fields" }, select("What is fed in", part, "rule", [["feed_in", "is paid at these prices"], ["net_billing", "is paid at these prices (net billing)"], ["buy_all_sell_all", "is sold with all production, all use bought"], ["net_metering", "is set off against what is drawn, kWh by kWh"]], null, () => {
      if (part.rule === "net_metering") { delete part.periods; delete part.schedule; } else { part.periods ??= [period("all day")]; delete part.carry; delete part.year_end_price; }
      changed();
    }, again)));
    if (net) {
      card.append(make("div", { class: "te-fields" }, select("What is left at the month's end", part, "carry", [[true, "waits for the next month"], [false, "is lost"]].map(([v, w]) => [String(v), w]), "true", () => { part.carry = part.carry !== "false" && part.carry !== false; if (part.carry) delete part.carry; changed(); }),
        money("What is left in December is paid, per kWh", part, "year_end_price", changed, "Empty: nothing.")));
    } else painted(part, card, { ...tools, per: "kWh" });
  },
  incentive(part, card, tools) {
    card.append(make("div", { class: "te-fields" }, money("per kWh", part, "price", tools.changed), select("For each kWh", part, "basis", [["local", "received from neighbours"], ["off_peak", "drawn in the painted hours"]], "local", tools.changed, tools.again)));
    if (part.basis === "off_peak") card.append(new WeekGrid(part.schedule ?? [], () => ["no thank-you", "thank-you"], (windows) => put(part, "schedule", windows, tools.changed), { stands: tools.stands }).element);
  },
};

/** Flat demand by calendar month: which period each month has. */
function monthPeriods(part, { changed, again, currency }) {
  const rows = periodRows(part, { per: "kW and month", currency, changed, again: () => { changed(); again(); } });
  const months = make("div", { class: "te-fields" }, ...MONTHS.map((name, i) => labelled(name, choice(part.periods.map((p, at) => [String(at), p.name]), String(part.months[i]), (v) => { part.months[i] = Number(v); changed(); }))));
  return make("div", {}, rows, months);
}

// Where a part's path leads on its card: periods[1].tiers[0].price to the price of the first step of period 1.
const FIELDS = [
  [/^periods\[(\d+)\]\.name$/, (found) => `[data-period-name="${found[1]}"]`],
  [/^periods\[(\d+)\]\.tiers\[(\d+)\]\.price$/, (found) => `[data-price="${found[1]}.${found[2]}"]`],
  [/^periods\[(\d+)\]\.tiers\[(\d+)\]\.up_to$/, (found) => `[data-limit="${found[1]}.${found[2]}"]`],
  [/^steps\[(\d+)\]\.(fuse_a|amount)$/, (found) => `[data-step="${found[1]}.${found[2]}"]`],
  [/^(\w+)(?:\[\d+\])?$/, (found) => `[data-key="${found[1]}"]`],
];

/** Say on a card what is wrong with it, as `[path, words]`, and mark the fields. */
export function tellFaults(card, faults) {
  const place = card.querySelector(".te-fault");
  place.replaceChildren(...faults.map(([, words]) => make("p", {}, document.createTextNode(words))));
  place.hidden = !faults.length;
  for (const field of card.querySelectorAll("[aria-invalid]")) { field.removeAttribute("aria-invalid"); field.removeAttribute("aria-describedby"); }
  for (const [path] of faults) {
    const [shape, selector] = FIELDS.find(([one]) => one.test(path)) ?? [];
    const field = shape && card.querySelector(selector(shape.exec(path)));
    field?.setAttribute("aria-invalid", "true");
    field?.setAttribute("aria-describedby", place.id);
  }
}

/** One card. */
export function partCard(part, place, tools) {
  const kind = KINDS[part.kind];
  const id = freshId("card");
  const card = make("section", { class: "te-card te-part", "aria-labelledby": id, "data-part": place, "data-kind": part.kind });
  const head = make("header", { class: "te-head" }, make("h2", { id }, kind?.title ?? part.kind));
  if (!tools.stands && tools.onRemove) head.append(make("button", { type: "button", class: "te-link", "aria-label": say("Remove: {name}", { name: say(kind?.title ?? part.kind) }), onclick: tools.onRemove }, "Remove"));
  card.append(head);
  if (BODIES[part.kind]) BODIES[part.kind](part, card, tools);
  else card.append(make("p", {}, "Only an expert can change this part, in the field below."));
  card.append(make("div", { class: "te-fault", id: `${id}-fault`, role: "alert", hidden: true }));
  return card;
}
