"""Meter days and samples as arrays: what is stored is what comes out, for pages as well."""

import itertools
from collections.abc import Callable
from datetime import date, timedelta

import numpy as np
import pytest
from django.db import connection

from energy.adapters.binary_copy import CannotCopy, Column, copy_in, copy_out
from energy.adapters.live_store import live_key, valkey
from energy.domain.telemetry import Sample
from energy.models import Channel, MeterDay
from energy.selectors.live import live_readings
from energy.selectors.meter_days import load_channel
from energy.selectors.register_readings import register_readings
from energy.selectors.site_energy import interval_starts, site_energy
from energy.services.day_close import finalise_day
from energy.services.telemetry import Receipt
from tests.integration.energy.conftest import REAL_NOW, Sender

DAYS = [date(2016, 3, 26), date(2016, 3, 27), date(2016, 3, 28)]
Accept = Callable[..., list[Receipt]]
pytestmark = pytest.mark.django_db


def test_what_is_copied_in_is_what_a_query_says() -> None:
    rng = np.random.default_rng(7)
    days = np.array(["2016-03-26", "1999-12-31", "2039-02-28"], dtype="datetime64[D]")
    values = {
        "day": days,
        "n": [1, -(2**62), 0],
        "energy": rng.integers(-(2**31), 2**31, (3, 5)),
        "share": rng.random((3, 4)),
        "none": None,
    }
    columns = [Column("day", "date"), Column("n", "int8"), Column("energy", "int4[]", 5), Column("share", "float8[]", 4)]
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE copied (day date, n int8, energy int4[], share float8[], none int8)")
        copy_in(cursor, "copied", [*columns, Column("none", "null")], values, 3)
        cursor.execute("SELECT * FROM copied")
        rows = cursor.fetchall()
        back = copy_out(cursor, "SELECT day, n, energy, share FROM copied", [], columns)
    assert [row[0] for row in rows] == days.tolist()
    assert [row[1] for row in rows] == values["n"]
    assert [row[2] for row in rows] == values["energy"].tolist()
    assert [row[3] for row in rows] == values["share"].tolist()
    assert [row[4] for row in rows] == [None] * 3
    for name in ("day", "n", "energy", "share"):
        assert back[name].tolist() == np.array(values[name]).tolist()


def test_rows_of_another_length_are_not_misread() -> None:
    with connection.cursor() as cursor, pytest.raises(CannotCopy):
        copy_out(cursor, "SELECT ARRAY[1, 2, 3]::int4[]", [], [Column("values", "int4[]", 2)])


def test_a_block_holds_days_of_different_lengths(sender: Sender, senders: dict[str, list[Sender]], accept: Accept) -> None:
    other = senders["site"][-1]
    local_days = [sender.microgrid.local_day(day) for day in DAYS]
    said = [list(range(i, i + day.interval_count)) for i, day in enumerate(local_days)]
    accept(*(sender.message(blocks=[sender.day_block(day, values)]) for day, values in zip(DAYS, said, strict=True)))
    accept(other.message(blocks=[other.day_block(DAYS[1])]))
    block = load_channel(microgrid=sender.microgrid, channel=Channel.IMPORT, days=list(reversed(DAYS)))
    assert block.days == DAYS
    assert block.offsets.tolist() == [0, 96, 188, 284]
    assert block.meter_ids.tolist() == sorted([sender.meter.pk, other.meter.pk])
    at = block.meter_ids.tolist().index(sender.meter.pk)
    assert block.values_wh[at].tolist() == [value for values in said for value in values]
    assert block.present[1 - at].tolist() == [False, True, False]
    assert block.versions[1 - at].tolist() == [0, 1, 0]
    assert not block.final.any()


def test_only_current_versions_are_loaded(sender: Sender, accept: Accept) -> None:
    accept(sender.message(blocks=[sender.day_block(DAYS[2])]))
    finalise_day(microgrid=sender.microgrid, day=DAYS[2], now=sender.microgrid.now(REAL_NOW))
    accept(sender.message(blocks=[sender.day_block(DAYS[2], [11] * 96)]))
    block = load_channel(microgrid=sender.microgrid, channel=Channel.IMPORT, days=[DAYS[2]], meter_ids=[sender.meter.pk])
    assert (block.values_wh == 11).all()
    assert block.versions.tolist() == [[2]]


