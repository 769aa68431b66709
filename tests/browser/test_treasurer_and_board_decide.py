"""A treasurer decides upon awards that a check holds, and the board works through its list: a letter, hardship, taking back, instalments."""

import re

from playwright.sync_api import Page, expect

from tests.browser.village import let

# Two held awards of a household that nobody else uses, and a person who lives there.
HELD = """
from datetime import date
from decimal import Decimal
from django.db import transaction
from django.utils import timezone
from billing.domain.incentive_rules import LocalUse, PerKwh, rule_to_json
from billing.models import IncentiveAward, IncentiveProgramme, IncentiveVersion
from billing.services.incentive_awards import open_budget
from billing.services.incentive_versions import approve_incentive, submit_incentive
from energy.models import Microgrid, Site
from members.models import Membership, Role, User
grid = Microgrid.objects.get()
now = grid.now(timezone.now())
one, two = (User.objects.get(email=f"{name}@wiesengrund.example") for name in ("treasurer", "board"))
programme = IncentiveProgramme.objects.create(microgrid=grid, name="Sun at noon")
version = IncentiveVersion.objects.create(programme=programme, number=1, valid_from=date(2016, 1, 1), rule=rule_to_json(LocalUse(PerKwh(Decimal("0.05")))), budget_minor=20000)
submit_incentive(version=version, by=one)
version = approve_incentive(version=version, by=two, now=now)
lived = Membership.objects.filter(member__isnull=False).values("member")
site = Site.objects.filter(kind="household", member__is_cooperative=False, sources=None).exclude(member__in=lived).order_by("code")[3]
Site.objects.filter(pk=site.pk).update(name="Prämienweg 1")
user = User.objects.create_user("awarded@wiesengrund.example", "a long enough word", name=site.member.name)
Membership.objects.create(user=user, cooperative=grid.cooperative, member=site.member, role=Role.MEMBER)
with transaction.atomic():
    budget = open_budget(version, date(2016, 3, 1))
    for month, cents, concerns in ((2, 312, ["cycled"]), (3, 489, ["raised_before", "own_sites"])):
        day = grid.local_day(date(2016, month, 10))
        IncentiveAward.objects.create(
            version=version, budget=budget, site=site, member=site.member, period=201600 + month, cause_ref=f"held:{month}", start_at=day.start_at,
            end_at=day.end_at, quantity=62400, unit="Wh", earned_minor=cents, capped_minor=cents, awarded_minor=cents, status="held",
            concerns=concerns, made_at=now,
        )
        budget.spent_minor += cents
    budget.save(update_fields=["spent_minor"])
"""
# A bill that was paid is open again, and was due a month ago; a rule says that it is reminded, with a fee.
OVERDUE = """
from datetime import timedelta
from decimal import Decimal
from django.db import connection, transaction
from django.utils import timezone
from billing.models import ArrearsRule, BaseRate, Document, Payment, ReminderStage
from billing.services.payments import return_payment
from energy.models import Microgrid
from members.models import Membership, Role, User
grid = Microgrid.objects.get()
now = grid.now(timezone.now())
rule = ArrearsRule.objects.create(cooperative=grid.cooperative, valid_from=now.date() - timedelta(300), least_minor=1, charges_interest=True)
ReminderStage.objects.create(rule=rule, level=1, days_after_due=7, fee_minor=250)
BaseRate.objects.create(currency="EUR", valid_from=now.date() - timedelta(300), percent=Decimal("1.27"))
lived = Membership.objects.filter(member__isnull=False).values("member")
paid = Payment.objects.filter(document__kind="bill", document__status="settled", document__gross_minor__gte=200, member__is_cooperative=False, taken_back=None)
payment = paid.exclude(member__in=lived).filter(rail="bank").order_by("document__number")[1]
return_payment(payment=payment, kind="undone", now=now)
with transaction.atomic(), connection.cursor() as cursor:
    cursor.execute("SET LOCAL session_replication_role = 'replica'")
    cursor.execute("UPDATE billing_document SET due_date = %s WHERE id = %s", [now.date() - timedelta(30), payment.document_id])
type(payment.member).objects.filter(pk=payment.member_id).update(name="Klara Spät")
user = User.objects.create_user("late@wiesengrund.example", "a long enough word", name="Klara Spät")
Membership.objects.create(user=user, cooperative=grid.cooperative, member=payment.member, role=Role.MEMBER)
print("first", (now.date() + timedelta(10)).isoformat())
"""


