import assert from "node:assert/strict";
import { test } from "node:test";
import { booked, pay, sentenceFor, walletOf } from "../src/chain_payment.js";

const NATIVE = "0x" + "0".repeat(40);
const [CONTRACT, TOKEN, PAYER] = ["c", "7", "a"].map((digit) => "0x" + digit.repeat(40));
const APPROVE_NONE = "0x095ea7b3" + CONTRACT.slice(2).padStart(64, "0") + "0".repeat(64);
const quick = { pauseMs: 0, rounds: 3 };
const offer = {
  chain_id: 31337, contract: CONTRACT, rpc_url: "http://localhost:1", ways: [
    { coin: "ETH", token: NATIVE, units: "500", amount: "0.5", calls: [{ what: "pay", to: CONTRACT, value: "500", data: "0x01" }] },
    { coin: "tEUR", token: TOKEN, units: "70", amount: "7", calls: [{ what: "allow", to: TOKEN, value: "0", data: "0x02" }, { what: "pay", to: CONTRACT, value: "0", data: "0x03" }] },
  ],
};

/** A wallet with some coins; `answers` takes the place of what it would say to a method. */
function wallet({ held = 100n, allowed = 0n, ether = 1000n, chain = "0x7a69", answers = {} } = {}) {
  const sent = [];
  return {
    sent,
    async request({ method, params }) {
      if (method in answers) return answers[method](params, sent);
      if (method === "eth_requestAccounts") return [PAYER];
      if (method === "eth_chainId") return chain;
      if (method === "eth_getBalance") return "0x" + ether.toString(16);
      if (method === "eth_sendTransaction") return "0x" + String(sent.push(params[0])).padStart(64, "0");
      if (method === "eth_getTransactionReceipt") return { status: "0x1" };
      if (method === "wallet_switchEthereumChain") { chain = params[0].chainId; return null; }
      if (method === "eth_call" && params[0].data.startsWith("0x70a08231")) return "0x" + held.toString(16);
      if (method === "eth_call" && params[0].data.startsWith("0xdd62ed3e")) return "0x" + allowed.toString(16);
      if (method === "eth_call") return "0x";
      throw new Error(method);
    },
  };
}

const refused = async (one, token = TOKEN) => {
  try { await pay(one, offer, token, () => {}, quick); } catch (problem) { return sentenceFor(problem); }
  return "paid";
};

test("ether is one transaction, coins are allowed and then paid", async () => {
  const own = wallet();
  await pay(own, offer, NATIVE, () => {}, quick);
  assert.deepEqual(own.sent, [{ from: PAYER, to: CONTRACT, value: "0x1f4", data: "0x01" }]);
  const coins = wallet();
  const told = [];
  const hash = await pay(coins, offer, TOKEN, (said) => told.push(said), quick);
  assert.deepEqual(coins.sent.map((one) => one.data), ["0x02", "0x03"]);
  assert.equal(hash, "0x" + "2".padStart(64, "0"));
  assert.ok(told.some((said) => said.includes("may take 7 tEUR")));
  assert.ok(told.at(-1).includes(hash));
});

test("what is allowed already is not asked for again, too little goes through zero", async () => {
  const enough = wallet({ allowed: 70n });
  await pay(enough, offer, TOKEN, () => {}, quick);
  assert.deepEqual(enough.sent.map((one) => one.data), ["0x03"]);
  const some = wallet({ allowed: 5n });
  await pay(some, offer, TOKEN, () => {}, quick);
  assert.deepEqual(some.sent.map((one) => one.data), [APPROVE_NONE, "0x02", "0x03"]);
});

test("coins to try with are made where they are missing", async () => {
  const made = { what: "make", to: TOKEN, value: "0", data: "0x04" };
  const trying = { ...offer, ways: [offer.ways[0], { ...offer.ways[1], to_try: made }] };
  const poor = wallet({ held: 0n });
  await pay(poor, trying, TOKEN, () => {}, quick);
  assert.deepEqual(poor.sent.map((one) => one.data), ["0x04", "0x02", "0x03"]);
  const rich = wallet();
  await pay(rich, trying, TOKEN, () => {}, quick);
  assert.deepEqual(rich.sent.map((one) => one.data), ["0x02", "0x03"]);
});

