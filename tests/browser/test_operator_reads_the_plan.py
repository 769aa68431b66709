"""The plan as an operator reads it: made by itself, drawn, explained hour by hour, and no wider than a phone."""

import time

from playwright.sync_api import Page, expect

PATIENCE_S = 120.0


def open_plan(page: Page, address: str) -> None:
    """Look again until the workers have made one."""
    deadline = time.monotonic() + PATIENCE_S
    page.goto(address)
    while not page.get_by_role("heading", name="Hour by hour").count() and time.monotonic() < deadline:
        page.wait_for_timeout(2000)
        page.goto(address)


def test_the_plan_is_drawn_explained_and_fits_a_phone(village, browser):
    page = village.log_in(browser, "operator")
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    open_plan(page, f"{village.address}/plan/")
    expect(page.get_by_role("heading", name="Hour by hour")).to_be_visible()
    expect(page.locator("canvas, .chart svg").first).to_be_visible()
    hours = page.locator("table", has=page.get_by_text("The plan by hour, and why")).locator("tbody tr")
    assert hours.count() >= 6
    why = hours.locator("td:last-child").all_text_contents()
    assert all(text.strip().endswith(".") for text in why)
    assert any(word in " ".join(why) for word in ("charges", "gives", "bought", "sold"))
    expect(page.get_by_role("heading", name="How the batteries follow it")).to_be_visible()
    phone = village.log_in(browser, "operator", width=390)
    phone.goto(page.url)
    expect(phone.get_by_role("heading", name="Batteries", exact=True)).to_be_visible()
    wider = phone.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wider <= 0
    assert problems == []


def test_a_member_without_a_device_that_waits_is_told_what_would_be_here(village, browser):
    page = village.log_in(browser, "member")
    page.goto(f"{village.address}/energy/runs/")
    expect(page.get_by_role("heading", name="Devices that can wait")).to_be_visible()
    expect(page.get_by_text("No device of yours can wait yet")).to_be_visible()
