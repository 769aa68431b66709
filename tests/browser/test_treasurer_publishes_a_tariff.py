"""The treasurer paints a time-of-use tariff, sees what it does to every member, and somebody else approves it."""

import re

from playwright.sync_api import Page, expect


def cell(page: Page, day: str, hour: int) -> str:
    return f'[role=gridcell][aria-label^="{day} {hour:02d}:00"]'


def drag(page: Page, start: str, end: str) -> None:
    """As a hand with a mouse paints a rectangle."""
    page.get_by_role("grid").evaluate("grid => grid.scrollIntoView({block: 'center'})")
    first, last = page.locator(start).bounding_box(), page.locator(end).bounding_box()
    assert first and last
    page.mouse.move(first["x"] + 4, first["y"] + 4)
    page.mouse.down()
    page.mouse.move(last["x"] + 4, last["y"] + 4, steps=4)
    page.mouse.up()


def test_a_painted_tariff_is_seen_submitted_and_approved_by_another(village, browser):
    page = village.log_in(browser, "treasurer")
    page.goto(f"{village.address}/admin/billing/tariffversion/")
    page.get_by_role("link", name=re.compile("Dorfstrom")).first.click()
    page.get_by_role("link", name="Copy to a new draft").click()
    with page.expect_navigation():
        page.get_by_role("button", name="Make the draft").click()
    page.fill("input[name=valid_from]", "2016-04-01")
    page.get_by_role("button", name="Add a season").click()
    for month in ("Nov", "Dec", "Jan", "Feb"):
        page.get_by_role("button", name=month, exact=True).click()
    page.get_by_role("button", name="Add a period").click()
    page.locator('[data-period-name="2"]').fill("winter morning")
    page.locator('[data-price="2.0"]').fill("0,38")
    page.get_by_role("group", name="Paint with").get_by_role("button", name="winter morning").click()
    drag(page, cell(page, "Monday", 6), cell(page, "Friday", 8))
    page.locator(cell(page, "Saturday", 7)).focus()
    page.keyboard.press("Space")
    painted = "5.33 hours a week, Nov-Feb: Mon-Fri 06:00-09:00, Sat 07:00-08:00"
    expect(page.get_by_text(painted, exact=False)).to_be_visible()
    page.locator('[data-price="0.0"]').fill("0.31")
    expect(page.get_by_text(re.compile("becomes 0.31 EUR per kWh")).first).to_be_visible()
    expect(page.get_by_text("A typical household")).to_be_visible()
    page.get_by_role("button", name="Work it out").click()
    expect(page.get_by_text("How many, by how much")).to_be_visible()
    expect(page.get_by_text("Who pays most more")).to_be_visible()
    with page.expect_navigation():
        page.get_by_role("button", name="Save and continue editing").click()
    with page.expect_navigation():
        page.get_by_role("link", name="Submit for approval").click()
    with page.expect_navigation():
        page.get_by_role("button", name="Submit").click()
    expect(page.get_by_text("waits for approval by somebody else")).to_be_visible()
    expect(page.get_by_role("link", name="Approve")).to_have_count(0)
    expect(page.locator("input[name=valid_from]")).to_have_count(0)
    board = village.log_in(browser, "board")
    board.goto(page.url)
    expect(board.get_by_role("grid")).to_have_attribute("aria-readonly", "true")
    expect(board.get_by_text(re.compile("winter morning 0.38 EUR per kWh"))).to_be_visible()
    with board.expect_navigation():
        board.get_by_role("link", name="Approve").click()
    with board.expect_navigation():
        board.get_by_role("button", name="Approve").click()
    expect(board.get_by_text("is approved and holds from 2016-04-01 on")).to_be_visible()
