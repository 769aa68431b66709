"""What waiting came to: a car's run measured, weighed against running at once, on the member's document, never paid twice."""

from datetime import timedelta

import numpy as np
import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from billing.models import Document
from billing.selectors.run_summary import summarise
from billing.services.price_publication import publish_days
from billing.services.runs import run_month
from energy.adapters.meter_day_rows import MeterDayRow, write_rows
from energy.domain.quality import Method
from energy.models import Channel, Consumer, Meter
from energy.models.assets import ConsumerKind
from energy.services.device_meters import place_device_meter
from grid.models import (
    BalanceDay,
    CommandStatus,
    DemandEvent,
    DemandProgramme,
    DemandResponse,
    DeviceCommand,
    FlexibilityTerms,
    FlexibleRun,
    FlexibleRunResult,
    SharingDay,
)
from grid.selectors.run_limits import run_reason
from grid.services.flexible_runs import withdraw_run
from kernel.intervals import Month
from members.models import Membership, Role, User
from tests.integration.grid.yard import EVENING, FIRST, NOON, NOW, SPRING_FORWARD, Yard

pytestmark = pytest.mark.django_db
QUARTER = timedelta(minutes=15)
PLUGGED, CHARGED = EVENING - 4, EVENING + 12  # 17:00 and 21:00 local
RETAIL, FEED_IN = 300_000, 80_000


@pytest.fixture
def yard(db: None) -> Yard:
    made = Yard()
    FlexibilityTerms.objects.create(microgrid=made.microgrid, share="0.4", valid_from=FIRST)
    publish_days(microgrid=made.microgrid, days=[FIRST, SPRING_FORWARD], now=NOW)
    return made


def plugged_in(yard: Yard, energy_wh: int = 4000) -> FlexibleRun:
    """Ana's car may charge from 17:00 on, is let draw in the noon of the next day's sun, ready by one."""
    box = Consumer.objects.create(
        site=yard.meters["Ana"].site, code="wall box", kind=ConsumerKind.CAR_CHARGER, max_demand_w=8000, priority_tier=4
    )
    start = yard.microgrid.local_day(FIRST).start_at + PLUGGED * QUARTER
    return FlexibleRun.objects.create(
        microgrid=yard.microgrid,
        consumer=box,
        name="car",
        energy_wh=energy_wh,
        power_w=8000,
        start_at=start,
        ready_at=yard.microgrid.local_day(SPRING_FORWARD).start_at + 52 * QUARTER,
        asked_at=start,
    )


def tell(yard: Yard, run: FlexibleRun, day, interval: int, count: int, limit_w: int | None, reason: str = "") -> None:
    start = yard.microgrid.local_day(day).start_at + interval * QUARTER
    for i in range(count):
        DeviceCommand.objects.create(
            microgrid=yard.microgrid,
            consumer=run.consumer,
            limit_w=limit_w,
            reason=reason or run_reason(run, yard.microgrid),
            issued_at=start + i * QUARTER,
            expires_at=start + (i + 1) * QUARTER,
            status=CommandStatus.ACKNOWLEDGED,
            acknowledged_at=start + i * QUARTER,
        )


def went_as_planned(yard: Yard) -> FlexibleRun:
    """Held in the evening, charged from Ben's sun of the next noon: 4 kWh in two quarter hours, 100 Wh are Ana's house."""
    run = plugged_in(yard)
    tell(yard, run, FIRST, PLUGGED, 20, 0)
    noon = 48 - 4  # the clock went forward: 12:00 is the 44th quarter hour
    tell(yard, run, SPRING_FORWARD, noon, 2, 8000)
    house = [(PLUGGED + i, "Ana", 100, 0) for i in range(20)]
    yard.measure(FIRST, (NOON, "Ben", 0, 1500), *house)
    yard.measure(
        SPRING_FORWARD, *((noon + i, who, *amounts) for i in range(2) for who, amounts in (("Ana", (2100, 0)), ("Ben", (0, 5000))))
    )
    return run


