"""A member says in words what may be paid, sees tomorrow's orders, and after the clearing what was matched; then gives surplus away."""

import re

from playwright.sync_api import expect

from tests.browser.village import let

# The village trades on its next day only, so that nothing else that is looked at in it changes.
TRADE_TOMORROW = """
from datetime import timedelta
from django.utils import timezone
from billing.services.price_publication import publish_days
from energy.models import ForecastKind, Microgrid
from energy.services.forecasts import make_forecast
from grid.models import SharingRule
from grid.selectors.sharing_terms import rule_on
grid = Microgrid.objects.get()
now = grid.now(timezone.now())
today = now.astimezone(grid.zone).date()
tomorrow = today + timedelta(days=1)
standing = rule_on(grid, tomorrow)
if standing is not None:
    SharingRule.objects.filter(pk=standing.pk).update(valid_to=tomorrow)
SharingRule.objects.create(microgrid=grid, key="market", price_rule="uniform_auction", valid_from=tomorrow, valid_to=tomorrow + timedelta(days=1))
publish_days(microgrid=grid, days=[today, tomorrow], now=now)
make_forecast(microgrid=grid, origin_at=grid.local_day(today).start_at, kind=ForecastKind.DAY_AHEAD, now=now)
"""
ORDER = """
from django.utils import timezone
from energy.models import Microgrid
from grid.services.market_agent import order_for_members
grid = Microgrid.objects.get()
order_for_members(microgrid=grid, now=grid.now(timezone.now()))
"""
CLEAR = """
from datetime import timedelta
from django.utils import timezone
from energy.models import Microgrid
from grid.services.market_clearing import clear_due
grid = Microgrid.objects.get()
tomorrow = grid.now(timezone.now()).astimezone(grid.zone).date() + timedelta(days=1)
clear_due(microgrid=grid, now=grid.local_day(tomorrow).end_at)
"""


def test_a_limit_in_words_becomes_orders_and_matches(village, browser):
    let(village, TRADE_TOMORROW)
    page = village.log_in(browser, "member", width=390)
    page.goto(f"{village.address}/energy/market/")
    with page.expect_navigation():
        page.get_by_role("link", name="Tomorrow").click()
    expect(page.get_by_role("heading", name="Nothing is cleared yet")).to_be_visible()
    page.get_by_role("radio", name=re.compile("Never pay more than")).check()
    page.get_by_label("Never pay more than, ct per kWh").fill("25")
    with page.expect_navigation():
        page.get_by_role("button", name="Let it be so").click()
    expect(page.get_by_text("It holds from now on")).to_be_visible()
    let(village, ORDER)
    page.reload()
    own = page.get_by_role("table").filter(has_text="Matched")
    expect(own.get_by_text(re.compile(r"at most 25\.00 ct")).first).to_be_visible()
    expect(own.get_by_text("open").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    let(village, CLEAR)
    page.reload()
    expect(page.get_by_role("heading", name="Nothing is cleared yet")).to_have_count(0)
    expect(page.locator(".chart svg")).to_have_count(2)
    expect(page.locator(".figure").filter(has_text="bought")).to_be_visible()
    page.get_by_role("figure", name="Price").get_by_role("button", name="Show as table").click()
    expect(page.get_by_role("table", name="Price")).to_be_visible()


def test_surplus_goes_to_somebody_first(village, browser):
    page = village.log_in(browser, "producer")
    page.goto(f"{village.address}/energy/giving/")
    page.get_by_label("Metering point", exact=True).fill("nobody")
    with page.expect_navigation():
        page.get_by_role("button", name="Put on the list").click()
    expect(page.get_by_text("No metering point here has this code")).to_be_visible()
