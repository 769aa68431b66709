// A schedule as the tariff keeps it (windows) and as people paint it (weeks of cells by season), and back.
import { say } from "./words.js";

export const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun", "holiday"];
export const DAY_NAMES = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun", "Holiday"];
export const LONG_DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday", "Public holiday"];
export const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DAY = 1440;

export const minuteOf = (time) => Number(time.slice(0, -3)) * 60 + Number(time.slice(-2));
export const timeOf = (minute) => `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;

/** The coarsest of an hour, half an hour, a quarter, five minutes and a minute that says all windows. */
export function stepOf(windows) {
  const edges = windows.flatMap((w) => [minuteOf(w.from), minuteOf(w.to)]);
  return [60, 30, 15, 5, 1].find((step) => edges.every((edge) => edge % step === 0));
}

/** Seasons: months whose weeks are alike together; each week is the period of each cell, day after day. */
export function seasonsOf(windows, step = stepOf(windows)) {
  const count = DAY / step;
  const seasons = [];
  for (let month = 1; month <= 12; month += 1) {
    const week = new Array(DAYS.length * count).fill(0);
    for (const window of [...windows].reverse()) { // the first that holds counts
      if (window.months && !window.months.includes(month)) continue;
      for (const day of window.days ?? DAYS) {
        const at = DAYS.indexOf(day) * count;
        week.fill(window.period, at + minuteOf(window.from) / step, at + minuteOf(window.to) / step);
      }
    }
    const alike = seasons.find((season) => season.week.every((period, i) => period === week[i]));
    if (alike) alike.months.push(month);
    else seasons.push({ months: [month], week });
  }
  return seasons;
}

/** The same weeks in finer cells. */
export function finer(week, from, to) {
  const times = from / to;
  return week.flatMap((period) => new Array(times).fill(period));
}

/** Windows that say the seasons: the hours of one period that are alike on several days and months together. */
export function windowsOf(seasons, step) {
  const count = DAY / step;
  const found = new Map();
  for (const season of seasons) {
    if (!season.months.length) continue;
    DAYS.forEach((day, place) => {
      const cells = season.week.slice(place * count, (place + 1) * count);
      let start = 0;
      for (let i = 1; i <= count; i += 1) {
        if (i < count && cells[i] === cells[start]) continue;
        if (cells[start]) {
          const key = [cells[start], start * step, i * step, [...season.months].sort((a, b) => a - b).join(",")].join("|");
          if (!found.has(key)) found.set(key, []);
          found.get(key).push(day);
        }
        start = i;
      }
    });
  }
  const merged = new Map(); // the same hours and days in several seasons are one window
  for (const [key, days] of found) {
    const [period, from, to, months] = key.split("|");
    const same = [period, from, to, days.join(",")].join("|");
    if (!merged.has(same)) merged.set(same, []);
    merged.get(same).push(...months.split(",").map(Number));
  }
  return [...merged].map(([key, months]) => {
    const [period, from, to, days] = key.split("|");
    const window = { period: Number(period), from: timeOf(Number(from)), to: timeOf(Number(to)) };
    if (days.split(",").length < DAYS.length) window.days = days.split(",");
    if (months.length < 12) window.months = months.sort((a, b) => a - b);
    return window;
  });
}

/** Months in words: runs of at least three with a dash, over the turn of the year. */
export function monthsInWords(months) {
  if (months.length === 12) return say("All year");
  if (!months.length) return say("No month yet");
  const sorted = [...months].sort((a, b) => a - b);
  const runs = [];
  for (const month of sorted) {
    const last = runs.at(-1);
    if (last && last.at(-1) === month - 1) last.push(month);
    else runs.push([month]);
  }
  if (runs.length > 1 && runs[0][0] === 1 && runs.at(-1).at(-1) === 12) runs[0] = [...runs.pop(), ...runs[0]];
  return runs.map((run) => (run.length > 2 ? `${say(MONTHS[run[0] - 1])}–${say(MONTHS[run.at(-1) - 1])}` : run.map((m) => say(MONTHS[m - 1])).join(", "))).join(", ");
}

/** One week in words for those who do not see it: what holds when, but for period 0. */
export function weekInWords(week, step, names) {
  const said = windowsOf([{ months: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], week }], step).map((w) => {
    const days = w.days ? w.days.map((d) => say(DAY_NAMES[DAYS.indexOf(d)])).join(", ") : say("every day");
    return say("{name}: {days} {from} to {until}", { name: say(names[w.period]), days, from: w.from, until: w.to });
  });
  return said.length ? say("{told}; else {name}.", { told: said.join("; "), name: say(names[0]) }) : say("{name} at all hours.", { name: say(names[0]) });
}
