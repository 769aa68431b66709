import assert from "node:assert/strict";
import { test } from "node:test";
import { moved, number } from "../src/tariff/dom.js";
import { finer, monthsInWords, seasonsOf, stepOf, weekInWords, windowsOf } from "../src/tariff/schedule.js";

const WINDOWS = [
  { period: 1, from: "17:00", to: "21:00", days: ["mon", "tue", "wed", "thu", "fri"], months: [1, 2, 11, 12] },
  { period: 2, from: "06:00", to: "22:00" },
];

test("a schedule painted and said again holds at the same hours", () => {
  const step = stepOf(WINDOWS);
  const seasons = seasonsOf(WINDOWS, step);
  assert.equal(step, 60);
  assert.deepEqual(seasons.map((s) => s.months), [[1, 2, 11, 12], [3, 4, 5, 6, 7, 8, 9, 10]]);
  const again = seasonsOf(windowsOf(seasons, step), step);
  assert.deepEqual(again, seasons);
});

test("the first window that holds counts", () => {
  const [season] = seasonsOf([{ period: 1, from: "08:00", to: "09:00" }, { period: 2, from: "00:00", to: "24:00" }], 60);
  assert.equal(season.week[8], 1);
  assert.equal(season.week[9], 2);
});

test("cells are as fine as the windows ask, and finer cells say the same", () => {
  const windows = [{ period: 1, from: "17:15", to: "21:00" }];
  assert.equal(stepOf(windows), 15);
  const [season] = seasonsOf([{ period: 1, from: "17:00", to: "21:00" }], 60);
  assert.deepEqual(windowsOf([{ ...season, week: finer(season.week, 60, 15) }], 15), [{ period: 1, from: "17:00", to: "21:00" }]);
});

test("months and weeks have words", () => {
  assert.equal(monthsInWords([11, 12, 1, 2]), "Nov–Feb");
  assert.equal(monthsInWords([5, 7]), "May, Jul");
  const [season] = seasonsOf([{ period: 1, from: "17:00", to: "21:00" }], 60);
  assert.equal(weekInWords(season.week, 60, ["base", "peak"]), "peak: every day 17:00 to 21:00; else base.");
});

test("percent becomes a share exactly", () => {
  assert.deepEqual([moved("19", -2), moved("0.19", 2), moved("7,5", -2), moved("-0.5", 2), moved("100", -2)], ["0.19", "19", "0.075", "-50", "1"]);
  assert.equal(number(" 0,31 "), "0.31");
});
