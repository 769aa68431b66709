"""Beyond meter days: encrypted messages, what sensors say, and the alarms that messages give reason for."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.db import DatabaseError, connection
from django.test import Client, override_settings

from energy.domain.sealing import seal_afresh
from energy.domain.telemetry import Sample, encode_message, key_id_of
from energy.models import AlarmKind, Device, DeviceAlarm, DeviceKey, MeterDay, RefusalCount, Sensor, SensorKind, TelemetryMessage
from energy.selectors.sensors import sensor_series
from energy.services.evidence import check_evidence
from energy.services.sealing_keys import public_sealing_key
from energy.services.telemetry import Receipt, ReceivedMessage, keep_messages, read_messages
from tests.integration.energy.conftest import REAL_NOW, Sender

DAY = date(2016, 3, 28)
Accept = Callable[..., list[Receipt]]
pytestmark = pytest.mark.django_db


def sealed(sender: Sender, body: bytes) -> bytes:
    return seal_afresh(body, public_sealing_key(sender.microgrid.cooperative))


def test_of_an_encrypted_message_the_signed_one_is_kept(sender: Sender, accept: Accept, meter_day: Callable[..., MeterDay]) -> None:
    body = sender.message(blocks=[sender.day_block(DAY)])
    assert accept(sealed(sender, body)) == [Receipt(sender.device.name, 1, "accepted")]
    kept = TelemetryMessage.objects.get()
    assert (bytes(kept.body), kept.transport) == (body, "mqtt+enc")
    assert meter_day(sender, DAY).values_wh == [10] * 96
    found = check_evidence(microgrid=sender.microgrid, days=[DAY])
    assert not [f for f in found if f.meter == sender.meter.code and "import" in f.what]


def test_encrypted_anew_or_in_clear_it_is_the_same_message(sender: Sender, accept: Accept) -> None:
    body = sender.message(blocks=[sender.day_block(DAY)])
    outcomes = [r.outcome for r in accept(sealed(sender, body), sealed(sender, body), body)]
    assert outcomes == ["accepted", "replayed", "replayed"]


def test_the_key_to_encrypt_to_is_for_everybody(client: Client, sender: Sender, accept: Accept) -> None:
    shown = client.get(f"/api/v1/microgrids/{sender.microgrid.public_id}/telemetry-key/").json()
    body = seal_afresh(sender.message(blocks=[sender.day_block(DAY)]), bytes.fromhex(shown["public_key"]))
    assert bytes.fromhex(shown["key_id"]) in body
    assert accept(body)[0].outcome == "accepted"


def test_what_cannot_be_decrypted_is_refused(sender: Sender, accept: Accept) -> None:
    body = bytearray(sealed(sender, sender.message(blocks=[sender.day_block(DAY)])))
    body[40] ^= 1
    with override_settings(SECRET_KEY="another house's"):
        to_others = sealed(sender, sender.message())
    sound = sender.message(blocks=[sender.day_block(DAY)])
    reasons = [(r.outcome, r.reason) for r in accept(bytes(body), to_others, sound)]
    assert reasons[1:] == [("refused", "cannot_decrypt"), ("accepted", "")]
    assert reasons[0][0] == "refused"


def test_an_old_secret_is_still_read_while_it_is_named(sender: Sender, accept: Accept) -> None:
    body = sealed(sender, sender.message(blocks=[sender.day_block(DAY)]))
    with override_settings(SECRET_KEY="new", SECRET_KEY_FALLBACKS=[settings.SECRET_KEY]):
        assert accept(body)[0].outcome == "accepted"


def test_a_device_that_shall_encrypt_is_refused_in_clear(sender: Sender, accept: Accept) -> None:
    Device.objects.filter(pk=sender.device.pk).update(encrypts=True)
    body = sender.message(blocks=[sender.day_block(DAY)])
    first, second = accept(body, sealed(sender, body))
    assert (first.outcome, first.reason) == ("refused", "not_encrypted")
    assert second.outcome == "accepted"


@pytest.fixture
def thermometer(sender: Sender) -> Sender:
    """A sensor in the transformer's station, with a device of its own."""
    sensor = Sensor.objects.create(microgrid=sender.microgrid, kind=SensorKind.TRANSFORMER_TEMPERATURE, code="station")
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes_raw()
    device = Device.objects.create(microgrid=sender.microgrid, sensor=sensor, name="urn:dev:mg:station")
    DeviceKey.objects.create(device=device, key_id=key_id_of(public), public_key=public, valid_from=REAL_NOW)
    return Sender(sender.microgrid, sensor, key, device)  # type: ignore[arg-type]


def test_what_a_sensor_says_is_appended(thermometer: Sender, accept: Accept) -> None:
    now = thermometer.microgrid.now(REAL_NOW)
    name = "transformer_temperature_c"
    samples = [Sample(now - timedelta(minutes=m), {name: 40.5 + m}) for m in (2, 1, 0)]
    beyond = Sample(now - timedelta(minutes=3), {name: 9999.0})  # kept as evidence, but no sound sensor says so
    assert accept(thermometer.message(samples=[*samples, beyond]))[0].outcome == "accepted"
    series = sensor_series(thermometer.meter.pk, start_at=now - timedelta(hours=1), end_at=now + timedelta(hours=1))
    assert series.values.tolist() == [42.5, 41.5, 40.5]


