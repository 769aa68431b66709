"""The village lives on: registers run on from the replay, survive a power cut, and make whole days on the platform."""

import itertools
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from energy.models import Channel, MeterDay
from energy.selectors.live import live_readings
from energy.selectors.meter_days import load_channel
from energy.services.telemetry import ReceivedMessage, accept_messages
from grid.adapters.live_devices import MOST_INTERVALS, blocks_of
from grid.adapters.village_memory import Reading, VillageMemory
from grid.domain.village import VillageState, simulate
from grid.selectors.village import load_village, powers
from grid.services.village_live import CannotLive, VillageLife, set_speed
from grid.services.village_replay import enrol_village
from tests.integration.grid.conftest import DAY, NEXT_DAY, REAL_NOW, SHOWN_NOW

pytestmark = pytest.mark.django_db
SPAN_S = MOST_INTERVALS * 900
TODAY = date(2016, 6, 3)


@pytest.fixture
def own_var(settings, tmp_path: Path) -> Path:
    settings.VAR_DIR = tmp_path
    return tmp_path


@pytest.fixture
def memory(own_var: Path):
    memory = VillageMemory(own_var / "village" / "live.sqlite3")
    yield memory
    memory.close()


def registers_at_start_of_today(village) -> dict[str, np.ndarray]:
    """What the replay of the days before leaves in the registers."""
    registers, _ = simulate(village.plan, *powers(village, [DAY, NEXT_DAY]), 0.25, VillageState.at_start(village.plan))
    return {name: getattr(registers, f"{name}_wh")[:, -1] for name in ("import", "export", "production", "charge", "discharge")}


def test_it_begins_where_the_replay_ended_and_catches_up_with_today(microgrid, memory):
    village = load_village(microgrid)
    VillageLife(village, memory, SHOWN_NOW)
    before = registers_at_start_of_today(village)
    unsent = memory.unsent(span_s=SPAN_S)
    start = int(microgrid.local_day(TODAY).start_at.timestamp())
    for place, meter in enumerate(village.site_meters):
        readings = [r for r in unsent[meter.pk] if r.channel == "import"]
        assert [r.start_s for r in readings] == [start + 900 * i for i in range(48)]
        assert readings[0].register_start_wh == before["import"][place]
        assert all(a.register_end_wh == b.register_start_wh for a, b in itertools.pairwise(readings))
    load, _ = powers(village, [TODAY])
    drawn = sum(r.register_end_wh - r.register_start_wh for m in village.site_meters for r in unsent[m.pk] if r.channel == "import")
    fed = sum(r.register_end_wh - r.register_start_wh for m in village.site_meters for r in unsent[m.pk] if r.channel == "export")
    made = sum(r.register_end_wh - r.register_start_wh for m in village.source_meters for r in unsent[m.pk])
    stored = sum(
        (1 if r.channel == "charge" else -1) * (r.register_end_wh - r.register_start_wh)
        for m in village.storage_meters
        for r in unsent[m.pk]
    )
    assert drawn - fed + made - stored == pytest.approx(load[:, :48].sum() / 4, abs=len(village.meters) * 2)


def test_a_power_cut_loses_nothing(microgrid, memory, own_var):
    village = load_village(microgrid)
    life = VillageLife(village, memory, SHOWN_NOW)
    assert life.live_until(SHOWN_NOW + timedelta(minutes=20))
    seen = memory.unsent(span_s=SPAN_S)
    memory.close()
    again = VillageMemory(own_var / "village" / "live.sqlite3")
    VillageLife(village, again, SHOWN_NOW + timedelta(hours=2))
    after = again.unsent(span_s=SPAN_S)
    again.close()
    for meter_id, readings in seen.items():
        assert set(readings) <= set(after[meter_id])
        for channel in {r.channel for r in after[meter_id]}:
            run = [r for r in after[meter_id] if r.channel == channel]
            assert all(b.start_s - a.start_s == 900 for a, b in itertools.pairwise(run))
            assert all(a.register_end_wh == b.register_start_wh for a, b in itertools.pairwise(run))
            assert len(run) == 56


def test_time_passes_without_the_database(microgrid, memory, django_assert_num_queries):
    """Devices live in an event loop, where the database is not asked: neither after a restart nor when a day begins."""
    village = load_village(microgrid)
    VillageLife(village, memory, SHOWN_NOW)
    life = VillageLife(village, memory, SHOWN_NOW)
    midnight = microgrid.local_day(TODAY).end_at
    with django_assert_num_queries(0):
        life.live_until(SHOWN_NOW + timedelta(seconds=4))
        assert not life.lacks_profiles(SHOWN_NOW)
        life.live_until(midnight + timedelta(minutes=20))
    assert {r.start_s for readings in memory.unsent(span_s=SPAN_S).values() for r in readings} >= {int(midnight.timestamp())}


