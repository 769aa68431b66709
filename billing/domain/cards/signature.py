"""Signed webhooks: `t=<seconds>,v1=<hex>`, HMAC-SHA256 over `<seconds>.<body>` (Stripe's scheme, "Verify webhook signatures manually")."""

import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime

TOLERANCE_S = 300
LONGEST_HEADER = 2000


class BadSignature(ValueError):
    """The message is not the provider's, or too old or too early to be taken; the message says which."""


def sign(content: bytes, *, secret: str, at: int) -> str:
    """The signature of a message sent at `at` [Unix seconds]."""
    return hmac.new(secret.encode(), b"%d." % at + content, hashlib.sha256).hexdigest()


def check_signature(content: bytes, header: str, *, secrets: Sequence[str], now: datetime, tolerance_s: int = TOLERANCE_S) -> int:
    """The time at which a message was signed [Unix seconds], where one of its signatures is right and the time is near.

    Several secrets hold while one takes the place of another; several signatures may stand in the header for the same reason.

    Raises:
        BadSignature: none is right, or the time is too far off.
    """
    if len(header) > LONGEST_HEADER:
        raise BadSignature("The signature's header is too long.")
    pairs = [part.strip().partition("=") for part in header.split(",")]
    times = [value for name, _, value in pairs if name == "t"]
    given = [value for name, _, value in pairs if name == "v1"]
    if len(times) != 1 or not times[0].isascii() or not times[0].isdecimal() or len(times[0]) > 12:
        raise BadSignature("The signature's header names no time.")
    at = int(times[0])
    wanted = [sign(content, secret=secret, at=at) for secret in secrets if secret]
    # Every pair is compared in constant time, so that the answer's delay tells nothing.
    right = [hmac.compare_digest(one.encode(), two.encode()) for one in wanted for two in given]
    if not any(right):
        raise BadSignature("No signature is right.")
    if abs(now.timestamp() - at) > tolerance_s:
        raise BadSignature(f"The message was signed more than {tolerance_s} s from now.")
    return at
