"""Alarms of devices: one of a kind at a time, raised by the fifth refusal within an hour, ended by a person."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from energy.models import AlarmKind, Device, DeviceAlarm, DeviceEvent, DeviceEventKind, Sensor, SensorKind
from energy.selectors.sensors import sensor_series
from energy.services.alarms import acknowledge_alarm, clear_alarm, note_covers, note_refusals, raise_alarm
from energy.services.sensors import SensorValue, append_sensor_readings
from members.models import Membership, Notification, Role, User
from tests.integration.energy.conftest import REAL_NOW, Sender


@pytest.fixture
def operator(db: None) -> User:
    return User.objects.create_user("op@hamlet.test")


def test_the_fifth_refusal_within_an_hour_raises_one_alarm(sender: Sender) -> None:
    for minutes in (0, 20, 40, 60, 80, 90):
        note_refusals(device_ids=[sender.device.pk], now=REAL_NOW + timedelta(minutes=minutes))
    assert not DeviceAlarm.objects.exists()
    for minutes in (95, 99):
        note_refusals(device_ids=[sender.device.pk], now=REAL_NOW + timedelta(minutes=minutes))
    alarm = DeviceAlarm.objects.get()
    assert (alarm.kind, alarm.count) == (AlarmKind.REFUSALS, 2)
    assert alarm.raised_at == REAL_NOW + timedelta(minutes=95)
    assert alarm.last_at == REAL_NOW + timedelta(minutes=99)


def test_five_refusals_of_one_batch_are_five(sender: Sender) -> None:
    note_refusals(device_ids=[sender.device.pk] * 5, now=REAL_NOW)
    assert DeviceAlarm.objects.get().raised_at == REAL_NOW


def test_an_alarm_is_acknowledged_and_cleared_and_may_come_again(sender: Sender, operator: User) -> None:
    note_covers(covers={sender.device.pk: True}, now=REAL_NOW)
    note_covers(covers={sender.device.pk: False}, now=REAL_NOW)
    alarm = DeviceAlarm.objects.get()
    acknowledge_alarm(alarm=alarm, by=operator, now=REAL_NOW)
    acknowledge_alarm(alarm=alarm, by=operator, now=REAL_NOW)
    raise_alarm(device_id=sender.device.pk, kind=AlarmKind.COVER_OPEN, now=REAL_NOW)
    assert DeviceAlarm.objects.count() == 1
    clear_alarm(alarm=alarm, by=operator, now=REAL_NOW)
    raise_alarm(device_id=sender.device.pk, kind=AlarmKind.COVER_OPEN, now=REAL_NOW)
    assert DeviceAlarm.objects.count() == 2
    events = DeviceEvent.objects.filter(device=sender.device).exclude(kind=DeviceEventKind.ENROLLED)
    assert list(events.order_by("pk").values_list("kind", flat=True)) == [
        DeviceEventKind.ALARM_RAISED,
        DeviceEventKind.ALARM_ACKNOWLEDGED,
        DeviceEventKind.ALARM_CLEARED,
        DeviceEventKind.ALARM_RAISED,
    ]


def test_operators_are_told_of_a_new_alarm_once(sender: Sender, operator: User) -> None:
    Membership.objects.create(user=operator, cooperative=sender.microgrid.cooperative, role=Role.OPERATOR)
    for _ in range(3):
        raise_alarm(device_id=sender.device.pk, kind=AlarmKind.COVER_OPEN, now=REAL_NOW)
    told = Notification.objects.get()
    assert (told.user, told.subject) == (operator, f"{sender.meter.code}: the case is open")
    assert told.path == f"/devices/{sender.device.public_id}/"


def test_what_happened_to_a_device_cannot_be_changed(sender: Sender) -> None:
    raise_alarm(device_id=sender.device.pk, kind=AlarmKind.COVER_OPEN, now=REAL_NOW)
    with pytest.raises(DatabaseError, match="only ever added"), transaction.atomic():
        DeviceEvent.objects.update(detail="nothing happened")
    with pytest.raises(DatabaseError, match="only ever added"), transaction.atomic():
        DeviceEvent.objects.all().delete()


def test_a_device_serves_exactly_one_meter_or_sensor(sender: Sender) -> None:
    sensor = Sensor.objects.create(microgrid=sender.microgrid, kind=SensorKind.DOOR, code="station door")
    for meter, chosen in ((None, None), (sender.meter, sensor)):
        with pytest.raises(IntegrityError), transaction.atomic():
            Device.objects.create(microgrid=sender.microgrid, meter=meter, sensor=chosen, name="urn:dev:x")
    assert Device.objects.create(microgrid=sender.microgrid, sensor=sensor, name="urn:dev:x").meter is None


def test_readings_of_a_sensor_come_back_as_they_went_in_and_stay(sender: Sender) -> None:
    sensor = Sensor.objects.create(microgrid=sender.microgrid, kind=SensorKind.AIR_TEMPERATURE, code="air")
    start = sender.microgrid.local_day(sender.microgrid.now(REAL_NOW).date()).start_at.replace(day=28)
    given = [SensorValue(sensor.pk, start + timedelta(days=i), 4.5 + i, i) for i in range(7)]
    with connection.cursor() as cursor:
        append_sensor_readings(cursor=cursor, microgrid_id=sender.microgrid.pk, readings=given[::-1])
        series = sensor_series(sensor.pk, start_at=start, end_at=start + timedelta(days=6))
        assert series.values.tolist() == [4.5, 5.5, 6.5, 7.5, 8.5, 9.5]
        assert series.at[1].item() == given[1].at.replace(tzinfo=None)
        with pytest.raises(DatabaseError, match="only ever added"), transaction.atomic():
            cursor.execute("UPDATE energy_sensorreading SET value = 0")
