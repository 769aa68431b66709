"""The evidence as rows of binary COPY: messages differ in length, so each row is packed by itself."""

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from energy.adapters.binary_copy import HEADER, TRAILER

POSTGRES_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
_ROW = struct.Struct(">h" + "iq" * 6 + "i")


@dataclass(frozen=True, slots=True)
class EvidenceRow:
    """One accepted message, byte for byte, with when and how it came."""

    message_id: int
    received_at: datetime
    microgrid_id: int
    device_id: int
    counter: int
    sent_at: datetime
    transport: str
    body: bytes


def append_evidence(cursor: Any, rows: Iterable[EvidenceRow]) -> None:
    """Append messages."""
    parts = [HEADER]
    for row in rows:
        transport = row.transport.encode()
        parts.append(
            _ROW.pack(
                8,
                8,
                row.message_id,
                8,
                _microseconds(row.received_at),
                8,
                row.microgrid_id,
                8,
                row.device_id,
                8,
                row.counter,
                8,
                _microseconds(row.sent_at),
                len(transport),
            )
        )
        parts += (transport, len(row.body).to_bytes(4, "big"), row.body)
    parts.append(TRAILER)
    with cursor.copy(
        "COPY energy_telemetrymessage (id, received_at, microgrid_id, device_id, counter, sent_at, transport, body)"
        " FROM STDIN (FORMAT binary)"
    ) as copy:
        copy.write(b"".join(parts))


def _microseconds(instant: datetime) -> int:
    return (instant - POSTGRES_EPOCH) // MICROSECOND
