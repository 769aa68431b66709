"""Closing a day: nobody is forgotten, each value says how it came to be."""

from collections.abc import Callable
from datetime import date

import numpy as np
import pytest

from energy.domain.quality import METHOD_MASK, Check, Method
from energy.models import Channel, DayStatus, MeterDay, StorageUnit
from energy.services.day_close import DayReport, finalise_day
from energy.services.telemetry import Receipt
from tests.integration.energy.conftest import REAL_NOW, Sender

DAY = date(2016, 3, 28)
Accept = Callable[..., list[Receipt]]
Current = Callable[..., MeterDay]
pytestmark = pytest.mark.django_db


def close(sender: Sender, day: date = DAY) -> DayReport:
    return finalise_day(microgrid=sender.microgrid, day=day, now=sender.microgrid.now(REAL_NOW))


def expected_rows(senders: dict[str, list[Sender]]) -> int:
    return 2 * len(senders["site"]) + len(senders["source"]) + 2 * len(senders["storage"])


def test_every_meter_has_its_day_even_if_it_was_silent(senders: dict[str, list[Sender]], sender: Sender) -> None:
    report = close(sender)
    rows = MeterDay.objects.filter(day=DAY, is_current=True)
    assert rows.count() == report.finalised == expected_rows(senders)
    assert set(rows.values_list("status", flat=True)) == {DayStatus.FINAL}
    assert dict(report.estimated) == {"PROFILE": 96 * expected_rows(senders)}


def test_closing_twice_changes_nothing(sender: Sender, accept: Accept) -> None:
    accept(sender.message(blocks=[sender.day_block(DAY)]))
    close(sender)
    before = list(MeterDay.objects.order_by("meter_id", "channel", "version").values())
    assert close(sender).finalised == 0
    assert list(MeterDay.objects.order_by("meter_id", "channel", "version").values()) == before


def test_a_hole_between_two_messages_is_filled_from_the_registers(sender: Sender, accept: Accept, meter_day: Current) -> None:
    accept(
        sender.message(blocks=[sender.part_block(DAY, 0, [5] * 40, register=1000)]),
        sender.message(blocks=[sender.part_block(DAY, 60, [5] * 36, register=1000 + 200 + 80)]),
    )
    report = close(sender)
    row = meter_day(sender, DAY)
    assert sum(row.values_wh[40:60]) == 80
    assert sum(row.values_wh) == row.register_end_wh - row.register_start_wh
    assert {flag & METHOD_MASK for flag in row.quality[40:60]} == {Method.CALCULATED}
    assert report.estimated["CALCULATED"] == 20


def alike(senders: dict[str, list[Sender]]) -> list[Sender]:
    """Devices of meters of one class: households without a plant."""
    plants = {one.meter.site_id for one in senders["source"]}
    found = [s for s in senders["site"] if s.meter.site.kind == "household" and s.meter.site_id not in plants]
    assert len(found) >= 2
    return found


def test_a_meter_that_fell_silent_is_not_taken_for_one_that_used_nothing(
    senders: dict[str, list[Sender]], accept: Accept, meter_day: Current
) -> None:
    silent, other = alike(senders)[:2]
    accept(
        silent.message(blocks=[silent.part_block(DAY, 0, [5] * 40, register=1000)]), other.message(blocks=[other.day_block(DAY, [8] * 96)])
    )
    close(silent)
    row = meter_day(silent, DAY)
    assert row.values_wh == [5] * 40 + [8] * 56
    assert {flag & METHOD_MASK for flag in row.quality[40:]} == {Method.PROFILE}


def test_a_household_is_not_estimated_by_a_battery(senders: dict[str, list[Sender]], accept: Accept, meter_day: Current) -> None:
    battery_sites = [s for s in senders["site"] if s.meter.site.kind == "storage"]
    accept(*(s.message(blocks=[s.day_block(DAY, [900] * 96)]) for s in battery_sites))
    home = alike(senders)[0]
    close(home)
    assert set(meter_day(home, DAY).values_wh) == {0}


def test_a_silent_battery_is_estimated_by_its_neighbour_in_proportion(
    senders: dict[str, list[Sender]], accept: Accept, meter_day: Current
) -> None:
    silent, other = senders["storage"][:2]
    for one, most_w in ((silent, 2_000), (other, 5_000)):
        StorageUnit.objects.filter(pk=one.meter.storage_id).update(charge_max_w=most_w, discharge_max_w=most_w)
    accept(other.message(blocks=[other.day_block(DAY, [500] * 96, channel="charge")]))
    close(silent)
    row = meter_day(silent, DAY, Channel.CHARGE)
    assert set(row.values_wh) == {200}
    assert {flag & METHOD_MASK for flag in row.quality} == {Method.PROFILE}


@pytest.mark.parametrize(
    ("day", "alike"),
    [
        (date(2016, 3, 24), (date(2016, 3, 17), date(2016, 3, 10))),
        (DAY, (date(2016, 3, 20), date(2016, 3, 13))),  # Easter Monday is like a Sunday
    ],
)
def test_like_days_come_from_the_same_weekday(
    sender: Sender, accept: Accept, meter_day: Current, day: date, alike: tuple[date, date]
) -> None:
    for earlier, wh in zip(alike, (10, 30), strict=True):
        accept(sender.message(blocks=[sender.day_block(earlier, [wh] * 96)]))
        close(sender, earlier)
    close(sender, day)
    row = meter_day(sender, day)
    assert set(row.values_wh) == {20}
    assert {flag & METHOD_MASK for flag in row.quality} == {Method.LIKE_DAY}


def test_a_register_that_disagrees_is_flagged(sender: Sender, accept: Accept, meter_day: Current) -> None:
    block = sender.day_block(DAY)
    wrong = type(block)(block.channel, block.start_at, 900, block.values_wh, 1000, 1000 + 960 + 500)
    accept(sender.message(blocks=[wrong]))
    report = close(sender)
    assert set(meter_day(sender, DAY).quality) == {Method.MEASURED | Check.SUM_FAILED}
    assert report.found["SUM_FAILED"] == 96


def test_a_plant_above_its_rating_is_flagged(senders: dict[str, list[Sender]], accept: Accept, meter_day: Current) -> None:
    plant = senders["source"][0]
    most_wh = plant.meter.source.capacity_w // 4
    values = [0] * 95 + [most_wh * 2]
    accept(plant.message(blocks=[plant.day_block(DAY, values, channel="production")]))
    report = close(plant)
    row = meter_day(plant, DAY, Channel.PRODUCTION)
    assert np.flatnonzero(np.array(row.quality) & Check.HIGH).tolist() == [95]
    assert report.found["HIGH"] == 1


def test_the_short_and_the_long_day_are_closed_in_their_own_length(sender: Sender) -> None:
    for day, count in ((date(2016, 3, 27), 92), (date(2015, 10, 25), 100)):
        close(sender, day)
        assert {len(values) for values in MeterDay.objects.filter(day=day).values_list("values_wh", flat=True)} == {count}


def test_a_meter_that_was_removed_before_is_not_expected(sender: Sender, senders: dict[str, list[Sender]]) -> None:
    gone = senders["storage"][0].meter
    gone.removed_at = gone.microgrid.local_day(DAY).start_at
    gone.save()
    close(sender)
    assert not MeterDay.objects.filter(meter_id=gone.pk).exists()
