"""Messages at the door: accepted once, refused with a reason, kept byte for byte, folded into meter days."""

from collections.abc import Callable
from datetime import date, timedelta

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import DatabaseError, connection, transaction

from energy.domain.enrolment import rotation_statement
from energy.domain.quality import METHOD_MASK, Check, Method
from energy.domain.telemetry import Sample
from energy.models import Channel, DayStatus, Device, MeterDay, RefusalCount, TelemetryMessage
from energy.services.day_close import finalise_day
from energy.services.devices import enrol_devices, revoke_device, rotate_key
from energy.services.telemetry import Receipt
from tests.integration.energy.conftest import REAL_NOW, Sender

DAY = date(2016, 3, 28)
Accept = Callable[..., list[Receipt]]
Current = Callable[..., MeterDay]
pytestmark = pytest.mark.django_db


def test_an_accepted_message_becomes_a_meter_day(sender: Sender, accept: Accept, meter_day: Current) -> None:
    values = list(range(96))
    body = sender.message(blocks=[sender.day_block(DAY, values)])
    assert accept(body) == [Receipt(sender.device.name, 1, "accepted")]
    row = meter_day(sender, DAY)
    assert row.values_wh == values
    assert (row.status, row.version, row.provenance) == (DayStatus.PROVISIONAL, 1, "messages")
    assert (row.register_start_wh, row.register_end_wh) == (1000, 1000 + sum(values))
    assert set(row.quality) == {Method.MEASURED}
    kept = TelemetryMessage.objects.get(device_id=sender.device.pk)
    assert (bytes(kept.body), kept.counter, kept.transport) == (body, 1, "mqtt")
    assert row.message_ids == [kept.id]


@pytest.mark.parametrize(("day", "count"), [(date(2016, 3, 27), 92), (date(2015, 10, 25), 100), (DAY, 96)])
def test_days_on_which_clocks_change_have_their_own_length(
    sender: Sender, accept: Accept, meter_day: Current, day: date, count: int
) -> None:
    if day.month == 10:  # the window for old intervals is 45 days, so the clock goes there
        sender.microgrid.clock_shown_start = sender.microgrid.local_day(day).end_at + timedelta(hours=12)
        sender.microgrid.save()
    [receipt] = accept(sender.message(blocks=[sender.day_block(day)]))
    assert receipt.outcome == "accepted"
    assert len(meter_day(sender, day).values_wh) == count


def test_a_replay_is_acknowledged_and_changes_nothing(sender: Sender, accept: Accept, meter_day: Current) -> None:
    body = sender.message(blocks=[sender.day_block(DAY)])
    accept(body)
    before = meter_day(sender, DAY).changed_at
    assert [r.outcome for r in accept(body, body, now=REAL_NOW + timedelta(days=1))] == ["replayed", "replayed"]
    assert TelemetryMessage.objects.filter(device_id=sender.device.pk).count() == 1
    assert meter_day(sender, DAY).changed_at == before
    assert not RefusalCount.objects.exists()


def test_a_replay_within_one_batch_is_accepted_once(sender: Sender, accept: Accept) -> None:
    body = sender.message(blocks=[sender.day_block(DAY)])
    assert [r.outcome for r in accept(body, body)] == ["accepted", "replayed"]
    assert TelemetryMessage.objects.filter(device_id=sender.device.pk).count() == 1


def test_another_message_under_a_used_counter_is_refused(sender: Sender, accept: Accept) -> None:
    accept(sender.message(blocks=[sender.day_block(DAY)]))
    sender.counter = 0
    [receipt] = accept(sender.message(blocks=[sender.day_block(DAY, [7] * 96)]))
    assert (receipt.outcome, receipt.reason) == ("refused", "counter_went_back")