def test_devices_take_their_fallback_when_the_platform_falls_silent(microgrid, memory):
    village = load_village(microgrid)
    life = VillageLife(village, memory, SHOWN_NOW)
    battery, roof, load = village.storage_meters[0], village.source_meters[0], 0
    until = (SHOWN_NOW + timedelta(seconds=20)).timestamp()
    free = life._powers_at(SHOWN_NOW)
    life.order(0, 1000.0, 0.0, until, SHOWN_NOW)
    life.limit_source(0, 0.0, until, SHOWN_NOW)
    life.limit_load(load, 0.0, until, SHOWN_NOW)
    life.live_until(SHOWN_NOW + timedelta(seconds=4))
    before = life.samples()
    assert (before[battery.pk].values["charge_w"], before[roof.pk].values["production_w"]) == (1000.0, 0.0)
    life.live_until(SHOWN_NOW + timedelta(minutes=5))  # nothing was said for long
    after = life.samples()
    assert after[battery.pk].values["charge_w"] == 0.0
    assert after[roof.pk].values["production_w"] == pytest.approx(free[1][0], abs=0.1)
    taken = after[battery.pk].values["soc_wh"] - before[battery.pk].values["soc_wh"]
    assert taken == pytest.approx(1000 * 16 / 3600 * float(battery.storage.eta_charge), abs=0.3)  # to the second, not to the next sample


def test_what_was_sent_becomes_meter_days(microgrid, memory):
    village = load_village(microgrid)
    devices = enrol_village(microgrid=microgrid, now=SHOWN_NOW)
    life = VillageLife(village, memory, SHOWN_NOW)
    unsent, samples = memory.unsent(span_s=SPAN_S), life.samples()
    messages = []
    for meter in village.meters:
        blocks, held = blocks_of(unsent[meter.pk], 900, MOST_INTERVALS)
        assert set(held) == set(unsent[meter.pk])
        body = devices[meter.pk].sign(int(SHOWN_NOW.timestamp() * 1000), SHOWN_NOW, blocks, [samples[meter.pk]])
        messages.append(ReceivedMessage(body, "mqtt"))
    receipts = accept_messages(messages=messages, now=REAL_NOW)
    assert {r.outcome for r in receipts} == {"accepted"}
    stored = load_channel(microgrid=microgrid, channel=Channel.IMPORT, days=[TODAY])
    assert stored.present.all()
    for place, meter in enumerate(village.site_meters):
        expected = [r.register_end_wh - r.register_start_wh for r in unsent[meter.pk] if r.channel == "import"]
        row = int(np.searchsorted(stored.meter_ids, meter.pk))
        assert stored.values_wh[row, :48].tolist() == expected, place
    assert MeterDay.objects.filter(day=TODAY).count() == sum(2 if m.kind != "source" else 1 for m in village.meters)
    live = live_readings(microgrid.pk)
    assert set(live.meter_ids.tolist()) == {m.pk for m in village.meters}
    for readings in unsent.values():
        memory.forget(readings)
    assert memory.unsent(span_s=SPAN_S) == {}


def test_an_order_moves_energy_until_it_expires(microgrid, memory):
    village = load_village(microgrid)
    life = VillageLife(village, memory, SHOWN_NOW)
    soc = life.samples()[village.storage_meters[0].pk].values["soc_wh"]
    life.order(0, 0.0, 0.0, 0.0, SHOWN_NOW)
    power = 600.0 if soc < 3000 else 0.0
    life.order(0, power, 600.0 - power, (SHOWN_NOW + timedelta(minutes=6)).timestamp(), SHOWN_NOW)
    life.live_until(SHOWN_NOW + timedelta(minutes=6))
    values = life.samples()[village.storage_meters[0].pk].values
    assert values["charge_w"] + values["discharge_w"] == 600.0
    site = village.site_meters[int(village.plan.storage_site[0])]
    shown = life.samples()[site.pk].values
    assert (shown["import_w"], shown["export_w"]) == (values["charge_w"], values["discharge_w"])
    life.live_until(SHOWN_NOW + timedelta(minutes=15))
    reading = [r for r in memory.unsent(span_s=SPAN_S)[village.storage_meters[0].pk] if r.start_s == int(SHOWN_NOW.timestamp())]
    assert sum(r.register_end_wh - r.register_start_wh for r in reading) == pytest.approx(60, abs=1)
    idle = life.samples()[village.storage_meters[0].pk].values
    assert idle["charge_w"] == idle["discharge_w"] == 0.0


def test_a_clock_that_went_back_or_has_no_profiles_is_said(microgrid, memory):
    village = load_village(microgrid)
    VillageLife(village, memory, SHOWN_NOW)
    with pytest.raises(CannotLive, match="has lived to 2016-06-03 10:00"):
        VillageLife(village, memory, SHOWN_NOW - timedelta(hours=1))
    with pytest.raises(CannotLive, match="reach from 2016-06-01 to 2016-06-04"):
        VillageLife(village, memory, datetime(2016, 6, 5, 10, 0, tzinfo=UTC))


def test_a_new_speed_does_not_make_the_clock_jump(microgrid):
    later = REAL_NOW + timedelta(minutes=10)
    shown = microgrid.now(later)
    set_speed(microgrid=microgrid, speed=60.0, real_now=later)
    microgrid.refresh_from_db()
    assert microgrid.now(later) == shown
    assert microgrid.now(later + timedelta(seconds=1)) == shown + timedelta(minutes=1)


def test_only_intervals_that_follow_each_other_share_a_block():
    readings = [Reading(1, "import", s, s, s + 5) for s in (0, 900, 2700)] + [Reading(1, "export", 0, 7, 7)]
    blocks, held = blocks_of(readings, 900, 10)
    assert [(b.channel, b.values_wh, b.register_start_wh, b.register_end_wh) for b in blocks] == [
        ("import", (5, 5), 0, 905),
        ("export", (0,), 7, 7),
    ]
    assert len(held) == 3
