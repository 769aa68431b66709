"""Loads that control lets go are interruptions of supply: recorded once, with tier and cause, ended when they come back."""

from datetime import timedelta

import pytest

from energy.adapters.live_store import LiveSample, write_samples
from energy.models import Consumer, Transformer
from energy.models.assets import ConsumerKind
from energy.services.devices import enrol_devices
from energy.services.grid_meters import place_grid_meter
from grid.domain.alarm_life import Priority
from grid.models import GridAlarm, InterruptedSite, Interruption, InterruptionCause, OverrideKind
from grid.selectors.alarms import unseen_counts
from grid.selectors.indicators import reliability_over
from grid.services.control import run_tick
from grid.services.control_watch import watch_all, watch_control
from grid.services.overrides import Order, confirm_override, end_override, propose_override
from members.models import Notification
from tests.integration.grid.conftest import REAL_NOW, SHOWN_NOW
from tests.integration.grid.test_control import Inverters

pytestmark = pytest.mark.django_db
TICK = timedelta(seconds=4)


@pytest.fixture
def devices(microgrid):
    keys = {meter.pk: meter.pk.to_bytes(4) * 8 for meter in microgrid.meters.all()}
    return enrol_devices(microgrid=microgrid, public_keys=keys, now=SHOWN_NOW)


@pytest.fixture
def answering(devices):
    with Inverters({device.name for device in devices.values()}, True) as there:
        yield there


def tick(microgrid, live, seconds: float):
    at = SHOWN_NOW + timedelta(seconds=seconds)
    live(sun_w=0.0, at=at)
    return run_tick(microgrid=microgrid, now=at, real_now=REAL_NOW)


def let_go(microgrid, operator, tier: int, seconds: float):
    at = SHOWN_NOW + timedelta(seconds=seconds)
    order = Order(OverrideKind.TIER, 30, "The digger hit a cable", tier=tier)
    proposed = propose_override(microgrid=microgrid, order=order, by=operator, now=at)
    return confirm_override(override=proposed, by=operator, now=at)


def test_a_tier_that_was_let_go_is_one_interruption_until_it_is_back(microgrid, live, answering, operator):
    loads = list(Consumer.objects.filter(site__microgrid=microgrid).order_by("pk"))
    Consumer.objects.filter(pk__in=[c.pk for c in loads]).update(priority_tier=0)
    Consumer.objects.filter(pk__in=[c.pk for c in loads[:2]]).update(priority_tier=4)
    tick(microgrid, live, 0)
    order = let_go(microgrid, operator, 4, 1)
    tick(microgrid, live, 4)
    assert not Interruption.objects.exists(), "nobody has said yet that it obeyed"
    for seconds in range(8, 41, 4):  # told anew meanwhile
        tick(microgrid, live, seconds)
    row = Interruption.objects.get()
    assert (row.cause, row.tier, row.ended_at) == (InterruptionCause.SHEDDING, 4, None)
    assert row.note == "Tier 4 let go: an operator's order."
    assert set(row.sites.values_list("site", flat=True)) == {c.site_id for c in loads[:2]}
    end_override(override=order, by=operator, now=SHOWN_NOW + timedelta(seconds=41))
    tick(microgrid, live, 700)
    tick(microgrid, live, 704)
    row = Interruption.objects.get()
    assert row.ended_at is not None
    assert SHOWN_NOW + timedelta(seconds=41) < row.ended_at <= SHOWN_NOW + timedelta(seconds=700)
    assert reliability_over(microgrid, SHOWN_NOW - timedelta(hours=1), SHOWN_NOW + timedelta(hours=1), with_planned=False).maifi > 0


