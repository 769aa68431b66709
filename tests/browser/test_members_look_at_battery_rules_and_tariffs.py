"""A member reads about the own battery in German, votes on a sharing rule, and tries another tariff on what was really drawn."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.village import let

# The producer acts for a household with a battery too, and the cooperative asks for a vote.
PREPARE = """
from datetime import timedelta
from django.utils import timezone
from energy.models import Microgrid, StorageUnit
from grid.domain.prices import PriceRule
from grid.domain.sharing.terms import ShareRule
from grid.services.votes import open_vote
from members.models import Membership, Role, User
grid = Microgrid.objects.get()
now = grid.now(timezone.now())
owner = StorageUnit.objects.filter(site__microgrid=grid).order_by("code")[0].site.member
user = User.objects.get(email="producer@wiesengrund.example")
Membership.objects.get_or_create(user=user, cooperative=grid.cooperative, role=Role.MEMBER, member=owner)
open_vote(
    microgrid=grid, key=ShareRule.HIERARCHICAL, price_rule=PriceRule.MID_MARKET, valid_from=now.date() + timedelta(days=30),
    reason="Neighbours first.", quorum_percent=20, closes_at=now + timedelta(days=9),
    by=User.objects.get(email="operator@wiesengrund.example"), now=now)
"""

DEAR = """{"format": 1, "currency": "EUR", "parts": [
    {"kind": "energy", "tier_rule": "chronological", "periods": [{"name": "always", "tiers": [{"price": "2.90"}]}], "schedule": []}]}"""


@pytest.fixture(scope="module")
def prepared(village):
    let(village, PREPARE)
    return village


def test_a_member_chooses_german_and_reads_why_the_battery_acts(prepared, browser):
    page = prepared.log_in(browser, "producer", width=390)
    page.goto(f"{prepared.address}/you/")
    with page.expect_navigation():
        page.get_by_role("button", name="Deutsch").click()
    expect(page.get_by_role("heading", name="Sprache")).to_be_visible()
    page.goto(f"{prepared.address}/energy/")
    with page.expect_navigation():
        page.get_by_role("link", name="Ihre Batterie").click()
    expect(page.get_by_role("heading", level=1, name="Ihre Batterie")).to_be_visible()
    expect(page.get_by_role("heading", name="Was in ihr liegt")).to_be_visible()
    with page.expect_navigation():
        page.locator("a[rel=prev]").click()
    assert page.locator("html").get_attribute("lang") == "de"
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_a_member_votes_and_changes_the_vote(prepared, browser):
    page = prepared.log_in(browser, "member")
    page.goto(f"{prepared.address}/energy/sharing/")
    expect(page.get_by_role("heading", name=re.compile("Your vote: Neighbours first"))).to_be_visible()
    expect(page.get_by_text(re.compile(r"In force from .* if adopted"))).to_be_visible()
    for choice in ("No", "Yes"):
        page.get_by_role("button", name=choice, exact=True).focus()
        with page.expect_navigation():
            page.keyboard.press("Enter")
        expect(page.get_by_role("status")).to_contain_text("Your vote is cast")
        expect(page.get_by_role("button", name=choice, exact=True)).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_text(re.compile(r"1 of \d+ members have voted"))).to_be_visible()


def test_a_member_tries_another_tariff(prepared, browser):
    page = prepared.log_in(browser, "member")
    page.goto(f"{prepared.address}/tariffs/what-if/")
    expect(page.get_by_role("heading", name="How it is worked out")).to_be_visible()
    with page.expect_navigation():
        page.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("alert")).to_contain_text("Choose a tariff of ours or a file.")
    given = {"name": "dear.json", "mimeType": "application/json", "buffer": DEAR.encode()}
    page.get_by_label("Or a tariff from a file").set_input_files(given)
    with page.expect_navigation():
        page.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("heading", name="You would pay more")).to_be_visible()
    change, now, then = page.get_by_role("row").nth(1).get_by_role("cell").all_inner_texts()
    assert float(then) > float(now) > 0
    assert float(change) == pytest.approx(float(then) - float(now), abs=0.011)
