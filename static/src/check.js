// Check this bill: recomputes, in the member's own browser, what the cooperative committed to on the chain.
// It reads the figures from the page as shown, not from the bundle, and asks the chain itself for the root.
import { keccak_256 } from "@noble/hashes/sha3.js";
import { locale, words } from "./words.js";

const text = new TextEncoder();
const bytes = (hex) => Uint8Array.from(hex.replace(/^0x/, "").match(/../g) ?? [], (pair) => parseInt(pair, 16));
const hex = (data) => "0x" + Array.from(data, (byte) => byte.toString(16).padStart(2, "0")).join("");
const join = (...parts) => {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) { whole.set(part, at); at += part.length; }
  return whole;
};
export const keccak = (data) => keccak_256(data);

/** One field's hash: keccak(keccak(salt || index) || "path=value"). */
export function fieldHash(salt, index, path, value) {
  const place = new Uint8Array(4);
  new DataView(place.buffer).setUint32(0, index);
  return keccak(join(keccak(join(salt, place)), text.encode(`${path}=${value}`)));
}

/** ABI encoding of the leaf's values: one string first, then words. */
export function encodeLeaf(types, values) {
  const word = (value, type) => type === "bytes32" ? bytes(value) : bytes(BigInt(value).toString(16).padStart(64, "0"));
  const schema = text.encode(values[0]);
  const tail = new Uint8Array(Math.ceil(schema.length / 32) * 32);
  tail.set(schema);
  const head = [word(types.length * 32, "uint256"), ...values.slice(1).map((value, i) => word(value, types[i + 1]))];
  return join(...head, word(schema.length, "uint256"), tail);
}

export const leafHash = (types, values) => keccak(keccak(encodeLeaf(types, values)));

/** The root to which a leaf and its siblings lead: each pair hashed with the smaller one first. */
export function rootFrom(leaf, proof) {
  return proof.map(bytes).reduce((node, sibling) => {
    const [low, high] = hex(node) < hex(sibling) ? [node, sibling] : [sibling, node];
    return keccak(join(low, high));
  }, leaf);
}

/** The root that the chain holds: eth_call of rootOf(subject, period, revision). */
export async function rootOnChain(rpcUrl, anchor, ask = fetch) {
  const selector = hex(keccak(text.encode("rootOf(bytes32,uint32,uint32)"))).slice(0, 10);
  const number = (value) => BigInt(value).toString(16).padStart(64, "0");
  const data = selector + anchor.subject.slice(2) + number(anchor.period) + number(anchor.revision);
  const reply = await ask(rpcUrl, {
    method: "POST", headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "eth_call", params: [{ to: anchor.contract, data }, "latest"] }),
  });
  const { result, error } = await reply.json();
  if (error || !result) throw new Error(error?.message ?? "the chain gave no answer");
  return result;
}

/** Compare what is shown (a map from path to value) with the bundle; returns the steps and every figure that does not match. */
export function compare(shown, bundle) {
  const salt = bytes(bundle.salt);
  const committed = bundle.field_hashes.map((field) => field.toLowerCase());
  const wrong = [];
  bundle.document.fields.forEach(({ path, label, value }, index) => {
    const seen = shown.has(path) ? shown.get(path) : null;
    if (seen === null) wrong.push({ path, label, seen: words("not shown"), value });
    else if (hex(fieldHash(salt, index, path, seen)) !== committed[index]) wrong.push({ path, label, seen, value });
  });
  const commitment = hex(keccak(join(...committed.map(bytes))));
  const values = [...bundle.leaf.values];
  const whole = committed.length === bundle.document.fields.length;
  const sealed = whole && commitment === bundle.commitment && commitment === values[values.length - 1];
  const leaf = leafHash(bundle.leaf.types, values);
  return { wrong, sealed, root: hex(rootFrom(leaf, bundle.proof)) };
}

