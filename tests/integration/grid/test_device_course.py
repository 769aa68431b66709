"""A device's page shows what its meter sent over a day, what it was told, and how full its storage was."""

from datetime import date, timedelta

import numpy as np
import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from energy.models import Device, Meter, Microgrid
from energy.models.meters import MeterKind
from grid.domain.network.picture import Picture, pack
from grid.models import CommandStatus, DeviceCommand, GridPicture, GridState
from grid.selectors.device_course import device_course
from grid.selectors.drawing import order_name, storages_in_order
from grid.selectors.network import load_network
from members.models import User
from tests.integration.grid.conftest import NEXT_DAY

pytestmark = pytest.mark.django_db
GAP = slice(40, 44)


@pytest.fixture
def storage_meter(microgrid: Microgrid, measured_days: list[date]) -> Meter:
    """A battery's meter; an hour of its second day never came, the one after it was estimated."""
    meter = Meter.objects.filter(microgrid=microgrid, kind=MeterKind.STORAGE).order_by("pk")[0]
    quality = [0] * 40 + [15] * 4 + [3] * 4 + [0] * 48
    with connection.cursor() as cursor:
        cursor.execute("UPDATE energy_meterday SET quality = %s WHERE meter_id = %s AND day = %s", [quality, meter.pk, NEXT_DAY])
    return meter


def tell(meter: Meter, **more: object) -> DeviceCommand:
    begin = meter.microgrid.local_day(NEXT_DAY).start_at
    given = {"issued_at": begin + timedelta(hours=20), "expires_at": begin + timedelta(hours=21), "reason": "Plan", **more}
    return DeviceCommand.objects.create(microgrid=meter.microgrid, storage=meter.storage, **given)


def keep_charge(meter: Meter, at_hour: float, share: float) -> None:
    """A tick with a picture of all batteries at that share of their capacity."""
    microgrid = meter.microgrid
    storages = storages_in_order(microgrid)
    at = microgrid.local_day(NEXT_DAY).start_at + timedelta(hours=at_hour)
    zeros = {f"{name}_w": 0 for name in ("production", "consumption", "charge", "discharge", "import", "export")}
    state = GridState.objects.create(microgrid=microgrid, at=at, status="NORMAL", **zeros, storage_wh=0, sites_reporting=0)
    soc: list[int | None] = [round(s.capacity_wh * share) for s in storages]
    nothing: list[int | None] = [0] * len(storages)
    packed = pack(Picture([], [], [], soc, nothing, nothing))
    GridPicture.objects.create(state=state, order=order_name(load_network(microgrid.pk), storages), packed=packed)


def test_gaps_stay_gaps_and_set_points_stand_beside_what_was_done(storage_meter: Meter) -> None:
    tell(storage_meter, discharge_w=1200, status=CommandStatus.ACKNOWLEDGED)
    tell(storage_meter, charge_w=400, issued_at=storage_meter.microgrid.local_day(NEXT_DAY).start_at + timedelta(hours=20.5))
    keep_charge(storage_meter, 20.1, 0.5)
    course = device_course(storage_meter, storage_meter.microgrid.local_day(NEXT_DAY).end_at)
    assert len(course.starts) == 96
    assert course.starts[0] == storage_meter.microgrid.local_day(NEXT_DAY).start_at
    assert np.isnan(course.power_w[GAP]).all()
    assert not np.isnan(np.delete(course.power_w, range(40, 44))).any()
    assert np.flatnonzero(~course.is_sure).tolist() == [*range(40, 48)]
    assert course.told_w[80:84].tolist() == [1200, 1200, -400, -400]
    assert np.isnan(np.delete(course.told_w, range(80, 84))).all()
    assert course.soc[80] == pytest.approx(0.5) and np.isnan(np.delete(course.soc, 80)).all()
    assert (course.orders, course.unanswered) == (2, 1)


def test_the_page_says_it_in_a_picture_words_and_a_table(client: Client, storage_meter: Meter, operator: User) -> None:
    microgrid = storage_meter.microgrid
    microgrid.clock_shown_start = microgrid.local_day(NEXT_DAY).end_at
    microgrid.clock_real_start, microgrid.clock_speed = microgrid.clock_real_start, 0.0
    microgrid.save()
    tell(storage_meter, discharge_w=1200)
    device = Device.objects.create(microgrid=microgrid, meter=storage_meter, name="urn:dev:mg:battery")
    client.force_login(operator)
    page = client.get(reverse("device", args=[device.public_id])).content.decode()
    assert "What it did in 24 hours" in page and 'id="course-power"' in page
    assert "4 of 96 intervals are missing" in page
    assert "It was told 1 time" in page and "1 of them was never acknowledged" in page
    assert page.count('<td class="number">missing</td>') == 4
    german = client.get(reverse("device", args=[device.public_id]), headers={"Accept-Language": "de"}).content.decode()
    assert "Was es in 24 Stunden tat" in german and "4 von 96 Intervallen fehlen" in german


def test_a_meter_without_readings_says_so(client: Client, microgrid: Microgrid, operator: User) -> None:
    meter = Meter.objects.filter(microgrid=microgrid, kind=MeterKind.SITE).order_by("pk")[0]
    device = Device.objects.create(microgrid=microgrid, meter=meter, name="urn:dev:mg:new")
    client.force_login(operator)
    assert "Nothing was measured within 24 hours" in client.get(reverse("device", args=[device.public_id])).content.decode()
