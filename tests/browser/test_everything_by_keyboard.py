"""Whoever has no mouse reaches everything: each stop of the Tab key is seen, has a name, and comes in the order of the page."""

import re

import pytest
from playwright.sync_api import Page, expect

MOST_STOPS = 60
AT_FOCUS = """() => {
  const at = document.activeElement;
  if (!at || at === document.body) return null;
  const style = getComputedStyle(at), box = at.getBoundingClientRect();
  const shown = (one) => { const s = getComputedStyle(one); return (s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2) || s.boxShadow !== 'none'; };
  const label = at.labels?.[0]?.innerText;
  const name = at.getAttribute('aria-label') || document.getElementById(at.getAttribute('aria-labelledby'))?.innerText || label || at.innerText || at.title || at.placeholder || at.value || '';
  return { html: at.outerHTML.slice(0, 120), name: name.trim(), seen: shown(at), inside: box.width > 0 && box.bottom > 0 && box.top < innerHeight && box.left >= -1 };
}"""
PAGES = {
    "member": (
        "/",
        "/energy/",
        "/energy/sharing/",
        "/energy/market/",
        "/energy/runs/",
        "/bills/",
        "/prices/",
        "/payments/",
        "/you/",
        "/help/",
    ),
    "operator": ("/live/", "/plan/", "/live/network/"),
    "treasurer": ("/money/", "/books/reconciliation/"),
}


def walk(page: Page) -> list[dict[str, str]]:
    """What the Tab key stops at, from the top of the page, until it comes round."""
    found: list[dict[str, str]] = []
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        stop = page.evaluate(AT_FOCUS)
        if stop is None or (found and stop["html"] == found[0]["html"]):
            break
        found.append(stop)
    return found


@pytest.mark.parametrize("who", PAGES)
def test_each_stop_is_seen_and_has_a_name(village, browser, who):
    page = village.log_in(browser, who)
    for path in PAGES[who]:
        page.goto(f"{village.address}{path}")
        stops = walk(page)
        assert len(stops) > 5, path
        assert stops[0]["name"] in ("Skip to content", "Zum Inhalt springen"), path
        for stop in stops:
            assert stop["name"], f"{path}: no name: {stop['html']}"
            assert stop["seen"], f"{path}: focus is not seen: {stop['html']}"
            assert stop["inside"], f"{path}: focus is out of sight: {stop['html']}"


def test_the_skip_link_leads_past_the_navigation(village, browser):
    page = village.log_in(browser, "member")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#content")).to_be_focused()
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('#content').contains(document.activeElement)")


def test_a_chart_becomes_a_table_and_the_network_is_walked(village, browser):
    page = village.log_in(browser, "operator")
    page.goto(f"{village.address}/live/?view=diagram")
    day = page.locator("figure", has=page.locator('[data-chart="day"]'))
    day.get_by_role("button", name="Show as table").press("Enter")
    expect(day.get_by_role("table")).to_be_visible()
    expect(day.get_by_role("row")).to_have_count(97)
    page.locator("#diagram").focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator("#picked")).to_have_text(re.compile(r"\S"))
    page.keyboard.press("Enter")
    expect(page.locator("#element h2")).not_to_have_text("Choose an element")