def test_messages_that_overtake_are_not_silently_dropped(sender: Sender, accept: Accept) -> None:
    """The one left behind was never kept, so it must not be acknowledged."""
    first = sender.message(blocks=[sender.day_block(DAY)])
    second = sender.message(blocks=[sender.day_block(DAY - timedelta(days=1), [1] * 92)])
    assert [(r.counter, r.outcome) for r in accept(second, first)] == [(2, "accepted"), (1, "refused")]


def _tampered(sender: Sender) -> bytes:
    body = bytearray(sender.message(blocks=[sender.day_block(DAY)]))
    body[-1] ^= 1
    return bytes(body)


def _of_a_stranger(sender: Sender) -> bytes:
    return sender.message(key_id=b"stranger")


def _forged(sender: Sender) -> bytes:
    return sender.message(private_key=Ed25519PrivateKey.generate())


def _of_another_device(sender: Sender) -> bytes:
    return sender.message(device_name="urn:dev:mg:" + "0" * 32)


def _with_another_channel(sender: Sender) -> bytes:
    return sender.message(blocks=[sender.day_block(DAY, channel="production")])


def _with_a_clock_that_is_wrong(sender: Sender) -> bytes:
    return sender.message(real_now=REAL_NOW + timedelta(minutes=8))


def _from_the_future(sender: Sender) -> bytes:
    return sender.message(blocks=[sender.day_block(DAY + timedelta(days=1))])


def _from_long_ago(sender: Sender) -> bytes:
    return sender.message(blocks=[sender.day_block(DAY - timedelta(days=46))])


def _at_the_end_of_time(sender: Sender) -> bytes:
    block = sender.day_block(DAY)
    start_at = block.start_at.replace(year=9999, month=12, day=31, hour=23, minute=45)
    return sender.message(blocks=[type(block)("import", start_at, 900, (1,) * 96)])


def _off_the_grid_of_intervals(sender: Sender) -> bytes:
    block = sender.part_block(DAY, 4, [1, 2])
    return sender.message(blocks=[type(block)("import", block.start_at + timedelta(seconds=60), 900, (1, 2))])


def _in_intervals_of_its_own(sender: Sender) -> bytes:
    block = sender.part_block(DAY, 4, [1, 2])
    return sender.message(blocks=[type(block)("import", block.start_at, 300, (1, 2))])


def _with_a_sample_of_tomorrow(sender: Sender) -> bytes:
    now = sender.microgrid.now(REAL_NOW)
    return sender.message(samples=[Sample(now + timedelta(days=1), {"import_w": 5.0})])


@pytest.mark.parametrize(
    ("make", "reason", "is_known"),
    [
        (lambda sender: b"", "malformed", False),
        (lambda sender: b"hello", "malformed", False),
        (lambda sender: bytes.fromhex("c4821b7fffffffffffffff01"), "malformed", False),
        (lambda sender: b"\x00" * 65_537, "too_large", False),
        (_tampered, "bad_signature", True),
        (_forged, "bad_signature", True),
        (_of_a_stranger, "unknown_key", False),
        (_of_another_device, "wrong_device", True),
        (_with_another_channel, "wrong_channel", True),
        (_with_a_clock_that_is_wrong, "clock", True),
        (_from_the_future, "outside_window", True),
        (_from_long_ago, "outside_window", True),
        (_at_the_end_of_time, "outside_window", True),
        (_with_a_sample_of_tomorrow, "outside_window", True),
        (_off_the_grid_of_intervals, "wrong_interval", True),
        (_in_intervals_of_its_own, "wrong_interval", True),
    ],
)
def test_what_is_not_to_be_believed_is_refused_and_counted(
    sender: Sender, accept: Accept, make: Callable[[Sender], bytes], reason: str, is_known: bool
) -> None:
    bad = make(sender)
    sound = sender.message(blocks=[sender.day_block(DAY)])
    refused, accepted = accept(bad, sound)
    assert (refused.outcome, refused.reason) == ("refused", reason)
    assert accepted.outcome == "accepted"
    count = RefusalCount.objects.get()
    assert (count.reason, count.count, count.device_id) == (reason, 1, sender.device.pk if is_known else None)
    assert TelemetryMessage.objects.count() == 1


