"""What a broker needs in order to know devices by their certificates: authorities, revocations, its own certificate.

The embedded broker watches the folder; for another one `manage.py broker_files` writes the same, and a configuration.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from django.conf import settings
from django.db import connection, transaction

from energy.domain.certificates import certify_broker, key_pem_of, revocation_list
from energy.models import CertificateAuthority, DeviceCertificate
from energy.services.authorities import open_authority
from kernel.whole_files import write_whole

RENEW_BEFORE = timedelta(days=30)
AUTHORITIES, REVOCATIONS, CERTIFICATE, KEY = "authorities.pem", "revocations.pem", "broker.pem", "broker.key"
ACCESS, CONFIGURATION = "access.acl", "mosquitto.conf"
# Mosquitto replaces %u by the name in the certificate (use_identity_as_username).
ACCESS_RULES = """# A device writes its own telemetry and reads what is meant for it; the platform reads and writes everything.
pattern write telemetry/%u
pattern read receipts/%u
pattern read firmware/%u/#
user {user}
topic readwrite #
"""
MOSQUITTO = """# Devices come with certificates of the cooperative's authority; the platform comes by the loopback with a password.
per_listener_settings true

listener 8883
cafile {folder}/authorities.pem
crlfile {folder}/revocations.pem
certfile {folder}/broker.pem
keyfile {folder}/broker.key
require_certificate true
use_identity_as_username true
acl_file {folder}/access.acl
allow_anonymous false

listener 1883 127.0.0.1
password_file {folder}/passwords
acl_file {folder}/access.acl
allow_anonymous false
"""


def refresh_broker_files(*, now: datetime) -> list[Path]:
    """Write the files of the embedded broker; `now` is real time."""
    return write_broker_files(folder=settings.BROKER_DIR, host_names=settings.MQTT_TLS_NAMES, now=now)


@transaction.atomic
def write_broker_files(*, folder: Path, host_names: Sequence[str], now: datetime) -> list[Path]:
    """Write authorities, revocations and the broker's certificate; returns what was written. None: no authority yet.

    One writer at a time: key and certificate are of one pair, and no list is written over by one that was read before it.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('broker files', 0))")
    rows = list(CertificateAuthority.objects.select_related("cooperative").order_by("pk"))
    if not rows:
        return []
    folder.mkdir(parents=True, exist_ok=True)
    written = _broker_certificate(rows[0], folder, host_names, now)
    lists = [
        revocation_list(
            authority=open_authority(row),
            now=now,
            revoked=[
                (serial, at)
                for serial, at in DeviceCertificate.objects.filter(authority=row, revoked_at__isnull=False, expires_at__gt=now)
                .order_by("pk")
                .values_list("serial", "revoked_at")
                if at is not None
            ],
        )
        for row in rows
    ]
    written.append(_keep(folder / REVOCATIONS, "".join(lists)))
    written.append(_keep(folder / AUTHORITIES, "".join(row.certificate_pem for row in rows)))
    return written


def _broker_certificate(row: CertificateAuthority, folder: Path, host_names: Sequence[str], now: datetime) -> list[Path]:
    """A certificate for the broker from the oldest authority, unless the one there is good for a while."""
    if _is_good(folder / CERTIFICATE, row.certificate_pem, host_names, now) and (folder / KEY).exists():
        return []
    issued, key = certify_broker(authority=open_authority(row), host_names=list(host_names), now=now)
    return [_keep(folder / KEY, key_pem_of(key)), _keep(folder / CERTIFICATE, issued.pem)]


def _is_good(path: Path, authority_pem: str, host_names: Sequence[str], now: datetime) -> bool:
    if not path.exists():
        return False
    there = x509.load_pem_x509_certificate(path.read_bytes())
    authority = x509.load_pem_x509_certificate(authority_pem.encode())
    names = there.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    known = {str(name.value) for name in names}
    try:
        there.verify_directly_issued_by(authority)
    except Exception:  # whatever is wrong with the one there, a new one mends it
        return False
    return known == set(host_names) and there.not_valid_after_utc - now > RENEW_BEFORE


def _keep(path: Path, text: str) -> Path:
    """Write a file that only its owner reads."""
    return write_whole(path, text.encode(), mode=0o600)


def write_mosquitto_files(*, folder: Path, user: str) -> list[Path]:
    """Write a configuration and access rules for Mosquitto that use the files of `folder`."""
    return [_keep(folder / ACCESS, ACCESS_RULES.format(user=user)), _keep(folder / CONFIGURATION, MOSQUITTO.format(folder=folder))]
