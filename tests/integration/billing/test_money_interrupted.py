"""Imports and payouts killed at seeded statements, or done by two at once: each movement and each payout is booked once."""

import os
import random
import signal
from collections.abc import Callable

import pytest
from django.db import connection, connections

from billing.models import BankOrder, BankStatementLine, Document, LedgerTransaction, Payment
from billing.selectors.run_summary import trial_balance
from billing.services.bank_orders import CannotRelease, cancel_order, release_order
from billing.services.bank_statements import import_statement
from billing.services.payouts import prepare_payouts
from members.models import Cooperative, Member, User
from tests.integration.billing.conftest import NOW, Hamlet
from tests.integration.billing.test_allocations import IBAN, check_conserved
from tests.integration.billing.test_interruptions import Clock, at_once
from tests.unit.billing.banking.camt_files import camt, detail, entry

pytestmark = pytest.mark.django_db(transaction=True)
SEED = 20160405


@pytest.fixture
def ready(committed_hamlet: Hamlet) -> Hamlet:
    """Billed, with accounts, and a payout order that waits for its second person."""
    cooperative = committed_hamlet.cooperative
    Cooperative.objects.filter(pk=cooperative.pk).update(iban=IBAN)
    Member.objects.filter(cooperative=cooperative).update(iban="DE12500105170648489890")
    cooperative.refresh_from_db()
    committed_hamlet.bill()
    first, _ = (User.objects.create_user(f"{n}@x.example", "x") for n in ("one", "two"))
    prepare_payouts(cooperative=cooperative, user=first, now=NOW)
    return committed_hamlet


def statement() -> bytes:
    bills = Document.objects.filter(kind="bill", gross_minor__gt=0).order_by("number")
    parts = "".join(detail(amount=f"{b.gross_minor / 100:.2f}", text=b.label) for b in bills)
    total = sum(b.gross_minor for b in bills)
    return camt(entry(f"{total / 100:.2f}", details=parts), entry("4.44", details=detail(name="who")))


def take(hamlet: Hamlet) -> None:
    import_statement(cooperative=hamlet.cooperative, content=statement(), file_name="x.xml", now=NOW)


def release(hamlet: Hamlet) -> None:
    user = User.objects.get(email="two@x.example")
    release_order(order=BankOrder.objects.get(), user=user, now=NOW)


def killed(work: Callable[[Hamlet], None], hamlet: Hamlet, strike_at: int) -> None:
    """Do it in a process of its own that is killed before the statement with that number."""
    connections.close_all()
    child = os.fork()
    if child == 0:
        try:
            with connection.execute_wrapper(Clock(strike_at, lambda: os.kill(os.getpid(), signal.SIGKILL))):
                work(hamlet)
        finally:
            os._exit(7)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


def check_once(hamlet: Hamlet) -> None:
    bills = Document.objects.filter(kind="bill", gross_minor__gt=0)
    assert (BankStatementLine.objects.count(), Payment.objects.count()) == (bills.count() + 1, bills.count())
    assert {b.status for b in bills} == {"settled"}
    assert trial_balance(hamlet.cooperative)["bank"] == sum(b.gross_minor for b in bills) + 444
    check_conserved(hamlet.cooperative)


def test_an_import_that_is_killed_is_taken_once(ready: Hamlet) -> None:
    chance = random.Random(SEED)
    for strike_at in sorted(chance.sample(range(2, 90), 3)):
        killed(take, ready, strike_at)
        assert not BankStatementLine.objects.exists()
    take(ready)
    check_once(ready)


def test_two_workers_with_one_file_take_it_once(ready: Hamlet) -> None:
    at_once(3, lambda _: take(ready))
    check_once(ready)


def test_a_payout_that_is_killed_or_released_by_two_leaves_once(ready: Hamlet) -> None:
    chance = random.Random(SEED)
    for strike_at in sorted(chance.sample(range(2, 25), 3)):
        killed(release, ready, strike_at)
        assert BankOrder.objects.get().status == "prepared"

    def try_release(_: int) -> bytes:
        release(ready)
        return bytes(BankOrder.objects.get().content)

    files = at_once(3, try_release)
    order = BankOrder.objects.get()
    assert set(files) == {bytes(order.content)}
    owed = sum(order.payouts.values_list("amount_minor", flat=True))
    assert LedgerTransaction.objects.filter(cause="payout").count() == order.payouts.count() > 0
    assert trial_balance(ready.cooperative)["transit"] == -owed
    with pytest.raises(CannotRelease, match="recall"):
        cancel_order(order=order, now=NOW)
