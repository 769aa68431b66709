"""The life of a device: enrolled with a key, key rotated, revoked."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from energy.domain.telemetry import CannotAccept, key_id_of
from energy.models import Device, DeviceKey, Meter, Microgrid
from energy.models.devices import DeviceStatus


def device_name(microgrid: Microgrid, meter: Meter) -> str:
    """The device's base name in SenML: a URN that names meter and microgrid by random ids only."""
    return f"urn:dev:mg:{meter.public_id.hex}"


@transaction.atomic
def enrol_devices(
    *, microgrid: Microgrid, public_keys: Mapping[int, bytes], now: datetime
) -> dict[int, Device]:
    """Enrol one device for each meter id; the same key again is the same device. Returns devices by meter id."""
    meters = Meter.objects.filter(microgrid=microgrid).in_bulk(list(public_keys))
    devices = {d.meter_id: d for d in Device.objects.filter(meter_id__in=meters)}
    missing = [
        Device(microgrid=microgrid, meter=meter, name=device_name(microgrid, meter))
        for meter_id, meter in meters.items()
        if meter_id not in devices
    ]
    devices |= {device.meter_id: device for device in Device.objects.bulk_create(missing)}
    known = {
        bytes(k)
        for k in DeviceKey.objects.filter(device__in=devices.values()).values_list("key_id", flat=True)
    }
    DeviceKey.objects.bulk_create(
        DeviceKey(device=devices[meter_id], key_id=key_id_of(key), public_key=key, valid_from=now)
        for meter_id, key in public_keys.items()
        if key_id_of(key) not in known
    )
    return devices


@transaction.atomic
def rotate_key(*, device: Device, public_key: bytes, signature_by_old_key: bytes, now: datetime) -> DeviceKey:
    """Replace a device's key; the new one is signed by the old one, which is revoked at once.

    Raises:
        CannotAccept: `bad_signature`, or `unknown_key` where the device has no valid key.
    """
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    old = device.keys.select_for_update().filter(revoked_at__isnull=True).order_by("-valid_from").first()
    if old is None:
        raise CannotAccept("unknown_key")
    try:
        Ed25519PublicKey.from_public_bytes(bytes(old.public_key)).verify(signature_by_old_key, public_key)
    except InvalidSignature:
        raise CannotAccept("bad_signature") from None
    old.revoked_at = now
    old.save(update_fields=["revoked_at"])
    return device.keys.create(key_id=key_id_of(public_key), public_key=public_key, valid_from=now)


@transaction.atomic
def revoke_device(*, device: Device, now: datetime) -> None:
    """Refuse everything the device sends from now on."""
    device.keys.filter(revoked_at__isnull=True).update(revoked_at=now)
    Device.objects.filter(pk=device.pk).update(status=DeviceStatus.REVOKED)
