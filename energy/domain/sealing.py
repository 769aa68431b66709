"""Messages that only the cooperative can read: COSE_Encrypt (RFC 9052, section 5.1) around a signed message.

Signed, then encrypted: what is kept as evidence is the signed message inside, byte for byte; anybody can check it without the
cooperative's private key, and it outlives that key. COSE_Encrypt and not COSE_Encrypt0, as only its recipients' part says for
whom and by which agreement a content key was made: ECDH-ES + HKDF-256 over X25519 (RFC 9053, section 6.3.1), AES-GCM with 256 bits.
"""

import hashlib
import os
from collections.abc import Mapping

import cbor2
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from energy.domain.acceptance import LONGEST_MESSAGE_BYTES, CannotAccept
from energy.domain.cbor import CannotRead, load_small

ENCRYPT = b"\xd8\x60"  # tag 96
LABEL_ALGORITHM, LABEL_CRITICAL, LABEL_KEY_ID, LABEL_IV, LABEL_EPHEMERAL = 1, 2, 4, 5, -1
A256GCM, ECDH_ES_HKDF_256 = 3, -25
KEY_TYPE, CURVE, X = 1, -1, -2
OKP, CURVE_X25519 = 1, 4
IV_BYTES, KEY_BITS = 12, 256


def recipient_id_of(public_key: bytes) -> bytes:
    """The cooperative's key's name in a header: the first eight bytes of its SHA-256."""
    return hashlib.sha256(public_key).digest()[:8]


def is_sealed(body: bytes) -> bool:
    """Whether it is an encrypted message."""
    return body.startswith(ENCRYPT)


def seal(signed: bytes, public_key: bytes, *, ephemeral: X25519PrivateKey, iv: bytes) -> bytes:
    """Encrypt a signed message to the cooperative; each needs an ephemeral key and 12 random bytes of its own."""
    protected = cbor2.dumps({LABEL_ALGORITHM: A256GCM})
    agreement = cbor2.dumps({LABEL_ALGORITHM: ECDH_ES_HKDF_256})
    secret = ephemeral.exchange(X25519PublicKey.from_public_bytes(public_key))
    ciphertext = AESGCM(_content_key(secret, agreement)).encrypt(iv, signed, _associated(protected))
    point = {KEY_TYPE: OKP, CURVE: CURVE_X25519, X: ephemeral.public_key().public_bytes_raw()}
    recipient = [agreement, {LABEL_EPHEMERAL: point, LABEL_KEY_ID: recipient_id_of(public_key)}, b""]
    return ENCRYPT + cbor2.dumps([protected, {LABEL_IV: iv}, ciphertext, [recipient]])


def seal_afresh(signed: bytes, public_key: bytes) -> bytes:
    """Encrypt a signed message to the cooperative with new randomness."""
    return seal(signed, public_key, ephemeral=X25519PrivateKey.generate(), iv=os.urandom(IV_BYTES))


def unseal(body: bytes, keys: Mapping[bytes, X25519PrivateKey]) -> bytes:
    """The signed message inside; `keys` are the cooperatives' private keys by their ids.

    Raises:
        CannotAccept: `malformed`, `too_large`, or `cannot_decrypt` (none of our keys, or altered on the way).
    """
    if len(body) > LONGEST_MESSAGE_BYTES:
        raise CannotAccept("too_large", f"{len(body)} bytes, {LONGEST_MESSAGE_BYTES} at most")
    try:
        protected, unprotected, ciphertext, [[agreement, hints, wrapped]] = load_small(body[len(ENCRYPT) :])
        headers = (load_small(protected), load_small(agreement))
        point, key_id, iv = hints[LABEL_EPHEMERAL], hints[LABEL_KEY_ID], unprotected[LABEL_IV]
        if headers != ({LABEL_ALGORITHM: A256GCM}, {LABEL_ALGORITHM: ECDH_ES_HKDF_256}) or wrapped:
            raise CannotAccept("malformed", "algorithms")
        if (point[KEY_TYPE], point[CURVE], len(iv)) != (OKP, CURVE_X25519, IV_BYTES):
            raise CannotAccept("malformed", "ephemeral key or nonce")
        other = X25519PublicKey.from_public_bytes(point[X])
        own = keys.get(key_id)
    except CannotAccept:
        raise
    except (CannotRead, ValueError, TypeError, KeyError, IndexError) as problem:
        raise CannotAccept("malformed", type(problem).__name__) from None
    if own is None:
        raise CannotAccept("cannot_decrypt", "to a key that is none of ours")
    try:
        content_key = _content_key(own.exchange(other), agreement)
        return AESGCM(content_key).decrypt(iv, ciphertext, _associated(protected))
    except (InvalidTag, ValueError, TypeError):
        raise CannotAccept("cannot_decrypt") from None


def _associated(protected: bytes) -> bytes:
    """Enc_structure of RFC 9052, section 5.3."""
    return cbor2.dumps(["Encrypt", protected, b""])


def _content_key(secret: bytes, agreement: bytes) -> bytes:
    """HKDF over COSE_KDF_Context (RFC 9053, section 5.2), nothing known of the parties but their keys."""
    nobody = [None, None, None]
    context = cbor2.dumps([A256GCM, nobody, nobody, [KEY_BITS, agreement]])
    return HKDF(hashes.SHA256(), KEY_BITS // 8, None, context).derive(secret)
