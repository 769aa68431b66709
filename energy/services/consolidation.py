"""Folding interval blocks into meter days: a loop over messages, arrays over readings."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from energy.adapters import meter_day_table as days
from energy.adapters.meter_day_table import EPOCH, UNREAD, Key, MeterDayTable
from energy.domain.quality import METHOD_MASK, Check, Method
from energy.domain.registers import went_back
from energy.domain.telemetry import IntervalBlock
from energy.models import Channel, DayStatus, Microgrid
from energy.services.partitions import ensure_months
from kernel.intervals import LocalDay, zone

CHANNEL_OF = {channel.label: int(channel) for channel in Channel}
DayKey = tuple[date, int, int]


@dataclass(frozen=True, slots=True)
class MeterBlock:
    """A block of one meter, and the message it came in."""

    meter_id: int
    block: IntervalBlock
    message_id: int
    clock_is_off: bool = False
    register_limit_wh: int = 10**11


@dataclass(frozen=True, slots=True)
class MicrogridBlocks:
    """Blocks of one microgrid; `now` is by its clock."""

    microgrid: Microgrid
    blocks: Sequence[MeterBlock]
    now: datetime


@dataclass(frozen=True, slots=True)
class Patch:
    """A run of intervals of one meter day, from one message; registers [Wh], None where not read."""

    day: int
    intervals: int
    first: int
    values_wh: Sequence[int]
    register_start_wh: int | None
    register_end_wh: int | None
    message_id: int
    flag: int = 0


@dataclass(frozen=True, slots=True)
class Folded:
    """What folding did: how many meter days changed, and what a register that went back read, by meter id."""

    days: int = 0
    registers_back: Mapping[int, str] = field(default_factory=dict)


def consolidate(*, cursor: Any, microgrid: Microgrid, blocks: Sequence[MeterBlock], now: datetime) -> Folded:
    """Write blocks of one microgrid into provisional meter days; see `consolidate_all`."""
    return consolidate_all(cursor=cursor, parts=[MicrogridBlocks(microgrid, blocks, now)])


def consolidate_all(*, cursor: Any, parts: Sequence[MicrogridBlocks], provenance: str = "messages") -> Folded:
    """Write blocks into provisional meter days; part of the caller's transaction, which holds the devices' rows.

    A final day whose values differ gets a new provisional version; one whose values are the same stays as it is.
    """
    folds: dict[int, _Fold] = {}
    for part in parts:
        changed_at = np.datetime64(part.now.astimezone(UTC).replace(tzinfo=None), "us")
        for meter_block in part.blocks:
            for patch in patches_of_block(part.microgrid, meter_block):
                fold = folds.setdefault(patch.intervals, _Fold(patch.intervals))
                fold.add(meter_block, patch, part.microgrid.pk, changed_at)
    if not folds:
        return Folded()
    ensure_months(table=days.TABLE, days={EPOCH + timedelta(days=key[0]) for fold in folds.values() for key in fold.rows})
    reports = [fold.write(cursor, provenance) for _, fold in sorted(folds.items())]
    return Folded(
        sum(report.days for report in reports),
        {meter_id: detail for report in reports for meter_id, detail in report.registers_back.items()},
    )


@lru_cache(maxsize=16_384)
def _place(zone_name: str, interval_minutes: int, start_s: int) -> tuple[int, int, int]:
    """Where an interval that begins at `start_s` lies: its local day since 1970, its number, how many the day has."""
    day = datetime.fromtimestamp(start_s, zone(zone_name)).date()
    local_day = LocalDay(day, zone(zone_name), interval_minutes)
    first = (start_s - int(local_day.start_at.timestamp())) // (60 * interval_minutes)
    return (day - EPOCH).days, first, local_day.interval_count


def patches_of_block(microgrid: Microgrid, meter_block: MeterBlock) -> list[Patch]:
    """Cut a block into runs of intervals of one local day each."""
    block, flag = meter_block.block, int(Check.CLOCK) if meter_block.clock_is_off else 0
    start_s, values = int(block.start_at.timestamp()), block.values_wh
    day, first, intervals = _place(microgrid.time_zone, microgrid.interval_minutes, start_s)
    register, message_id = block.register_start_wh, meter_block.message_id
    if first + len(values) <= intervals:
        return [Patch(day, intervals, first, values, register, block.register_end_wh, message_id, flag)]
    patches, taken = [], 0
    while taken < len(values):
        run = values[taken : taken + intervals - first]
        register_after = None if register is None else register + sum(run)
        if taken + len(run) == len(values) and register is not None:
            register_after = block.register_end_wh
        patches.append(Patch(day, intervals, first, run, register, register_after, message_id, flag))
        taken += len(run)
        register = register_after
        day, first, intervals = _place(microgrid.time_zone, microgrid.interval_minutes, start_s + taken * block.interval_s)
    return patches


def patches_of(microgrid: Microgrid, blocks: Iterable[MeterBlock]) -> dict[DayKey, list[Patch]]:
    """Cut blocks into runs of intervals by meter day."""
    patches: dict[DayKey, list[Patch]] = {}
    for meter_block in blocks:
        for patch in patches_of_block(microgrid, meter_block):
            key = (EPOCH + timedelta(days=patch.day), meter_block.meter_id, CHANNEL_OF[meter_block.block.channel])
            patches.setdefault(key, []).append(patch)
    return patches


class _Fold:
    """Meter days with the same number of intervals, and the runs that go into them in the order in which they came."""

    def __init__(self, intervals: int) -> None:
        self.rows: dict[Key, int] = {}
        self._intervals = intervals
        self._microgrids: list[int] = []
        self._changed: list[np.datetime64] = []
        self._limits: list[int] = []
        self._messages: list[list[int]] = []
        self._starts: list[int] = []  # in the table laid flat
        self._lengths: list[int] = []
        self._flags: list[int] = []
        self._values: list[int] = []
        self._register_start: dict[int, int] = {}
        self._register_end: dict[int, int] = {}

    def add(self, meter_block: MeterBlock, patch: Patch, microgrid_id: int, changed_at: np.datetime64) -> None:
        key = (patch.day, meter_block.meter_id, CHANNEL_OF[meter_block.block.channel])
        row = self.rows.get(key)
        if row is None:
            row = self.rows[key] = len(self.rows)
            self._microgrids.append(microgrid_id)
            self._changed.append(changed_at)
            self._limits.append(meter_block.register_limit_wh)
            self._messages.append([])
        if patch.message_id not in self._messages[row][-1:]:
            self._messages[row].append(patch.message_id)
        self._starts.append(row * self._intervals + patch.first)
        self._lengths.append(len(patch.values_wh))
        self._flags.append(Method.MEASURED | patch.flag)
        self._values.extend(patch.values_wh)
        if patch.first == 0 and patch.register_start_wh is not None:
            self._register_start.setdefault(row, patch.register_start_wh)
        if patch.register_end_wh is not None and patch.first + len(patch.values_wh) == self._intervals:
            self._register_end.setdefault(row, patch.register_end_wh)

    def write(self, cursor: Any, provenance: str) -> Folded:
        table = self._empty_table()
        found = days.read_current(cursor, list(self.rows), self._intervals)
        there = self._lay_beneath(table, found)
        before_values, before_quality = table.values_wh.copy(), table.quality.copy()
        self._put(table)
        back = self._registers_back(cursor, table)
        for row, register in self._register_start.items():
            table.register_start_wh[row] = register
        for row, register in self._register_end.items():
            table.register_end_wh[row] = register
        differs = (table.values_wh != before_values).any(axis=1) | (table.quality != before_quality).any(axis=1)
        final = there & (table.status == DayStatus.FINAL)
        self._supersede(cursor, table, np.flatnonzero(final & differs))
        new = ~there | (final & differs)
        table.status[:] = DayStatus.PROVISIONAL
        days.append(cursor, table, np.flatnonzero(new), self._messages, provenance)
        days.overwrite(cursor, table, np.flatnonzero(there & ~final), self._messages, provenance)
        return Folded(int((new | (there & ~final)).sum()), back)

    def _empty_table(self) -> MeterDayTable:
        keys = np.array(list(self.rows), dtype=np.int64).reshape(-1, 3)
        count, shape = len(keys), (len(keys), self._intervals)
        return MeterDayTable(
            keys[:, 0],
            keys[:, 1],
            np.array(self._microgrids),
            keys[:, 2].astype(np.int16),
            np.ones(count, np.int16),
            np.zeros(count, np.int16),
            np.zeros(shape, np.int32),
            np.full(shape, Method.MISSING, np.int16),
            np.full(count, UNREAD),
            np.full(count, UNREAD),
            np.array(self._changed),
        )

    def _lay_beneath(self, table: MeterDayTable, found: dict[str, NDArray[Any]]) -> NDArray[np.bool_]:
        """Put what there is beneath what came; bool [r], where there is something."""
        keys = zip(found["day"].tolist(), found["meter_id"].tolist(), found["channel"].tolist(), strict=True)
        at = np.array([self.rows[key] for key in keys], dtype=np.int64)
        table.version[at], table.status[at] = found["version"], found["status"]
        table.values_wh[at], table.quality[at] = found["values_wh"], found["quality"]
        table.register_start_wh[at], table.register_end_wh[at] = found["first_wh"], found["last_wh"]
        there = np.zeros(len(self.rows), dtype=bool)
        there[at] = True
        return there

    def _put(self, table: MeterDayTable) -> None:
        """Write the runs into the table; where two say something of one interval, the later one counts."""
        lengths = np.array(self._lengths)
        ends = np.cumsum(lengths)
        places = np.arange(ends[-1]) + np.repeat(np.array(self._starts) - (ends - lengths), lengths)
        table.values_wh.reshape(-1)[places] = np.array(self._values, dtype=np.int32)
        table.quality.reshape(-1)[places] = np.repeat(np.array(self._flags, dtype=np.int16), lengths)

    def _registers_back(self, cursor: Any, table: MeterDayTable) -> dict[int, str]:
        """Registers at a day's ends that read less than before, by meter id."""
        if not self._register_start:
            return {}
        keys = list(self.rows)
        before = days.registers_before(cursor, [keys[row] for row in self._register_start])
        found = {}
        for row, start_wh in self._register_start.items():
            known = before.get(keys[row])
            last_wh = self._register_end.get(row, start_wh)
            if known is not None and went_back(known, start_wh, self._limits[row]):
                found[keys[row][1]] = f"from {known} Wh to {start_wh} Wh"
            elif went_back(start_wh, last_wh, self._limits[row]):
                found[keys[row][1]] = f"from {start_wh} Wh to {last_wh} Wh"
        return found

    def _supersede(self, cursor: Any, table: MeterDayTable, rows: NDArray[np.int64]) -> None:
        """Begin the next version of final days; what was estimated is open again: it can be known better now."""
        if not len(rows):
            return
        keys = list(self.rows)
        messages = days.supersede(cursor, [keys[row] for row in rows.tolist()])
        table.version[rows] += 1
        for row in rows.tolist():
            self._messages[row] = messages[keys[row]] + self._messages[row]
            method = table.quality[row] & METHOD_MASK
            open_again = (method != Method.MEASURED) & (method != Method.EDITED)
            table.quality[row, open_again] = Method.MISSING
            table.values_wh[row, open_again] = 0
