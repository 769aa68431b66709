"""Codes by which devices come in, and the words that a device signs to show that it holds a key.

Statements are lines of text, so that the smallest device can build them.
"""

import hashlib
import re
import secrets

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: no I, L, O, U
CODE_LETTERS, LOCATOR_LETTERS, GROUP = 20, 5, 5
MOST_FAILURES = 10
_LOOKS_LIKE = str.maketrans({"I": "1", "L": "1", "O": "0"})
_PLAIN = re.compile(r"[\w.+ -]*", re.ASCII)


class CannotEnrol(ValueError):
    """A device cannot come in, or cannot change its key; `reason` is one word for programs."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


def new_code() -> str:
    """A fresh code: a hundred random bits in four groups, for example `7K3MA-Q0WXY-...`."""
    letters = "".join(secrets.choice(ALPHABET) for _ in range(CODE_LETTERS))
    return "-".join(letters[i : i + GROUP] for i in range(0, CODE_LETTERS, GROUP))


def plain_code(text: str) -> str:
    """The code without groups and in capitals, as it is signed and hashed; letters that look alike are one."""
    return re.sub(r"[\s-]", "", text.upper()).translate(_LOOKS_LIKE)


def locator_of(code: str) -> str:
    """The part of a plain code that finds its row; the rest is the secret."""
    return code[:LOCATOR_LETTERS]


def code_hash(code: str) -> bytes:
    """What is kept of a plain code: with 75 secret bits, a plain SHA-256 cannot be searched."""
    return hashlib.sha256(b"microgrid enrolment code " + code.encode()).digest()


def enrolment_statement(*, code: str, public_key: bytes, model: str, firmware_version: str) -> bytes:
    """What a device signs with its new key in order to come in."""
    lines = ("microgrid enrolment 1", plain_code(code), public_key.hex(), model, firmware_version)
    return "\n".join(lines).encode()


def rotation_statement(*, device_name: str, public_key: bytes) -> bytes:
    """What a device signs with its old key and with its new one in order to change keys."""
    return "\n".join(("microgrid rotation 1", device_name, public_key.hex())).encode()


def certificate_statement(*, device_name: str, csr: bytes) -> bytes:
    """What a device signs with its key in order to get a certificate for the request `csr` (DER)."""
    digest = hashlib.sha256(csr).hexdigest()
    return "\n".join(("microgrid certificate 1", device_name, digest)).encode()


def firmware_statement(*, device_name: str, version: str, outcome: str, at: int) -> bytes:
    """What a device signs in order to report its firmware; `outcome` is running or failed, `at` in seconds since 1970."""
    return "\n".join(("microgrid firmware 1", device_name, version, outcome, str(at))).encode()


def is_signed(public_key: bytes, signature: bytes, statement: bytes) -> bool:
    """Whether `statement` was signed by the holder of `public_key`."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, statement)
    except (InvalidSignature, ValueError):
        return False
    return True


def check_words(model: str, firmware_version: str) -> None:
    """Check what a device says about itself.

    Raises:
        CannotEnrol: `model` or `firmware_version` holds other signs than letters, digits, `. + - _` and blanks.
    """
    for name, text, longest in (("model", model, 80), ("firmware_version", firmware_version, 40)):
        if len(text) > longest or not _PLAIN.fullmatch(text):
            raise CannotEnrol(name, f"{name}: at most {longest} letters, digits, blanks and . + - _ are possible")
