"""A member pays before using: tops up by card, sees the balance fall and is told; the treasurer sees the friendly credit and what is asked for at its end."""

import re
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.village import let

EMAIL = "before@wiesengrund.example"
# A household of its own, on whose bills nothing is open, where nobody depends on supply.
A_HOUSEHOLD = """
from billing.models import Document
from energy.models import Site
from members.models import Membership, Role, User
taken = set(Membership.objects.filter(member__isnull=False).values_list("member", flat=True))
taken |= set(Document.objects.filter(kind="bill", status="open").values_list("member", flat=True))
sites = Site.objects.filter(kind="household", member__is_cooperative=False, sources=None).exclude(consumers__priority_tier=0)
site = sites.exclude(member__in=taken).order_by("code").first()
user = User.objects.create_user("before@wiesengrund.example", "a long enough word", name=site.member.name)
Membership.objects.create(user=user, cooperative=site.member.cooperative, member=site.member, role=Role.MEMBER)
type(site.member).objects.filter(pk=site.member_id).update(language="de")
"""
# As the clock would come to these mornings, were it not for the other tests, which want it to stay.
LOOK = """
from datetime import datetime
from billing.services.prepaid import look_at_balances
from energy.models import Microgrid
grid = Microgrid.objects.get()
for month, day in {mornings}:
    look_at_balances(cooperative=grid.cooperative, now=datetime(2016, month, day, 10, tzinfo=grid.zone))
"""


def top_up(page: Page, village: Any, amount: str) -> None:
    page.goto(f"{village.address}/prepaid/")
    card = page.locator("form", has=page.get_by_role("button", name="Mit Karte zahlen"))
    card.get_by_label(re.compile("Betrag")).fill(amount)
    with page.expect_navigation():
        card.get_by_role("button").click()
    with page.expect_navigation(url=re.compile("/prepaid/")):
        page.get_by_role("button", name="Pay").click()
    expect(page.get_by_text("Ihre Kartenzahlung ist eingegangen")).to_be_visible()


def left(page: Page) -> float:
    return float(page.locator(".figure").first.inner_text().split()[0].replace(".", "").replace(",", "."))


def test_a_member_tops_up_sees_the_balance_fall_and_is_told(village, browser):
    let(village, A_HOUSEHOLD)
    village.passwords[EMAIL] = "a long enough word"
    page = village.log_in(browser, "before", width=390, language="de-DE")
    page.goto(f"{village.address}/prepaid/")
    page.get_by_role("checkbox").check()
    with page.expect_navigation():
        page.get_by_role("button", name="Vor dem Verbrauch zahlen").click()
    top_up(page, village, "12,00")
    let(village, LOOK.format(mornings=[(4, 1), (4, 2)]))
    page.reload()
    before = left(page)
    assert 0 < before < 12
    expect(page.get_by_text("geschätzt")).to_be_visible()
    treasurer = village.log_in(browser, "treasurer")
    treasurer.goto(f"{village.address}/money/prepaid/")
    row = treasurer.get_by_role("row", name=re.compile(page.locator("strong", has_text=re.compile("^PP2016")).inner_text()))
    expect(row).to_contain_text("1 estimated")

    let(village, LOOK.format(mornings=[(4, 12), (4, 27)]))
    page.reload()
    expect(page.get_by_text("Freundlicher Kredit verbraucht").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    treasurer.reload()
    expect(row).to_contain_text("used up")
    expect(row).to_contain_text("1500 W waits for a decision")
    top_up(page, village, "300,00")
    assert left(page) > before
    treasurer.reload()
    expect(row).to_contain_text("enough")
    expect(row).not_to_contain_text("1500 W")
