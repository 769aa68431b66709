import assert from "node:assert/strict";
import { test } from "node:test";

import { along } from "../src/charts.js";

const page = (lang) => { globalThis.document = { documentElement: { lang } }; };

test("all marks of an axis stand in one unit, with no more decimals than they need", () => {
  page("de");
  const marks = along("Wh", [0, 350, 1180]);
  assert.deepEqual([0, 200, 800, 1000, 1200].map(marks), ["0 kWh", "0,2 kWh", "0,8 kWh", "1 kWh", "1,2 kWh"]);
  assert.equal(along("Wh", [-153, null, 90])(-150), "150 Wh");
  assert.equal(along("Wh", [])(0), "0 Wh");
});

test("a sign stands where no words say which way it flows", () => {
  page("en");
  assert.equal(along("W", [-4000, 12500], true)(-5000), "−5 kW");
  assert.equal(along("W", [-4000, 12500])(-5000), "5 kW");
});
