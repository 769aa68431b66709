"""Imports, payouts and card webhooks killed at seeded statements, or done by two at once: each movement and each payout is booked once."""

import random
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from billing.adapters.cards import provider
from billing.models import BankOrder, BankStatementLine, CardEvent, CardMovement, Document, LedgerTransaction, Payment
from billing.selectors.run_summary import trial_balance
from billing.services.allocations import lock_members
from billing.services.bank_orders import CannotRelease, cancel_order, release_order
from billing.services.bank_statements import import_statement
from billing.services.card_refunds import ask_card_refund, give_back, release_card_refund
from billing.services.cards import follow_checkout, pay_bill_by_card, take_event, top_up_by_card
from billing.services.deadlocks import TooBusy, repeated_after_deadlock
from billing.services.payouts import prepare_payouts
from members.models import Cooperative, Member, User
from tests.integration.billing.card_server import SECRET_KEY, WEBHOOK_SECRET, Account, card_server
from tests.integration.billing.conftest import NOW, Hamlet
from tests.integration.billing.test_allocations import IBAN, check_conserved
from tests.integration.striking import at_once, is_killed_before
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
    assert is_killed_before(strike_at, lambda: work(hamlet))


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


@pytest.fixture
def shop(settings: Settings) -> Iterator[Account]:
    """A card provider, and a paid page of it that nothing here has heard of."""
    with card_server() as (url, account):
        settings.CARD_PROVIDER, settings.CARD_API_URL = "stripe", url
        settings.CARD_SECRET_KEY, settings.CARD_WEBHOOK_SECRETS = SECRET_KEY, [WEBHOOK_SECRET]
        yield account


def test_a_webhook_that_is_killed_or_told_to_three_books_once(ready: Hamlet, shop: Account) -> None:
    """Killed before and after the money is collected; the provider tells again, to several workers at once."""
    bill = Document.objects.filter(kind="bill", gross_minor__gt=100).order_by("number")[0]
    user = User.objects.get(email="one@x.example")
    checkout = pay_bill_by_card(document=bill, user=user, back_url="https://x.example/{key}", provider=provider(), now=timezone.now())
    shop.pay(checkout.session_ref)
    content, headers = shop.event("checkout.session.completed", shop.sessions[checkout.session_ref])

    def tell(_: object) -> str:
        return take_event(content=content, headers=headers, provider=provider(), now=timezone.now()).outcome

    chance = random.Random(SEED)
    for strike_at in sorted(chance.sample(range(2, 30), 4)):
        killed(tell, ready, strike_at)
        assert not Payment.objects.exists()
    assert set(at_once(3, tell)) == {"paid"}
    bill.refresh_from_db()
    assert (Payment.objects.count(), CardEvent.objects.count(), CardMovement.objects.count(), bill.status) == (1, 1, 1, "settled")
    assert sum(1 for _, path, _ in shop.calls if path.endswith("/capture")) >= 1
    assert len(shop.movements) == 1
    assert trial_balance(ready.cooperative)["card"] == shop.movements[0]["net"]
    check_conserved(ready.cooperative)


def test_a_card_refund_that_is_killed_is_given_back_once(ready: Hamlet, shop: Account) -> None:
    """The second person's word is committed before the provider is asked: whatever dies in between, it is asked for once."""
    member = Document.objects.filter(kind="bill", gross_minor__gt=100).order_by("number")[0].member
    first, second = User.objects.get(email="one@x.example"), User.objects.get(email="two@x.example")
    checkout = top_up_by_card(
        member=member, amount_minor=90_000, user=first, back_url="https://x.example/{key}", provider=provider(), now=timezone.now()
    )
    shop.pay(checkout.session_ref)
    payment = follow_checkout(checkout=checkout, provider=provider(), now=timezone.now()).payment
    refund = ask_card_refund(payment=payment, amount_minor=700, why="x", user=first, now=timezone.now())

    def give(_: object) -> None:
        now = timezone.now()
        give_back(refund=release_card_refund(refund=refund, user=second, now=now), provider=provider(), now=now)

    for strike_at in (2, 4, 7, 9):
        killed(give, ready, strike_at)
    at_once(3, give)
    refund.refresh_from_db()
    assert (len(shop.refunds), refund.provider_ref) == (1, next(iter(shop.refunds)))
    assert LedgerTransaction.objects.filter(cause="card refund").count() == 1
    assert trial_balance(ready.cooperative)["card"] == sum(m["net"] for m in shop.movements)


def test_an_import_and_a_correction_do_not_wait_for_each_other(ready: Hamlet) -> None:
    """Whoever moves several members' money begins with the one of lowest id, whatever the order of the file."""
    earlier, later = Document.objects.filter(kind="bill", gross_minor__gt=0).order_by("member")[:2]
    rows = "".join(entry(f"{bill.gross_minor / 100:.2f}", details=detail(text=bill.label)) for bill in (later, earlier))
    held, waits = threading.Event(), threading.Event()

    def correct() -> None:
        with transaction.atomic():
            lock_members([earlier.member_id])
            held.set()
            waits.wait(20)
            lock_members([later.member_id])
        connections.close_all()

    def watch() -> None:
        while not waits.is_set():
            with connection.cursor() as cursor:
                cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
                if cursor.fetchone()[0]:
                    waits.set()
            time.sleep(0.02)
        connections.close_all()

    others = [threading.Thread(target=work) for work in (correct, watch)]
    for other in others:
        other.start()
    assert held.wait(20)
    with CaptureQueriesContext(connection) as asked:
        import_statement(cooperative=ready.cooperative, content=camt(rows), file_name="x.xml", now=NOW)
    for other in others:
        other.join(20)
    assert Payment.objects.count() == 2
    assert sum('INSERT INTO "billing_bankstatement"' in query["sql"] for query in asked) == 1  # at its first try


def test_what_the_database_ends_for_another_is_done_again_or_said(ready: Hamlet) -> None:
    tries = []

    @repeated_after_deadlock
    def wait_in_a_ring(often: int) -> int:
        tries.append(often)
        if len(tries) <= often:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("DO $$ BEGIN RAISE EXCEPTION 'deadlock detected' USING ERRCODE = '40P01'; END $$")
        return len(tries)

    assert wait_in_a_ring(2) == 3
    tries.clear()
    with pytest.raises(TooBusy, match="Nothing was changed"):
        wait_in_a_ring(9)
