"""The evidence read again, plainly and slowly, by code that shares nothing with the acceptance path but the database.

One dictionary from meter, channel and instant to Wh; later messages say it anew. Meant to be compared with the meter days.
"""

import struct
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import cbor2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

CHANNELS = {"import": 1, "export": 2, "production": 3, "charge": 4, "discharge": 5, "down": 6, "up": 7}
MEASURED, MISSING, METHOD = 0, 15, 15


@dataclass(slots=True)
class Rereading:
    """What the kept messages say."""

    messages: int = 0
    counters: set[tuple[int, int]] = field(default_factory=set)
    said_wh: dict[tuple[int, int, int], int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def read_again(cursor: Any, microgrid_id: int) -> Rereading:
    """Verify and read every kept message of a microgrid in the order in which they were kept."""
    found = Rereading()
    cursor.execute(
        """SELECT k.key_id, k.public_key FROM energy_devicekey k JOIN energy_device d ON d.id = k.device_id
           WHERE d.microgrid_id = %s""",
        [microgrid_id],
    )
    keys = {bytes(key_id): Ed25519PublicKey.from_public_bytes(bytes(key)) for key_id, key in cursor.fetchall()}
    cursor.execute(
        """SELECT t.id, t.device_id, t.counter, t.body, d.meter_id FROM energy_telemetrymessage t
           JOIN energy_device d ON d.id = t.device_id WHERE t.microgrid_id = %s ORDER BY t.id""",
        [microgrid_id],
    )
    for message_id, device_id, counter, body, meter_id in cursor.fetchall():
        found.messages += 1
        if (device_id, counter) in found.counters:
            found.problems.append(f"counter {counter} of device {device_id} is kept twice")
        found.counters.add((device_id, counter))
        protected, _, payload, signature = cbor2.loads(bytes(body)).value
        header = cbor2.loads(protected)
        keys[header[4]].verify(signature, cbor2.dumps(["Signature1", protected, b"", payload]))
        if header[-70001] != counter:
            found.problems.append(f"message {message_id} is kept under another counter")
        _read_records(found, meter_id, cbor2.loads(payload))
    return found


def _read_records(found: Rereading, meter_id: int, records: list[dict[int, Any]]) -> None:
    base, step = records[0][-3], 0
    for record in records:
        name, at = record.get(0), base + record.get(6, 0)
        if name == "interval":
            step = record[2]
    for record in records:
        name, at = record.get(0), base + record.get(6, 0)
        if name not in CHANNELS:
            continue
        values = struct.unpack(f">{len(record[8]) // 4}I", record[8]) if 8 in record else (record[2],)
        for i, value in enumerate(values):
            found.said_wh[meter_id, CHANNELS[name], int(at) + i * step] = value


def compare(cursor: Any, microgrid_id: int, time_zone: str, found: Rereading) -> list[str]:
    """Where meter days and messages differ, in words; every interval of every day is looked at."""
    differences = list(found.problems)
    left = dict(found.said_wh)
    cursor.execute(
        """SELECT day, meter_id, channel, values_wh, quality, message_ids FROM energy_meterday
           WHERE microgrid_id = %s AND is_current""",
        [microgrid_id],
    )
    for day, meter_id, channel, values, quality, message_ids in cursor.fetchall():
        starts = quarter_hours(day, ZoneInfo(time_zone))
        if len(starts) != len(values) or len(set(message_ids)) != len(message_ids):
            differences.append(f"{day} of meter {meter_id} has a wrong length or a message twice")
        for start, value, flag in zip(starts, values, quality, strict=True):
            said = left.pop((meter_id, channel, start), None)
            kept = value if flag & METHOD == MEASURED else None
            if said != kept or (kept is None and flag & METHOD != MISSING):
                differences.append(f"{day}, meter {meter_id}, {start}: kept {kept}, said {said}")
    differences += [f"{key} was said and is nowhere" for key in left]
    return differences


def quarter_hours(day: date, zone: ZoneInfo) -> list[int]:
    """The first instants of a local day's quarter hours [s since 1970]."""
    start = datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)
    end = datetime.combine(day + timedelta(days=1), time(), tzinfo=zone).astimezone(UTC)
    return list(range(int(start.timestamp()), int(end.timestamp()), 900))
