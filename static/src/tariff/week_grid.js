// The week, painted by mouse, finger or keys: one grid for each season, a colour and a digit for each period.
import { DAYS, DAY_NAMES, LONG_DAYS, MONTHS, finer, minuteOf, monthsInWords, seasonsOf, stepOf, timeOf, weekInWords, windowsOf } from "./schedule.js";
import { choice, labelled, make } from "./dom.js";
import { say } from "./words.js";

const COARSEST = 60;

/** `names()` tells the periods; `onchange(windows)` is called with what the painting says. */
export class WeekGrid {
  constructor(windows, names, onchange, { stands = false } = {}) {
    this.names = names;
    this.onchange = onchange;
    this.stands = stands;
    this.step = Math.min(COARSEST, stepOf(windows) ?? COARSEST);
    this.seasons = seasonsOf(windows, this.step);
    this.current = 0;
    this.brush = names().length > 1 ? 1 : 0;
    this.cursor = [0, 0];
    this.element = make("div", { class: "te-week" });
    this.paint();
  }

  get count() { return 1440 / this.step; }
  get season() { return this.seasons[this.current]; }

  changed() {
    this.onchange(windowsOf(this.seasons, this.step));
  }

  /** All of it anew; the focus stays where it was told. */
  paint(focus) {
    const names = this.names();
    this.brush = Math.min(this.brush, names.length - 1);
    this.said = make("p", { class: "te-hidden", role: "status" });
    this.words = make("p", { class: "te-muted te-week-words" });
    this.element.replaceChildren(...[this.tabs(), this.stands ? null : this.months(), this.stands ? this.legend(names) : this.brushes(names), this.cells(names), this.stands ? null : this.fill(names), this.words, this.said].filter(Boolean));
    this.tell();
    if (focus) this.element.querySelector(focus)?.focus();
  }

  tell() {
    this.words.textContent = `${monthsInWords(this.season.months)}. ${weekInWords(this.season.week, this.step, this.names())}`;
  }

  tabs() {
    const row = make("div", { class: "te-tabs", role: "group", "aria-label": "Season" });
    this.seasons.forEach((season, place) => row.append(make("button", {
      type: "button", class: "te-tab", "aria-pressed": String(place === this.current),
      onclick: () => { this.current = place; this.paint(`.te-tab:nth-child(${place + 1})`); },
    }, monthsInWords(season.months))));
    if (!this.stands && this.seasons.length < 12) {
      row.append(make("button", { type: "button", class: "te-link", "data-add-season": true, onclick: () => this.addSeason() }, "Add a season"));
    }
    return row;
  }

  addSeason() {
    this.seasons.push({ months: [], week: [...this.season.week] });
    this.current = this.seasons.length - 1;
    this.paint(".te-months button");
  }

  months() {
    const row = make("div", { class: "te-months", role: "group", "aria-label": "Months of this season" });
    MONTHS.forEach((name, i) => {
      const own = this.season.months.includes(i + 1);
      row.append(make("button", {
        type: "button", class: "te-month", "aria-pressed": String(own), "aria-disabled": String(own && this.seasons.length === 1),
        onclick: () => this.moveMonth(i + 1, own),
      }, name));
    });
    if (this.seasons.length > 1) row.append(make("button", { type: "button", class: "te-link", onclick: () => this.dropSeason() }, "Remove this season"));
    return row;
  }

  /** A month is in one season: taken here it leaves the other, given away it goes to the first of the others. */
  moveMonth(month, own) {
    if (own && this.seasons.length === 1) return;
    for (const season of this.seasons) season.months = season.months.filter((m) => m !== month);
    const target = own ? this.seasons.find((season) => season !== this.season) : this.season;
    target.months.push(month);
    target.months.sort((a, b) => a - b);
    this.changed();
    this.paint(`.te-month:nth-child(${month})`);
  }

  dropSeason() {
    const [gone] = this.seasons.splice(this.current, 1);
    this.current = 0;
    this.season.months = [...this.season.months, ...gone.months].sort((a, b) => a - b);
    this.changed();
    this.paint(".te-tab");
  }

  brushes(names) {
    const row = make("div", { class: "te-brushes", role: "group", "aria-label": "Paint with" });
    names.forEach((name, place) => row.append(make("button", {
      type: "button", class: "te-brush", "data-period": place, "aria-pressed": String(place === this.brush),
      onclick: () => this.take(place),
    }, make("span", { class: `te-swatch te-p${place % 8}`, "aria-hidden": "true" }, String(place)), name)));
    return row;
  }

