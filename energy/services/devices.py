"""The life of a device: enrolled with a key, key rotated, revoked, decommissioned; each step is an event."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from energy.domain.enrolment import CannotEnrol, is_signed, rotation_statement
from energy.domain.telemetry import key_id_of
from energy.models import Device, DeviceEvent, DeviceEventKind, DeviceKey, Meter, Microgrid
from energy.models.devices import DeviceStatus
from energy.services.certificates import revoke_certificates
from energy.services.device_log import log_event
from members.models import User


def device_name(microgrid: Microgrid, meter: Meter) -> str:
    """The device's base name in SenML: a URN that names meter and microgrid by random ids only."""
    return f"urn:dev:mg:{meter.public_id.hex}"


@transaction.atomic
def enrol_devices(*, microgrid: Microgrid, public_keys: Mapping[int, bytes], now: datetime) -> dict[int, Device]:
    """Enrol one device for each meter id; the same key again is the same device. Returns devices by meter id.

    A meter that a device of another name serves by now keeps that one: the device named here comes in decommissioned.
    """
    meters = Meter.objects.filter(microgrid=microgrid).in_bulk(list(public_keys))
    names = {device_name(microgrid, meter): meter for meter in meters.values()}
    devices = {names[d.name].pk: d for d in Device.objects.filter(name__in=names)}
    served = set(Device.objects.filter(meter_id__in=meters, status=DeviceStatus.ENROLLED).values_list("meter_id", flat=True))
    missing = [
        Device(
            microgrid=microgrid, meter=meter, name=name, status=DeviceStatus.DECOMMISSIONED if meter.pk in served else DeviceStatus.ENROLLED
        )
        for name, meter in names.items()
        if meter.pk not in devices
    ]
    created = Device.objects.bulk_create(missing)
    devices |= {names[device.name].pk: device for device in created}
    known = {bytes(k) for k in DeviceKey.objects.filter(device__in=devices.values()).values_list("key_id", flat=True)}
    DeviceKey.objects.bulk_create(
        DeviceKey(device=devices[meter_id], key_id=key_id_of(key), public_key=key, valid_from=now)
        for meter_id, key in public_keys.items()
        if key_id_of(key) not in known
    )
    DeviceEvent.objects.bulk_create(
        DeviceEvent(device=device, at=now, kind=DeviceEventKind.ENROLLED, detail="with its meter") for device in created
    )
    return devices


@transaction.atomic
def rotate_key(*, device: Device, public_key: bytes, signature_by_old_key: bytes, signature_by_new_key: bytes, now: datetime) -> DeviceKey:
    """Replace a device's key; the old one, which has to agree, ends at once.

    Raises:
        CannotEnrol: `revoked_key` where the device has no valid key, `bad_signature`, `known_key`.
    """
    device = Device.objects.select_for_update(of=("self",)).get(pk=device.pk)
    old = device.keys.filter(revoked_at__isnull=True).order_by("-valid_from").first()
    if old is None or device.status != DeviceStatus.ENROLLED:
        raise CannotEnrol("revoked_key", "the device has no valid key")
    statement = rotation_statement(device_name=device.name, public_key=public_key)
    if not is_signed(bytes(old.public_key), signature_by_old_key, statement):
        raise CannotEnrol("bad_signature", "the rotation is not signed by the old key")
    if not is_signed(public_key, signature_by_new_key, statement):
        raise CannotEnrol("bad_signature", "the rotation is not signed by the new key")
    key = add_key(device=device, public_key=public_key, now=now)
    old.revoked_at = now
    old.save(update_fields=["revoked_at"])
    detail = f"{bytes(old.key_id).hex()} to {bytes(key.key_id).hex()}"
    log_event(device=device, kind=DeviceEventKind.KEY_ROTATED, now=now, detail=detail)
    return key


def add_key(*, device: Device, public_key: bytes, now: datetime) -> DeviceKey:
    """Give a device a key that was never used before.

    Raises:
        CannotEnrol: `known_key`.
    """
    key_id = key_id_of(public_key)
    if DeviceKey.objects.filter(key_id=key_id).exists():
        raise CannotEnrol("known_key", "this key was used before; make a new one")
    return device.keys.create(key_id=key_id, public_key=public_key, valid_from=now)


@transaction.atomic
def revoke_device(*, device: Device, now: datetime, by: User | None = None, reason: str = "") -> bool:
    """Refuse everything the device sends from now on. False where it was not enrolled any more."""
    return _end(device, DeviceStatus.REVOKED, DeviceEventKind.REVOKED, now, by, reason)


@transaction.atomic
def decommission_device(*, device: Device, now: datetime, by: User | None = None, reason: str = "") -> bool:
    """End a device's service in good order; what it sends from now on is refused. False where it had ended."""
    return _end(device, DeviceStatus.DECOMMISSIONED, DeviceEventKind.DECOMMISSIONED, now, by, reason)


def _end(device: Device, status: DeviceStatus, kind: DeviceEventKind, now: datetime, by: User | None, reason: str) -> bool:
    changed = Device.objects.filter(pk=device.pk, status=DeviceStatus.ENROLLED).update(status=status)
    if not changed:
        return False
    device.keys.filter(revoked_at__isnull=True).update(revoked_at=now)
    revoke_certificates(device=device, now=now, by=by)
    log_event(device=device, kind=kind, now=now, by=by, detail=reason)
    device.status = status
    return True


@transaction.atomic
def require_encryption(*, device: Device, encrypts: bool, now: datetime, by: User | None = None) -> None:
    """Accept only encrypted messages of a device, or plain ones again."""
    changed = Device.objects.filter(pk=device.pk, encrypts=not encrypts).update(encrypts=encrypts)
    if changed:
        detail = "only encrypted messages are accepted" if encrypts else "plain messages are accepted"
        log_event(device=device, kind=DeviceEventKind.ENCRYPTION, now=now, by=by, detail=detail)
