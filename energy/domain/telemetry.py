"""What a device says, and how it is written down: SenML (RFC 8428) in CBOR, signed (`energy.domain.cose`).

The base record names device and base time. An interval record is named after its channel, is timed at the interval's start
and carries Wh (`reactive`: varh); or one record carries many intervals, packed, as data value. `CHANNEL/register` records carry the cumulative
register [Wh] at an instant; `interval` its length [s]; other names (`import_w`, `soc_wh`, ...) are samples at an instant.
`energy.domain.senml` reads them.
"""

import hashlib
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from energy.domain.acceptance import LARGEST_COUNT as LARGEST_COUNT
from energy.domain.acceptance import CannotAccept as CannotAccept
from energy.domain.cose import sign

BASE_NAME, BASE_TIME, BASE_UNIT, BASE_VERSION = -2, -3, -4, -1
NAME, UNIT, VALUE, BOOLEAN_VALUE, TIME, DATA_VALUE = 0, 1, 2, 4, 6, 8
CHANNEL_NAMES = ("import", "export", "production", "charge", "discharge", "down", "up", "reactive", "draw")
REACTIVE = CHANNEL_NAMES[7]  # in varh where others are in Wh
SAMPLE_NAMES = (
    "import_w",
    "export_w",
    "production_w",
    "charge_w",
    "discharge_w",
    "soc_wh",
    "voltage_v",
    "frequency_hz",
    # of the switch to the public grid: 1 when open; what lies beyond it; by how much our voltage is ahead of it
    "coupling_open",
    "grid_voltage_v",
    "grid_frequency_hz",
    "grid_phase_deg",
)
LARGEST_INTERVAL_WH = 2**31 - 1
INTERVAL_LENGTHS_S = (300, 600, 900, 1800, 3600)


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
    """Instantaneous values by name: powers [W], state of charge [Wh], voltage [V], frequency [Hz], what sensors say."""

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


def key_id_of(public_key: bytes) -> bytes:
    """The key's name in a header: the first eight bytes of its SHA-256."""
    return hashlib.sha256(public_key).digest()[:8]


def encode_message(
    *,
    private_key: Ed25519PrivateKey,
    key_id: bytes,
    device_name: str,
    counter: int,
    sent_at: datetime,
    blocks: Sequence[IntervalBlock] = (),
    samples: Sequence[Sample] = (),
    packed: bool = False,
) -> bytes:
    """Sign a message, its intervals in a record each or `packed`; the same arguments give the same bytes."""
    base = int(sent_at.timestamp())
    records: list[dict[int, Any]] = [{BASE_NAME: device_name, BASE_TIME: base}]
    for block in blocks:
        records.extend(_block_records(block, base, packed))
    for sample in samples:
        offset = sample.at.timestamp() - base
        records.extend({NAME: name, TIME: offset, VALUE: value} for name, value in sample.values.items())
    return sign(private_key=private_key, key_id=key_id, counter=counter, payload=cbor2.dumps(records))


def _block_records(block: IntervalBlock, base: int, packed: bool) -> list[dict[int, Any]]:
    start = int(block.start_at.timestamp()) - base
    name, step, values = block.channel, block.interval_s, block.values_wh
    unit = "varh" if name == REACTIVE else "Wh"
    records: list[dict[int, Any]] = [{NAME: "interval", UNIT: "s", VALUE: step}]
    if block.register_start_wh is not None and block.register_end_wh is not None:
        end = start + step * len(values)
        records.append({NAME: f"{name}/register", UNIT: unit, TIME: start, VALUE: block.register_start_wh})
        records.append({NAME: f"{name}/register", UNIT: unit, TIME: end, VALUE: block.register_end_wh})
    if packed:
        data = struct.pack(f">{len(values)}I", *values)
        return [*records, {NAME: name, UNIT: unit, TIME: start, DATA_VALUE: data}]
    records.extend({NAME: name, TIME: start + i * step, VALUE: wh} for i, wh in enumerate(values))
    return records