def test_a_run_over_midnight_is_weighed_once_both_days_are_closed(yard):
    run = went_as_planned(yard)
    yard.close(FIRST)
    assert not FlexibleRunResult.objects.exists()
    yard.close(SPRING_FORWARD)
    row = FlexibleRunResult.objects.get()
    assert (row.run, row.ready_day, row.moved_wh) == (run, SPRING_FORWARD, 4000)
    assert [i for i, wh in enumerate(row.drawn_wh) if wh] == [96 + 44, 96 + 45]
    assert row.at_once_wh[PLUGGED : PLUGGED + 3] == [2000, 2000, 0]
    # At 17:00 it would have been bought; at noon it would have been sold.
    saved = 4000 * RETAIL - 4000 * FEED_IN
    assert (sum(row.saved_micro), row.owed_micro) == (saved, saved * 2 // 5)
    yard.close(FIRST)
    assert FlexibleRunResult.objects.count() == 1


def test_a_corrected_day_makes_another_revision(yard):
    went_as_planned(yard)
    yard.close(FIRST)
    yard.close(SPRING_FORWARD)
    yard.measure(SPRING_FORWARD, (44, "Ana", 2100, 0), (45, "Ana", 1100, 0), version=2)
    yard.close(SPRING_FORWARD)
    row = FlexibleRunResult.objects.get(is_current=True)
    assert (row.revision, sum(row.drawn_wh)) == (1, 3000)
    # Nobody's sun was there: what it drew at noon was bought, too.
    assert sum(row.saved_micro) == 0


def test_what_nobody_told_it_and_what_was_taken_back_is_not_paid(yard):
    run = went_as_planned(yard)
    DeviceCommand.objects.update(status=CommandStatus.EXPIRED)
    yard.close(FIRST)
    yard.close(SPRING_FORWARD)
    assert not FlexibleRunResult.objects.exists()
    DeviceCommand.objects.update(status=CommandStatus.ACKNOWLEDGED)
    assert withdraw_run(run=run, now=run.start_at)
    yard.measure(FIRST, (NOON, "Ben", 0, 1600), version=2)
    yard.close(FIRST)
    assert not FlexibleRunResult.objects.exists()


def test_hours_of_demand_response_are_paid_there_alone(yard):
    run = went_as_planned(yard)
    somebody = User.objects.create_user("olga@yard.example", "a long enough word")
    programme = DemandProgramme.objects.create(microgrid=yard.microgrid, name="evening", incentive_per_kwh="0.20", offered_at=NOW)
    start = run.start_at
    event = DemandEvent.objects.create(
        programme=programme, start_at=start, end_at=start + QUARTER, reason="peak", called_by=somebody, called_at=start - timedelta(hours=2)
    )
    DemandResponse.objects.create(event=event, site=run.consumer.site)
    yard.close(FIRST)
    yard.close(SPRING_FORWARD)
    row = FlexibleRunResult.objects.get()
    assert (row.event_wh, row.moved_wh, row.at_once_wh[PLUGGED]) == (2000, 2000, 0)
    assert sum(row.saved_micro) == 2000 * (RETAIL - FEED_IN)


def test_the_owners_share_stands_on_the_document_and_the_books_balance(yard):
    run = went_as_planned(yard)
    days = [FIRST, SPRING_FORWARD]
    for day in days:
        yard.close(day)
    billed = run_month(microgrid=yard.microgrid, month=Month(2016, 3), now=NOW, days=days)
    line = Document.objects.get(run=billed, kind="credit", site__code="Ana").lines.get(component="flexible_run")
    assert (line.quantity, line.window, line.net_minor) == (4000, "wall box", 35)  # 0.88 x 0.4
    summary = summarise(billed)
    assert (summary.residual_minor, summary.debits_minor) == (0, summary.credits_minor)
    member = run.consumer.site.member
    user = User.objects.create_user("ana@yard.example", "a long enough word")
    Membership.objects.create(user=user, cooperative=yard.cooperative, role=Role.MEMBER, member=member)
    client = Client()
    client.force_login(user)
    page = client.get(reverse("runs")).content.decode()
    assert "0.88" in page and "0.35" in page and "0.220 a kWh" in page
    [told] = client.get(reverse("api-flexible-runs")).json()["results"]
    assert (told["outcome"]["drawn_wh"], told["outcome"]["owed"]) == (4000, "0.352000")


def metered(yard: Yard, run: FlexibleRun, steps: dict[int, int], quality: int = 0) -> Meter:
    """The car's own meter, there before the run, and what it says of both days: Wh by interval of the second."""
    meter = place_device_meter(device=run.consumer, code="SUB-1", now=run.start_at - timedelta(days=9))
    rows = []
    for day in (FIRST, SPRING_FORWARD):
        values = np.zeros(yard.microgrid.local_day(day).interval_count, dtype=np.int32)
        if day == SPRING_FORWARD:
            for interval, wh in steps.items():
                values[interval] = wh
        flags = np.zeros(len(values), np.int16)
        flags[40 if day == SPRING_FORWARD else 90] = quality
        rows.append(MeterDayRow(day, meter.pk, int(Channel.DRAW), values, flags, 1, 1))
    with transaction.atomic(), connection.cursor() as cursor:
        write_rows(cursor, rows, microgrid_id=yard.microgrid.pk, provenance="test", now=NOW, replace=False)
    return meter


def test_a_device_with_a_meter_of_its_own_is_taken_at_its_word(yard):
    """The site used 2,000 Wh beyond the usual twice; the car's meter says 1,900 and 1,500, and 300 that nobody let it draw."""
    run = went_as_planned(yard)
    metered(yard, run, {44: 1900, 45: 1500, 46: 300})
    yard.close(FIRST)
    yard.close(SPRING_FORWARD)
    row = FlexibleRunResult.objects.get()
    assert row.by_own_meter
    assert [(i - 96, wh) for i, wh in enumerate(row.drawn_wh) if wh] == [(44, 1900), (45, 1500)]
    assert sum(row.saved_micro) == 3400 * (RETAIL - FEED_IN)


def test_what_its_meter_did_not_measure_throughout_the_run_is_told_from_the_site(yard):
    run = went_as_planned(yard)
    metered(yard, run, {44: 1900, 45: 1500}, quality=int(Method.PROFILE))
    yard.close(FIRST)
    yard.close(SPRING_FORWARD)
    row = FlexibleRunResult.objects.get()
    assert (row.by_own_meter, sum(row.drawn_wh)) == (False, 4000)


def test_a_meter_that_came_during_the_run_does_not_count_for_it(yard):
    run = went_as_planned(yard)
    meter = metered(yard, run, {44: 1900, 45: 1500})
    Meter.objects.filter(pk=meter.pk).update(installed_at=run.start_at + QUARTER)
    yard.close(FIRST)
    yard.close(SPRING_FORWARD)
    assert not FlexibleRunResult.objects.get().by_own_meter


def test_a_sub_meter_enters_neither_the_balance_nor_what_is_shared(yard):
    run = went_as_planned(yard)
    metered(yard, run, {44: 1900, 45: 1500, 20: 700})
    yard.close(FIRST)
    yard.close(SPRING_FORWARD)
    row = BalanceDay.objects.get(microgrid=yard.microgrid, day=SPRING_FORWARD, is_current=True)
    assert (row.consumption_wh[20], row.consumption_wh[44]) == (0, 2100 - 5000)
    assert (row.import_wh[20], row.export_wh[44]) == (0, 2900)
    shared = SharingDay.objects.get(microgrid=yard.microgrid, day=SPRING_FORWARD, is_current=True)
    assert (shared.consumption_wh[20], shared.consumption_wh[44]) == (0, 2100)