/** What a figure must read on the page for its value: so that a changed text is found even if the data behind it is not. */
function textFor(element) {
  const { value, format, currency } = element.dataset;
  if (format === "minor") return (Number(value) / 100).toLocaleString(locale(), { minimumFractionDigits: 2, maximumFractionDigits: 2 }) + ` ${currency}`;
  if (format === "wh") return (Number(value) / 1000).toLocaleString(locale(), { minimumFractionDigits: 3, maximumFractionDigits: 3 });
  if (format === "price") return value.replace(/(\.\d\d\d*?)0*$/, "$1");
  if (format === "count" || format === "plain") return value;
  return null;
}

const digits = (words) => words.replace(/[^\d]/g, "");

/** Read the figures of the page; a text that does not say its value counts as what the text says. */
export function readPage(root) {
  const shown = new Map();
  for (const element of root.querySelectorAll("[data-field]")) {
    const expected = textFor(element);
    const says = element.textContent.trim();
    const same = expected === null || digits(expected) === digits(says);
    shown.set(element.dataset.field, same ? element.dataset.value : says);
  }
  return shown;
}

function verdict(place, kind, title, steps) {
  const sign = { good: "check", bad: "warning", unknown: "warning" }[kind];
  place.innerHTML = "";
  const head = document.createElement("p");
  head.className = `verdict ${kind}`;
  head.innerHTML = `<svg class="sign" aria-hidden="true"><use href="#sign-${sign}"></use></svg>`;
  head.append(title);
  const list = document.createElement("ol");
  for (const step of steps) list.append(Object.assign(document.createElement("li"), { textContent: step }));
  place.append(head, list);
}

/** Run the check for the page that holds `button`. */
export async function checkPage(button) {
  const place = document.getElementById(button.getAttribute("aria-controls"));
  const root = document.getElementById(button.dataset.document);
  root.querySelectorAll(".does-not-match").forEach((element) => element.classList.remove("does-not-match"));
  button.disabled = true;
  try {
    const reply = await fetch(button.dataset.checkBill, { headers: { Accept: "application/json" } });
    const bundle = await reply.json();
    if (!reply.ok) return verdict(place, "unknown", words("This bill cannot be checked yet."), [bundle.detail ?? words("Try again in some minutes.")]);
    const result = compare(readPage(root), bundle);
    if (result.wrong.length) {
      for (const { path } of result.wrong) root.querySelector(`[data-field="${CSS.escape(path)}"]`)?.classList.add("does-not-match");
      return verdict(place, "bad", words(result.wrong.length === 1 ? "One figure does not match." : "{count} figures do not match.", { count: result.wrong.length }),
        result.wrong.map(({ label, seen, value }) => words(seen === value ? "{label}: the page says “{seen}”, which is not what was committed." : "{label}: the page says “{seen}”, committed is “{value}”.", { label, seen, value })));
    }
    let onChain;
    try { onChain = await rootOnChain(bundle.rpc_url, bundle.anchor); } catch (problem) {
      return verdict(place, "unknown", words("The chain could not be reached."), [words("Every figure fits its commitment, but the root could not be read from the chain ({problem}). Your bill is as it was; try again later.", { problem: problem.message })]);
    }
    if (!result.sealed || result.root !== bundle.root || onChain !== result.root) {
      return verdict(place, "bad", words("This bill is not what was anchored."), [words("Computed root {root}", { root: result.root }), words("Root on the chain {root}", { root: onChain })]);
    }
    return verdict(place, "good", words("Every figure is as anchored on the chain."), [
      words("{count} figures and words on this page fit their sealed hashes.", { count: bundle.document.fields.length }),
      words("Together they form leaf {leaf}… of a tree whose root was recomputed here through {steps} steps.", { leaf: bundle.commitment.slice(0, 18), steps: bundle.proof.length }),
      words("The same root {root}… stands on chain {chain} in contract {contract}, block {block}.", { root: onChain.slice(0, 18), chain: bundle.chain_id, contract: bundle.anchor.contract, block: bundle.anchor.block }),
    ]);
  } catch (problem) {
    return verdict(place, "unknown", words("The check could not be finished."), [problem.message]);
  } finally { button.disabled = false; }
}
