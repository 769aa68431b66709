// Bundles the pages: their scripts with what they share (charts come when a page has one), one style sheet, the check of a bill on
// its own (members may read it), and the font. Each text gets its compressed forms beside it; WhiteNoise sends the one a browser takes.
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { build } from "esbuild";

const out = "static/dist";
mkdirSync(out, { recursive: true });
for (const name of readdirSync(out).filter((file) => file !== ".stamp")) rmSync(`${out}/${name}`);
const settings = {
  outdir: out,
  bundle: true,
  minify: true,
  sourcemap: false,
  format: "esm",
  target: ["es2022"],
  loader: { ".woff2": "file" },
  assetNames: "[name]",
  chunkNames: "[name]-[hash]",
  logLevel: "warning",
};
await build({ ...settings, splitting: true, entryPoints: { portal: "static/src/portal.js", live: "static/src/live.js" } });
await build({ ...settings, entryPoints: { check: "static/src/check.js", chain_payment: "static/src/chain_payment.js", tariff_editor: "static/src/tariff/editor.js", style: "static/src/style.css", admin: "static/src/admin.css" } });

for (const name of readdirSync(out).filter((file) => /\.(js|css)$/.test(file))) {
  const plain = readFileSync(`${out}/${name}`);
  writeFileSync(`${out}/${name}.gz`, gzipSync(plain, { level: 9 }));
  writeFileSync(`${out}/${name}.br`, brotliCompressSync(plain));
}
