"""The pages of those who look after devices: complete, scoped, each step through its form."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from energy.models import AlarmKind, Device, DeviceAlarm, EnrolmentCode, MeterExchange, Sensor, SensorKind
from energy.services.alarms import raise_alarm
from energy.services.sensors import SensorValue, append_sensor_readings
from members.models import Membership, Role, User
from tests.integration.energy.conftest import FIRST_DAY, Sender


def client_of(sender: Sender, role: Role, **more: Any) -> Client:
    user = User.objects.create_user(f"{role}@hamlet.test")
    Membership.objects.create(user=user, cooperative=sender.microgrid.cooperative, role=role, **more)
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def operator(sender: Sender) -> Client:
    return client_of(sender, Role.OPERATOR)


def test_the_list_shows_trouble_first_with_few_queries(operator: Client, sender: Sender, senders: Any) -> None:
    raise_alarm(device_id=senders["site"][-1].device.pk, kind=AlarmKind.COVER_OPEN, now=timezone.now())
    with CaptureQueriesContext(connection) as queries:
        page = operator.get("/devices/").content.decode()
    assert page.index(senders["site"][-1].meter.code) < page.index("<h2>Alarms") or "The case is open" in page
    assert len(queries) <= 30
    assert "With open alarms" in page
    found = operator.get("/devices/", {"q": sender.meter.code, "show": "silent"}).content.decode()
    assert sender.meter.code in found
    assert "No device fits" in operator.get("/devices/", {"q": "nothing like this"}).content.decode()


def test_members_and_strangers_find_no_such_page(sender: Sender) -> None:
    member = client_of(sender, Role.MEMBER, member=sender.meter.site.member)
    for path in ("/devices/", "/devices/new/", f"/devices/{sender.device.public_id}/"):
        assert member.get(path).status_code == 404
        assert Client().get(path).status_code == 302


def test_an_auditor_reads_and_changes_nothing(sender: Sender) -> None:
    auditor = client_of(sender, Role.AUDITOR)
    page = auditor.get(f"/devices/{sender.device.public_id}/").content.decode()
    assert "Exchange the meter" not in page
    for path in ("new", f"{sender.device.public_id}/end", f"{sender.device.public_id}/exchange"):
        assert auditor.post(f"/devices/{path}/").status_code == 404


def test_an_alarm_is_taken_care_of_and_ended(operator: Client, sender: Sender) -> None:
    raise_alarm(device_id=sender.device.pk, kind=AlarmKind.TWO_PLACES, now=timezone.now(), detail="mqtt and http")
    alarm = DeviceAlarm.objects.get()
    assert "mqtt and http" in operator.get(f"/devices/{sender.device.public_id}/").content.decode()
    operator.post(f"/devices/alarms/{alarm.public_id}/", {"step": "acknowledge"})
    operator.post(f"/devices/alarms/{alarm.public_id}/", {"step": "clear", "back": "list"})
    alarm.refresh_from_db()
    assert alarm.acknowledged_at is not None
    assert alarm.cleared_at is not None


def test_a_device_ends_when_its_letters_are_typed(operator: Client, sender: Sender) -> None:
    path = f"/devices/{sender.device.public_id}/end/"
    asked = {"step": "revoke", "reason": "stolen", "typed": "wrong"}
    assert "Type " in operator.post(path, asked).content.decode()
    operator.post(path, {**asked, "typed": sender.device.name[-4:]})
    assert Device.objects.get(pk=sender.device.pk).status == "revoked"
    assert "stolen" in operator.get(f"/devices/{sender.device.public_id}/").content.decode()


def test_an_exchange_is_meant_in_local_time_and_gives_a_code(operator: Client, sender: Sender) -> None:
    path = f"/devices/{sender.device.public_id}/exchange/"
    asked = {
        "exchanged_at": f"{FIRST_DAY}T10:05",
        "new_serial": "2",
        "import_last": 500,
        "import_first": 0,
        "export_last": 0,
        "export_first": 0,
    }
    assert "future" in operator.post(path, {**asked, "exchanged_at": "2046-01-01T10:05"}).content.decode()
    page = operator.post(path, asked).content.decode()
    assert EnrolmentCode.objects.get(meter=sender.meter).locator in page
    assert MeterExchange.objects.get().exchanged_at.isoformat() == f"{FIRST_DAY}T09:05:00+00:00"


def test_a_sensors_page_draws_its_readings(operator: Client, sender: Sender) -> None:
    sensor = Sensor.objects.create(microgrid=sender.microgrid, kind=SensorKind.AIR_TEMPERATURE, code="air")
    device = Device.objects.create(microgrid=sender.microgrid, sensor=sensor, name="urn:dev:mg:1")
    assert "Nothing measured" in operator.get(f"/devices/{device.public_id}/").content.decode()
    at = sender.microgrid.now(timezone.now())
    values = [SensorValue(sensor.pk, at - timedelta(minutes=i), 7.25, i) for i in range(3000)]
    with connection.cursor() as cursor:
        append_sensor_readings(cursor=cursor, microgrid_id=sender.microgrid.pk, readings=values)
    page = operator.get(f"/devices/{device.public_id}/")
    picture = page.context["picture"]
    assert 400 < len(picture["values"]) <= 601
    assert picture["unit"] == "°C"
    [listed] = operator.get("/api/v1/sensors/").json()["results"]
    assert (listed["code"], listed["record"]) == ("air", "air_temperature_c")
    said = operator.get(f"/api/v1/sensors/{listed['id']}/readings/", {"to": (at + timedelta(seconds=1)).isoformat()}).json()
    assert (len(said["at"]), set(said["values"])) == (1440, {7.25})
    assert abs(datetime.fromisoformat(said["at"][-1]) - at) < timedelta(milliseconds=1)
    too_long = {"from": "2016-01-01T00:00:00Z", "to": "2016-02-01T00:00:00Z"}
    assert operator.get(f"/api/v1/sensors/{listed['id']}/readings/", too_long).status_code == 400
    member = client_of(sender, Role.MEMBER, member=sender.meter.site.member)
    assert member.get(f"/api/v1/sensors/{listed['id']}/readings/").status_code == 404
