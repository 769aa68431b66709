"""Reminders, plans, letters, parts of a margin, debits and a month's closing cut off before each write in turn and done again: each once."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from django.db import connection

from billing.models import (
    AccountingPeriod,
    BankOrder,
    Charge,
    Debit,
    Delivery,
    Distribution,
    DistributionPart,
    Document,
    InstalmentPlan,
    LedgerEntry,
    LedgerTransaction,
    PaymentRules,
    Reminder,
)
from billing.selectors.run_summary import trial_balance
from billing.services.arrears import CannotAgree, agree_on_plan, remind, take_back_reminder
from billing.services.bank_orders import release_order
from billing.services.debits import CannotCollect, prepare_debits
from billing.services.deliveries import CLAIM_HOLDS, send_queued
from billing.services.distributions import CannotDistribute, prepare_distribution, release_distribution, take_back_distribution
from billing.services.periods import close_period
from kernel.intervals import Month
from members.models import Cooperative, Member, Membership, Notification, User
from tests.integration.billing.conftest import NOW, Hamlet, at, bill
from tests.integration.billing.test_allocations import IBAN, check_conserved
from tests.integration.billing.test_distributions import WANTED
from tests.integration.billing.test_letters import ANA, by_mail
from tests.integration.billing.test_money_by_the_bank import mandate_for
from tests.integration.billing.test_struck_at_every_write import rolled_back, strike_everywhere
from tests.integration.striking import Clock, PowerCutError, power_cut


@pytest.fixture
def hands(db: None) -> tuple[User, User]:
    return User.objects.create_user("one@x.example", "x"), User.objects.create_user("two@x.example", "x")


def books(hamlet: Hamlet) -> object:
    """Every entry, and what causes stand behind them."""
    rows = LedgerEntry.objects.filter(account__cooperative=hamlet.cooperative)
    causes = LedgerTransaction.objects.filter(cooperative=hamlet.cooperative).values_list("cause", flat=True)
    return (sorted(causes), sorted(rows.values_list("account__code", "account__member__number", "debit_minor", "credit_minor"), key=str))


def letters() -> object:
    return sorted(Delivery.objects.values_list("recipient", "sending", "status", "problem"))


def test_reminders_with_fees_and_letters_that_are_cut_off_go_out_once(owing: Hamlet) -> None:
    by_mail(owing)
    due = bill(owing).due_date

    def told() -> object:
        return (
            books(owing),
            letters(),
            list(Charge.objects.order_by("key").values_list("amount_minor", "text")),
            sorted(Reminder.objects.values_list("document__number", "level", "fee_minor", "interest_minor", "taken_back_at")),
        )

    def send(days: int) -> Callable[[], object]:
        day = due + timedelta(days=days)
        return lambda: remind(cooperative=owing.cooperative, today=day, now=at(day))

    assert strike_everywhere(send(7), told) > 4
    send(7)()
    assert strike_everywhere(send(21), told, most=8) > 20
    send(21)()
    user = User.objects.create_user("ada@x.org")

    def take_back() -> None:
        take_back_reminder(reminder=Reminder.objects.filter(level=2).order_by("pk")[0], by=user, why="paid", now=NOW)

    assert strike_everywhere(take_back, told) > 4
    assert sum(trial_balance(owing.cooperative).values()) == 0


def test_a_plan_that_is_cut_off_is_agreed_once_and_breaks_once(owing: Hamlet, hands: tuple[User, User]) -> None:
    owes = bill(owing)
    today = owes.due_date + timedelta(days=30)

    def told() -> object:
        plans = InstalmentPlan.objects.order_by("pk")
        return [
            (plan.member_id, plan.status, plan.due, plan.ended_at, sorted(plan.documents.values_list("pk", flat=True))) for plan in plans
        ]

    def agree() -> None:
        with suppress(CannotAgree):  # it stands already
            agree_on_plan(member=owes.member, count=3, first_date=today, by=hands[0], today=today)

    assert strike_everywhere(agree, told) >= 2
    agree()
    later = today + timedelta(days=60)
    assert strike_everywhere(lambda: remind(cooperative=owing.cooperative, today=later, now=at(later)), told, most=6) > 6
    remind(cooperative=owing.cooperative, today=later, now=at(later))
    assert InstalmentPlan.objects.get().status == "broken"


def test_parts_of_a_margin_that_are_cut_off_are_owed_once_and_taken_back_once(hamlet: Hamlet, hands: tuple[User, User]) -> None:
    hamlet.bill()
    by_mail(hamlet)

    def told() -> object:
        rows = Distribution.objects.order_by("pk").values_list("status", "used_minor", "reserve_minor", "counters")
        parts = sorted(DistributionPart.objects.values_list("member__number", "gross_minor"))
        return len(rows), [row[:3] for row in rows], parts, books(hamlet), letters()

    def prepare() -> None:
        if not Distribution.objects.exists():
            prepare_distribution(cooperative=hamlet.cooperative, wanted=WANTED, by=hands[0], now=NOW)

    assert strike_everywhere(prepare, told) >= 2
    prepare()

    def release() -> None:
        release_distribution(distribution=Distribution.objects.latest("pk"), by=hands[1], now=NOW)

    assert strike_everywhere(release, told) >= 4
    release()

    def take_back() -> None:
        with suppress(CannotDistribute):  # it is taken back already
            take_back_distribution(distribution=Distribution.objects.earliest("pk"), why="an error", by=hands[0], now=NOW)
        release()

    assert strike_everywhere(take_back, told) > 4
    take_back()
    assert LedgerTransaction.objects.filter(cause="distribution").count() == 2
    assert trial_balance(hamlet.cooperative)["distributions"] == 0


def test_debits_that_are_cut_off_are_asked_for_once_and_told_once(hamlet: Hamlet, hands: tuple[User, User]) -> None:
    hamlet.bill()
    Cooperative.objects.filter(pk=hamlet.cooperative.pk).update(iban=IBAN)
    hamlet.cooperative.refresh_from_db()
    PaymentRules.objects.create(cooperative=hamlet.cooperative, creditor_id="DE98ZZZ09999999999")
    for one in Document.objects.filter(kind="bill", gross_minor__gt=0, member__is_cooperative=False):
        mandate = mandate_for(one)
        user = User.objects.create_user(f"{mandate.member.number}@x.example")
        Membership.objects.create(user=user, cooperative=hamlet.cooperative, member=mandate.member, role="member")

    def told() -> object:
        orders = list(BankOrder.objects.values_list("kind", "status", "message_id"))
        debits = sorted(Debit.objects.values_list("document__number", "status", "amount_minor", "end_to_end_id", "sequence"))
        return orders, debits, sorted(Notification.objects.values_list("user__email", "key")), books(hamlet)

    def prepare() -> None:
        with suppress(CannotCollect):  # the bank is collecting all of them
            prepare_debits(cooperative=hamlet.cooperative, user=hands[0], now=NOW)

    assert strike_everywhere(prepare, told) > 4
    prepare()
    assert strike_everywhere(lambda: release_order(order=BankOrder.objects.get(), user=hands[1], now=NOW), told) > 4
    check_conserved(hamlet.cooperative)


def test_a_month_of_books_that_is_cut_off_is_closed_once(hamlet: Hamlet, hands: tuple[User, User]) -> None:
    hamlet.bill()

    def told() -> object:
        return list(AccountingPeriod.objects.values_list("period", "status", "entries", "debits_minor", "content_sha256"))

    def close() -> None:
        close_period(cooperative=hamlet.cooperative, month=Month(2016, 4), by=hands[0], now=datetime(2016, 5, 2, tzinfo=UTC))

    assert strike_everywhere(close, told) >= 2


def test_a_letter_whose_worker_is_killed_leaves_once_at_most_and_is_never_silently_lost(owing: Hamlet) -> None:
    """A claim comes before the e-mail: cut off after it, nobody knows, and the row says so."""
    by_mail(owing)
    Member.objects.filter(sites__code="B 10").update(email="bo@hamlet.example")
    day = bill(owing).due_date + timedelta(days=7)
    remind(cooperative=owing.cooperative, today=day, now=at(day))
    waiting = Delivery.objects.count()
    assert waiting == 2
    clock = Clock(None, power_cut)
    with rolled_back(), connection.execute_wrapper(clock):
        send_queued(now=NOW)
    for strike_at in range(1, clock.count + 1):
        mail.outbox.clear()
        with rolled_back():
            with connection.execute_wrapper(Clock(strike_at, power_cut)), pytest.raises(PowerCutError):
                send_queued(now=NOW)
            connection.set_rollback(False)  # an update opens a block without a savepoint, as in strike_everywhere
            send_queued(now=NOW + CLAIM_HOLDS + timedelta(minutes=1))
            assert len({tuple(message.to) for message in mail.outbox}) == len(mail.outbox) <= waiting
            for row in Delivery.objects.all():
                left = [message for message in mail.outbox if message.to == [row.recipient]]
                assert (row.status == "sent" and left) or (row.status == "failed" and "nobody knows" in row.problem)
    mail.outbox.clear()
    send_queued(now=NOW)
    assert [ANA] in [message.to for message in mail.outbox]
