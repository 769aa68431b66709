"""What devices behind links read back counts: who does otherwise is left out and named, others take over; silent meters are stood in for."""

import json
from datetime import datetime, timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone

from energy.adapters.live_store import LiveSample, live_key, valkey, write_samples
from energy.models import StorageUnit
from grid.domain.alarm_life import FindingKind
from grid.models import CommandStatus, DeviceCommand, DeviceLink, GridAlarm, LinkProtocol
from grid.services.control import run_tick
from tests.integration.grid.conftest import SHOWN_NOW
from tests.integration.grid.sunspec_device import SunSpecDevice
from tests.integration.grid.test_control import away, devices
from tests.integration.grid.test_sunspec_link import HYBRID

__all__ = ["away", "devices"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def batteries(microgrid, settings) -> list[StorageUnit]:
    settings.DEVICE_NETWORKS = ["127.0.0.0/8"]
    settings.DEVICE_PATIENCE_S = 2.0
    return list(StorageUnit.objects.filter(site__microgrid=microgrid).order_by("pk"))


def link_to(battery: StorageUnit, **fields) -> DeviceLink:
    return DeviceLink.objects.create(
        microgrid=battery.site.microgrid, storage=battery, protocol=LinkProtocol.SUNSPEC, address="127.0.0.1", unit_id=7, **fields
    )


def follow(battery: StorageUnit, at: datetime) -> None:
    """Its meter shows what it was told last."""
    values = {"charge_w": float((told(battery) or [0])[-1]), "discharge_w": 0.0, "soc_wh": battery.capacity_wh / 2}
    write_samples({battery.site.microgrid_id: {battery.meter.pk: LiveSample(at.timestamp(), values)}})


def told(battery: StorageUnit) -> list[int]:
    return list(DeviceCommand.objects.filter(storage=battery).order_by("pk").values_list("charge_w", flat=True))


def test_a_battery_that_reads_back_otherwise_is_left_out_and_the_other_takes_over(microgrid, live, devices, away, batteries):
    first, second = batteries
    with SunSpecDevice(HYBRID, ignore=True) as device:
        link = link_to(first, port=device.port)
        for i in range(8):
            at = SHOWN_NOW + timedelta(seconds=4 * i)
            live(sun_w=9000.0, at=at)
            follow(second, at)
            state = run_tick(microgrid=microgrid, now=at)
    link.refresh_from_db()
    assert link.problem == "not_obeyed"
    assert not DeviceCommand.objects.filter(storage=first, status=CommandStatus.ACKNOWLEDGED).exists()
    assert any("do not do what they are told and are left out" in reason for reason in state.reasons)
    newest = DeviceCommand.objects.filter(storage=first).order_by("-pk").first()
    assert newest.issued_at < at  # it is told nothing any more
    assert told(second)[-1] > 1.5 * told(second)[0]
    alarm = GridAlarm.objects.get(kind=FindingKind.NOT_OBEYED, cleared_at=None)
    assert alarm.subject == first.code
    assert "does not do as told" in alarm.sentence


def test_what_a_battery_says_of_itself_stands_in_for_its_silent_meter(microgrid, live, devices, away, batteries):
    first, second = batteries
    live(sun_w=9000.0)
    with valkey() as client:
        client.hdel(live_key(microgrid.pk), *[str(b.meter.pk) for b in batteries])
    heard = {"last_contact_at": timezone.now(), "read_discharge_w": 0.0, "read_soc_share": 0.5}
    link_to(first, port=1, read_charge_w=700.0, **heard)
    state = run_tick(microgrid=microgrid, now=SHOWN_NOW)
    assert state.charge_w == 700
    assert told(first) and not told(second)
    DeviceLink.objects.update(last_contact_at=timezone.now() - timedelta(minutes=5))
    later = SHOWN_NOW + timedelta(seconds=4)
    state = run_tick(microgrid=microgrid, now=later)
    assert state.charge_w == 0  # said long ago


def test_the_doctor_names_links_and_their_last_contact(microgrid, batteries):
    def part() -> dict:
        out = StringIO()
        call_command("doctor", "--json", stdout=out)
        return next(p for p in json.loads(out.getvalue())["parts"] if p["name"] == "Device links")

    assert part()["in_use"] == "none"
    link = link_to(batteries[0], port=1, last_contact_at=timezone.now())
    assert (part()["ok"], part()["in_use"]) == (True, "1 enabled, 1 heard")
    DeviceLink.objects.filter(pk=link.pk).update(problem="unreachable")
    assert "not reached" in part()["advice"]
    assert not part()["needed"]
