"""Encrypted messages: read by the cooperative alone, written and read by another implementation too."""

from datetime import UTC, datetime
from typing import Any

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cwt import COSE, COSEKey
from hypothesis import given
from hypothesis import strategies as st

from energy.domain.acceptance import LONGEST_MESSAGE_BYTES, CannotAccept
from energy.domain.sealing import ENCRYPT, is_sealed, recipient_id_of, seal, seal_afresh, unseal
from energy.domain.telemetry import encode_message, key_id_of

COOPERATIVE = X25519PrivateKey.from_private_bytes(b"\x07" * 32)
PUBLIC = COOPERATIVE.public_key().public_bytes_raw()
KEYS = {recipient_id_of(PUBLIC): COOPERATIVE}
DEVICE = Ed25519PrivateKey.from_private_bytes(b"\x01" * 32)
SIGNED = encode_message(
    private_key=DEVICE,
    key_id=key_id_of(DEVICE.public_key().public_bytes_raw()),
    device_name="urn:dev:mg:1",
    counter=1,
    sent_at=datetime(2026, 1, 1, tzinfo=UTC),
)
SEALED = seal(SIGNED, PUBLIC, ephemeral=X25519PrivateKey.from_private_bytes(b"\x09" * 32), iv=bytes(12))


def refusal(body: bytes, keys: dict[bytes, X25519PrivateKey] = KEYS) -> str:
    with pytest.raises(CannotAccept) as refused:
        unseal(body, keys)
    return refused.value.reason


def test_what_is_encrypted_is_read_back_byte_for_byte() -> None:
    assert is_sealed(SEALED)
    assert not is_sealed(SIGNED)
    assert unseal(SEALED, KEYS) == SIGNED
    assert SIGNED not in SEALED


def test_the_same_message_is_never_encrypted_twice_alike() -> None:
    assert seal_afresh(SIGNED, PUBLIC) != seal_afresh(SIGNED, PUBLIC)


def test_another_implementation_reads_what_we_encrypt() -> None:
    key = COSEKey.new({1: 1, 2: recipient_id_of(PUBLIC), 3: -25, -1: 4, -2: PUBLIC, -4: COOPERATIVE.private_bytes_raw()})
    assert COSE.new().decode(SEALED, key, context={"alg": "A256GCM"}) == SIGNED


def test_another_implementation_derives_the_same_key_from_its_own_side() -> None:
    """As the device: its key agreement, the key derived from it, and what that key encrypts."""
    ephemeral = X25519PrivateKey.generate()
    point = {1: 1, -1: 4, -2: ephemeral.public_key().public_bytes_raw()}
    own = COSEKey.new({**point, 3: -25, -4: ephemeral.private_bytes_raw()})
    agreement, protected, iv = cbor2.dumps({1: -25}), cbor2.dumps({1: 3}), b"\x05" * 12
    context = cbor2.dumps([3, [None] * 3, [None] * 3, [256, agreement]])
    derived = own.derive_bytes(32, info=context, public_key=COSEKey.new({1: 1, 3: -25, -1: 4, -2: PUBLIC}))
    content_key = COSEKey.from_symmetric_key(derived, alg="A256GCM")
    ciphertext = content_key.encrypt(SIGNED, iv, cbor2.dumps(["Encrypt", protected, b""]))
    recipient = [agreement, {-1: point, 4: recipient_id_of(PUBLIC)}, b""]
    assert unseal(ENCRYPT + cbor2.dumps([protected, {5: iv}, ciphertext, [recipient]]), KEYS) == SIGNED


def test_to_another_cooperative_it_cannot_be_read() -> None:
    other = X25519PrivateKey.generate()
    assert refusal(SEALED, {}) == "cannot_decrypt"
    assert refusal(SEALED, {recipient_id_of(PUBLIC): other}) == "cannot_decrypt"


def test_too_long_is_not_even_read() -> None:
    assert refusal(ENCRYPT + bytes(LONGEST_MESSAGE_BYTES)) == "too_large"


def test_a_point_that_gives_no_secret_is_refused() -> None:
    """The neutral element would make every recipient's key the same."""
    protected, unprotected, ciphertext, [[agreement, hints, wrapped]] = cbor2.loads(SEALED[2:])
    hints = {**hints, -1: {1: 1, -1: 4, -2: bytes(32)}}
    body = ENCRYPT + cbor2.dumps([protected, unprotected, ciphertext, [[agreement, hints, wrapped]]])
    assert refusal(body) == "cannot_decrypt"


@given(st.data())
def test_a_changed_byte_is_found(data: st.DataObject) -> None:
    body = bytearray(SEALED)
    position = data.draw(st.integers(min_value=2, max_value=len(body) - 1))
    body[position] ^= data.draw(st.integers(min_value=1, max_value=255))
    try:
        assert unseal(bytes(body), KEYS) == SIGNED  # a bit of the point that its arithmetic masks
    except CannotAccept as refused:
        assert refused.reason in {"malformed", "cannot_decrypt"}


parts = st.recursive(
    st.none() | st.integers() | st.binary(max_size=40) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.integers(-3, 6), inner, max_size=4),
    max_leaves=12,
)


@given(st.lists(parts, min_size=3, max_size=5))
def test_no_structure_breaks_the_reading(structure: Any) -> None:
    try:
        unseal(ENCRYPT + cbor2.dumps(structure), KEYS)
    except CannotAccept as refused:
        assert refused.reason in {"malformed", "cannot_decrypt"}
