"""Making a day final: every channel of every meter has a value with a method for each interval, and nobody has to look any more."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple

import numpy as np
from django.db import connection, transaction
from numpy.typing import NDArray

from energy.adapters.meter_day_rows import MeterDayRow, write_rows
from energy.domain.gap_estimates import GapInput, estimate_gaps, propose
from energy.domain.quality import METHOD_MASK, Check, Method
from energy.domain.validation import Findings, check
from energy.models import DayStatus, Meter, MeterDay, Microgrid
from energy.models.meters import MeterKind
from energy.selectors.day_block import DayBlock, Key, block_of, gaps_of, nights, rating_w
from energy.selectors.limits import KnownLimits, known_limits
from energy.services.intake import hold_intake
from energy.services.partitions import ensure_months
from energy.services.reviews import Doubt, settle_reviews

DAYS_FOR_CHECKS, DAYS_FOR_ESTIMATES = 28, 56
REVIEWED = Check.SPIKE | Check.STUCK | Check.UNUSUAL
KEPT_FLAGS = METHOD_MASK | Check.CLOCK
ESTIMATED = (Method.CALCULATED, Method.INTERPOLATED, Method.LIKE_DAY, Method.PROFILE)


@dataclass(frozen=True, slots=True)
class DayReport:
    """What closing a day did; `waiting` meter days stay open for a review."""

    day: date
    finalised: int
    waiting: int = 0
    estimated: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)


class _Group(NamedTuple):
    """Meters whose course may stand for each other: same kind at the same kind of site, with or without a plant, one channel."""

    kind: str
    site_kind: str
    with_plant: bool
    channel: int


@transaction.atomic
def finalise_day(*, microgrid: Microgrid, day: date, now: datetime) -> DayReport:
    """Validate, estimate and finalise all meter days of `day`; what is final already stays. Safe to repeat.

    A meter day that a person should look at stays provisional until that is done or the review's deadline has passed.
    """
    ensure_months(table="energy_meterday", days=[day])
    hold_intake(microgrid_id=microgrid.pk)
    meters = {
        meter.pk: meter
        for meter in Meter.objects.filter(microgrid=microgrid).select_related("site", "source", "storage", "consumer")
        if meter.counts_on(microgrid.local_day(day))
    }
    current = {
        (row.meter_id, row.channel): row
        for row in MeterDay.objects.select_for_update().filter(microgrid_id=microgrid.pk, day=day, is_current=True)
    }
    expected = {(pk, int(channel)) for pk, meter in meters.items() for channel in meter.channels_on(day)}
    open_keys = sorted(key for key in expected if key not in current or current[key].status == DayStatus.PROVISIONAL)
    if not open_keys:
        return DayReport(day, 0)
    rows = {key: _row(microgrid, day, key, current.get(key)) for key in open_keys}
    before = {key: (row.values_wh.copy(), row.quality.copy()) for key, row in rows.items()}
    others = {key: _row(microgrid, day, key, row) for key, row in current.items() if key in expected}
    limits = known_limits(microgrid=microgrid, keys=open_keys)
    _open_estimates_again(rows)
    flags = _check(microgrid, day, rows, meters, limits)
    _mark(rows, flags)
    doubts = _fill(microgrid, day, rows, {**others, **rows}, meters, limits)
    waiting = settle_reviews(microgrid=microgrid, day=day, doubts=doubts, days_of=limits.review_days, now=now)
    report = DayReport(day, len(open_keys) - len(waiting), len(waiting))
    changed = []
    for key, row in rows.items():
        row.status = DayStatus.PROVISIONAL if key in waiting else DayStatus.FINAL
        _count(report, row.quality)
        values, quality = before[key]
        same = (row.quality == quality).all() and (row.values_wh == values).all()
        if key not in current or not same:
            changed.append(row)
    provenance = {key: row.provenance for key, row in current.items()}
    _write(microgrid, day, changed, provenance, [key for key in open_keys if key not in waiting], now)
    return report


def _row(microgrid: Microgrid, day: date, key: Key, found: MeterDay | None) -> MeterDayRow:
    count = microgrid.local_day(day).interval_count
    if found is None:
        return MeterDayRow(day, *key, np.zeros(count, np.int32), np.full(count, Method.MISSING, np.int16))
    return MeterDayRow(
        day,
        *key,
        np.array(found.values_wh, np.int32),
        np.array(found.quality, np.int16),
        found.version,
        found.status,
        found.register_start_wh,
        found.register_end_wh,
        list(found.message_ids),
    )


def _open_estimates_again(rows: dict[Key, MeterDayRow]) -> None:
    """A day that is looked at again while it is open is estimated anew: more may be known by now."""
    for row in rows.values():
        estimated = np.isin(row.quality & METHOD_MASK, ESTIMATED)
        row.quality[estimated], row.values_wh[estimated] = Method.MISSING, 0


def _check(
    microgrid: Microgrid, day: date, rows: dict[Key, MeterDayRow], meters: dict[int, Meter], limits: KnownLimits
) -> dict[Key, NDArray[np.int16]]:
    """What the checks find in each interval; those of the whole day stand in all of its intervals."""
    learned = limits.learned_keys
    block = block_of(
        microgrid=microgrid, day=day, rows=rows, meters=meters, with_history=learned, days_before=DAYS_FOR_CHECKS if learned else 0
    )
    findings: Findings = check(block.readings(nights(microgrid, block)), limits.arrays(block.keys, block.is_production))
    flags = findings.intervals[:, block.today] | findings.days[:, -1:]
    edited = (block.quality[:, block.today] & METHOD_MASK) == Method.EDITED
    flags = np.where(edited, 0, flags).astype(np.int16)  # a person has judged these already
    return dict(zip(block.keys, flags, strict=True))


def _mark(rows: dict[Key, MeterDayRow], flags: dict[Key, NDArray[np.int16]]) -> None:
    """Keep method and clock, add what was found; what is out of range is rejected."""
    for key, row in rows.items():
        missing = (row.quality & METHOD_MASK) == Method.MISSING
        rejected_before = np.where(missing, row.quality & np.int16(Check.HIGH), 0).astype(np.int16)
        row.quality = (row.quality & np.int16(KEPT_FLAGS)) | rejected_before | flags[key]
        rejected = (flags[key] & Check.HIGH) != 0
        row.quality[rejected] |= Method.MISSING


def _fill(
    microgrid: Microgrid,
    day: date,
    rows: dict[Key, MeterDayRow],
    everybody: dict[Key, MeterDayRow],
    meters: dict[int, Meter],
    limits: KnownLimits,
) -> list[Doubt]:
    """Estimate what is missing, and say what waits for a person, with proposals."""
    gaps = [key for key, row in rows.items() if ((row.quality & METHOD_MASK) == Method.MISSING).any()]
    doubted = [key for key, row in rows.items() if (row.quality & REVIEWED).any()]
    needed = sorted({*gaps, *doubted})
    if not needed:
        return []
    channels = {channel for _, channel in needed}
    members = {key: row for key, row in sorted(everybody.items()) if key[1] in channels}
    block = block_of(microgrid=microgrid, day=day, rows=members, meters=meters, days_before=DAYS_FOR_ESTIMATES, with_history=needed)
    groups, sizes = _groups(members, meters), _sizes(block, meters, limits)
    row_of = {key: place for place, key in enumerate(block.keys)}
    in_question = _flagged(block, REVIEWED)
    wrong = in_question | _flagged(block, Check.IMPLAUSIBLE)
    proposals = _propose(microgrid, block, in_question, groups, sizes, {row_of[key] for key in doubted})
    open_rows = np.isin(np.arange(len(block.keys)), [row_of[key] for key in gaps])
    missing = np.isnan(block.values_wh) & open_rows[:, None]
    missing[:, : block.today.start] = False
    found = estimate_gaps(gaps_of(microgrid=microgrid, block=block, missing=missing, wrong=wrong, groups=groups, sizes=sizes))
    for place in np.unique(found.meters).tolist():
        mine = found.meters == place
        row, at = rows[block.keys[place]], found.intervals[mine] - block.today.start
        row.values_wh[at] = found.wh[mine]
        row.quality[at] = (row.quality[at] & np.int16(~METHOD_MASK)) | found.methods[mine].astype(np.int16)
    return [_doubt(key, rows[key], proposals.get(row_of[key], {})) for key in doubted]


def _flagged(block: DayBlock, checks: Check) -> NDArray[np.bool_]:
    """Intervals of the day itself in which one of the checks found something, bool [n, T]."""
    found: NDArray[np.bool_] = (block.quality & int(checks)) != 0
    found[:, : block.today.start] = False
    return found


def _groups(members: dict[Key, MeterDayRow], meters: dict[int, Meter]) -> list[_Group]:
    with_plant = {meter.site_id for meter in meters.values() if meter.kind == MeterKind.SOURCE}
    return [_Group(meters[m].kind, meters[m].site.kind, meters[m].site_id in with_plant, channel) for m, channel in members]


def _sizes(block: DayBlock, meters: dict[int, Meter], limits: KnownLimits) -> NDArray[np.float64]:
    """In what meters of a group are measured against each other: their ratings; else their yearly use where all of them know it."""
    means = np.array([limits.mean_wh(key) for key in block.keys])
    ratings = np.array([rating_w(meters[meter]) for meter, _ in block.keys], dtype=np.float64)
    if (means[ratings == 0] > 0).all():
        return np.where(ratings > 0, ratings, means)
    return np.where(ratings > 0, ratings, 1.0)


def _propose(
    microgrid: Microgrid,
    block: DayBlock,
    in_question: NDArray[np.bool_],
    groups: Sequence[_Group],
    sizes: NDArray[np.float64],
    rows: set[int],
) -> dict[int, dict[str, list[int]]]:
    """What each method would put for the intervals in question, by row."""
    result: dict[int, dict[str, list[int]]] = {}
    for place in sorted(rows):
        asked = np.zeros_like(in_question)
        asked[place] = in_question[place]
        given: GapInput = gaps_of(microgrid=microgrid, block=block, missing=asked, wrong=in_question, groups=groups, sizes=sizes)
        result[place] = {method.label: found.wh.tolist() for method, found in propose(given).items()}
    return result


def _doubt(key: Key, row: MeterDayRow, proposals: dict[str, list[int]]) -> Doubt:
    in_question = (row.quality & REVIEWED) != 0
    return Doubt(
        key,
        row.version,
        int(np.bitwise_or.reduce(row.quality[in_question] & int(REVIEWED))),
        np.flatnonzero(in_question).tolist(),
        row.values_wh[in_question].tolist(),
        proposals,
    )


def _count(report: DayReport, quality: NDArray[np.int16]) -> None:
    methods, counts = np.unique(quality & METHOD_MASK, return_counts=True)
    for method, count in zip(methods.tolist(), counts.tolist(), strict=True):
        if method != Method.MEASURED:
            report.estimated[Method(method).name] += count
    for one in Check:
        if hits := int((quality & one != 0).sum()):
            report.found[one.name or ""] += hits


def _write(
    microgrid: Microgrid, day: date, changed: list[MeterDayRow], provenance: dict[Key, str], final: list[Key], now: datetime
) -> None:
    by_provenance: dict[str, list[MeterDayRow]] = {}
    for row in changed:
        by_provenance.setdefault(provenance.get((row.meter_id, row.channel), "messages"), []).append(row)
    with connection.cursor() as cursor:
        for name, rows in by_provenance.items():
            write_rows(cursor, rows, microgrid_id=microgrid.pk, provenance=name, now=now, replace=True)
        cursor.execute(
            """UPDATE energy_meterday SET status = 1, changed_at = %s
               WHERE day = %s AND microgrid_id = %s AND is_current AND status = 0
                 AND (meter_id, channel) IN (SELECT * FROM unnest(%s::bigint[], %s::smallint[]))""",
            [now, day, microgrid.pk, [meter for meter, _ in final], [channel for _, channel in final]],
        )
