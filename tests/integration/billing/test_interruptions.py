"""Killed at any statement, or run by two at once: the month ends as if nothing had happened."""

from decimal import Decimal

import pytest
from django.db import connection

from billing.models import RunStatus, VatStatus
from billing.services.runs import finish_run, prepare_run, rate_chunk
from members.models import Member
from tests.integration.billing.conftest import DAYS, MARCH, NOW, Hamlet, outcome
from tests.integration.striking import Clock, PowerCutError, at_once, is_killed_before, power_cut

PATIENCE_S = 30
pytestmark = pytest.mark.django_db(transaction=True)
RUN_TABLES = (
    "billing_ledgerentry, billing_ledgertransaction, billing_account, billing_documentline, billing_document,"
    " billing_numberseries, billing_runchunk, billing_billingrun"
)


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("billing.services.runs.CHUNK_SITES", 3)


@pytest.fixture(autouse=True)
def producer_who_becomes_liable(committed_hamlet: Hamlet) -> None:
    """A credit document with two kinds of VAT, whose sums are known only when local money is shared out."""
    VatStatus.objects.create(
        cooperative=committed_hamlet.cooperative,
        member=Member.objects.get(sites__code="a 2"),
        valid_from=DAYS[1],
        scheme="standard",
        rate=Decimal("0.19"),
        vat_id="DE111111111",
    )


def forget_the_run() -> None:
    """As if the month had never been billed (TRUNCATE, since the rows themselves refuse to go)."""
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {RUN_TABLES} RESTART IDENTITY CASCADE")
        cursor.execute("ALTER TABLE billing_tariffversion DISABLE TRIGGER used_versions_stay")
        cursor.execute("UPDATE billing_tariffversion SET used_at = NULL")
        cursor.execute("ALTER TABLE billing_tariffversion ENABLE TRIGGER used_versions_stay")


def count_statements(hamlet: Hamlet) -> int:
    clock = Clock(None, power_cut)
    with connection.execute_wrapper(clock):
        hamlet.bill()
    return clock.count


def test_struck_down_before_anything_is_written_it_ends_the_same(committed_hamlet: Hamlet) -> None:
    statements = count_statements(committed_hamlet)
    expected = outcome(committed_hamlet.cooperative)
    assert statements > 25
    for strike_at in range(1, statements + 1):
        forget_the_run()
        with connection.execute_wrapper(Clock(strike_at, power_cut)), pytest.raises(PowerCutError):
            committed_hamlet.bill()
        assert committed_hamlet.bill().status == RunStatus.POSTED
        assert outcome(committed_hamlet.cooperative) == expected, f"struck down before statement {strike_at}"


def test_killed_process_after_process_it_ends_the_same(committed_hamlet: Hamlet) -> None:
    """Each process dies a little later than the one before, and goes on where that one was cut."""
    statements = count_statements(committed_hamlet)
    expected = outcome(committed_hamlet.cooperative)
    for first, step in ((2, 5), (statements // 2, 1)):
        forget_the_run()
        kills = 0
        while is_killed_before(first + kills * step, committed_hamlet.bill):
            kills += 1
        assert kills > 0
        committed_hamlet.bill()
        assert outcome(committed_hamlet.cooperative) == expected


def test_several_who_run_the_month_at_once_bill_it_once(committed_hamlet: Hamlet) -> None:
    committed_hamlet.bill()
    expected = outcome(committed_hamlet.cooperative)
    for _ in range(3):
        forget_the_run()
        runs = at_once(3, lambda _: committed_hamlet.bill())
        assert len({run.pk for run in runs}) == 1
        assert outcome(committed_hamlet.cooperative) == expected


def test_chunks_in_any_order_and_by_many_hands_give_the_same_numbers(committed_hamlet: Hamlet) -> None:
    committed_hamlet.bill()
    expected = outcome(committed_hamlet.cooperative)
    forget_the_run()
    run = prepare_run(microgrid=committed_hamlet.microgrid, month=MARCH, now=NOW, days=DAYS)
    chunks = list(run.chunks.order_by("-index").values_list("pk", flat=True))
    rated = at_once(4, lambda hand: [rate_chunk(chunk_id=pk) for pk in (chunks if hand % 2 else chunks[::-1])])
    assert sum(sum(each) for each in rated) == len(chunks)
    finished = at_once(2, lambda _: finish_run(run_id=run.pk, now=NOW).status)
    assert finished == [RunStatus.POSTED] * 2
    assert outcome(committed_hamlet.cooperative) == expected
