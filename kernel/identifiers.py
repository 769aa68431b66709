"""Identifiers that leave the house: time-ordered uuids for addresses, random words for a chain."""

import secrets
import time
import uuid

_RANDOM_BITS = 74


def uuid7() -> uuid.UUID:
    """Return a time-ordered random uuid (RFC 9562, version 7)."""
    milliseconds = time.time_ns() // 1_000_000
    noise = secrets.randbits(_RANDOM_BITS)
    value = (milliseconds & (1 << 48) - 1) << 80
    value |= 0x7 << 76
    value |= (noise >> 62) << 64
    value |= 0b10 << 62
    value |= noise & (1 << 62) - 1
    return uuid.UUID(int=value)


def uuid_in(text: str | None) -> uuid.UUID | None:
    """The uuid that a text from outside names; None where it names none."""
    try:
        return uuid.UUID(text or "")
    except ValueError:
        return None


def random_bytes32() -> str:
    """Return a random 32-byte word as 0x-prefixed hex: the only name a thing bears on a chain."""
    return "0x" + secrets.token_hex(32)
