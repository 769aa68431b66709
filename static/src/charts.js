// One small wrapper around ECharts: colours from the tokens, steps not curves, gaps as gaps, a table behind one key press.
import * as echarts from "echarts/core";
import { BarChart, LineChart } from "echarts/charts";
import { GridComponent, MarkLineComponent, TooltipComponent } from "echarts/components";
import { SVGRenderer } from "echarts/renderers";
import { locale, words } from "./words.js";

echarts.use([BarChart, LineChart, GridComponent, MarkLineComponent, TooltipComponent, SVGRenderer]);

export const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

/** Number with unit by size, three significant figures. */
export function energy(wh) {
  const [size, unit] = Math.abs(wh) >= 1e6 ? [1e6, "MWh"] : Math.abs(wh) >= 1e3 ? [1e3, "kWh"] : [1, "Wh"];
  const value = wh / size;
  const digits = size === 1 ? 0 : Math.abs(value) < 10 ? 2 : Math.abs(value) < 100 ? 1 : 0;
  return `${value.toLocaleString(locale(), { minimumFractionDigits: digits, maximumFractionDigits: digits })} ${unit}`;
}

const clock = (iso) => iso.slice(11, 16);

function base(labels, every) {
  const muted = token("muted");
  return {
    animation: false,
    textStyle: { fontFamily: "Inter, system-ui, sans-serif", color: token("ink") },
    grid: { left: 8, right: 20, top: 16, bottom: 8, containLabel: true },
    tooltip: {
      trigger: "axis", backgroundColor: token("surface"), borderColor: token("line"), textStyle: { color: token("ink") },
      confine: true,
    },
    xAxis: {
      type: "category", data: labels, boundaryGap: true, axisTick: { show: false },
      axisLine: { lineStyle: { color: token("line") } },
      axisLabel: { color: muted, interval: every, hideOverlap: true },
    },
    yAxis: {
      type: "value", splitLine: { lineStyle: { color: token("line") } },
      axisLabel: { color: muted, formatter: (v) => energy(Math.abs(v)) },
    },
  };
}

const series = (name, data, colour, extra = {}) => ({
  name, data, type: "line", step: "end", symbol: "none", lineStyle: { width: 1.5, color: colour }, itemStyle: { color: colour }, ...extra,
});

const SCALES = { Wh: [[1e6, "MWh"], [1e3, "kWh"], [1, "Wh"]], W: [[1e3, "kW"], [1, "W"]] };

/** Marks along an axis: all in the unit that suits the largest value, with no more decimals than they need. */
export function along(unit, values, isSigned = false) {
  const most = values.reduce((top, v) => Math.max(top, Math.abs(v ?? 0)), 0);
  const [size, name] = SCALES[unit].find(([at]) => most >= at) ?? SCALES[unit].at(-1);
  return (v) => `${isSigned && v < 0 ? "−" : ""}${(Math.abs(v) / size).toLocaleString(locale(), { maximumFractionDigits: 2 })} ${name}`;
}

/** The axis in one unit; a table beside the chart keeps three significant figures. */
function scaled(option, unit, values, told, isSigned) {
  option.yAxis.axisLabel.formatter = along(unit, values, isSigned);
  option.told = told;
  return option;
}

const all = (...columns) => columns.flatMap((one) => one ?? []);

/** The signature picture: production above, use below, what was shared filled in between, the battery as a thin ribbon. */
export function dayOption(day) {
  const labels = day.starts.map(clock);
  const below = (values) => values.map((v) => (v === null ? null : -v));
  const option = base(labels, (i) => day.starts[i].slice(14, 16) === "00" && Number(day.starts[i].slice(11, 13)) % 3 === 0);
  const area = (colour, opacity) => ({ areaStyle: { color: colour, opacity } });
  const planned = () => ({ lineStyle: { width: 1.5, type: [5, 4], color: token("ink") }, z: 4 });
  option.series = [
    series(words("produced"), day.production, token("solar"), area(token("solar-fill"), 0.35)),
    series(words("used"), below(day.consumption), token("use"), area(token("use"), 0.18)),
    series(words("shared with neighbours"), day.delivered, token("shared"), { ...area(token("shared"), 0.55), lineStyle: { width: 0 } }),
    series(words("drawn from neighbours"), below(day.received), token("shared"), { ...area(token("shared"), 0.55), lineStyle: { width: 0 } }),
    ...(day.charge ? [series(words("out of batteries"), day.discharge, token("storage"), area(token("storage"), 0.6)), series(words("into batteries"), below(day.charge), token("storage"), area(token("storage"), 0.6))] : []),
    ...(day.planned_charge ? [series(words("planned out of batteries"), day.planned_discharge, token("ink"), planned()), series(words("planned into batteries"), below(day.planned_charge), token("ink"), planned())] : []),
  ].filter((s) => s.data.some((v) => v));
  option.tooltip.formatter = (points) =>
    `${points[0].axisValue}<br>` + points.map((p) => `${p.marker} ${p.seriesName}: ${energy(Math.abs(p.value ?? 0))}`).join("<br>");
  if (day.now && option.series.length) option.series[0].markLine = { symbol: "none", silent: true, lineStyle: { color: token("ink"), type: "solid" }, label: { formatter: clock(day.now), color: token("ink") }, data: [{ xAxis: day.starts.indexOf(day.now) }] };
  return scaled(option, "Wh", all(...option.series.map((s) => s.data)), (wh) => energy(Math.abs(wh)));
}

