"""Pages as a German reads them on a phone in the dark: nothing beside the edge, nothing unnamed, nothing pale, no complaint of the browser."""

from typing import Any

import pytest

PAGES = {
    "member": (
        "/",
        "/energy/",
        "/energy/ahead/",
        "/energy/habits/",
        "/energy/sharing/",
        "/energy/market/",
        "/energy/runs/",
        "/energy/devices/",
        "/village/",
        "/bills/",
        "/prices/",
        "/payments/",
        "/prepaid/",
        "/live/",
        "/you/",
        "/help/",
        "/account/email/",
        "/account/password/change/",
        "/account/2fa/",
    ),
    "operator": (
        "/live/",
        "/plan/",
        "/live/stored/",
        "/live/demand/",
        "/live/network/",
        "/indicators/",
        "/alarms/",
        "/readings/",
        "/readings/days/",
        "/sources/",
        "/devices/",
        "/emergency/",
        "/emergency/desk/",
    ),
    "treasurer": (
        "/money/",
        "/money/orders/",
        "/money/members/",
        "/money/shares/",
        "/money/sharing-out/",
        "/books/",
        "/books/vat/",
        "/books/year/",
        "/books/months/",
        "/books/reconciliation/",
        "/tariffs/what-if/",
        "/bills/",
    ),
}
FAULTS = """() => {
  const faults = [], page = document.documentElement, shown = (e) => { const r = e.getBoundingClientRect(); return r.width > 0 && r.height > 0 && getComputedStyle(e).visibility !== 'hidden'; };
  const told = (what, e) => faults.push(`${what}: ${(e.outerHTML ?? e).slice(0, 120)}`);
  if (page.scrollWidth > innerWidth + 1) faults.push(`the page is ${page.scrollWidth} px wide`);
  if (!page.lang.startsWith('de')) faults.push(`its language is ${page.lang}`);
  if ([...document.querySelectorAll('h1')].filter(shown).length !== 1) faults.push('not one first heading');
  for (const e of document.querySelectorAll('[aria-describedby], [aria-labelledby], [aria-controls]'))
    for (const name of ['aria-describedby', 'aria-labelledby', 'aria-controls'])
      for (const id of (e.getAttribute(name) ?? '').split(/\\s+/)) if (id && !document.getElementById(id)) told(`${name} leads nowhere`, e);
  for (const e of document.querySelectorAll('input:not([type=hidden]), select, textarea'))
    if (shown(e) && !e.labels?.length && !e.getAttribute('aria-label') && !e.getAttribute('aria-labelledby')) told('no label', e);
  for (const e of document.querySelectorAll('a[href], button'))
    if (shown(e) && !e.textContent.trim() && !e.getAttribute('aria-label')) told('no name', e);
  const picture = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const rgba = (colour) => { picture.clearRect(0, 0, 1, 1); picture.fillStyle = colour; picture.fillRect(0, 0, 1, 1); const d = picture.getImageData(0, 0, 1, 1).data; return [d[0], d[1], d[2], d[3] / 255]; };
  const over = (top, below) => [0, 1, 2].map((i) => top[i] * top[3] + below[i] * (1 - top[3])).concat(1);
  const ground = (e) => { const layers = []; for (let at = e; at; at = at.parentElement) { const s = getComputedStyle(at); if (s.backgroundImage !== 'none') return null; layers.unshift(rgba(s.backgroundColor)); } return layers.reduce((below, top) => over(top, below), [0, 0, 0, 1]); };
  const light = (c) => { const [r, g, b] = c.slice(0, 3).map((v) => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let text; (text = texts.nextNode());) {
    const e = text.parentElement;
    if (!text.textContent.trim() || !shown(e) || e.closest('svg, script, style, noscript, :disabled, .visually-hidden, .skip')) continue;
    const behind = ground(e), ink = rgba(getComputedStyle(e).color);
    for (let at = e; at; at = at.parentElement) ink[3] *= Number(getComputedStyle(at).opacity);
    if (!behind) continue;
    const [bright, dim] = [light(over(ink, behind)), light(behind)].sort((a, b) => b - a);
    const size = parseFloat(getComputedStyle(e).fontSize), enough = size >= 24 ? 3 : 4.5;
    if ((bright + 0.05) / (dim + 0.05) < enough - 0.01) told(`pale, ${((bright + 0.05) / (dim + 0.05)).toFixed(1)}`, e);
  }
  return [...new Set(faults)];
}"""


@pytest.mark.parametrize("who", PAGES)
def test_nothing_is_wrong_with_a_page_on_a_dark_german_phone(village: Any, browser: Any, who: str) -> None:
    page = village.log_in(browser, who, width=390, language="de")
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("requestfailed", lambda lost: complaints.append(f"not loaded: {lost.url}"))
    found: dict[str, list[str]] = {}
    for path in PAGES[who]:
        complaints.clear()
        assert page.goto(f"{village.address}{path}").status == 200, path
        faults = page.evaluate(FAULTS) + complaints
        if faults:
            found[path] = faults
    assert found == {}