@pytest.mark.parametrize(("name", "value", "reason"), [("import_w", 5.0, "wrong_record"), ("air_temperature_c", 5.0, "wrong_record")])
def test_a_sensor_says_nothing_else(thermometer: Sender, accept: Accept, name: str, value: float, reason: str) -> None:
    now = thermometer.microgrid.now(REAL_NOW)
    [receipt] = accept(thermometer.message(samples=[Sample(now, {name: value})]))
    assert (receipt.outcome, receipt.reason) == ("refused", reason)


def test_a_sensor_has_no_registers(thermometer: Sender, accept: Accept) -> None:
    [receipt] = accept(thermometer.message(blocks=[thermometer.day_block(DAY)]))
    assert (receipt.outcome, receipt.reason) == ("refused", "wrong_channel")


def test_the_fifth_refusal_raises_an_alarm(sender: Sender, accept: Accept) -> None:
    forged = [sender.message(private_key=Ed25519PrivateKey.generate()) for _ in range(5)]
    accept(*forged[:4])
    assert not DeviceAlarm.objects.exists()
    accept(forged[4])
    assert DeviceAlarm.objects.get().kind == AlarmKind.REFUSALS
    assert RefusalCount.objects.get().count == 5


def test_an_open_case_raises_an_alarm(sender: Sender, accept: Accept) -> None:
    now = sender.microgrid.now(REAL_NOW)
    accept(sender.message(samples=[Sample(now, {"import_w": 5.0, "cover_open": 0})]))
    assert not DeviceAlarm.objects.exists()
    accept(sender.message(samples=[Sample(now, {"import_w": 5.0, "cover_open": 1})]))
    assert DeviceAlarm.objects.get().kind == AlarmKind.COVER_OPEN


def test_a_register_that_goes_back_raises_an_alarm_and_one_that_rolls_over_does_not(sender: Sender, accept: Accept) -> None:
    limit = sender.meter.register_limit_wh
    before, values = DAY - timedelta(days=1), [10] * 92  # the day on which clocks change
    accept(sender.message(blocks=[sender.day_block(before, values, register=limit - 920 - 5)]))
    accept(sender.message(blocks=[sender.day_block(DAY, register=0)]))
    assert not DeviceAlarm.objects.exists()
    accept(sender.message(blocks=[sender.day_block(before, values, register=5_000)]))
    accept(sender.message(blocks=[sender.day_block(DAY, register=5_800)]))
    alarm = DeviceAlarm.objects.get()
    assert (alarm.kind, alarm.detail) == (AlarmKind.REGISTER_WENT_BACK, "from 5920 Wh to 5800 Wh")


def test_two_genuine_messages_under_one_counter_are_of_two_places(sender: Sender, accept: Accept) -> None:
    accept(sender.message(blocks=[sender.day_block(DAY)]))
    sender.counter = 0
    accept(sender.message(blocks=[sender.day_block(DAY, [7] * 96)]))
    assert DeviceAlarm.objects.get().kind == AlarmKind.TWO_PLACES


def test_overtaken_messages_are_not_of_two_places(sender: Sender, accept: Accept) -> None:
    first, second = sender.message(), sender.message()
    assert [r.outcome for r in accept(second, first)] == ["accepted", "refused"]
    assert not DeviceAlarm.objects.exists()


def test_what_was_read_can_be_handed_in_again_where_keeping_failed(sender: Sender) -> None:
    """A database that goes away in the middle must not turn into a receipt for nothing."""
    read = read_messages([ReceivedMessage(sender.message(blocks=[sender.day_block(DAY)]), "mqtt")])
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE energy_device ADD CONSTRAINT counts_no_further CHECK (last_counter < 1)")
    with pytest.raises(DatabaseError, match="counts_no_further"):
        keep_messages(messages=read, now=REAL_NOW)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE energy_device DROP CONSTRAINT counts_no_further")
    assert keep_messages(messages=read, now=REAL_NOW)[0].outcome == "accepted"
    assert TelemetryMessage.objects.count() == 1


def test_packed_intervals_mean_the_same(sender: Sender, accept: Accept, meter_day: Callable[..., MeterDay]) -> None:
    block = sender.day_block(DAY, list(range(96)))
    accept(sender.message(blocks=[block], packed=True))
    packed = meter_day(sender, DAY)
    accept(sender.message(blocks=[block]))
    plain = meter_day(sender, DAY)
    assert (packed.values_wh, packed.quality) == (plain.values_wh, plain.quality)
    assert (packed.register_start_wh, packed.register_end_wh) == (plain.register_start_wh, plain.register_end_wh)
    assert len(plain.message_ids) == 2


def test_an_unknown_key_in_an_encrypted_message_is_refused(sender: Sender, accept: Accept) -> None:
    stranger = Ed25519PrivateKey.generate()
    body = encode_message(
        private_key=stranger,
        key_id=key_id_of(stranger.public_key().public_bytes_raw()),
        device_name="urn:dev:x",
        counter=1,
        sent_at=sender.microgrid.now(REAL_NOW),
    )
    [receipt] = accept(sealed(sender, body))
    assert (receipt.outcome, receipt.reason) == ("refused", "unknown_key")