def test_a_site_with_several_loads_is_without_supply_only_once_all_are(microgrid, live, answering, operator):
    first = Consumer.objects.filter(site__microgrid=microgrid).order_by("pk").first()
    Consumer.objects.filter(site__microgrid=microgrid).update(priority_tier=0)
    Consumer.objects.filter(site=first.site_id).update(priority_tier=3)
    Consumer.objects.create(site=first.site, code="car", kind=ConsumerKind.CAR_CHARGER, max_demand_w=first.max_demand_w, priority_tier=4)
    tick(microgrid, live, 0)
    let_go(microgrid, operator, 4, 1)
    for seconds in (4, 8):
        tick(microgrid, live, seconds)
    part = InterruptedSite.objects.get()
    assert (part.site, part.restored_at, part.share < 1) == (first.site, None, True)
    let_go(microgrid, operator, 3, 9)
    for seconds in (12, 16):
        tick(microgrid, live, seconds)
    part.refresh_from_db()
    whole = InterruptedSite.objects.exclude(pk=part.pk).get()
    assert part.restored_at is not None and (whole.share, whole.interruption.tier) == (1, 3)
    found = reliability_over(microgrid, SHOWN_NOW, SHOWN_NOW + timedelta(hours=1), with_planned=False)
    assert found.saifi == pytest.approx(1 / microgrid.sites.count())


def test_a_device_that_does_not_answer_is_no_interruption(microgrid, live, devices, operator, settings):
    settings.MQTT_URL = "mqtt://127.0.0.1:9"
    Consumer.objects.filter(site__microgrid=microgrid).update(priority_tier=4)
    let_go(microgrid, operator, 4, 0)
    for seconds in (1, 5, 9):
        tick(microgrid, live, seconds)
    assert not Interruption.objects.exists()


def test_dead_wires_are_an_interruption_of_everybody(microgrid, live, devices, settings):
    settings.MQTT_URL = "mqtt://127.0.0.1:9"
    Consumer.objects.filter(site__microgrid=microgrid).update(priority_tier=0)
    meter = place_grid_meter(microgrid=microgrid, branch=Transformer.objects.get(microgrid=microgrid), code="PCC", now=SHOWN_NOW)

    def beside_the_switch(voltage_v: float, seconds: float):
        at = SHOWN_NOW + timedelta(seconds=seconds)
        values = {
            "coupling_open": 1.0,
            "voltage_v": voltage_v,
            "frequency_hz": 50.0,
            "grid_voltage_v": 0.0,
            "import_w": 0.0,
            "export_w": 0.0,
        }
        write_samples({microgrid.pk: {meter.pk: LiveSample(at.timestamp(), values)}})
        tick(microgrid, live, seconds)

    for seconds in (0, 4, 8):
        beside_the_switch(0.0, seconds)
    row = Interruption.objects.get()
    assert (row.cause, row.tier, row.sites.count()) == (InterruptionCause.PUBLIC_GRID, None, microgrid.meters.filter(kind="site").count())
    beside_the_switch(230.0, 12)
    row.refresh_from_db()
    assert row.ended_at == SHOWN_NOW + timedelta(seconds=12)


def test_ticks_that_stop_coming_are_an_alarm_until_they_come_again(microgrid, live, devices, operator, settings):
    settings.MQTT_URL = "mqtt://127.0.0.1:9"
    shown = SHOWN_NOW - REAL_NOW
    assert watch_all(real_now=REAL_NOW) == 0, "never controlled"
    tick(microgrid, live, 0)
    assert watch_all(real_now=REAL_NOW + timedelta(seconds=9)) == 0
    assert watch_all(real_now=REAL_NOW + timedelta(seconds=25)) == 1
    alarm = GridAlarm.objects.get(kind="control_late")
    assert alarm.priority == Priority.CRITICAL
    assert "No control tick for 25 s: no process controls the microgrid." in alarm.sentence
    watch_control(microgrid=microgrid, real_now=REAL_NOW + timedelta(seconds=35))
    assert Notification.objects.filter(user=operator, kind="alarm").count() == 1
    tick(microgrid, live, 40)
    tick(microgrid, live, 75)
    alarm.refresh_from_db()
    assert alarm.cleared_at == REAL_NOW + shown + timedelta(seconds=75)
    assert unseen_counts(microgrid, SHOWN_NOW)[0] >= 1, "it waits for its acknowledgement"
