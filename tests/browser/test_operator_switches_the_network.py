"""Operators switch: one opens a cable's end in two steps, one asks for an outage that another approves."""

import re
from datetime import datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.browser.village import let

SECOND, WORD = "second", "a long enough word"
MAKE_A_SECOND_OPERATOR = f"""
from members.models import Cooperative, Membership, Role, User
user, made = User.objects.get_or_create(email="{SECOND}@wiesengrund.example")
user.set_password("{WORD}")
user.save()
Membership.objects.get_or_create(user=user, cooperative=Cooperative.objects.get(), role=Role.OPERATOR)
"""


@pytest.fixture(scope="module")
def second_operator(village):
    let(village, MAKE_A_SECOND_OPERATOR)
    village.passwords[f"{SECOND}@wiesengrund.example"] = WORD
    return SECOND


def confirm(page: Page, button: str, code: str) -> None:
    """Confirm what follows; where it leaves somebody dark or a limit, not without the switch's code."""
    typed = page.locator("#typed")
    if typed.count():
        with page.expect_navigation():
            page.get_by_role("button", name=button).click()
        expect(page.get_by_text(re.compile("^Type the switch"))).to_be_visible()
        typed.fill(code)
    with page.expect_navigation():
        page.get_by_role("button", name=button).click()


def test_a_cable_is_opened_with_what_follows_shown_first_and_closed_again(village, browser):
    page = village.log_in(browser, "operator")
    page.goto(f"{village.address}/live/network/")
    page.get_by_role("link", name="Switches").click()
    choice = page.get_by_label("Move", exact=True)
    end = choice.locator("option", has_text="Open LV3.101 Line 44 at").first.inner_text()
    choice.select_option(label=end)
    page.get_by_label("Why").fill("Fault search on the lane")
    with page.expect_navigation():
        page.get_by_role("button", name="Go on").click()
    expect(page.locator("#switch-follows")).to_contain_text("Without supply")
    code = end.removeprefix("Open ")
    confirm(page, "Open it", code)
    expect(page.get_by_text(f"Done: {code} is open.")).to_be_visible()
    page.get_by_role("link", name="All switches").click()
    expect(page.locator("#switch-lines tr", has_text=code)).to_contain_text("usually closed")
    page.get_by_label("Move", exact=True).select_option(label=f"Close {code}")
    page.get_by_label("Why").fill("Found")
    with page.expect_navigation():
        page.get_by_role("button", name="Go on").click()
    confirm(page, "Close it", code)
    expect(page.get_by_text(f"Done: {code} is closed.")).to_be_visible()
    page.get_by_role("link", name="All switches").click()
    expect(page.locator("#switch-log")).to_contain_text("Fault search on the lane")


def test_an_outage_is_asked_for_and_another_approves(village, browser, second_operator):
    page = village.log_in(browser, "operator")
    page.goto(f"{village.address}/live/")
    shown = re.search(r"\d+ \w+ \d{4}", page.locator("#shown-at").inner_text())
    day = datetime.strptime(shown[0], "%d %b %Y") + timedelta(days=4)  # noqa: DTZ007  (the village's own day)
    page.goto(f"{village.address}/live/network/")
    page.locator("#ask-outage summary").click()
    page.get_by_label("What is to be done").fill("New joint at the school")
    page.get_by_label("From", exact=True).fill(f"{day:%Y-%m-%d}T08:00")
    page.get_by_label("To", exact=True).fill(f"{day:%Y-%m-%d}T11:00")
    page.get_by_label("Out meanwhile").select_option("line:LV3.101 Line 44")
    with page.expect_navigation():
        page.get_by_role("button", name="Compute and ask").click()
    own = page.locator("#outages li", has_text="New joint at the school")
    expect(own).to_contain_text("requested")
    own.get_by_role("link", name="Open").click()
    expect(page.locator("#outage-steps")).to_contain_text("Somebody else decides.")

    other = village.log_in(browser, second_operator, width=390)
    other.goto(f"{village.address}/live/network/")
    assert other.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
    other.locator("#outages li", has_text="New joint at the school").get_by_role("link", name="Decide").click()
    with other.expect_navigation():
        other.get_by_role("button", name="Approve").click()
    expect(other.locator(".badge", has_text="approved")).to_be_visible()
    expect(other.locator("#outage-steps")).to_contain_text("At its start the switches move by themselves")
    page.reload()
    with page.expect_navigation():
        page.get_by_role("button", name="Withdraw").click()
    expect(page.locator(".badge", has_text="withdrawn")).to_be_visible()
