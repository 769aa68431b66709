"""Months drawn by chance, in which everything happens at any time: their bills, and those after any corrections, are the ones reckoned by hand."""

import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest

from billing.models import Document, Payment, PaymentRail
from billing.selectors.rounding import rounding_report
from billing.selectors.run_summary import trial_balance
from billing.services.corrections import correct_month
from billing.services.differences import local_change
from billing.services.payments import book_payment, credit_of
from billing.services.payouts import ask_refund
from billing.services.runs import run_month
from energy.models import Channel
from kernel.intervals import Month
from members.models import Member, User
from tests.integration.billing.conftest import CODES, WITH_ROOF
from tests.integration.billing.full_month import Exchange, FullMonth, Gap, Plan, Prices, make_full_month
from tests.integration.billing.late import measure_again
from tests.integration.billing.reckoned import assert_equal, documents, refunds_leave, standing, village
from tests.month_reference import Rule, bills

# Clocks go forward, clocks go back, a leap year's February, a month that ends a year.
MONTHS = (Month(2016, 3), Month(2016, 10), Month(2016, 2), Month(2016, 12))
SEEDS = (4, 13)
PRICES = ("mid_market", "supply_demand_ratio", "bill_sharing")
MILLION = 1_000_000


def random_plan(seed: int) -> Plan:
    chance = random.Random(seed)
    month = MONTHS[seed % len(MONTHS)]
    days = month.days()
    clock_day = next((day for day in days if day.weekday() == 6 and day.day > 24), days[-1])

    def any_day(count: int) -> list[date]:
        """Days in order; now and then the first, the last, or the one on which clocks change."""
        found = {chance.choice([chance.choice(days), chance.choice(days), days[0], clock_day, days[-1]]) for _ in range(count)}
        return sorted(found)

    def price(low: float, high: float) -> str:
        return f"{chance.uniform(low, high):.{chance.randint(2, 6)}f}"

    exchanged = chance.choice([code for code in CODES if code != "Ä 1"])
    at = chance.randint(4, 60)
    lost = chance.randint(at + 1, 80)
    use = chance.choice([1.0, 1.0, 0.02, 40.0])
    return Plan(
        month=month,
        now=datetime(month.year + month.month // 12, month.month % 12 + 1, 1, 6, tzinfo=UTC),
        seed=seed,
        versions=tuple(
            Prices(day, price(0.05, 0.6), chance.choice(["1", "1.25", "1.333"]), price(0, 0.5), price(0, 0.3))
            for day in any_day(chance.randint(1, 3))
        ),
        rules=(Rule(date(2016, 1, 1), "dynamic", chance.choice(PRICES)), *(_rule(chance, day) for day in any_day(chance.randint(1, 3)))),
        moves=_moves(chance, any_day(3)),
        silent=tuple(
            Gap(code, day, slice(start, start + chance.randint(1, 40)))
            for code, day, start in (
                (chance.choice(CODES), chance.choice(days), chance.randint(0, 80)) for _ in range(chance.randint(1, 3))
            )
            if code != exchanged
        ),
        exchange=Exchange(exchanged, chance.choice(days[1:-1]), slice(lost, lost + chance.randint(1, 11)), at),
        index_at=_index(seed),
        use=use,
        peak_w={code: chance.choice([0, 300, 1600, 5000]) for code in WITH_ROOF},
    )


def _rule(chance: random.Random, day: date) -> Rule:
    key = chance.choice(["dynamic", "static", "hybrid"])
    if key == "dynamic":
        return Rule(day, key, chance.choice(PRICES))
    cuts = sorted(chance.randint(0, MILLION) for _ in CODES[1:])
    parts = [b - a for a, b in zip([0, *cuts], [*cuts, MILLION], strict=True)]
    shares = {code: Fraction(part, MILLION) for code, part in zip(CODES, parts, strict=True) if part}
    return Rule(day, key, chance.choice(PRICES), shares)


def _moves(chance: random.Random, days: list[date]) -> tuple[tuple[str, date], ...]:
    """One after the other; often of the same site."""
    codes = chance.choices([code for code in CODES if code != "C-own"], k=2)
    return tuple((chance.choice(codes), day) for day in days)


def _index(seed: int) -> Callable[[datetime], Decimal]:
    def index_at(hour: datetime) -> Decimal:
        return Decimal(random.Random(f"{seed} {hour:%Y%m%d%H}").randint(-3000, 5000)) / 10_000

    return index_at


def _paid(month: FullMonth, chance: random.Random) -> None:
    """Some pay what they owe, some less, some more."""
    for place, bill in enumerate(standing(month)):
        if bill.kind == "bill" and bill.gross_minor > 0 and chance.random() < 0.6:
            book_payment(
                document=bill,
                amount_minor=max(1, bill.gross_minor + chance.choice([0, 0, -1, 5, 2000, -bill.gross_minor // 2])),
                rail=PaymentRail.BANK,
                external_ref=f"payment {place}",
                received_at=month.plan.now,
                now=month.plan.now,
            )


def _read_again(month: FullMonth, chance: random.Random, now: datetime) -> None:
    for _ in range(chance.randint(1, 4)):
        code = chance.choice(CODES)
        channel = chance.choice([Channel.IMPORT, Channel.EXPORT]) if code in WITH_ROOF else Channel.IMPORT
        day = chance.choice([chance.choice(month.plan.days), month.plan.exchange.day, *(day for _, day in month.plan.moves)])
        measure_again(month.hamlet, code, day, chance.choice([-500, -60, -1, 1, 35, 400]), channel=channel, now=now)


def check_books(month: FullMonth, refunded: int = 0) -> None:
    cooperative = month.hamlet.cooperative
    balance = trial_balance(cooperative)
    assert sum(balance.values()) == balance["local_clearing"] == balance.get("rounding", 0) == 0
    billed = sum(d.gross_minor for d in standing(month) if d.kind == "bill")
    assert balance["receivable"] == billed + refunded - sum(
        Payment.objects.filter(cooperative=cooperative).values_list("amount_minor", flat=True)
    )
    issued = Month(month.plan.now.year, month.plan.now.month)
    assert all(line.is_within for line in rounding_report(cooperative, issued))


@pytest.mark.parametrize("seed", SEEDS)
def test_the_bills_of_any_month_and_of_its_corrections_are_those_reckoned_by_hand(db: None, seed: int) -> None:
    chance, plan = random.Random(seed), random_plan(seed)
    month = make_full_month(plan)
    run_month(microgrid=month.hamlet.microgrid, month=plan.month, now=plan.now)
    assert_equal(documents(standing(month)), bills(village(month)))
    _paid(month, chance)
    check_books(month)
    for again in range(1, 3):
        now = plan.now + timedelta(days=4 * again)
        _read_again(month, chance, now)
        run = correct_month(microgrid=month.hamlet.microgrid, month=plan.month, now=now)
        assert_equal(documents(standing(month)), bills(village(month)))
        change = local_change(run)
        assert change.paid_minor == change.received_minor
        for old in Document.objects.filter(pk__in=run.documents.values("cancels")):
            assert old.gross_minor == run.documents.get(cancels=old).gross_minor
        check_books(month)
    check_books(month, _refunded(month))


def _refunded(month: FullMonth) -> int:
    """Whoever has a credit asks for it back and gets it, to the cent; the sum of it."""
    user, later = User.objects.create_user("treasurer@month.example"), month.plan.now + timedelta(days=9)
    members = Member.objects.filter(cooperative=month.hamlet.cooperative)
    owed = {member: credit_of(member) for member in members}
    owed = {member: credit for member, credit in owed.items() if credit > 0}
    for member, credit in owed.items():
        ask_refund(member=member, amount_minor=credit, iban="DE02120300000000202051", why="asked", user=user, now=later)
    if owed:
        refunds_leave(month, later)
        assert trial_balance(month.hamlet.cooperative)["transit"] == -sum(owed.values())
    assert all(credit_of(member) == 0 for member in members)
    return sum(owed.values())
