"""Signed messages: COSE_Sign1 (RFC 9052, section 4.2) with EdDSA (RFC 9053, section 2.2).

Protected header: algorithm -8, key id, and the device's counter under a private label.
"""

from dataclasses import dataclass, field
from functools import lru_cache

import cbor2
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from energy.domain.acceptance import LARGEST_COUNT, LONGEST_MESSAGE_BYTES, CannotAccept
from energy.domain.cbor import CannotRead, load_small

SIGN1 = b"\xd2"  # tag 18
LABEL_ALGORITHM, LABEL_CRITICAL, LABEL_KEY_ID, LABEL_COUNTER = 1, 2, 4, -70001
ALGORITHM_EDDSA = -8
KEYS_AT_HAND = 100_000


@dataclass(frozen=True, slots=True)
class Envelope:
    """A message taken apart, not yet verified."""

    key_id: bytes
    counter: int
    protected: bytes
    payload: bytes
    signature: bytes = field(repr=False)


def to_be_signed(protected: bytes, payload: bytes) -> bytes:
    """What the signature is over: Sig_structure of RFC 9052, section 4.4."""
    return cbor2.dumps(["Signature1", protected, b"", payload])


def sign(*, private_key: Ed25519PrivateKey, key_id: bytes, counter: int, payload: bytes) -> bytes:
    """Sign a payload; the same arguments give the same bytes (Ed25519 is deterministic)."""
    protected = cbor2.dumps({LABEL_ALGORITHM: ALGORITHM_EDDSA, LABEL_KEY_ID: key_id, LABEL_COUNTER: counter})
    signature = private_key.sign(to_be_signed(protected, payload))
    return SIGN1 + cbor2.dumps([protected, {}, payload, signature])


def open_envelope(body: bytes) -> Envelope:
    """Take a message apart without trusting it.

    Raises:
        CannotAccept: `malformed` or `too_large`.
    """
    if len(body) > LONGEST_MESSAGE_BYTES:
        raise CannotAccept("too_large", f"{len(body)} bytes, {LONGEST_MESSAGE_BYTES} at most")
    if not body.startswith(SIGN1):
        raise CannotAccept("malformed", "not a COSE_Sign1 message")
    try:
        parts = load_small(body[1:])
        if not isinstance(parts, list) or len(parts) != 4:
            raise CannotAccept("malformed", "not the four parts of COSE_Sign1")
        protected, unprotected, payload, signature = parts
        header = load_small(protected) if isinstance(protected, bytes) else None
    except CannotRead as problem:
        raise CannotAccept("malformed", str(problem)) from None
    if not isinstance(header, dict) or not isinstance(unprotected, dict) or LABEL_CRITICAL in header:
        raise CannotAccept("malformed", "header")
    key_id, counter = header.get(LABEL_KEY_ID), header.get(LABEL_COUNTER)
    if header.get(LABEL_ALGORITHM) != ALGORITHM_EDDSA or not isinstance(key_id, bytes):
        raise CannotAccept("malformed", "algorithm or key id")
    if type(counter) is not int or not 0 < counter < LARGEST_COUNT:
        raise CannotAccept("malformed", "counter")
    if not isinstance(payload, bytes) or not isinstance(signature, bytes):
        raise CannotAccept("malformed", "payload or signature")
    return Envelope(key_id, counter, protected, payload, signature)


@lru_cache(maxsize=KEYS_AT_HAND)
def _key(public_key: bytes) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(public_key)


def verify(envelope: Envelope, public_key: bytes) -> None:
    """Check the signature.

    Raises:
        CannotAccept: `bad_signature`.
    """
    try:
        _key(public_key).verify(envelope.signature, to_be_signed(envelope.protected, envelope.payload))
    except (InvalidSignature, ValueError):
        raise CannotAccept("bad_signature") from None