def fits(page: Page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_a_treasurer_grants_one_held_award_and_declines_another_and_the_member_reads_why(village, browser):
    let(village, HELD)
    village.passwords["awarded@wiesengrund.example"] = "a long enough word"
    page = village.log_in(browser, "treasurer")
    page.goto(f"{village.address}/money/incentives/")
    held = page.locator(".waiting", has_text="Prämienweg 1")
    expect(held).to_have_count(2)
    first = held.filter(has_text="February 2016")
    expect(first).to_contain_text("62.4 kWh")
    expect(first).to_contain_text("3.12")
    expect(first).to_contain_text("the site's battery gave energy")
    first.get_by_label("Why").fill("The battery was new and was tried out")
    with page.expect_navigation():
        first.get_by_role("button", name="Grant").click()
    expect(page.get_by_text("it stands on the site's next credit document")).to_be_visible()
    held.get_by_label("Why").fill("The energy came from your own second house")
    with page.expect_navigation():
        held.get_by_role("button", name="Decline").click()
    expect(page.get_by_text("the budget has it back")).to_be_visible()
    expect(held).to_have_count(0)
    decided = page.locator("section", has=page.get_by_role("heading", name="Decided")).locator("li", has_text="Prämienweg 1")
    expect(decided).to_have_count(2)
    expect(page.get_by_text("3.12 of 200.00")).to_be_visible()

    member = village.log_in(browser, "awarded", width=390, language="de-DE")
    member.goto(f"{village.address}/incentives/")
    expect(member.get_by_text("The energy came from your own second house")).to_be_visible()
    expect(member.get_by_text("abgelehnt").first).to_be_visible()
    assert fits(member)


def test_the_board_works_through_its_list(village, browser):
    first_day = re.search(r"^first (\S+)$", let(village, OVERDUE), re.M)
    assert first_day
    village.passwords["late@wiesengrund.example"] = "a long enough word"
    page = village.log_in(browser, "board")
    page.goto(f"{village.address}/books/arrears/")
    page.get_by_label("Name or number").fill("Klara")
    page.get_by_label("Which").select_option("nothing")
    with page.expect_navigation():
        page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("row", name=re.compile("Klara Spät"))).to_have_count(1)
    with page.expect_navigation():
        page.get_by_role("button", name="Write what is due today").click()
    row = page.get_by_role("row", name=re.compile("Klara Spät"))
    expect(row).to_contain_text("letter 1")
    row.get_by_role("link").click()
    expect(page.get_by_text("fee of a reminder, B-")).to_be_visible()
    sheet = page.url

    page.get_by_role("link", name="Note hardship or life support").click()
    expect(page.locator("#id_member")).to_contain_text("Klara Spät")
    page.select_option("#id_kind", "hardship")
    page.keyboard.press("Escape")
    with page.expect_navigation():
        page.get_by_role("button", name="Save", exact=True).click()
    page.goto(sheet)
    expect(page.locator("section", has=page.get_by_role("heading", name="Spared"))).to_contain_text("hardship")
    expect(page.get_by_text(re.compile("May not be proposed: .*hardship"))).to_be_visible()

    page.get_by_label("Why it is taken back").fill("She was in hospital")
    with page.expect_navigation():
        page.get_by_role("button", name="Take back").click()
    expect(page.get_by_text("taken back by")).to_be_visible()
    expect(page.get_by_text("fee of a reminder, B-")).to_have_count(0)

    page.get_by_label("Instalments, a month apart").fill("2")
    page.get_by_label("The first on").fill(first_day[1])
    with page.expect_navigation():
        page.get_by_role("button", name="Agree on them").click()
    expect(page.get_by_role("button", name="Withdraw the plan")).to_be_visible()
    page.goto(f"{village.address}/books/arrears/?q=Klara&beside=plan")
    expect(page.get_by_role("row", name=re.compile("Klara Spät"))).to_contain_text("instalments spared")

    member = village.log_in(browser, "late", width=390, language="de-DE")
    member.goto(f"{village.address}/bills/open/")
    expect(member.get_by_text("She was in hospital")).to_be_visible()
    day = f"{first_day[1][8:]}.{first_day[1][5:7]}.{first_day[1][:4]}"
    expect(member.get_by_text(day)).to_be_visible()
    assert fits(member)
