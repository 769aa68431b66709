"""Certificates of devices: issued by the cooperative's own authority, revoked at once, listed for the broker."""

from datetime import datetime

from django.db import transaction

from energy.domain.certificates import certify_device
from energy.domain.enrolment import CannotEnrol, certificate_statement, is_signed
from energy.models import Device, DeviceCertificate, DeviceEventKind
from energy.models.devices import DeviceStatus
from energy.services.authorities import authority_of, open_authority
from energy.services.broker_files import refresh_broker_files
from energy.services.device_log import log_event
from members.models import User


@transaction.atomic
def issue_certificate(*, device: Device, request: bytes, signature: bytes, now: datetime) -> DeviceCertificate:
    """Grant the request of a device that shows by `signature` that it holds its key; certificates before stay valid.

    Raises:
        CannotEnrol: `revoked_key` or `bad_signature`.
        CannotCertify: the request itself is not in order.
    """
    device = Device.objects.select_for_update(of=("self",)).select_related("microgrid__cooperative").get(pk=device.pk)
    key = device.keys.filter(revoked_at__isnull=True).order_by("-valid_from").first()
    if key is None or device.status != DeviceStatus.ENROLLED:
        raise CannotEnrol("revoked_key", "the device has no valid key")
    if not is_signed(bytes(key.public_key), signature, certificate_statement(device_name=device.name, csr=request)):
        raise CannotEnrol("bad_signature", "the request is not signed by the device's key")
    row = authority_of(cooperative=device.microgrid.cooperative, now=now)
    issued = certify_device(authority=open_authority(row), request=request, device_name=device.name, now=now)
    log_event(device=device, kind=DeviceEventKind.CERTIFIED, now=now, detail=f"serial {issued.serial}")
    transaction.on_commit(lambda: refresh_broker_files(now=now), robust=True)
    return DeviceCertificate.objects.create(
        authority=row, device=device, serial=issued.serial, certificate_pem=issued.pem, issued_at=now, expires_at=issued.expires_at
    )


def revoke_certificates(*, device: Device, now: datetime, by: User | None = None) -> int:
    """Revoke all certificates of a device; the broker learns it with the commit. Returns how many."""
    rows = list(device.certificates.select_for_update().filter(revoked_at__isnull=True))
    for row in rows:
        row.revoked_at = now
        row.save(update_fields=["revoked_at"])
        log_event(device=device, kind=DeviceEventKind.CERTIFICATE_REVOKED, now=now, by=by, detail=f"serial {row.serial}")
    if rows:
        transaction.on_commit(lambda: refresh_broker_files(now=now), robust=True)
    return len(rows)
