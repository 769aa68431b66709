"""Flexibility through the real services: told, measured, weighed against standing idle, owed by the terms, on the credit document."""

from datetime import timedelta

import pytest

from billing.models import Document, FlexibilityCredit
from billing.selectors.run_summary import summarise
from billing.services.price_publication import publish_days
from billing.services.runs import finish_run, prepare_run, rate_chunk, run_month
from grid.models import BalanceDay, CommandKind, CommandStatus, DeviceCommand, FlexibilityDay, FlexibilityTerms, Plan, PlanRule
from grid.selectors.flexibility import statements
from kernel.intervals import Month
from tests.integration.grid.yard import EVENING, FIRST, NOON, NOW, SPRING_FORWARD, Yard

pytestmark = pytest.mark.django_db
QUARTER = timedelta(minutes=15)
RETAIL, FEED_IN = 300_000, 80_000


@pytest.fixture
def yard(db: None) -> Yard:
    """A noon's surplus is stored and given in the evening; two fifths of what is saved are the owner's."""
    made = Yard()
    FlexibilityTerms.objects.create(microgrid=made.microgrid, share="0.4", valid_from=FIRST)
    publish_days(microgrid=made.microgrid, days=[FIRST, SPRING_FORWARD], now=NOW)
    made.measure(FIRST, (NOON, "Ben", 0, 1500), (NOON, "Store", 1000, 0), (EVENING, "Store", 0, 700), (EVENING, "Ana", 2000, 0))
    return made


def tell(
    yard: Yard, interval: int, *, charge_w: int = 0, discharge_w: int = 0, reason: str = "plan, corrected by what is measured"
) -> None:
    """Two commands, one after the other, that fill the interval; the second would hold longer than it is needed."""
    start = yard.microgrid.local_day(FIRST).start_at + interval * QUARTER
    for part in range(2):
        DeviceCommand.objects.create(
            microgrid=yard.microgrid,
            storage=yard.storage,
            charge_w=charge_w,
            discharge_w=discharge_w,
            reason=reason,
            issued_at=start + part * QUARTER / 2,
            expires_at=start + QUARTER,
            status=CommandStatus.ACKNOWLEDGED,
            acknowledged_at=start,
        )


def planned(yard: Yard, interval: int, sentence: str, worth: int) -> None:
    Plan.objects.create(
        microgrid=yard.microgrid,
        origin_at=yard.microgrid.local_day(FIRST).start_at + interval * QUARTER,
        made_at=NOW,
        source="least_cost",
        status="optimal",
        interval_minutes=15,
        use_w=[0],
        production_w=[0],
        import_w=[0],
        export_w=[0],
        retail_micro=[RETAIL],
        feed_in_micro=[FEED_IN],
        energy_micro=[worth],
        sentences=[sentence],
    )


def test_what_was_told_measured_saved_and_owed_is_kept(yard):
    tell(yard, NOON, charge_w=4000)
    tell(yard, EVENING, discharge_w=2800)
    planned(yard, EVENING, "battery gives what it stored at noon.", 290_000)
    yard.close(FIRST)
    row = FlexibilityDay.objects.get(storage=yard.storage, day=FIRST)
    assert (row.kind[NOON], row.kind[EVENING], row.kind[EVENING + 1]) == (CommandKind.PLAN, CommandKind.PLAN, CommandKind.NONE)
    assert (row.asked_charge_wh[NOON], row.asked_discharge_wh[EVENING]) == (1000, 700)
    assert (row.charge_wh[NOON], row.discharge_wh[EVENING]) == (1000, 700)
    assert (row.saved_micro[NOON], row.saved_micro[EVENING]) == (-1000 * FEED_IN, 700 * RETAIL)
    assert row.sentences == ["battery gives what it stored at noon."]
    assert (row.sentence[EVENING], row.worth_micro[EVENING], row.sentence[NOON]) == (0, 290_000, -1)
    saved = 700 * RETAIL - 1000 * FEED_IN
    assert row.owed_micro == saved * 2 // 5
    balance = BalanceDay.objects.get(day=FIRST)
    assert (balance.export_wh[NOON], balance.import_wh[EVENING]) == (500, 1300)


def test_what_nobody_told_it_is_not_owed(yard):
    yard.close(FIRST)
    assert not FlexibilityDay.objects.exists()
    tell(yard, EVENING, discharge_w=2800, reason="surplus and deficit shared by headroom")
    yard.measure(FIRST, (NOON, "Ben", 0, 1500), (NOON, "Store", 1000, 0), (EVENING, "Store", 0, 700), (EVENING, "Ana", 2100, 0), version=2)
    yard.close(FIRST)
    row = FlexibilityDay.objects.get()
    assert (row.revision, row.kind[NOON], row.kind[EVENING]) == (1, CommandKind.NONE, CommandKind.BALANCE)
    assert sum(row.saved_micro) == 700 * RETAIL


def test_a_price_for_each_kwh_given(yard):
    FlexibilityTerms.objects.update(pay="per_kwh", price_per_kwh="0.05")
    tell(yard, EVENING, discharge_w=2800)
    yard.close(FIRST)
    assert FlexibilityDay.objects.get().owed_micro == 700 * 50_000


def test_the_owners_share_stands_on_the_credit_document_and_the_books_balance(yard):
    PlanRule.objects.create(microgrid=yard.microgrid, peak_micro_per_kw=5_000_000)
    tell(yard, NOON, charge_w=4000)
    tell(yard, EVENING, discharge_w=2800)
    yard.close(FIRST)
    [statement] = statements(microgrid=yard.microgrid, days=[FIRST])
    # The evening's import was 700 Wh lower: 2.8 kW at 5.00.
    assert statement.peak_saved_micro == 2_800 * 5_000_000
    owed = (700 * RETAIL - 1000 * FEED_IN) * 2 // 5 + 2_800 * 5_000_000 * 2 // 5
    assert statement.owed_micro == owed
    run = run_month(microgrid=yard.microgrid, month=Month(2016, 3), now=NOW, days=[FIRST])
    credit = Document.objects.get(run=run, kind="credit", site__code="Store")
    line = credit.lines.get(component="battery")
    assert (line.quantity, line.window, line.exact_micro) == (700, "battery", owed)
    assert line.net_minor == round(owed / 10_000_000) == 565
    assert FlexibilityCredit.objects.get().document == credit
    summary = summarise(run)
    assert (summary.residual_minor, summary.debits_minor) == (0, summary.credits_minor)


def test_days_that_are_closed_again_before_the_run_is_posted_change_what_is_owed(yard):
    tell(yard, EVENING, discharge_w=2800)
    yard.close(FIRST)
    run = prepare_run(microgrid=yard.microgrid, month=Month(2016, 3), now=NOW, days=[FIRST])
    for chunk in run.chunks.all():
        rate_chunk(chunk_id=chunk.pk)
    yard.measure(FIRST, (EVENING, "Store", 0, 500), (EVENING, "Ana", 2000, 0), version=2)
    yard.close(FIRST)
    run_month(microgrid=yard.microgrid, month=Month(2016, 3), now=NOW, days=[FIRST])
    run = finish_run(run_id=run.pk, now=NOW)
    line = Document.objects.get(run=run, kind="credit", site__code="Store").lines.get(component="battery")
    assert (line.quantity, line.exact_micro) == (500, 500 * RETAIL * 2 // 5)