def test_refusals_of_an_hour_add_up(sender: Sender, accept: Accept) -> None:
    accept(_tampered(sender), _tampered(sender))
    accept(_tampered(sender), now=REAL_NOW + timedelta(minutes=59))
    accept(_tampered(sender), now=REAL_NOW + timedelta(minutes=61))
    assert sorted(RefusalCount.objects.values_list("count", flat=True)) == [1, 3]


def test_a_revoked_device_is_refused_at_once(sender: Sender, accept: Accept) -> None:
    revoke_device(device=sender.device, now=REAL_NOW)
    [receipt] = accept(sender.message(blocks=[sender.day_block(DAY)]))
    assert (receipt.outcome, receipt.reason) == ("refused", "revoked_key")


def test_after_rotation_only_the_new_key_is_believed(sender: Sender, accept: Accept) -> None:
    new = Ed25519PrivateKey.generate()
    public = new.public_key().public_bytes_raw()
    statement = rotation_statement(device_name=sender.device.name, public_key=public)
    rotate_key(
        device=sender.device,
        public_key=public,
        signature_by_old_key=sender.key.sign(statement),
        signature_by_new_key=new.sign(statement),
        now=REAL_NOW,
    )
    old_message = sender.message(blocks=[sender.day_block(DAY)])
    sender.key = new
    new_message = sender.message(blocks=[sender.day_block(DAY)])
    assert [(r.outcome, r.reason) for r in accept(old_message, new_message)] == [("refused", "revoked_key"), ("accepted", "")]


def test_enrolling_the_same_keys_again_changes_nothing(sender: Sender) -> None:
    public = sender.key.public_key().public_bytes_raw()
    again = enrol_devices(microgrid=sender.microgrid, public_keys={sender.meter.pk: public}, now=REAL_NOW)
    assert again == {sender.meter.pk: sender.device}
    assert sender.device.keys.count() == 1


def test_a_clock_a_little_off_is_flagged(sender: Sender, accept: Accept, meter_day: Current) -> None:
    body = sender.message(blocks=[sender.day_block(DAY)], real_now=REAL_NOW - timedelta(minutes=3))
    assert accept(body)[0].outcome == "accepted"
    assert set(meter_day(sender, DAY).quality) == {Method.MEASURED | Check.CLOCK}


def test_pieces_of_a_day_grow_together(sender: Sender, accept: Accept, meter_day: Current) -> None:
    accept(sender.message(blocks=[sender.part_block(DAY, 0, [5] * 40, register=100)]))
    half = meter_day(sender, DAY)
    assert (half.register_start_wh, half.register_end_wh) == (100, None)
    assert half.quality[39:41] == [Method.MEASURED, Method.MISSING]
    accept(sender.message(blocks=[sender.part_block(DAY, 40, [6] * 56, register=300)]))
    whole = meter_day(sender, DAY)
    assert whole.values_wh == [5] * 40 + [6] * 56
    assert (whole.register_start_wh, whole.register_end_wh, whole.version) == (100, 300 + 336, 1)
    assert len(whole.message_ids) == 2


def test_a_block_across_midnight_falls_into_both_days(sender: Sender, accept: Accept, meter_day: Current) -> None:
    accept(sender.message(blocks=[sender.part_block(DAY - timedelta(days=1), 90, [1, 2, 3, 4], register=50)]))
    assert meter_day(sender, DAY - timedelta(days=1)).values_wh[90:] == [1, 2]
    second = meter_day(sender, DAY)
    assert (second.values_wh[:3], second.register_start_wh) == ([3, 4, 0], 53)


