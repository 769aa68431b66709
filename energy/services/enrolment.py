"""Coming in by a one-time code: an operator makes it, one device uses it, once."""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from energy.domain.enrolment import (
    MOST_FAILURES,
    CannotEnrol,
    check_words,
    code_hash,
    enrolment_statement,
    is_signed,
    locator_of,
    new_code,
    plain_code,
)
from energy.models import Device, DeviceEventKind, EnrolmentCode, Meter, Sensor
from energy.models.devices import DeviceStatus
from energy.services.device_log import log_event
from energy.services.devices import add_key, decommission_device
from kernel.identifiers import uuid7
from members.models import User

CODE_LIFE = timedelta(days=7)
NOT_A_CODE = CannotEnrol("unknown_code", "the code is not known, was used, or has expired")


@dataclass(frozen=True, slots=True)
class FreshCode:
    """A code just made, with its text: shown once, kept nowhere."""

    row: EnrolmentCode
    text: str


@transaction.atomic
def make_code(*, now: datetime, by: User | None, meter: Meter | None = None, sensor: Sensor | None = None) -> FreshCode:
    """Make a code for the next device of a meter or a sensor; codes made before for the same end. `now` is real time.

    Raises:
        CannotEnrol: `removed`.
    """
    place = meter or sensor
    assert place is not None
    if place.removed_at is not None and place.removed_at <= now:
        raise CannotEnrol("removed", f"{place} was removed; nothing serves it any more")
    EnrolmentCode.objects.filter(meter=meter, sensor=sensor, used_at__isnull=True, expires_at__gt=now, made_at__lt=now).update(
        expires_at=now
    )
    text = _unused_text()
    code = plain_code(text)
    row = EnrolmentCode.objects.create(
        meter=meter,
        sensor=sensor,
        microgrid_id=place.microgrid_id,
        locator=locator_of(code),
        code_hash=code_hash(code),
        made_by=by,
        made_at=now,
        expires_at=now + CODE_LIFE,
    )
    return FreshCode(row, text)


def _unused_text() -> str:
    """A code whose first letters find no other row."""
    for _ in range(50):
        text = new_code()
        if not EnrolmentCode.objects.filter(locator=locator_of(plain_code(text))).exists():
            return text
    raise CannotEnrol("no_code", "no unused code was found; remove old ones")


def enrol_by_code(*, code: str, public_key: bytes, signature: bytes, model: str, firmware_version: str, now: datetime) -> Device:
    """Let a device in: the code is used up, and a device that served the same meter or sensor ends. `now` is real time.

    Raises:
        CannotEnrol: `unknown_code` for whatever is wrong with the code, `bad_signature`, `known_key`, `model`,
            `firmware_version`.
    """
    check_words(model, firmware_version)
    plain = plain_code(code)
    statement = enrolment_statement(code=plain, public_key=public_key, model=model, firmware_version=firmware_version)
    if not is_signed(public_key, signature, statement):
        raise CannotEnrol("bad_signature", "the request is not signed by the key that it brings")
    with transaction.atomic():
        row = _claim(plain, now)
        if row is not None:
            return _let_in(row, public_key, model, firmware_version, now)
    # Raised only here, so that the count of wrong guesses is kept.
    raise NOT_A_CODE


def _claim(plain: str, now: datetime) -> EnrolmentCode | None:
    """The row of a code, locked; None where it is wrong, used, expired or was guessed at too often."""
    row = EnrolmentCode.objects.select_for_update().filter(locator=locator_of(plain)).first()
    kept = bytes(row.code_hash) if row else bytes(32)
    is_right = hmac.compare_digest(kept, code_hash(plain))
    if row is None:
        return None
    if not is_right:
        row.failures = min(row.failures + 1, 32_000)
        row.save(update_fields=["failures"])
        return None
    is_open = row.used_at is None and now < row.expires_at and row.failures < MOST_FAILURES
    return row if is_open else None


def _let_in(row: EnrolmentCode, public_key: bytes, model: str, firmware_version: str, now: datetime) -> Device:
    before = Device.objects.select_for_update(of=("self",)).filter(meter=row.meter, sensor=row.sensor, status=DeviceStatus.ENROLLED)
    for device in before:
        decommission_device(device=device, now=now, by=row.made_by, reason=f"replaced by code {row.locator}")
    public_id = uuid7()
    device = Device.objects.create(
        microgrid_id=row.microgrid_id,
        meter_id=row.meter_id,
        sensor_id=row.sensor_id,
        public_id=public_id,
        name=f"urn:dev:mg:{public_id.hex}",
        model=model,
        firmware_version=firmware_version,
    )
    key = add_key(device=device, public_key=public_key, now=now)
    row.used_at, row.device = now, device
    row.save(update_fields=["used_at", "device"])
    detail = f"code {row.locator}, key {bytes(key.key_id).hex()}"
    log_event(device=device, kind=DeviceEventKind.ENROLLED, now=now, by=row.made_by, detail=detail)
    return device