test("a wallet on another chain is asked to switch, and told of a chain it does not know", async () => {
  const other = wallet({ chain: "0x1" });
  await pay(other, offer, NATIVE, () => {}, quick);
  assert.equal(other.sent.length, 1);
  let added = null;
  const strange = wallet({ chain: "0x1", answers: {
    wallet_switchEthereumChain: () => { throw Object.assign(new Error("unknown"), { code: 4902 }); },
    wallet_addEthereumChain: ([words]) => { added = words; return null; },
  } });
  assert.match(await refused(strange), /Switch your wallet to chain 31337/);
  assert.deepEqual([added.chainId, added.rpcUrls], ["0x7a69", ["http://localhost:1"]]);
});

test("each refusal has its sentence, and nothing is sent after it", async () => {
  const declined = wallet({ answers: { eth_sendTransaction: () => { throw Object.assign(new Error("denied"), { code: 4001 }); } } });
  assert.match(await refused(declined), /declined/);
  assert.match(await refused(wallet({ held: 69n })), /too little tEUR: 7 are needed/);
  assert.match(await refused(wallet({ ether: 499n }), NATIVE), /too little of the chain's coin/);
  assert.match(await refused(wallet({ answers: { eth_requestAccounts: () => [] } })), /no account/);
  assert.match(await refused(wallet(), "0x" + "9".repeat(40)), /not taken/);
  const expired = wallet({ answers: { eth_call: ([call]) => {
    if (call.from) throw Object.assign(new Error("execution reverted"), { code: 3, data: "0x63f6a3c6" + "0".repeat(128) });
    return "0xff";
  } } });
  assert.doesNotMatch(await refused(expired), /paid$/);
  assert.deepEqual([declined.sent, expired.sent.map((one) => one.data)], [[], []]);
  const reverted = wallet({ answers: { eth_getTransactionReceipt: () => ({ status: "0x0" }) } });
  assert.match(await refused(reverted), /refused transaction/);
  assert.equal(reverted.sent.length, 1);
  const slow = wallet({ answers: { eth_getTransactionReceipt: () => null } });
  assert.match(await refused(slow), /not taken transaction .* yet/);
});

test("errors of the contract are read by their selectors, wherever a wallet puts them", async () => {
  const { keccak_256 } = await import("@noble/hashes/sha3.js");
  const of = (signature) => "0x" + Buffer.from(keccak_256(new TextEncoder().encode(signature))).toString("hex").slice(0, 8);
  assert.match(sentenceFor({ code: 3, data: of("QuoteExpired(bytes32,uint64)") + "00" }), /expired/);
  assert.match(sentenceFor({ code: -32603, message: "x", data: { originalError: { data: of("BillNotOpen(bytes32)") } } }), /settled/);
  assert.match(sentenceFor({ code: -32000, message: "Insufficient funds for gas" }), /too little/);
  assert.match(sentenceFor({ code: 1, message: "odd" }), /says: odd/);
});

test("a wallet that announces itself is found, none is none", async () => {
  const place = new EventTarget();
  const provider = {};
  place.addEventListener("eip6963:requestProvider", () => place.dispatchEvent(Object.assign(new Event("eip6963:announceProvider"), { detail: { provider } })));
  assert.equal(await walletOf(place), provider);
  assert.equal(await walletOf(new EventTarget(), 50), null);
});

test("a payment is booked when the cooperative shows it, and waiting ends", async () => {
  const answers = [[], [{ transaction_hash: "0xAB", is_missing: true }], [{ transaction_hash: "0xAB", is_missing: false }]];
  const seen = await booked(async () => ({ payments: answers.shift() }), "0xab", quick);
  assert.equal(seen.payments.length, 1);
  assert.equal(await booked(async () => ({ payments: [] }), "0xab", quick), null);
});
