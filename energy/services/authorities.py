"""The cooperatives' own certificate authorities: made at their first use, their keys sealed in the database."""

import hashlib
import os
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from energy.domain.certificates import Authority, found_authority, pem_of
from energy.models import CertificateAuthority
from members.models import Cooperative

NONCE_BYTES = 12


def _seal() -> AESGCM:
    """What keys of authorities are sealed with: it follows from the installation's secret, which is not in the database."""
    return AESGCM(hashlib.sha256(b"microgrid certificate authorities" + settings.SECRET_KEY.encode()).digest())


def authority_of(*, cooperative: Cooperative, now: datetime) -> CertificateAuthority:
    """The cooperative's authority, made at its first use."""
    found = CertificateAuthority.objects.filter(cooperative=cooperative).first()
    if found is not None:
        return found
    made = found_authority(name=cooperative.name, now=now)
    raw = made.key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    nonce = os.urandom(NONCE_BYTES)
    row, _ = CertificateAuthority.objects.get_or_create(
        cooperative=cooperative,
        defaults={
            "certificate_pem": pem_of(made.certificate),
            "made_at": now,
            "sealed_key": nonce + _seal().encrypt(nonce, raw, str(cooperative.public_id).encode()),
        },
    )
    return row


def open_authority(row: CertificateAuthority) -> Authority:
    """The authority with its key, unsealed."""
    sealed = bytes(row.sealed_key)
    raw = _seal().decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], str(row.cooperative.public_id).encode())
    key = serialization.load_der_private_key(raw, None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return Authority(x509.load_pem_x509_certificate(row.certificate_pem.encode()), key)
