"""The bytes in docs/devices.md are what they say: for the platform that reads them and for the example that makes them."""

import re
import sys
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from energy.domain.cose import open_envelope, verify
from energy.domain.enrolment import enrolment_statement, is_signed
from energy.domain.senml import read_payload

ROOT = Path(__file__).resolve().parents[3]
MANUAL = (ROOT / "docs" / "devices.md").read_text()
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()
sys.path.insert(0, str(ROOT / "examples" / "device"))

from message import interval_records, payload_of, sign  # noqa: E402

sys.path.pop(0)

[WHOLE] = (bytes.fromhex(line) for line in re.findall(r"^d284[0-9a-f]{400,}$", MANUAL, re.M))


def test_the_platform_reads_the_message_as_the_manual_tells_it() -> None:
    envelope = open_envelope(WHOLE)
    verify(envelope, PUBLIC)
    told = read_payload(envelope)
    [block] = told.blocks
    assert (told.device_name, told.counter) == ("urn:dev:mg:0190d5f0c1f87d4ab1c2d3e4f5a6b7c8", 42)
    assert int(told.sent_at.timestamp()) == 1459245630
    assert (block.channel, list(block.values_wh)) == ("import", [52, 49])
    assert (block.register_start_wh, block.register_end_wh) == (1204411, 1204512)
    assert len(WHOLE) == 252


def test_the_example_makes_the_same_bytes() -> None:
    records = interval_records("import", 1459243800, 900, [52, 49], 1204411)
    payload = payload_of("urn:dev:mg:0190d5f0c1f87d4ab1c2d3e4f5a6b7c8", 1459245630, records)
    assert sign(KEY, 42, payload) == WHOLE


def test_the_enrolment_of_the_manual_is_signed() -> None:
    [signature] = re.findall(r"signature `([0-9a-f]{128})`", MANUAL)
    assert f"public key `{PUBLIC.hex()}`" in MANUAL
    statement = enrolment_statement(code="7K3MA-Q0WXY-51ZBN-8RTPG", public_key=PUBLIC, model="example-1", firmware_version="1.0.0")
    assert is_signed(PUBLIC, bytes.fromhex(signature), statement)


def test_the_parts_shown_are_parts_of_the_whole() -> None:
    listing = MANUAL.split("252 bytes:\n\n```\n")[1].split("```")[0]
    shown = [re.match(r"[0-9a-f. ]+?(?=  |$)", line.strip() + "  ") for line in listing.splitlines()]
    hexadecimal = WHOLE.hex()
    at = 0
    for part in re.split(r"\.\.\.", "".join(m[0].replace(" ", "") for m in shown if m)):
        found = hexadecimal.find(part, at)
        assert found >= at, part
        at = found + len(part)
