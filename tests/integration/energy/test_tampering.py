"""Patterns of tampering over a day: found in what meters sent, told once, each as an alarm of the device."""

from datetime import date, timedelta
from typing import Any

from django.db import connection

from energy.domain.exchange import HandOver
from energy.models import AlarmKind, DeviceAlarm
from energy.services.alarms import clear_alarm
from energy.services.exchanges import exchange_meter
from energy.services.tampering import look_for_tampering
from energy.services.telemetry import ReceivedMessage, accept_messages
from members.models import User
from tests.integration.energy.conftest import FIRST_DAY, REAL_NOW, Sender

DAY = FIRST_DAY + timedelta(days=2)


def look(sender: Sender, day: date = DAY) -> list[tuple[str, int]]:
    look_for_tampering(microgrid=sender.microgrid, day=day, now=REAL_NOW)
    return list(DeviceAlarm.objects.filter(cleared_at=None).order_by("pk").values_list("kind", "device_id"))


def test_a_register_that_went_back_between_or_within_days_is_told_once(senders: Any, accept: Any) -> None:
    one, two, sound = senders["site"][:3]
    accept(one.message(blocks=[one.day_block(DAY - timedelta(days=1), register=50_000)]))
    accept(one.message(blocks=[one.day_block(DAY, register=40_000)]))
    block = two.day_block(DAY, register=9_000)
    fallen = type(block)(block.channel, block.start_at, block.interval_s, block.values_wh, 9_000, 8_000)
    accept(two.message(blocks=[fallen]))
    accept(sound.message(blocks=[sound.day_block(DAY, register=99_999_999_999 - 500)]))
    expected = [(AlarmKind.REGISTER_WENT_BACK, s.device.pk) for s in (one, two)]
    assert look(one) == expected
    assert look(one) == expected
    assert set(DeviceAlarm.objects.values_list("count", flat=True)) == {1}
    clear_alarm(alarm=DeviceAlarm.objects.all()[0], by=User.objects.create_user("o@x.test"), now=REAL_NOW)
    assert look(one) == expected[1:]


def test_an_exchange_is_no_register_that_went_back(sender: Sender, accept: Any) -> None:
    at = sender.microgrid.local_day(DAY).start_at + timedelta(hours=8, minutes=3)
    accept(sender.message(blocks=[sender.part_block(DAY, 0, [10] * 32, register=70_000)]))
    accept(sender.message(blocks=[sender.part_block(DAY, 33, [10] * 63, register=12)]))
    assert look(sender) == [(AlarmKind.REGISTER_WENT_BACK, sender.device.pk)]
    DeviceAlarm.objects.all().delete()
    hands = {"import": HandOver(70_325, 7), "export": HandOver(0, 0)}
    exchange_meter(meter=sender.meter, exchanged_at=at, registers=hands, new_serial="2", now=REAL_NOW, by=None)
    assert look(sender) == []


def test_a_meter_that_stands_still_is_told_of(sender: Sender, accept: Any) -> None:
    microgrid, days = sender.microgrid, [DAY - timedelta(weeks=w) for w in (4, 3, 2, 1, 0)]
    microgrid.clock_shown_start = microgrid.local_day(days[0] + timedelta(days=40)).start_at
    microgrid.save()
    sender.device.microgrid.refresh_from_db()
    sent = [sender.message(blocks=[sender.day_block(day, [50] * microgrid.local_day(day).interval_count)]) for day in days[:-1]]
    still = [50] * 30 + [0] * 30 + [50] * 36
    accept(*sent, sender.message(blocks=[sender.day_block(DAY, still)]))
    assert look(sender) == [(AlarmKind.ZERO_PATTERN, sender.device.pk)]
    assert "at least 1.5 kWh less" in DeviceAlarm.objects.get().detail
    assert look(sender, days[-2]) == [(AlarmKind.ZERO_PATTERN, sender.device.pk)]


def test_a_key_that_two_use_in_turn_is_told_of(sender: Sender, senders: Any) -> None:
    other = senders["site"][1]
    for i, way in enumerate(("mqtt", "http", "mqtt", "http", "mqtt")):
        later = REAL_NOW + timedelta(minutes=i)
        bodies = [ReceivedMessage(sender.message(real_now=later), way), ReceivedMessage(other.message(real_now=later), "mqtt")]
        assert {r.outcome for r in accept_messages(messages=bodies, now=later)} == {"accepted"}
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM energy_telemetrymessage")
        assert cursor.fetchone() == (10,)
    today = sender.microgrid.now(REAL_NOW).astimezone(sender.microgrid.zone).date()
    assert look(sender, today) == [(AlarmKind.TWO_PLACES, sender.device.pk)]