  legend(names) {
    return make("div", { class: "te-brushes" }, ...names.map((name, place) => make("span", { class: "te-brush" }, make("span", { class: `te-swatch te-p${place % 8}`, "aria-hidden": "true" }, String(place)), name)));
  }

  take(place) {
    this.brush = place;
    for (const button of this.element.querySelectorAll(".te-brush")) button.setAttribute("aria-pressed", String(Number(button.dataset.period) === place));
    this.said.textContent = say("Painting with {name}.", { name: say(this.names()[place]) });
  }

  cells(names) {
    const grid = make("div", {
      class: `te-grid te-step-${this.step}`, role: "grid", "aria-label": say("Hours of the week, {months}", { months: monthsInWords(this.season.months) }), "aria-readonly": String(this.stands),
      style: `--count:${this.count}`,
    });
    const head = make("div", { role: "row", class: "te-row" }, make("span", { role: "columnheader", class: "te-corner" }, make("span", { class: "te-hidden" }, "Day")));
    for (let i = 0; i < this.count; i += 1) {
      const minute = i * this.step;
      head.append(make("span", { role: "columnheader", class: "te-hour", "aria-label": timeOf(minute) }, minute % 180 === 0 ? String(minute / 60) : ""));
    }
    grid.append(head);
    this.boxes = DAYS.map((_, day) => {
      const row = make("div", { role: "row", class: "te-row" }, make("span", { role: "rowheader", class: "te-day", "aria-label": LONG_DAYS[day] }, DAY_NAMES[day]));
      const boxes = [];
      for (let i = 0; i < this.count; i += 1) {
        const box = make("span", { role: "gridcell", class: "te-cell", "data-day": day, "data-at": i, tabindex: day === this.cursor[0] && i === this.cursor[1] ? "0" : "-1" });
        this.dye(box, day, i, names);
        boxes.push(box);
        row.append(box);
      }
      grid.append(row);
      return boxes;
    });
    grid.addEventListener("keydown", (event) => this.key(event));
    if (!this.stands) this.pointer(grid);
    return grid;
  }

  dye(box, day, at, names = this.names(), period = this.season.week[day * this.count + at]) {
    box.className = `te-cell te-p${period % 8}`;
    box.textContent = period && this.step === COARSEST ? String(period) : "";
    box.setAttribute("aria-label", `${say(LONG_DAYS[day])} ${say("{from} to {until}", { from: timeOf(at * this.step), until: timeOf((at + 1) * this.step) })}, ${say(names[period])}`);
  }

  /** Every cell of a rectangle in the colour of the brush; shown only, or kept. */
  rectangle([day, at], [toDay, toAt], keep) {
    const names = this.names();
    const within = (value, a, b) => value >= Math.min(a, b) && value <= Math.max(a, b);
    this.boxes.forEach((boxes, d) => boxes.forEach((box, i) => {
      const inside = within(d, day, toDay) && within(i, at, toAt);
      if (inside && keep) this.season.week[d * this.count + i] = this.brush;
      this.dye(box, d, i, names, inside ? this.brush : undefined);
    }));
    if (keep) {
      this.tell();
      this.said.textContent = `${day === toDay ? say(LONG_DAYS[day]) : say("{from} to {until}", { from: say(LONG_DAYS[Math.min(day, toDay)]), until: say(LONG_DAYS[Math.max(day, toDay)]) })}, ${say("{from} to {until}", { from: timeOf(Math.min(at, toAt) * this.step), until: timeOf((Math.max(at, toAt) + 1) * this.step) })}: ${say(names[this.brush])}.`;
      this.changed();
    }
  }

