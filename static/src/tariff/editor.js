// The editor of a tariff version: cards over the field that the program reads, and what it does beside them, asked for after each change.
import { say } from "./words.js";
import "./editor.css";
import { make } from "./dom.js";
import { KINDS, partCard, tellFaults } from "./part_cards.js";

const WAIT_MS = 500;
const PRICES = ["energy", "spot"];

class Editor {
  constructor(root) {
    this.root = root;
    this.stands = root.hasAttribute("data-stands");
    this.form = root.closest("form");
    this.field = this.form?.elements.namedItem("parts") ?? null;
    this.parts = JSON.parse(document.getElementById("tariff-parts").textContent);
    this.kinds = JSON.parse(document.getElementById("tariff-kinds").textContent);
    this.indexes = JSON.parse(document.getElementById("tariff-indexes").textContent);
    this.cards = root.querySelector("[data-te-cards]");
    this.paint();
    root.querySelector("[data-te-ask-effect]").addEventListener("click", () => this.askEffect());
    if (this.stands) return;
    if (root.hasAttribute("data-typed")) { this.readField(); this.look(); } else this.write();
    this.form.addEventListener("input", (event) => {
      if (event.target === this.field) this.readField();
      this.later();
    });
    this.form.addEventListener("submit", () => this.write());
  }

  paint(focus) {
    const shown = this.stands ? this.parts.filter((part) => ["energy", "demand", "export", "incentive"].includes(part.kind)) : this.parts;
    this.cards.replaceChildren(...shown.map((part) => this.card(part)), this.stands ? "" : this.adder());
    if (focus) this.cards.querySelector(focus)?.focus();
    const plain = this.form?.elements.namedItem("energy_per_kwh")?.closest(".field-energy_per_kwh, .field-line, div[class*=field]");
    if (plain) plain.hidden = this.parts.some((part) => part.kind === "energy");
  }

  card(part) {
    const place = this.parts.indexOf(part);
    return partCard(part, place, {
      stands: this.stands, currency: this.root.dataset.currency, indexes: this.indexes,
      changed: () => this.changed(),
      again: () => { const fresh = this.card(part); this.cards.querySelector(`[data-part="${place}"]`).replaceWith(fresh); fresh.querySelector("input")?.focus(); },
      onRemove: part.kind === "energy" ? null : () => this.remove(part),
    });
  }

  /** Energy has one price: by the hour, or at the spot price. */
  remove(part) {
    this.parts = this.parts.filter((other) => other !== part);
    if (part.kind === "spot") this.parts.unshift({ kind: "energy", ...KINDS.energy.fresh() });
    this.changed();
    this.paint(".te-adder select");
  }

  add(kind) {
    const part = { kind, ...KINDS[kind].fresh() };
    if (kind === "spot") this.parts = [part, ...this.parts.filter((other) => !PRICES.includes(other.kind))];
    else this.parts.push(part);
    this.changed();
    this.paint(`[data-part="${this.parts.indexOf(part)}"] input`);
  }

  adder() {
    const open = this.kinds.filter((kind) => KINDS[kind] && kind !== "energy" && !(["spot", "export", "local"].includes(kind) && this.parts.some((part) => part.kind === kind)));
    const select = make("select", { class: "te-input", id: "te-add-kind", onchange: () => select.value && this.add(select.value) }, make("option", { value: "" }, "Add a charge ..."));
    for (const kind of open) select.append(make("option", { value: kind }, kind === "spot" ? "Energy at the spot price instead" : KINDS[kind].add ?? KINDS[kind].title));
    return make("div", { class: "te-adder" }, make("label", { class: "te-hidden", for: "te-add-kind" }, "Add a charge"), select);
  }

  write() {
    if (this.field && !this.broken) this.field.value = JSON.stringify(this.parts, null, 1);
  }

  /** An expert wrote in the field: the cards follow, as soon as it can be read. */
  readField() {
    try {
      const given = JSON.parse(this.field.value || "[]");
      this.broken = !Array.isArray(given);
      if (!this.broken) { this.parts = given; this.paint(); }
    } catch { this.broken = true; }
  }

  changed() {
    this.broken = false;
    this.write();
    this.later();
  }

  later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.look(), WAIT_MS);
  }

  async ask(url) {
    const body = new FormData(this.form);
    const answer = await fetch(url, { method: this.stands ? "GET" : "POST", body: this.stands ? undefined : body, headers: { "X-Requested-With": "fetch" } });
    if (!answer.ok) throw new Error(say("The server answered {status}.", { status: answer.status }));
    return answer.text();
  }

  async look() {
    const asked = (this.asked = (this.asked ?? 0) + 1);
    const place = this.root.querySelector("[data-te-look]");
    place.setAttribute("aria-busy", "true");
    let text;
    try {
      text = await this.ask(this.root.dataset.look);
    } catch (problem) {
      text = null;
      if (asked === this.asked) place.replaceChildren(make("section", { class: "te-card te-warn", role: "alert" }, make("p", {}, say("What it does could not be worked out just now. {problem}", { problem: problem.message }))));
    }
    if (asked !== this.asked) return; // a newer question is on its way
    if (text !== null) place.innerHTML = text;
    place.removeAttribute("aria-busy");
    this.mark(place);
    this.root.querySelector("[data-te-ask-effect]").textContent = say(this.worked ? "Work it out again" : "Work it out");
    this.root.querySelector("[data-te-effect]").classList.toggle("te-stale", Boolean(this.worked));
  }

  /** What is wrong in a part is said on its card too, and its field marked. */
  mark(place) {
    const items = [...place.querySelectorAll("[data-of]")];
    for (const card of this.cards.querySelectorAll("[data-part]")) {
      tellFaults(card, items.filter((item) => item.dataset.of === card.dataset.part).map((item) => [item.dataset.where, item.querySelector("span").textContent]));
    }
  }

  async askEffect() {
    const place = this.root.querySelector("[data-te-effect]");
    const button = this.root.querySelector("[data-te-ask-effect]");
    button.disabled = true;
    place.setAttribute("aria-busy", "true");
    try {
      place.innerHTML = await this.ask(this.root.dataset.effect);
      place.classList.remove("te-stale");
      this.worked = true;
      button.textContent = say("Work it out again");
    } catch (problem) {
      place.replaceChildren(make("p", { role: "alert" }, say("It could not be worked out just now. {problem}", { problem: problem.message })));
    }
    place.removeAttribute("aria-busy");
    button.disabled = false;
  }
}

for (const root of document.querySelectorAll("[data-tariff-editor]")) new Editor(root);
