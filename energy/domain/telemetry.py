"""Messages as devices sign them: COSE_Sign1 (RFC 9052) with EdDSA over SenML in CBOR (RFC 8428).

Protected header: algorithm -8, key id, and the device's counter under a private label. Payload: SenML records; the base
record names device and base time. An interval record is named after its channel, is timed at the interval's start and
carries Wh; `CHANNEL/register` records carry the cumulative register [Wh] at an instant; `interval` its length [s];
other names (`import_w`, `soc_wh`, ...) are samples at an instant.
"""

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import cbor2
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

COSE_SIGN1_TAG = 18
LABEL_ALGORITHM, LABEL_KEY_ID, LABEL_COUNTER = 1, 4, -70001
ALGORITHM_EDDSA = -8
BASE_NAME, BASE_TIME, NAME, UNIT, VALUE, TIME = -2, -3, 0, 1, 2, 6
CHANNEL_NAMES = ("import", "export", "production", "charge", "discharge", "down", "up")
SAMPLE_NAMES = (
    "import_w",
    "export_w",
    "production_w",
    "charge_w",
    "discharge_w",
    "soc_wh",
    "voltage_v",
    "frequency_hz",
)
LONGEST_MESSAGE_BYTES = 65_536
LONGEST_BLOCK = 4_000
LARGEST_INTERVAL_WH = 2**31 - 1
LARGEST_COUNT = 2**62  # of counters and registers, within a signed 64-bit number with room to add
INTERVAL_LENGTHS_S = (300, 600, 900, 1800, 3600)


class CannotAccept(ValueError):
    """A message cannot be accepted; `reason` is one of the counted reasons."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class IntervalBlock:
    """Consecutive settlement intervals of one channel.

    Attributes:
        channel: one of CHANNEL_NAMES.
        start_at: first instant of the first interval.
        interval_s: length of an interval [s].
        values_wh: energy per interval [Wh].
        register_start_wh, register_end_wh: cumulative register [Wh] before the first and after the last interval.
    """

    channel: str
    start_at: datetime
    interval_s: int
    values_wh: tuple[int, ...]
    register_start_wh: int | None = None
    register_end_wh: int | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """Instantaneous values by name: powers [W], state of charge [Wh], voltage [V], frequency [Hz]."""

    at: datetime
    values: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Telemetry:
    """What a device said."""

    device_name: str
    counter: int
    sent_at: datetime
    blocks: tuple[IntervalBlock, ...] = ()
    samples: tuple[Sample, ...] = ()


@dataclass(frozen=True, slots=True)
class Envelope:
    """A message taken apart, not yet verified."""

    key_id: bytes
    counter: int
    protected: bytes
    payload: bytes
    signature: bytes = field(repr=False)


def key_id_of(public_key: bytes) -> bytes:
    """The key's name in a header: the first eight bytes of its SHA-256."""
    return hashlib.sha256(public_key).digest()[:8]


def _to_be_signed(protected: bytes, payload: bytes) -> bytes:
    return cbor2.dumps(["Signature1", protected, b"", payload])


def encode_message(
    *,
    private_key: Ed25519PrivateKey,
    key_id: bytes,
    device_name: str,
    counter: int,
    sent_at: datetime,
    blocks: Sequence[IntervalBlock] = (),
    samples: Sequence[Sample] = (),
) -> bytes:
    """Sign a message; the same arguments give the same bytes (Ed25519 is deterministic)."""
    base = int(sent_at.timestamp())
    records: list[dict[int, Any]] = [{BASE_NAME: device_name, BASE_TIME: base}]
    for block in blocks:
        records.extend(_block_records(block, base))
    for sample in samples:
        offset = sample.at.timestamp() - base
        records.extend({NAME: name, TIME: offset, VALUE: value} for name, value in sample.values.items())
    payload = cbor2.dumps(records)
    protected = cbor2.dumps({LABEL_ALGORITHM: ALGORITHM_EDDSA, LABEL_KEY_ID: key_id, LABEL_COUNTER: counter})
    signature = private_key.sign(_to_be_signed(protected, payload))
    return cbor2.dumps(cbor2.CBORTag(COSE_SIGN1_TAG, [protected, {}, payload, signature]))


def _block_records(block: IntervalBlock, base: int) -> list[dict[int, Any]]:
    start = int(block.start_at.timestamp()) - base
    name, step = block.channel, block.interval_s
    records: list[dict[int, Any]] = [{NAME: "interval", UNIT: "s", VALUE: step}]
    if block.register_start_wh is not None and block.register_end_wh is not None:
        end = start + step * len(block.values_wh)
        records.append({NAME: f"{name}/register", UNIT: "Wh", TIME: start, VALUE: block.register_start_wh})
        records.append({NAME: f"{name}/register", UNIT: "Wh", TIME: end, VALUE: block.register_end_wh})
    records.extend({NAME: name, TIME: start + i * step, VALUE: wh} for i, wh in enumerate(block.values_wh))
    return records