/** Bars per day: use below zero is not needed here; local and public energy stacked, production beside. */
export function monthOption(month) {
  const option = base(month.days.map((d) => String(Number(d.slice(8, 10)))), "auto");
  const bar = (name, data, colour, stack, decal) => ({
    name, data, type: "bar", stack, barMaxWidth: 18, itemStyle: { color: colour, borderRadius: 2, decal },
  });
  option.series = [
    bar(words("from neighbours"), month.received, token("shared"), "use"),
    bar(words("from the public grid"), month.grid, token("public"), "use", { symbol: "rect", dashArrayX: [1, 0], dashArrayY: [3, 3], rotation: 0.7, color: "rgba(255,255,255,.35)" }),
    bar(words("own roof"), month.own, token("solar-fill"), "use"),
  ].filter((s) => s.data.some((v) => v));
  option.aria = { enabled: true, decal: { show: false } };
  option.tooltip.valueFormatter = (v) => energy(v);
  return scaled(option, "Wh", month.days.map((_, i) => (month.received[i] ?? 0) + (month.grid[i] ?? 0) + (month.own[i] ?? 0)), energy);
}

/** Ticks told as columns (seconds after the first, powers), as rows. */
export function ticks(told) {
  const first = told?.first ? Date.parse(`${told.first.slice(0, 19)}Z`) : 0; // the village's own clock, counted on
  return (told?.after_s ?? []).map((after, i) => ({
    label: clock(new Date(first + 1000 * after).toISOString()), production_w: told.production_w[i], consumption_w: told.consumption_w[i],
    import_w: Math.max(told.exchange_w[i], 0), export_w: Math.max(-told.exchange_w[i], 0),
  }));
}

/** Power over the last hour, as it was measured; `told` is rows, or the columns that the page came with. */
export function powerOption(told) {
  const points = Array.isArray(told) ? told : ticks(told);
  const option = base(points.map((p) => p.label ?? clock(p.at)), "auto");
  option.yAxis.axisLabel.formatter = (v) => `${(v / 1000).toFixed(0)} kW`;
  option.series = [
    series(words("produced"), points.map((p) => p.production_w), token("solar")),
    series(words("used"), points.map((p) => p.consumption_w), token("use")),
    series(words("from the public grid"), points.map((p) => p.import_w - p.export_w), token("public"), { lineStyle: { type: "dashed", width: 1.5, color: token("public") } }),
  ];
  option.tooltip.valueFormatter = (v) => `${(v / 1000).toFixed(1)} kW`;
  return option;
}

/** What a sensor measured at instants: a step from reading to reading, the unit at the axis. */
export function sensorOption(sensor) {
  const option = base([], "auto");
  option.xAxis = { ...option.xAxis, type: "time", data: undefined, boundaryGap: false };
  option.yAxis.scale = true;
  option.yAxis.axisLabel.formatter = (v) => `${v}${sensor.unit ? ` ${sensor.unit}` : ""}`;
  option.series = [series(sensor.name, sensor.at.map((at, i) => [at, sensor.values[i]]), token("use"))];
  option.tooltip.valueFormatter = (v) => `${v}${sensor.unit ? ` ${sensor.unit}` : ""}`;
  return option;
}

const DASHES = { dashed: [6, 4], dotted: [2, 3] };
const FORMATS = {
  Wh: energy,
  W: (w) => (Math.abs(w) >= 1000 ? `${(w / 1000).toLocaleString(locale(), { maximumFractionDigits: 2 })} kW` : `${Math.round(w)} W`),
  price: (v) => v.toLocaleString(locale(), { minimumFractionDigits: 2, maximumFractionDigits: 2 }),
  count: (v) => v.toLocaleString(locale(), { maximumFractionDigits: 0 }),
  "%": (v) => `${v.toLocaleString(locale(), { maximumFractionDigits: 1 })} %`,
};

