"""What is committed to: canonical bytes, salted hashes, and the values of leaves. Nothing here can be read back without the salt."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import ArrayLike

from contracts.domain.merkle import Hash, keccak, leaf_hash

DAY_SCHEMA = "microgrid-day-1"
BILL_SCHEMA = "microgrid-bill-1"
DAY_TYPES = ["string", "bytes32", "bytes32", "uint8", "uint32", "uint32", "bytes32"]
BILL_TYPES = ["string", "bytes32", "bytes32", "uint32", "bytes32"]


def number_of_day(day: date) -> int:
    """YYYYMMDD as a number."""
    return day.year * 10_000 + day.month * 100 + day.day


def meter_day_bytes(day: date, channel: int, version: int, values_wh: ArrayLike, quality: ArrayLike) -> bytes:
    """Canonical form of a meter day: schema, big-endian day, channel, version, count, values (int32), flags (int16)."""
    values = np.asarray(values_wh, dtype=">i4")
    head = struct.pack(">IBHH", number_of_day(day), channel, version, len(values))
    return DAY_SCHEMA.encode() + b"\n" + head + values.tobytes() + np.asarray(quality, dtype=">i2").tobytes()


def commit(salt: bytes, content: bytes) -> Hash:
    """keccak256(salt || content)."""
    return keccak(salt + content)


def field_hashes(salt: bytes, fields: Sequence[tuple[str, str]]) -> list[Hash]:
    """One hash per field of a document, `(path, value)` as text, each under a salt of its own.

    So a single figure that does not fit can be named, and a single figure shown without the others.
    """
    return [keccak(keccak(salt + struct.pack(">I", k)) + f"{path}={value}".encode()) for k, (path, value) in enumerate(fields)]


def document_commitment(hashes: Sequence[Hash]) -> Hash:
    """keccak256 over all field hashes."""
    return keccak(b"".join(hashes))


@dataclass(frozen=True, slots=True)
class DayLeaf:
    """Values of a meter day's leaf."""

    microgrid: bytes
    meter: bytes
    channel: int
    day: int
    version: int
    commitment: bytes

    @property
    def hash(self) -> Hash:
        words = (self.microgrid, self.meter, self.channel, self.day, self.version, self.commitment)
        return leaf_hash(_encode(DAY_SCHEMA, words))

    @property
    def values(self) -> list[str | int]:
        ids = [hexed(self.microgrid), hexed(self.meter)]
        return [DAY_SCHEMA, *ids, self.channel, self.day, self.version, hexed(self.commitment)]


@dataclass(frozen=True, slots=True)
class BillLeaf:
    """Values of a document's leaf."""

    microgrid: bytes
    document: bytes
    period: int
    commitment: bytes

    @property
    def hash(self) -> Hash:
        return leaf_hash(_encode(BILL_SCHEMA, (self.microgrid, self.document, self.period, self.commitment)))

    @property
    def values(self) -> list[str | int]:
        return [BILL_SCHEMA, hexed(self.microgrid), hexed(self.document), self.period, hexed(self.commitment)]


def _encode(schema: str, words: Sequence[bytes | int]) -> bytes:
    """ABI encoding of a string followed by static words."""
    text = schema.encode()
    head = [(len(words) + 1) * 32, *words]
    tail = len(text).to_bytes(32, "big") + text.ljust(-(-len(text) // 32) * 32, b"\0")
    return b"".join(w.to_bytes(32, "big") if isinstance(w, int) else w for w in head) + tail


def hexed(data: bytes) -> str:
    """0x-prefixed hex."""
    return "0x" + bytes(data).hex()


def unhexed(text: str) -> bytes:
    """The bytes of 0x-prefixed hex."""
    return bytes.fromhex(text.removeprefix("0x"))