def test_late_data_supersede_a_final_day(sender: Sender, accept: Accept, meter_day: Current) -> None:
    accept(sender.message(blocks=[sender.part_block(DAY, 0, [5] * 48)]))
    now = sender.microgrid.now(REAL_NOW)
    finalise_day(microgrid=sender.microgrid, day=DAY, now=now)
    final = meter_day(sender, DAY)
    assert final.status == DayStatus.FINAL
    accept(sender.message(blocks=[sender.part_block(DAY, 48, [9] * 47)]))
    late = meter_day(sender, DAY)
    assert (late.version, late.status) == (2, DayStatus.PROVISIONAL)
    assert late.quality[95] == Method.MISSING
    kept = MeterDay.objects.get(meter_id=sender.meter.pk, day=DAY, channel=Channel.IMPORT, version=1)
    assert (kept.values_wh, kept.is_current, kept.status) == (final.values_wh, False, DayStatus.FINAL)
    finalise_day(microgrid=sender.microgrid, day=DAY, now=now)
    closed = meter_day(sender, DAY)
    assert (closed.version, closed.status) == (2, DayStatus.FINAL)
    assert closed.values_wh[:95] == [5] * 48 + [9] * 47
    assert set(np.array(closed.quality[:95]) & METHOD_MASK) == {Method.MEASURED}
    assert closed.quality[95] & METHOD_MASK != Method.MISSING


def test_the_same_values_again_leave_a_final_day_alone(sender: Sender, accept: Accept, meter_day: Current) -> None:
    accept(sender.message(blocks=[sender.day_block(DAY)]))
    finalise_day(microgrid=sender.microgrid, day=DAY, now=sender.microgrid.now(REAL_NOW))
    accept(sender.message(blocks=[sender.day_block(DAY)]))
    assert (meter_day(sender, DAY).version, meter_day(sender, DAY).status) == (1, DayStatus.FINAL)


def test_the_database_refuses_to_change_a_final_day(sender: Sender, accept: Accept) -> None:
    accept(sender.message(blocks=[sender.day_block(DAY)]))
    finalise_day(microgrid=sender.microgrid, day=DAY, now=sender.microgrid.now(REAL_NOW))
    days = MeterDay.objects.filter(meter_id=sender.meter.pk, day=DAY)
    with pytest.raises(DatabaseError, match="final meter day cannot change"), transaction.atomic():
        days.update(values_wh=[0] * 96)
    with pytest.raises(DatabaseError, match="final meter day cannot be deleted"), transaction.atomic():
        days.delete()


def test_nothing_is_kept_of_a_batch_that_fails(sender: Sender, accept: Accept) -> None:
    """The last statement of the batch fails, as the database refuses to count on."""
    body = sender.message(blocks=[sender.day_block(DAY)])
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE energy_device ADD CONSTRAINT counts_no_further CHECK (last_counter < 1)")
    with pytest.raises(DatabaseError, match="counts_no_further"):
        accept(body)
    assert not TelemetryMessage.objects.exists()
    assert not MeterDay.objects.exists()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE energy_device DROP CONSTRAINT counts_no_further")
    assert accept(body)[0].outcome == "accepted"
    assert Device.objects.get(pk=sender.device.pk).last_counter == 1


def test_a_whole_batch_of_many_devices(senders: dict[str, list[Sender]], accept: Accept) -> None:
    """Sites, plants and batteries at once; each message is kept once, each channel has its day."""
    bodies = []
    for kind, channels in (("site", ("import", "export")), ("source", ("production",)), ("storage", ("charge", "discharge"))):
        for one in senders[kind]:
            bodies.append(one.message(blocks=[one.day_block(DAY, channel=channel) for channel in channels]))
    assert {r.outcome for r in accept(*bodies)} == {"accepted"}
    expected = 2 * len(senders["site"]) + len(senders["source"]) + 2 * len(senders["storage"])
    assert MeterDay.objects.filter(day=DAY, is_current=True).count() == expected