/** Figures along one axis: steps, bars or points, each series in the colour of what it means; gaps stay gaps. */
export function linesOption(picture) {
  const size = picture.suffix ? (v) => `${FORMATS[picture.unit](v)} ${picture.suffix}` : FORMATS[picture.unit];
  const format = picture.below ? (v) => size(Math.abs(v)) : size; // never a sign: words say which way it flows
  const way = (v) => (picture.below && v ? ` ${v < 0 ? picture.below : picture.above}` : "");
  const labels = picture.dates ? picture.labels.map((d) => new Date(`${d}T12:00`).toLocaleDateString(locale(), { day: "numeric", month: "short" })) : picture.labels;
  const option = base(labels, picture.dates || picture.names ? "auto" : (i) => picture.labels[i].endsWith(":00") && Number(picture.labels[i].slice(0, 2)) % 3 === 0);
  if (picture.names) option.xAxis.axisLabel = { ...option.xAxis.axisLabel, interval: innerWidth < 720 ? "auto" : 0, rotate: picture.labels.length > 8 ? 40 : 0, hideOverlap: true };
  option.yAxis.axisLabel.formatter = format;
  option.yAxis.min = picture.series.some((one) => one.values.some((v) => v < 0)) ? undefined : 0;
  option.series = picture.series.map((one) => {
    const colour = token(one.colour);
    if (one.bars) return { name: one.name, type: "bar", data: one.values, stack: one.stack, barMaxWidth: 18, barGap: "-100%", itemStyle: { color: colour, borderRadius: 2 } };
    if (one.points) return series(one.name, one.values, colour, { step: false, symbol: "circle", symbolSize: 7, showAllSymbol: true, showSymbol: true, lineStyle: { width: 0 }, z: 3 });
    const line = { width: 2, color: colour, type: DASHES[one.style] ?? "solid", opacity: one.style === "faint" ? 0.45 : 1 };
    return series(one.name, one.values, colour, { lineStyle: line, ...(one.fill ? { areaStyle: { color: token(one.fill), opacity: 0.45 } } : {}) });
  });
  option.tooltip.formatter = (points) => `${points[0].axisValue}<br>` + points.filter((p) => p.value !== null && p.value !== undefined).map((p) => `${p.marker} ${p.seriesName}: ${format(p.value)}${way(p.value)}`).join("<br>");
  return SCALES[picture.unit] ? scaled(option, picture.unit, all(...picture.series.map((one) => one.values)), format, !picture.below) : option;
}

/** A day in review: like days thin behind, what was measured, what is in question on top, proposals dashed. */
export function reviewOption(review) {
  const option = base(review.starts.map(clock), (i) => review.starts[i].slice(14, 16) === "00" && Number(review.starts[i].slice(11, 13)) % 3 === 0);
  const asked = new Set(review.intervals);
  const near = (i) => asked.has(i) || asked.has(i + 1) || asked.has(i - 1);
  const measured = token(review.production ? "solar-fill" : "use");
  option.series = [
    ...review.like.map((day) => series(day.day, day.values, token("muted"), { lineStyle: { width: 1, color: token("muted"), opacity: 0.45 } })),
    series(words("measured"), review.measured, measured, { lineStyle: { width: 2, color: measured } }),
    ...review.proposals.map((one, i) => series(one.name, one.values.map((v, at) => (near(at) ? v : null)), token(`proposal-${i + 1}`),
      { lineStyle: { width: 2, type: "dashed", color: token(`proposal-${i + 1}`) } })),
    series(words("in question"), review.measured.map((v, i) => (asked.has(i) ? v : null)), token("alarm"),
      { lineStyle: { width: 3, color: token("alarm") }, symbol: "circle", symbolSize: 6, showAllSymbol: true }),
  ];
  option.tooltip.valueFormatter = (v) => (v === null || v === undefined ? "–" : energy(v));
  return scaled(option, "Wh", all(...option.series.map((s) => s.data)), energy);
}