def test_a_sites_consumption_is_what_its_meters_say(senders: dict[str, list[Sender]], accept: Accept) -> None:
    plant = next(s for s in senders["source"] if not s.meter.site.member.is_cooperative)
    home = next(s for s in senders["site"] if s.meter.site_id == plant.meter.site_id)
    day = DAYS[1]
    accept(
        home.message(blocks=[home.day_block(day, [30] * 92), home.day_block(day, [12] * 92, channel="export")]),
        plant.message(blocks=[plant.day_block(day, [50] * 92, channel="production")]),
    )
    energy = site_energy(microgrid=home.microgrid, site_ids=[home.meter.site_id], days=DAYS)
    assert energy.offsets.tolist() == [0, 96, 188, 284]
    assert set(energy.consumption_wh[96:188].tolist()) == {30 - 12 + 50}
    assert set(energy.own_use_wh[96:188].tolist()) == {50 - 12}
    assert energy.complete.tolist() == [False, True, False]
    assert energy.measured[96:188].all()
    assert not energy.measured[:96].any()
    assert not energy.final.any()
    assert energy.per_day(energy.import_wh).tolist() == [0, 30 * 92, 0]
    starts = interval_starts(microgrid=home.microgrid, days=DAYS)
    assert len(starts) == 284
    assert {b - a for a, b in itertools.pairwise(starts)} == {timedelta(minutes=15)}


def test_a_battery_behind_a_site_counts(senders: dict[str, list[Sender]], accept: Accept) -> None:
    box = senders["storage"][0]
    site = next(s for s in senders["site"] if s.meter.site_id == box.meter.site_id)
    charge, discharge = (box.day_block(DAYS[2], [40] * 96, channel="charge"), box.day_block(DAYS[2], channel="discharge"))
    accept(
        box.message(blocks=[charge, discharge]),
        site.message(blocks=[site.day_block(DAYS[2], [30] * 96), site.day_block(DAYS[2], [0] * 96, channel="export")]),
    )
    energy = site_energy(microgrid=site.microgrid, site_ids=[site.meter.site_id], days=[DAYS[2]])
    assert set(energy.consumption_wh.tolist()) == {30 + 10 - 40}


def test_register_readings_of_a_span_of_days(sender: Sender, accept: Accept) -> None:
    accept(
        sender.message(blocks=[sender.day_block(DAYS[1], register=500)]),
        sender.message(blocks=[sender.day_block(DAYS[2], register=500 + 920)]),
    )
    site = sender.meter.site
    [reading] = [r for r in register_readings(site=site, days=DAYS) if r.channel == "import"]
    assert (reading.start_wh, reading.end_wh) == (500, 500 + 920 + 960)
    assert (reading.estimated_intervals, reading.intervals) == (0, 188)


@pytest.fixture
def live(sender: Sender) -> Sender:
    """Starts and ends with an empty live state."""
    with valkey() as client:
        client.delete(live_key(sender.microgrid.pk))
    yield sender
    with valkey() as client:
        client.delete(live_key(sender.microgrid.pk))


def test_the_newest_sample_is_the_live_one(live: Sender, accept: Accept) -> None:
    now = live.microgrid.now(REAL_NOW)
    older, newer = now - timedelta(seconds=20), now - timedelta(seconds=5)
    accept(live.message(samples=[Sample(older, {"import_w": 1.0}), Sample(newer, {"import_w": 2.5, "voltage_v": 231.0})]))
    accept(live.message(samples=[Sample(older, {"import_w": 9.0})]))  # sent again late, must not win
    readings = live_readings(live.microgrid.pk)
    assert readings.meter_ids.tolist() == [live.meter.pk]
    assert readings.at_s.tolist() == [newer.timestamp()]
    assert readings.values["import_w"].tolist() == [2.5]
    assert np.isnan(readings.values["soc_wh"]).all()
    assert len(readings.not_older_than(timedelta(seconds=4), now=now).meter_ids) == 0
    assert not MeterDay.objects.exists()


def test_without_samples_the_live_state_is_empty(live: Sender) -> None:
    readings = live_readings(live.microgrid.pk)
    assert len(readings.meter_ids) == len(readings.values["import_w"]) == 0


def test_what_is_measured_is_kept_while_valkey_is_away(sender: Sender, accept: Accept, settings: object) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"  # nobody listens there
    block = sender.day_block(DAYS[2])
    sample = Sample(sender.microgrid.now(REAL_NOW), {"import_w": 1.0})
    assert accept(sender.message(blocks=[block], samples=[sample]))[0].outcome == "accepted"
    assert MeterDay.objects.filter(meter_id=sender.meter.pk).count() == 1
