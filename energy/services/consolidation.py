"""Folding interval blocks into meter days."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np

from energy.adapters.meter_day_rows import MeterDayRow, write_rows
from energy.domain.quality import METHOD_MASK, Check, Method
from energy.domain.telemetry import IntervalBlock
from energy.models import Channel, DayStatus, Microgrid
from energy.services.partitions import ensure_months

CHANNEL_OF = {channel.label: channel for channel in Channel}
Key = tuple[date, int, int]


@dataclass(frozen=True, slots=True)
class MeterBlock:
    """A block of one meter, and the message it came in."""

    meter_id: int
    block: IntervalBlock
    message_id: int
    clock_is_off: bool = False


@dataclass(frozen=True, slots=True)
class Patch:
    """A run of intervals of one meter day, from one message."""

    first: int
    values_wh: tuple[int, ...]
    register_start_wh: int | None
    register_end_wh: int | None
    message_id: int
    flag: int


def consolidate(*, cursor: Any, microgrid: Microgrid, blocks: Sequence[MeterBlock], now: datetime) -> int:
    """Write blocks into provisional meter days; part of the caller's transaction. Returns how many days changed.

    A final day whose values differ gets a new provisional version; one whose values are the same stays as it is.
    """
    patches = patches_of(microgrid, blocks)
    if not patches:
        return 0
    ensure_months(table="energy_meterday", days=(day for day, _, _ in patches))
    existing = _existing(cursor, patches)
    rows, superseded = [], []
    for key, pieces in patches.items():
        row = _merge(microgrid, key, pieces, existing.get(key))
        if row is None:
            continue
        if key in existing and row.version > existing[key].version:
            superseded.append(key)
        rows.append(row)
    if superseded:
        cursor.executemany(
            "UPDATE energy_meterday SET is_current = false WHERE day = %s AND meter_id = %s AND channel = %s AND is_current",
            superseded,
        )
    write_rows(
        cursor, rows, microgrid_id=microgrid.pk, provenance="messages", now=now, replace=bool(existing)
    )
    return len(rows)


def patches_of(microgrid: Microgrid, blocks: Iterable[MeterBlock]) -> dict[Key, list[Patch]]:
    """Cut blocks into runs of intervals by meter day."""
    patches: dict[Key, list[Patch]] = {}
    for meter_block in blocks:
        block = meter_block.block
        step = timedelta(seconds=block.interval_s)
        taken, register = 0, block.register_start_wh
        while taken < len(block.values_wh):
            local_day = microgrid.local_day((block.start_at + taken * step).astimezone(microgrid.zone).date())
            first = local_day.index_of(block.start_at + taken * step)
            values = block.values_wh[taken : taken + local_day.interval_count - first]
            register_after = None if register is None else register + sum(values)
            if taken + len(values) == len(block.values_wh) and register is not None:
                register_after = block.register_end_wh
            patches.setdefault((local_day.day, meter_block.meter_id, CHANNEL_OF[block.channel]), []).append(
                Patch(first, values, register, register_after, meter_block.message_id,
                       int(Check.CLOCK) if meter_block.clock_is_off else 0)
            )  # fmt: skip
            taken += len(values)
            register = register_after
    return patches


def _existing(cursor: Any, keys: Iterable[Key]) -> dict[Key, MeterDayRow]:
    wanted = set(keys)
    cursor.execute(
        """SELECT day, meter_id, channel, version, status, values_wh, quality, register_start_wh, register_end_wh,
                  message_ids
           FROM energy_meterday WHERE is_current AND day = ANY(%s) AND meter_id = ANY(%s) FOR UPDATE""",
        [list({day for day, _, _ in wanted}), list({meter for _, meter, _ in wanted})],
    )
    found = {}
    for day, meter_id, channel, version, status, values, quality, first, last, messages in cursor.fetchall():
        if (day, meter_id, channel) in wanted:
            found[day, meter_id, channel] = MeterDayRow(
                day, meter_id, channel, np.array(values, np.int32), np.array(quality, np.int16), version, status,
                first, last, list(messages),
            )  # fmt: skip
    return found


def _merge(
    microgrid: Microgrid, key: Key, pieces: list[Patch], before: MeterDayRow | None
) -> MeterDayRow | None:
    """The day with the pieces in it; None where nothing changes."""
    day, meter_id, channel = key
    count = microgrid.local_day(day).interval_count
    if before is None:
        row = MeterDayRow(
            day, meter_id, channel, np.zeros(count, np.int32), np.full(count, Method.MISSING, np.int16)
        )
    else:
        row = MeterDayRow(
            day, meter_id, channel, before.values_wh.copy(), before.quality.copy(), before.version,
            DayStatus.PROVISIONAL, before.register_start_wh, before.register_end_wh, list(before.message_ids),
        )  # fmt: skip
    for piece in pieces:
        last = piece.first + len(piece.values_wh)
        row.values_wh[piece.first : last] = piece.values_wh
        row.quality[piece.first : last] = Method.MEASURED | piece.flag
        if piece.message_id not in row.message_ids:
            row.message_ids.append(piece.message_id)
    _read_registers(row, pieces, count)
    if before is None:
        return row
    same = (row.values_wh == before.values_wh).all() and (row.quality == before.quality).all()
    if before.status == DayStatus.FINAL:
        if same:
            return None
        row.version = before.version + 1
        _forget_estimates(row)
    return row


def _forget_estimates(row: MeterDayRow) -> None:
    """Open what was estimated again: with what came late it can be known better."""
    method = row.quality & METHOD_MASK
    open_again = (method != Method.MEASURED) & (method != Method.EDITED)
    row.quality[open_again] = Method.MISSING
    row.values_wh[open_again] = 0


def _read_registers(row: MeterDayRow, pieces: list[Patch], count: int) -> None:
    """Keep the register readings at the day's first and last instant, each when a message brings it."""
    start = next((p.register_start_wh for p in pieces if p.first == 0), None)
    end = next((p.register_end_wh for p in pieces if p.first + len(p.values_wh) == count), None)
    if start is not None:
        row.register_start_wh = start
    if end is not None:
        row.register_end_wh = end
