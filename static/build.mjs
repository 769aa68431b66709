// Bundles the pages: one script, one style sheet, the check of a bill on its own (members may read it), and the font.
import { mkdirSync } from "node:fs";
import { build } from "esbuild";

const out = "static/dist";
mkdirSync(out, { recursive: true });
await build({
  entryPoints: { portal: "static/src/portal.js", live: "static/src/live.js", check: "static/src/check.js", tariff_editor: "static/src/tariff/editor.js", style: "static/src/style.css" },
  outdir: out,
  bundle: true,
  minify: true,
  sourcemap: false,
  format: "esm",
  target: ["es2022"],
  loader: { ".woff2": "file" },
  assetNames: "[name]",
  logLevel: "warning",
});
