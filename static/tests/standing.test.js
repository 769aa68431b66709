import assert from "node:assert/strict";
import { test } from "node:test";
import { standing } from "../src/standing.js";

test("a deficit that is kept while nothing flows is not called drawing", () => {
  assert.equal(standing({ status: "DEFICIT", import_w: 20, export_w: 0 }), "NORMAL");
  assert.equal(standing({ status: "DEFICIT", import_w: 800, export_w: 0 }), "DEFICIT");
  assert.equal(standing({ status: "DEFICIT", import_w: 0, export_w: 300 }), "SURPLUS");
  assert.equal(standing({ status: "SURPLUS", import_w: 120, export_w: 0 }), "DEFICIT");
  assert.equal(standing({ status: "ISLANDED", import_w: 0, export_w: 0 }), "ISLANDED");
});
