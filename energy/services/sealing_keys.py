"""The cooperatives' keys for encrypted messages: derived from the installation's secret, so there is no other secret to keep.

While an old secret stands among Django's `SECRET_KEY_FALLBACKS`, what devices encrypt to its keys is still read.
"""

from uuid import UUID

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from energy.domain.sealing import recipient_id_of
from members.models import Cooperative


def _private_key(secret: str, cooperative_id: UUID) -> X25519PrivateKey:
    info = b"microgrid telemetry encryption key " + cooperative_id.bytes
    return X25519PrivateKey.from_private_bytes(HKDF(hashes.SHA256(), 32, None, info).derive(secret.encode()))


def public_sealing_key(cooperative: Cooperative) -> bytes:
    """The X25519 public key to which the cooperative's devices encrypt."""
    return _private_key(settings.SECRET_KEY, cooperative.public_id).public_key().public_bytes_raw()


def private_sealing_keys() -> dict[bytes, X25519PrivateKey]:
    """All cooperatives' private keys by their ids in headers."""
    found = {}
    for secret in (*map(str, settings.SECRET_KEY_FALLBACKS), settings.SECRET_KEY):
        for cooperative_id in Cooperative.objects.values_list("public_id", flat=True):
            key = _private_key(secret, cooperative_id)
            found[recipient_id_of(key.public_key().public_bytes_raw())] = key
    return found