def open_envelope(body: bytes) -> Envelope:
    """Take a message apart without trusting it.

    Raises:
        CannotAccept: `malformed` or `too_large`.
    """
    if len(body) > LONGEST_MESSAGE_BYTES:
        raise CannotAccept("too_large", f"{len(body)} bytes, {LONGEST_MESSAGE_BYTES} at most")
    tag = _decode(body)
    if not isinstance(tag, cbor2.CBORTag) or tag.tag != COSE_SIGN1_TAG:
        raise CannotAccept("malformed", "not a COSE_Sign1 message")
    if not isinstance(tag.value, list | tuple) or len(tag.value) != 4:
        raise CannotAccept("malformed", "not the four parts of COSE_Sign1")
    protected, _, payload, signature = tag.value
    header = _decode(protected) if isinstance(protected, bytes) else None
    if not isinstance(header, dict):
        raise CannotAccept("malformed", "header")
    key_id, counter = header.get(LABEL_KEY_ID), header.get(LABEL_COUNTER)
    if header.get(LABEL_ALGORITHM) != ALGORITHM_EDDSA or not isinstance(key_id, bytes):
        raise CannotAccept("malformed", "algorithm or key id")
    if type(counter) is not int or not 0 < counter < LARGEST_COUNT:
        raise CannotAccept("malformed", "counter")
    if not isinstance(payload, bytes) or not isinstance(signature, bytes):
        raise CannotAccept("malformed", "payload or signature")
    return Envelope(key_id, counter, protected, payload, signature)


def _decode(raw: bytes) -> Any:
    """Read CBOR from outside; whatever its decoder stumbles over (dates, decimals, patterns, depth) is malformed."""
    try:
        return cbor2.loads(raw)
    except Exception as problem:
        raise CannotAccept("malformed", type(problem).__name__) from None


def verify(envelope: Envelope, public_key: bytes) -> None:
    """Check the signature.

    Raises:
        CannotAccept: `bad_signature`.
    """
    try:
        key = Ed25519PublicKey.from_public_bytes(public_key)
        key.verify(envelope.signature, _to_be_signed(envelope.protected, envelope.payload))
    except (InvalidSignature, ValueError):
        raise CannotAccept("bad_signature") from None


def read_payload(envelope: Envelope) -> Telemetry:
    """Read the records of a verified message.

    Raises:
        CannotAccept: `malformed` or `too_large`.
    """
    records = _decode(envelope.payload)
    try:
        head = records[0]
        device_name, base = head[BASE_NAME], head[BASE_TIME]
        sent_at = datetime.fromtimestamp(base, UTC)
        blocks, samples = _sort_records(records[1:], base)
    except CannotAccept:
        raise
    except (ValueError, TypeError, KeyError, IndexError, ArithmeticError, OSError, AttributeError) as problem:
        raise CannotAccept("malformed", type(problem).__name__) from None
    if not isinstance(device_name, str):
        raise CannotAccept("malformed", "device name")
    return Telemetry(device_name, envelope.counter, sent_at, blocks, samples)


def _sort_records(
    records: list[dict[int, Any]], base: float
) -> tuple[tuple[IntervalBlock, ...], tuple[Sample, ...]]:
    if len(records) > LONGEST_BLOCK:
        raise CannotAccept("too_large", "records")
    intervals: dict[str, list[tuple[float, int]]] = {}
    registers: dict[str, list[tuple[float, int]]] = {}
    samples: dict[float, dict[str, float]] = {}
    interval_s = 0
    for record in records:
        name, value, offset = record[NAME], record[VALUE], record.get(TIME, 0)
        if name in CHANNEL_NAMES:
            intervals.setdefault(name, []).append((offset, value))
        elif name == "interval":
            interval_s = value
        elif name in SAMPLE_NAMES:
            samples.setdefault(offset, {})[name] = _finite(value)
        elif isinstance(name, str) and name.removesuffix("/register") in CHANNEL_NAMES:
            registers.setdefault(name.removesuffix("/register"), []).append((offset, value))
        else:
            raise CannotAccept("malformed", "unknown record")
    blocks = tuple(
        _block(name, rows, registers.get(name, []), interval_s, base) for name, rows in intervals.items()
    )
    return blocks, tuple(
        Sample(datetime.fromtimestamp(base + offset, UTC), values)
        for offset, values in sorted(samples.items())
    )


def _finite(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise CannotAccept("malformed", "a sample is not a finite number")
    return number


def _block(
    name: str, rows: list[tuple[float, int]], registers: list[tuple[float, int]], interval_s: int, base: float
) -> IntervalBlock:
    if interval_s not in INTERVAL_LENGTHS_S:
        raise CannotAccept("malformed", "interval length")
    rows.sort()
    start = rows[0][0]
    if any(offset != start + i * interval_s for i, (offset, _) in enumerate(rows)):
        raise CannotAccept("malformed", "intervals do not follow each other")
    values = tuple(value for _, value in rows)
    if not all(type(value) is int and 0 <= value <= LARGEST_INTERVAL_WH for value in values):
        raise CannotAccept("malformed", "energy must be whole Wh and not negative")
    first = last = None
    if registers:
        registers.sort()
        (at_start, first), (at_end, last) = registers[0], registers[-1]
        if at_start != start or at_end != start + interval_s * len(rows):
            raise CannotAccept(
                "malformed", "registers must be read at the start and the end of the intervals"
            )
        if not all(type(value) is int and 0 <= value < LARGEST_COUNT for value in (first, last)):
            raise CannotAccept("malformed", "register")
    return IntervalBlock(name, datetime.fromtimestamp(base + start, UTC), interval_s, values, first, last)
