// Paying a bill from a wallet (EIP-1193): the calls come from the cooperative, the wallet shows and signs them, the chain tells what came of them.
import { keccak_256 } from "@noble/hashes/sha3.js";
import { words } from "./words.js";

const NATIVE = "0x" + "0".repeat(40);
const text = new TextEncoder();
const selector = (signature) => "0x" + Array.from(keccak_256(text.encode(signature)).slice(0, 4), (byte) => byte.toString(16).padStart(2, "0")).join("");
const word = (value) => BigInt(value).toString(16).padStart(64, "0");
const hex = (value) => "0x" + BigInt(value).toString(16);
const shown = (amount) => globalThis.document?.documentElement.lang.startsWith("de") ? amount.replace(".", ",") : amount;
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/** What went wrong, in words for the payer. */
export class Trouble extends Error {}

// What the contract says when it refuses, and what the payer is told.
const REFUSALS = Object.fromEntries([
  ["BillNotOpen(bytes32)", "The chain has this bill as settled. If it is not, write to us."],
  ["NoQuote(bytes32)", "Nothing is left to pay of this bill on the chain."],
  ["QuoteExpired(bytes32,uint64)", "The amounts have expired and are being renewed. Load this page again in some minutes."],
  ["CoinNotTaken(bytes32,address)", "This coin is not taken for this bill any more. Load this page again."],
  ["NothingPaid()", "No coins arrived at the contract. Nothing was paid."],
].map(([signature, said]) => [selector(signature), said]));

/** The sentence for a wallet's or a node's refusal. */
export function sentenceFor(problem) {
  if (problem instanceof Trouble) return problem.message;
  const code = problem?.code ?? problem?.data?.originalError?.code;
  if (code === 4001) return words("You declined in your wallet. Nothing was paid.");
  if (code === -32002) return words("Your wallet waits for an answer already. Open it.");
  const said = JSON.stringify([problem?.data ?? "", problem?.message ?? ""]);
  const known = Object.keys(REFUSALS).find((one) => said.includes(one));
  if (known) return words(REFUSALS[known]);
  if (/insufficient funds/i.test(said)) return words("Your account has too little of the chain's coin for the amount and the fee.");
  return words("Your wallet says: {problem}", { problem: problem?.message ?? String(problem) });
}

/** The wallet of this browser, if there is one: the usual one, else the first that announces itself (EIP-6963). */
export async function walletOf(place, patienceMs = 300) {
  if (place.ethereum) return place.ethereum;
  const found = [];
  place.addEventListener("eip6963:announceProvider", (event) => found.push(event.detail.provider));
  place.dispatchEvent(new Event("eip6963:requestProvider"));
  for (let waited = 0; !found.length && waited < patienceMs; waited += 50) await pause(50);
  return found[0] ?? null;
}

async function onChain(wallet, offer) {
  const wanted = hex(offer.chain_id);
  if ((await wallet.request({ method: "eth_chainId" })) === wanted) return;
  try {
    await wallet.request({ method: "wallet_switchEthereumChain", params: [{ chainId: wanted }] });
  } catch (problem) {
    if (problem?.code !== 4902) throw problem;
    await wallet.request({ method: "wallet_addEthereumChain", params: [{ chainId: wanted, chainName: `Chain ${offer.chain_id}`, rpcUrls: [offer.rpc_url], nativeCurrency: { name: offer.ways[0].coin, symbol: offer.ways[0].coin, decimals: 18 } }] });
  }
  if ((await wallet.request({ method: "eth_chainId" })) !== wanted) throw new Trouble(words("Switch your wallet to chain {chain}, then try again.", { chain: offer.chain_id }));
}

const read = async (wallet, to, data) => BigInt(await wallet.request({ method: "eth_call", params: [{ to, data }, "latest"] }));

/** What has to be sent: coins to try with are made where they are missing; allowances that are enough already are left, others that stand go through zero, as some coins demand. */
export async function callsToSend(wallet, way, account, contract) {
  if (way.token === NATIVE) {
    const held = BigInt(await wallet.request({ method: "eth_getBalance", params: [account, "latest"] }));
    if (held < BigInt(way.units)) throw new Trouble(words("Your account has too little of the chain's coin for the amount and the fee."));
    return way.calls;
  }
  const held = await read(wallet, way.token, selector("balanceOf(address)") + word(account));
  const short = held < BigInt(way.units);
  if (short && !way.to_try) throw new Trouble(words("Your account has too little {coin}: {amount} are needed.", { coin: way.coin, amount: shown(way.amount) }));
  const made = short ? [way.to_try] : [];
  const allowed = await read(wallet, way.token, selector("allowance(address,address)") + word(account) + word(contract));
  if (allowed >= BigInt(way.units)) return [...made, ...way.calls.filter((call) => call.what !== "allow")];
  if (allowed === 0n) return [...made, ...way.calls];
  const none = { what: "reset", to: way.token, value: "0", data: selector("approve(address,uint256)") + word(contract) + word(0) };
  return [...made, none, ...way.calls];
}

