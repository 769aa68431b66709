"""A year's margin shared out: worked out by one, released by another, owed, paid out by the bank, taken back."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction
from lxml import etree

from billing.models import (
    AccountCode,
    Distribution,
    DistributionKind,
    DistributionPart,
    DistributionRule,
    LedgerTransaction,
    MemberShare,
    ShareWay,
)
from billing.selectors.distributions import OWN_SITES, margin_lines
from billing.selectors.reconciliation import links_of
from billing.selectors.run_summary import trial_balance
from billing.services.bank_orders import CannotRelease, release_order
from billing.services.bank_statements import import_statement
from billing.services.distributions import (
    CannotDistribute,
    Wanted,
    cancel_distribution,
    plan_distribution,
    prepare_distribution,
    release_distribution,
    take_back_distribution,
)
from billing.services.ledger import account, post_transaction
from billing.services.payouts import payable_now, prepare_payouts
from billing.services.shares import pay_in_shares
from members.models import Cooperative, Member, User
from tests.integration.billing.conftest import MARCH, NOW, Hamlet
from tests.integration.billing.test_allocations import IBAN
from tests.unit.billing.banking.camt_files import camt, detail, entry

OTHER = "DE12500105170648489890"
WANTED = Wanted(DistributionKind.REVENUE, "Revenue of March", MARCH.first_day, MARCH.last_day, 100, energy_percent=60)


@pytest.fixture
def hands(db: None) -> tuple[User, User]:
    return User.objects.create_user("one@x.example", "x"), User.objects.create_user("two@x.example", "x")


@pytest.fixture
def billed(hamlet: Hamlet, hands) -> Hamlet:
    Cooperative.objects.filter(pk=hamlet.cooperative.pk).update(iban=IBAN)
    Member.objects.filter(cooperative=hamlet.cooperative).update(iban=OTHER)
    hamlet.cooperative.refresh_from_db()
    hamlet.bill()
    for number, minor in (("1", 10_000), ("2", 30_000)):
        member = Member.objects.get(cooperative=hamlet.cooperative, number=number)
        pay_in_shares(
            cooperative=hamlet.cooperative,
            member=member,
            count=minor // 5000,
            amount_minor=minor,
            day=date(2016, 3, 1),
            way=ShareWay.OPENING,
            by=hands[0],
            now=NOW,
        )
    return hamlet


def prepare(hamlet: Hamlet, hands, **changes) -> Distribution:
    return prepare_distribution(cooperative=hamlet.cooperative, wanted=replace(WANTED, **changes), by=hands[0], now=NOW)


def test_the_margin_is_what_the_books_have_left(billed: Hamlet) -> None:
    lines = {line.code: line.amount_minor for line in margin_lines(billed.cooperative, MARCH.first_day, MARCH.last_day)}
    balances = trial_balance(billed.cooperative)
    for code in ("fees", "energy_sales", "incentives", "energy_purchases"):
        assert lines.get(code, 0) == -balances[code]
    own = -sum(
        e.debit_minor - e.credit_minor
        for t in LedgerTransaction.objects.filter(cooperative=billed.cooperative)
        for e in t.entries.filter(account__member__is_cooperative=True)
    )
    assert lines.get(OWN_SITES, 0) == own
    assert not margin_lines(billed.cooperative, date(2016, 4, 1), date(2016, 4, 30))


def test_it_is_worked_out_released_owed_paid_and_taken_back(billed: Hamlet, hands) -> None:
    DistributionRule.objects.create(cooperative=billed.cooperative, valid_from=date(2016, 1, 1), reserve_rate=Decimal("0.1"))
    made = prepare(billed, hands)
    assert (made.used_minor, made.reserve_minor, made.shared_minor) == (100, 10, 90)
    parts = {p.member.number: p for p in made.parts.select_related("member")}
    assert sum(p.gross_minor for p in parts.values()) == 90
    delivered = sum(p.delivered_wh for p in parts.values())
    for number, p in parts.items():
        capital = {"1": 1, "2": 3}.get(number, 0)
        exact = Decimal(54 * p.delivered_wh) / delivered + Decimal(36 * capital) / 4
        assert abs(p.gross_minor - exact) < 1, number
    assert not any(p.source == "distribution" for p in payable_now(billed.cooperative)[0])
    with pytest.raises(CannotDistribute, match="second person"):
        release_distribution(distribution=made, by=hands[0], now=NOW)
    for _ in range(2):
        release_distribution(distribution=made, by=hands[1], now=NOW)
    balances = trial_balance(billed.cooperative)
    assert (balances["distributions"], balances["reserves"]) == (100, -10)
    assert LedgerTransaction.objects.filter(cause="distribution").count() == 1

    order = prepare_payouts(cooperative=billed.cooperative, user=hands[0], now=NOW, sources=["distribution"])
    release_order(order=order, user=hands[1], now=NOW)
    order.refresh_from_db()
    root = etree.fromstring(bytes(order.content))
    space = {"p": "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"}
    told = sorted(e.text for e in root.iterfind(".//p:InstdAmt", space))
    assert told == sorted(f"{p.net_minor / 100:.2f}" for p in parts.values() if p.net_minor)
    assert not any(p.source == "distribution" for p in payable_now(billed.cooperative)[0])
    first = order.payouts.order_by("pk")[0]
    gone = entry("0.90", side="DBIT", day="2016-04-05", details=f"<Btch><PmtInfId>{order.message_id}-1</PmtInfId></Btch>", ref="OUT")
    import_statement(cooperative=billed.cooperative, content=camt(gone), file_name="a.xml", now=NOW)
    first.refresh_from_db()
    assert (first.status, trial_balance(billed.cooperative)["bank"]) == ("done", -90)
    for link in links_of(billed.microgrid, MARCH):
        assert not link.gaps, link

    back = take_back_distribution(distribution=made, why="The meter was wrong.", by=hands[0], now=NOW)
    with pytest.raises(CannotDistribute, match="back already"):
        take_back_distribution(distribution=made, why="Again.", by=hands[0], now=NOW)
    release_distribution(distribution=back, by=hands[1], now=NOW)
    balances = trial_balance(billed.cooperative)
    assert (balances["distributions"], balances["reserves"]) == (0, 0)
    again = prepare(billed, hands, name="Revenue of March, anew")
    assert again.used_minor == 100


def test_a_payout_that_comes_back_is_owed_again(billed: Hamlet, hands) -> None:
    made = release_distribution(distribution=prepare(billed, hands), by=hands[1], now=NOW)
    order = prepare_payouts(cooperative=billed.cooperative, user=hands[0], now=NOW, sources=["distribution"])
    release_order(order=order, user=hands[1], now=NOW)
    payout = order.payouts.order_by("pk")[0]
    part = DistributionPart.objects.get(public_id=payout.source_key)
    assert part.paid_minor == part.net_minor
    sent_back = entry(
        f"{payout.amount_minor / 100:.2f}", day="2016-04-07", details=detail(end_to_end=payout.end_to_end_id, returned="AC04")
    )
    import_statement(cooperative=billed.cooperative, content=camt(sent_back), file_name="b.xml", now=NOW)
    part.refresh_from_db()
    assert part.paid_minor == 0
    owed = [p for p in payable_now(billed.cooperative)[0] if p.source == "distribution"]
    assert [(p.key, p.amount_minor) for p in owed] == [(str(part.public_id), part.net_minor)]
    back = take_back_distribution(distribution=made, why="Wrong.", by=hands[0], now=NOW)
    waiting = prepare_payouts(cooperative=billed.cooperative, user=hands[0], now=NOW, sources=["distribution"])
    release_distribution(distribution=back, by=hands[1], now=NOW)
    with pytest.raises(CannotRelease, match="Nothing"):
        release_order(order=waiting, user=hands[1], now=NOW)


def test_more_than_there_is_losses_and_overlaps_are_refused_in_words(billed: Hamlet, hands) -> None:
    cooperative = billed.cooperative
    there = plan_distribution(cooperative=cooperative, wanted=WANTED).available_minor
    assert there > 200
    for changes, words in (
        ({"used_minor": there + 1}, "is more"),
        ({"used_minor": 0}, "more than nothing"),
        ({"used_minor": -5}, "more than nothing"),
        ({"other_costs_minor": there}, "A loss cannot be shared out"),
        ({"first_day": date(2016, 3, 2)}, "whole months"),
        ({"first_day": date(2016, 4, 1), "last_day": date(2016, 4, 30)}, "left no margin"),
        ({"kind": DistributionKind.DIVIDEND, "dividend_rate": Decimal("0.03")}, r"at most 0\.00 %"),
        ({"name": " "}, "name"),
    ):
        with pytest.raises(CannotDistribute, match=words):
            prepare(billed, hands, **changes)
    prepare(billed, hands, used_minor=there - 50)
    with pytest.raises(CannotDistribute, match="another name"):
        prepare(billed, hands, used_minor=1)
    with pytest.raises(CannotDistribute, match="50 to share out"):
        prepare(billed, hands, used_minor=51, name="More")
    with pytest.raises(CannotDistribute, match="overlap"):
        prepare(billed, hands, used_minor=1, name="Quarter", first_day=date(2016, 1, 1))
    made = prepare(billed, hands, used_minor=50, name="More")
    loss = {account(cooperative, AccountCode.BANK_CHARGES): 1, account(cooperative, AccountCode.BANK): -1}
    post_transaction(cooperative=cooperative, idempotency_key="x", cause="test", booked_date=MARCH.last_day, amounts=loss, now=NOW)
    with pytest.raises(CannotDistribute, match="is more"):
        release_distribution(distribution=made, by=hands[1], now=NOW)
    assert cancel_distribution(distribution=made)
    assert not cancel_distribution(distribution=made)


def test_a_dividend_goes_by_capital_and_days_and_tax_is_kept_back(billed: Hamlet, hands) -> None:
    DistributionRule.objects.create(
        cooperative=billed.cooperative,
        valid_from=date(2016, 1, 1),
        highest_dividend=Decimal("0.04"),
        dividend_withholding=Decimal("0.26375"),
    )
    asked = {"kind": DistributionKind.DIVIDEND, "name": "Dividend", "dividend_rate": Decimal("0.03")}
    with pytest.raises(CannotDistribute, match=r"at most 4\.00 %"):
        prepare(billed, hands, **asked | {"dividend_rate": Decimal("0.041")})
    made = prepare(billed, hands, **asked)
    # 3 % of 100.00 and 300.00 for 31 of 366 days: 0.2541 and 0.7623, together 1.01.
    parts = {p.member.number: (p.gross_minor, p.withheld_minor) for p in made.parts.select_related("member")}
    assert parts == {"1": (25, 6), "2": (76, 20)}
    release_distribution(distribution=made, by=hands[1], now=NOW)
    balances = trial_balance(billed.cooperative)
    assert (balances["distributions"], balances["withheld_tax"]) == (101, -26)


def test_what_was_decided_stays_whoever_asks(billed: Hamlet, hands) -> None:
    made = release_distribution(distribution=prepare(billed, hands), by=hands[1], now=NOW)
    part, share = made.parts.order_by("pk")[0], MemberShare.objects.all()[0]
    for rows, changes in (
        (Distribution.objects.filter(pk=made.pk), {"used_minor": 7}),
        (Distribution.objects.filter(pk=made.pk), {"status": "cancelled", "released_by": None}),
        (made.parts.filter(pk=part.pk), {"gross_minor": part.gross_minor + 1}),
        (MemberShare.objects.filter(pk=share.pk), {"paid_in_minor": 1}),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            rows.update(**changes)
    for row in (made, part, share):
        with pytest.raises(DatabaseError), transaction.atomic():
            row.delete()
    with pytest.raises(DatabaseError, match="no further part"), transaction.atomic():
        DistributionPart.objects.create(distribution=made, member=part.member, delivered_wh=1, capital_days=0, gross_minor=1)
    other = prepare(billed, hands, name="Other", used_minor=1)
    with pytest.raises(DatabaseError, match="another"), transaction.atomic():
        Distribution.objects.filter(pk=other.pk).update(status="released", released_by=hands[0], released_at=NOW)
    share.returned_date = date(2016, 3, 20)
    share.save()
    with pytest.raises(CannotDistribute, match="changed since"):
        release_distribution(distribution=other, by=hands[1], now=NOW)