/** What is foreseen: the band of four in five, the most likely course dashed, what was measured solid, now marked. */
export function forecastOption(picture) {
  const labels = picture.starts.map((s) => `${new Date(`${s.slice(0, 10)}T12:00`).toLocaleDateString(locale(), { weekday: "short" })} ${clock(s)}`);
  const hourly = (i) => picture.starts[i].slice(14, 16) === "00" && Number(picture.starts[i].slice(11, 13)) % 6 === 0;
  const option = base(labels, hourly);
  option.yAxis.min = 0;
  const fill = token(picture.colour === "solar" ? "solar-fill" : "use");
  const hidden = { lineStyle: { width: 0 }, stack: "band", tooltip: { show: false } };
  option.series = [
    series(words("at least"), picture.low, fill, hidden),
    series("band", picture.high.map((high, i) => high - picture.low[i]), fill, { ...hidden, areaStyle: { color: fill, opacity: 0.28 } }),
    series(words("most likely"), picture.middle, token("ink"), { lineStyle: { width: 1.5, color: token("ink"), type: "dashed" } }),
    series(words("measured"), picture.actual, token(picture.colour), { lineStyle: { width: 2, color: token(picture.colour) }, z: 4 }),
  ];
  if (picture.now) {
    option.series[2].markLine = {
      symbol: "none", silent: true, lineStyle: { color: token("muted"), type: "solid" },
      label: { formatter: words("now"), color: token("muted") }, data: [{ xAxis: picture.starts.indexOf(picture.now) }],
    };
  }
  option.tooltip.formatter = (points) => {
    const i = points[0].dataIndex;
    const measured = picture.actual[i] === null ? "" : `<br>${words("measured")}: ${energy(picture.actual[i])}`;
    return `${points[0].axisValue}<br>${words("most likely")}: ${energy(picture.middle[i])}<br>${energy(picture.low[i])} ${words("to")} ${energy(picture.high[i])}${measured}`;
  };
  return scaled(option, "Wh", all(picture.high, picture.actual), energy);
}

const OPTIONS = { forecast: forecastOption, review: reviewOption, sensor: sensorOption, day: dayOption, month: monthOption, power: powerOption, lines: linesOption };

/** Draw a figure marked with data-chart, and again when size or theme change. Returns a function that draws new data. */
export function draw(figure) {
  const place = figure.querySelector(".chart");
  const source = document.getElementById(place.dataset.source);
  let data = JSON.parse(source.textContent);
  const chart = echarts.init(place, null, { renderer: "svg" });
  let told = null; // how the values read in a table
  const paint = () => {
    const { told: said, ...option } = OPTIONS[place.dataset.chart](data);
    told = said ?? null;
    chart.setOption(option, true);
  };
  paint();
  new ResizeObserver(() => chart.resize()).observe(place);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paint);
  const button = figure.querySelector("[data-toggle-table]");
  if (button) button.addEventListener("click", () => toggle(button, figure.querySelector(".chart-table")));
  else offerTable(figure, () => ({ ...chart.getOption(), told }));
  return (fresh) => { data = fresh; paint(); };
}

function toggle(button, table) {
  table.hidden = !table.hidden;
  button.setAttribute("aria-expanded", String(!table.hidden));
}

/** Every figure in words: where the page brought no table, one is made from what is drawn, when it is asked for. */
function offerTable(figure, drawn) {
  const button = Object.assign(document.createElement("button"), { type: "button", className: "link small", textContent: words("Show as table") });
  button.setAttribute("aria-expanded", "false");
  const table = Object.assign(document.createElement("div"), { className: "chart-table table-wrap", hidden: true, tabIndex: 0 });
  const title = figure.querySelector("figcaption h2")?.textContent ?? "";
  table.setAttribute("role", "region");
  table.setAttribute("aria-label", title);
  button.addEventListener("click", () => {
    if (table.hidden) table.replaceChildren(tableOf(drawn(), title));
    toggle(button, table);
  });
  (figure.querySelector("figcaption .actions") ?? figure.querySelector("figcaption"))?.prepend(button);
  figure.append(table);
}

/** What is drawn as rows: a label, then each series' value as the axis writes it. */
function tableOf(option, title) {
  const table = document.createElement("table");
  const cell = (tag, text, scope) => Object.assign(document.createElement(tag), { textContent: text, className: scope === "row" || (tag === "th" && text === words("When")) ? "" : "number", ...(scope ? { scope } : {}) });
  table.append(Object.assign(document.createElement("caption"), { className: "visually-hidden", textContent: title }));
  const head = table.createTHead().insertRow();
  head.append(cell("th", words("When"), "col"), ...option.series.map((one) => cell("th", one.name, "col")));
  const format = option.told ?? option.yAxis[0].axisLabel.formatter;
  const labels = option.xAxis[0].data ?? option.series[0]?.data.map(([at]) => new Date(at).toLocaleString(locale())) ?? [];
  const body = table.createTBody();
  labels.forEach((label, i) => {
    const values = option.series.map((one) => (Array.isArray(one.data[i]) ? one.data[i][1] : one.data[i]));
    body.insertRow().append(cell("th", label, "row"), ...values.map((value) => cell("td", value === null || value === undefined ? "–" : format(value))));
  });
  return table;
}
