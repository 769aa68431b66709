"""Signed webhooks, by the scheme's own description."""

import hashlib
import hmac
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.domain.cards.signature import BadSignature, check_signature

NOW = datetime(2026, 1, 1, tzinfo=UTC)
AT = int(NOW.timestamp())


def header(content: bytes, secret: str = "s", at: int = AT) -> str:
    """As described: HMAC with SHA-256 over the time, a dot and the body."""
    made = hmac.new(secret.encode(), f"{at}.".encode() + content, hashlib.sha256).hexdigest()
    return f"t={at},v1={made}"


@given(st.binary(max_size=200), st.integers(-300, 300))
def test_a_right_signature_within_the_tolerance_is_taken(content: bytes, off: int) -> None:
    assert check_signature(content, header(content, at=AT + off), secrets=["other", "s"], now=NOW) == AT + off


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "t=,v1=",
        "v1=abc",
        f"t={AT}",
        header(b"y"),
        header(b"x", "other"),
        header(b"x", at=AT - 301),
        header(b"x", at=AT + 301),
        header(b"x").replace("v1", "v0"),
        f"t={AT},{header(b'x')}",
        "t=٣,v1=a",
        "t=" + "9" * 3000,
    ],
)
def test_anything_else_is_refused(wrong: str) -> None:
    with pytest.raises(BadSignature):
        check_signature(b"x", wrong, secrets=["s"], now=NOW)


def test_an_empty_secret_signs_nothing() -> None:
    with pytest.raises(BadSignature):
        check_signature(b"x", header(b"x", ""), secrets=["", ""], now=NOW)
