"""Making a day final: every channel of every meter has a value with a method for each interval."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import numpy as np
from django.db import connection, transaction
from numpy.typing import NDArray

from energy.adapters.meter_day_rows import MeterDayRow, write_rows
from energy.domain.estimation import DayInput, estimate, validate
from energy.domain.quality import METHOD_MASK, Check, Method
from energy.models import DayStatus, Meter, MeterDay, Microgrid
from energy.models.meters import CHANNELS_OF, MeterKind
from energy.selectors.exchanges import register_steps
from energy.services.partitions import ensure_months

LIKE_DAY_WEEKS = (1, 2, 3, 4)
Key = tuple[int, int]


@dataclass(frozen=True, slots=True)
class DayReport:
    """What closing a day did."""

    day: date
    finalised: int
    estimated: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)


@transaction.atomic
def finalise_day(*, microgrid: Microgrid, day: date, now: datetime) -> DayReport:
    """Validate, estimate and finalise all meter days of `day`; what is final already stays. Safe to repeat."""
    ensure_months(table="energy_meterday", days=[day])
    _hold_intake(microgrid)
    meters = {
        meter.pk: meter
        for meter in Meter.objects.filter(microgrid=microgrid).select_related("site", "source", "storage")
        if meter.removed_at is None or meter.removed_at > microgrid.local_day(day).start_at
    }
    current = {
        (row.meter_id, row.channel): row
        for row in MeterDay.objects.select_for_update().filter(
            microgrid_id=microgrid.pk, day=day, is_current=True
        )
    }
    expected = {
        (pk, int(channel)) for pk, meter in meters.items() for channel in CHANNELS_OF[MeterKind(meter.kind)]
    }
    open_keys = sorted(
        key for key in expected if key not in current or current[key].status == DayStatus.PROVISIONAL
    )
    if not open_keys:
        return DayReport(day, 0)
    rows = {key: _row(microgrid, day, key, current.get(key)) for key in open_keys}
    report = DayReport(day, len(open_keys))
    with_gaps = [key for key, row in rows.items() if _has_gap(row.quality)]
    profiles = _class_profiles(meters, current, microgrid.local_day(day).interval_count, with_gaps)
    history = _like_days(microgrid, day, with_gaps)
    steps = register_steps(microgrid=microgrid, day=day, meter_ids=list(meters))
    changed = []
    for key, row in rows.items():
        before = row.quality
        _validate_and_fill(
            row,
            _input(row, meters[key[0]], microgrid, history.get(key), profiles.get(key), steps.get(key, 0)),
        )
        _count(report, row.quality)
        if key not in current or (row.quality != before).any():
            changed.append(row)
    _write(microgrid, day, changed, open_keys, now)
    return report


def _hold_intake(microgrid: Microgrid) -> None:
    """Let messages of this microgrid wait: what came in between reading and writing would be overwritten by estimates.

    Intake locks the same rows in the same order.
    """
    with connection.cursor() as cursor:
        for table in ("energy_gateway", "energy_device"):
            cursor.execute(
                f"SELECT id FROM {table} WHERE microgrid_id = %s ORDER BY id FOR UPDATE", [microgrid.pk]
            )


def _row(microgrid: Microgrid, day: date, key: Key, found: MeterDay | None) -> MeterDayRow:
    count = microgrid.local_day(day).interval_count
    if found is None:
        return MeterDayRow(day, *key, np.zeros(count, np.int32), np.full(count, Method.MISSING, np.int16))
    return MeterDayRow(
        day, *key, np.array(found.values_wh, np.int32), np.array(found.quality, np.int16), found.version,
        found.status, found.register_start_wh, found.register_end_wh, list(found.message_ids),
    )  # fmt: skip


def _has_gap(quality: NDArray[np.int16]) -> bool:
    return bool(((quality & METHOD_MASK) == Method.MISSING).any())


def _class_profiles(
    meters: dict[int, Meter], current: dict[Key, MeterDay], count: int, keys: list[Key]
) -> dict[Key, NDArray[np.float64]]:
    """What meters of the same class did on the day, on average, for each of `keys` [Wh].

    A class is the same kind of meter at the same kind of site, with or without a plant behind it; sources and storages
    count in proportion to their rating.
    """
    if not keys:
        return {}
    with_plant = {meter.site_id for meter in meters.values() if meter.kind == MeterKind.SOURCE}
    class_of = {
        pk: (meter.kind, meter.site.kind, meter.site_id in with_plant) for pk, meter in meters.items()
    }
    groups: dict[tuple[tuple[str, str, bool], int], list[NDArray[np.float64]]] = {}
    for (meter_id, channel), row in current.items():
        if meter_id in meters and len(row.values_wh) == count and not _has_gap(np.array(row.quality)):
            relative = np.array(row.values_wh) / (_rating_w(meters[meter_id]) or 1)
            groups.setdefault((class_of[meter_id], channel), []).append(relative)
    means = {group: np.mean(rows, axis=0) for group, rows in groups.items()}
    return {
        (meter_id, channel): means[class_of[meter_id], channel] * (_rating_w(meters[meter_id]) or 1)
        for meter_id, channel in keys
        if (class_of[meter_id], channel) in means
    }


def _like_days(microgrid: Microgrid, day: date, keys: list[Key]) -> dict[Key, NDArray[np.float64]]:
    """The same weekday of the last four weeks, final and of the same length."""
    if not keys:
        return {}
    days = [day - timedelta(weeks=week) for week in LIKE_DAY_WEEKS]
    count = microgrid.local_day(day).interval_count
    found: dict[Key, list[list[int]]] = {}
    for row in MeterDay.objects.filter(
        microgrid_id=microgrid.pk, day__in=days, is_current=True, status=DayStatus.FINAL,
        meter_id__in={meter for meter, _ in keys},
    ):  # fmt: skip
        if len(row.values_wh) == count:
            found.setdefault((row.meter_id, row.channel), []).append(row.values_wh)
    return {key: np.array(rows, dtype=np.float64) for key, rows in found.items()}


def _input(
    row: MeterDayRow, meter: Meter, microgrid: Microgrid, history: NDArray[np.float64] | None,
    profile: NDArray[np.float64] | None, register_step_wh: int,
) -> DayInput:  # fmt: skip
    """What is known of one meter day; `register_step_wh` lets the register run on over an exchange of the meter [Wh]."""
    count = len(row.values_wh)
    register_end_wh = None if row.register_end_wh is None else row.register_end_wh + register_step_wh
    return DayInput(
        row.values_wh, row.quality, row.register_start_wh, register_end_wh, meter.register_limit_wh,
        _high_limit_wh(meter, microgrid), history if history is not None else np.empty((0, count)),
        profile if profile is not None else np.zeros(count),
    )  # fmt: skip


def _rating_w(meter: Meter) -> int:
    """The most power that a source or storage can move [W]; 0 for a site, where no limit is known."""
    if meter.source is not None:
        return meter.source.capacity_w
    if meter.storage is not None:
        return max(meter.storage.charge_max_w, meter.storage.discharge_max_w)
    return 0


def _high_limit_wh(meter: Meter, microgrid: Microgrid) -> int:
    """The most that a source or storage can move in an interval [Wh], with a tenth to spare; 0: no limit known."""
    power_w = _rating_w(meter)
    return power_w * microgrid.interval_minutes * 11 // 600 + 1 if power_w else 0


def _validate_and_fill(row: MeterDayRow, day_input: DayInput) -> None:
    row.quality = validate(day_input)
    row.values_wh, filled = estimate(day_input)
    missing = (row.quality & METHOD_MASK) == Method.MISSING
    row.quality[missing] = filled[missing]
    row.status = DayStatus.FINAL


def _count(report: DayReport, quality: NDArray[np.int16]) -> None:
    methods, counts = np.unique(quality & METHOD_MASK, return_counts=True)
    for method, count in zip(methods.tolist(), counts.tolist(), strict=True):
        if method != Method.MEASURED:
            report.estimated[Method(method).name] += count
    for check in Check:
        if hits := int((quality & check != 0).sum()):
            report.found[check.name or ""] += hits


def _write(
    microgrid: Microgrid, day: date, changed: list[MeterDayRow], keys: list[Key], now: datetime
) -> None:
    with connection.cursor() as cursor:
        write_rows(cursor, changed, microgrid_id=microgrid.pk, provenance="messages", now=now, replace=True)
        cursor.execute(
            """UPDATE energy_meterday SET status = 1, changed_at = %s
               WHERE day = %s AND microgrid_id = %s AND is_current AND status = 0 AND meter_id = ANY(%s)""",
            [now, day, microgrid.pk, sorted({meter for meter, _ in keys})],
        )
