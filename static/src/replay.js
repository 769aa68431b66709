// Any moment again: a slider over the minutes of a day, played or stepped; the address always names the moment shown.
import { words } from "./words.js";

const STEP_MINUTES = 5;
const BEAT_MS = 500;

export function replay(page, { show, goLive, draw }) {
  const byId = (id) => document.getElementById(id);
  const slider = byId("replay-slider");
  const toggle = page.querySelector('[data-play="toggle"]');
  const link = byId("replay-link");
  let day = JSON.parse(byId("day-data").textContent);
  let playing = null;
  let asked = 0;
  const zone = page.dataset.zone;
  const local = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit" });
  const instant = () => new Date(new Date(day.start_at).getTime() + Number(slider.value) * 60000);

  slider.hidden = false;
  page.querySelector(".player").hidden = false;

  function tell(at) {
    const [date, time] = local.format(at).split(" ");
    slider.setAttribute("aria-valuetext", time);
    byId("replay-at").value = `${date}T${time}`;
    link.href = `?at=${encodeURIComponent(at.toISOString())}`;
    draw({ ...day, now: cursor(at) });
  }

  function cursor(at) {
    const place = Math.min(Math.floor((at - new Date(day.start_at)) / (day.minutes * 60000) * day.starts.length), day.starts.length - 1);
    return day.starts[Math.max(place, 0)];
  }

  async function look() {
    const at = instant();
    const mine = ++asked;
    tell(at);
    page.dataset.at = at.toISOString();
    const url = new URL(location.href);
    url.searchParams.set("at", at.toISOString());
    history.replaceState(null, "", url);
    page.querySelector('[data-play="live"]').hidden = false;
    const reply = await fetch(`${page.dataset.replay}?at=${encodeURIComponent(at.toISOString())}`, { headers: { Accept: "application/json" } });
    if (mine !== asked) return; // a later moment was asked for meanwhile
    if (reply.status === 404) byId("replay-note").textContent = words("Nothing is kept of that moment: no tick ran, and its day is not closed.");
    else if (!reply.ok) byId("replay-note").textContent = words("The moment cannot be shown now ({status}).", { status: reply.status });
    else {
      const state = await reply.json();
      byId("replay-note").textContent = words(state.source === "day" ? "From the closed day: means of its quarter hour, with the power flow computed anew." : state.picture_at ? "A kept tick." : "A kept tick; what its wires carried is not kept.");
      show(state);
    }
  }

  async function change(date) {
    const reply = await fetch(`${page.dataset.day}?day=${date}`, { headers: { Accept: "application/json" } });
    if (!reply.ok) return false;
    day = await reply.json();
    slider.max = day.minutes;
    return true;
  }

  async function step(minutes) {
    const next = Number(slider.value) + minutes;
    if (next < 0 || next >= day.minutes) {
      const other = new Date(new Date(day.start_at).getTime() + (next < 0 ? -6 : day.minutes / 60 + 6) * 3600000);
      if (next >= 0 && day.day >= day.today) return stop();
      if (!(await change(local.format(other).slice(0, 10)))) return stop();
      slider.value = next < 0 ? day.minutes + next : next - Number(slider.max);
    } else slider.value = next;
    await look();
  }

  function stop() {
    clearTimeout(playing);
    playing = null;
    toggle.setAttribute("aria-pressed", "false");
    toggle.querySelector("span").textContent = words("Play");
  }

  async function beat() {
    const began = performance.now();
    await step((Number(byId("replay-speed").value) * BEAT_MS) / 1000);
    if (playing !== null) playing = setTimeout(beat, Math.max(BEAT_MS - (performance.now() - began), 50));
  }

  function play() {
    if (playing !== null) return stop();
    toggle.setAttribute("aria-pressed", "true");
    toggle.querySelector("span").textContent = words("Pause");
    playing = setTimeout(beat, 0);
  }

  slider.addEventListener("input", () => { stop(); look(); });
  toggle.addEventListener("click", play);
  page.querySelector('[data-play="back"]').addEventListener("click", () => { stop(); step(-STEP_MINUTES); });
  page.querySelector('[data-play="forward"]').addEventListener("click", () => { stop(); step(STEP_MINUTES); });
  page.querySelector('[data-play="live"]').addEventListener("click", (event) => {
    stop();
    asked += 1;
    delete page.dataset.at;
    const url = new URL(location.href);
    url.searchParams.delete("at");
    history.replaceState(null, "", url);
    byId("replay-note").textContent = "";
    event.currentTarget.hidden = true;
    goLive();
  });
  byId("replay-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const [date, time] = byId("replay-at").value.split("T");
    if (!date || !(await change(date))) return;
    const [hours, minutes] = time.split(":").map(Number);
    // The minute whose local time is the one asked for: on days of 23 and 25 hours it is not hours * 60.
    let minute = Math.min(hours * 60 + minutes, day.minutes - 1);
    for (const shift of [0, -60, 60]) {
      const shown = local.format(new Date(new Date(day.start_at).getTime() + (minute + shift) * 60000)).split(" ")[1];
      if (shown === time) { minute += shift; break; }
    }
    slider.value = minute;
    stop();
    look();
  });
  tell(instant());
  if (page.dataset.at) byId("replay-note").textContent ||= "";
  return {
    isOn: () => Boolean(page.dataset.at),
    // While the page is live the slider follows the clock.
    follow(at) {
      if (page.dataset.at || document.activeElement === slider || document.activeElement?.closest?.("#replay-form")) return;
      const minute = (new Date(at) - new Date(day.start_at)) / 60000;
      if (minute >= 0 && minute < day.minutes && Math.floor(minute) !== Number(slider.value)) { slider.value = Math.floor(minute); tell(instant()); }
    },
  };
}