async function mined(wallet, hash, pauseMs, rounds) {
  for (let round = 0; round < rounds; round += 1) {
    const receipt = await wallet.request({ method: "eth_getTransactionReceipt", params: [hash] });
    if (receipt) return receipt;
    await pause(pauseMs);
  }
  throw new Trouble(words("The chain has not taken transaction {hash} yet. It may still come: look into your wallet before you pay again.", { hash }));
}

const ASKED = { make: "Confirm in your wallet: make {amount} {coin} to try with.", allow: "Confirm in your wallet: the contract may take {amount} {coin}.", reset: "Confirm in your wallet: the former allowance ends.", pay: "Confirm in your wallet: pay {amount} {coin}." };
const DONE = { make: "The coins to try with are made.", allow: "The contract may take the coins.", reset: "The former allowance has ended.", pay: "Paid in transaction {hash}." };

/** Pay one way; `tell` gets each sentence as it happens. Returns the hash of the payment. */
export async function pay(wallet, offer, token, tell, { pauseMs = 1000, rounds = 300 } = {}) {
  const way = offer.ways.find((one) => one.token === token);
  if (!way) throw new Trouble(words("This coin is not taken for this bill any more. Load this page again."));
  tell(words("Choose the account in your wallet."));
  const [account] = await wallet.request({ method: "eth_requestAccounts" });
  if (!account) throw new Trouble(words("Your wallet gave no account. Nothing was paid."));
  await onChain(wallet, offer);
  let last = "";
  for (const call of await callsToSend(wallet, way, account, offer.contract)) {
    const transaction = { from: account, to: call.to, value: hex(call.value), data: call.data };
    if (call.what === "pay") await wallet.request({ method: "eth_call", params: [transaction, "latest"] }); // what would be refused costs no fee
    tell(words(ASKED[call.what], { amount: shown(way.amount), coin: way.coin }));
    last = await wallet.request({ method: "eth_sendTransaction", params: [transaction] });
    tell(words("Sent. The chain takes some seconds."));
    const receipt = await mined(wallet, last, pauseMs, rounds);
    if (BigInt(receipt.status) === 0n) throw new Trouble(words("The contract refused transaction {hash}. Nothing was paid but the chain's fee.", { hash: last }));
    tell(words(DONE[call.what], { hash: last }));
  }
  return last;
}

/** Ask the cooperative until the payment is booked; returns the offer then, or null when it takes longer than we wait here. */
export async function booked(ask, hash, { pauseMs = 2000, rounds = 150 } = {}) {
  for (let round = 0; round < rounds; round += 1) {
    const offer = await ask();
    if (offer.payments.some((one) => one.transaction_hash.toLowerCase() === hash.toLowerCase() && !one.is_missing)) return offer;
    await pause(pauseMs);
  }
  return null;
}

function teller(place) {
  const list = document.createElement("ol");
  place.replaceChildren(list);
  const end = (kind, said) => {
    const head = Object.assign(document.createElement("p"), { className: `verdict ${kind}` });
    head.innerHTML = `<svg class="sign" aria-hidden="true"><use href="#sign-${kind === "good" ? "check" : "warning"}"></use></svg>`;
    head.append(said);
    place.prepend(head);
  };
  return { tell: (said) => list.append(Object.assign(document.createElement("li"), { textContent: said })), end };
}

async function pressed(root, wallet, button) {
  const buttons = [...root.querySelectorAll("[data-pay]")];
  const frame = root.querySelector("[data-progress]");
  const { tell, end } = teller(frame.querySelector(".check-result"));
  const ask = async () => {
    const reply = await fetch(root.dataset.offer, { headers: { Accept: "application/json" } });
    if (!reply.ok) throw new Trouble(words("The cooperative's server does not answer ({status}).", { status: reply.status }));
    return reply.json();
  };
  frame.hidden = false;
  buttons.forEach((one) => { one.disabled = true; });
  let paid = "";
  try {
    const offer = await ask();
    paid = await pay(wallet, offer, button.dataset.pay, tell);
    tell(words("Blocks until it is booked: {count}. You can leave this page.", { count: offer.confirmations }));
    const after = await booked(ask, paid);
    if (!after) return end("unknown", words("Paid on the chain, not booked yet. You need do nothing more."));
    end("good", words(after.state === "paid" ? "Paid and booked. Thank you." : "Booked. A part is left to pay."));
  } catch (problem) {
    end(paid ? "unknown" : "bad", paid ? words("Paid on the chain, not booked yet. You need do nothing more.") : sentenceFor(problem));
    if (!paid) buttons.forEach((one) => { one.disabled = false; });
    return;
  }
  root.querySelectorAll("[data-offered]").forEach((one) => { one.hidden = true; });
  root.querySelector("[data-booked]").hidden = false;
}

async function start(root) {
  for (const button of root.querySelectorAll("[data-copy]")) {
    button.hidden = !navigator.clipboard;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(button.previousElementSibling.textContent);
      button.textContent = words("Copied");
    });
  }
  const wallet = await walletOf(window);
  root.querySelector("[data-no-wallet]").hidden = Boolean(wallet);
  if (!wallet) return;
  for (const button of root.querySelectorAll("[data-pay]")) {
    button.hidden = false;
    button.addEventListener("click", () => pressed(root, wallet, button));
  }
}

const page = globalThis.document?.getElementById("pay-on-chain");
if (page) start(page);