  pointer(grid) {
    const place = (event) => {
      const box = document.elementFromPoint(event.clientX, event.clientY)?.closest?.(".te-cell");
      return box && grid.contains(box) ? [Number(box.dataset.day), Number(box.dataset.at)] : null;
    };
    let from = null;
    let to = null;
    grid.addEventListener("pointerdown", (event) => {
      from = to = event.button === 0 ? place(event) : null;
      if (!from) return;
      event.preventDefault();
      grid.setPointerCapture(event.pointerId);
      this.focus(...from);
      this.rectangle(from, to, false);
    });
    grid.addEventListener("pointermove", (event) => {
      const here = from && place(event);
      if (!here || (here[0] === to[0] && here[1] === to[1])) return;
      to = here;
      this.rectangle(from, to, false);
    });
    const end = (keep) => () => {
      if (!from) return;
      this.rectangle(from, keep ? to : from, keep);
      if (!keep) this.paint();
      from = null;
    };
    grid.addEventListener("pointerup", end(true));
    grid.addEventListener("pointercancel", end(false));
  }

  focus(day, at) {
    this.boxes.flat().find((box) => box.tabIndex === 0)?.setAttribute("tabindex", "-1");
    this.cursor = [day, at];
    const box = this.boxes[day][at];
    box.setAttribute("tabindex", "0");
    box.focus({ preventScroll: true });
  }

  /** Arrows move, with shift they paint on the way; space paints, digits choose what with; home and end go to the day's ends. */
  key(event) {
    const turned = getComputedStyle(event.currentTarget).getPropertyValue("--turned").trim() === "1";
    const steps = turned
      ? { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }
      : { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
    const box = event.target.closest(".te-cell");
    if (!box) return;
    const [day, at] = [Number(box.dataset.day), Number(box.dataset.at)];
    if (steps[event.key]) {
      const next = [Math.max(0, Math.min(DAYS.length - 1, day + steps[event.key][0])), Math.max(0, Math.min(this.count - 1, at + steps[event.key][1]))];
      if (event.shiftKey && !this.stands) this.rectangle([day, at], next, true);
      this.focus(...next);
    } else if (event.key === "Home" || event.key === "End") this.focus(day, event.key === "Home" ? 0 : this.count - 1);
    else if ((event.key === " " || event.key === "Enter") && !this.stands) this.rectangle([day, at], [day, at], true);
    else if (/^\d$/.test(event.key) && Number(event.key) < this.names().length && !this.stands) this.take(Number(event.key));
    else return;
    event.preventDefault();
  }

  /** The same without painting: days, from, until, what. Times may be finer than an hour. */
  fill(names) {
    const days = DAYS.map((day, place) => {
      const box = make("input", { type: "checkbox", checked: place < 5, value: place });
      return { box, label: make("label", { class: "te-check" }, box, DAY_NAMES[place]) };
    });
    const from = make("input", { type: "time", class: "te-input", step: 900, value: "17:00" });
    const to = make("input", { type: "time", class: "te-input", step: 900, value: "21:00" });
    const what = choice(names.map((name, place) => [String(place), name]), String(this.brush), () => {});
    const apply = () => {
      const start = minuteOf(from.value || "00:00");
      const end = minuteOf(to.value || "00:00") || 1440;
      const chosen = days.filter(({ box }) => box.checked).map(({ box }) => Number(box.value));
      if (end <= start || !chosen.length) {
        this.said.textContent = say("Choose a day, and an end after the beginning; for a night paint the evening and the morning.");
        this.words.textContent = this.said.textContent;
        return;
      }
      this.refine([start, end]);
      for (const day of chosen) this.season.week.fill(Number(what.value), day * this.count + start / this.step, day * this.count + end / this.step);
      this.changed();
      this.paint("[data-fill]");
    };
    return make("details", { class: "te-fill" }, make("summary", {}, "Fill hours without painting"),
      make("div", { class: "te-fill-row" }, make("div", { class: "te-checks", role: "group", "aria-label": "Days" }, ...days.map((d) => d.label)),
        labelled("from", from), labelled("until (00:00: the day's end)", to), labelled("is", what), make("button", { type: "button", class: "te-button", "data-fill": true, onclick: apply }, "Fill")));
  }

  refine(edges) {
    const step = [60, 30, 15, 5, 1].find((one) => one <= this.step && edges.every((edge) => edge % one === 0));
    if (step === this.step) return;
    for (const season of this.seasons) season.week = finer(season.week, this.step, step);
    this.step = step;
    this.cursor = [0, 0];
  }

  /** A period is gone: its hours are period 0, those after it count one less. */
  dropPeriod(place) {
    for (const season of this.seasons) season.week = season.week.map((period) => (period === place ? 0 : period > place ? period - 1 : period));
    this.changed();
    this.paint();
  }
}
