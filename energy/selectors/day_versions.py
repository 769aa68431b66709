"""The versions of a meter day side by side."""

from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
from numpy.typing import NDArray

from energy.domain.quality import METHOD_MASK, Method
from energy.models import Channel, Meter, MeterDay, MeterDayVersion
from energy.models.meters import channels_of

SHOWN_DIFFERENCES = 100


@dataclass(frozen=True, slots=True)
class DayVersion:
    """One version with what it goes back to; `told` is None for the first, which messages made."""

    row: MeterDay
    told: MeterDayVersion | None
    energy_wh: int
    methods: dict[str, int]


@dataclass(frozen=True, slots=True)
class ChannelVersions:
    """All versions of one channel, the first first, and the intervals in which they differ: local start, values, methods."""

    channel: Channel
    versions: list[DayVersion]
    differences: list[tuple[datetime, list[tuple[int | None, str]]]]
    differing: int


def versions_of_day(meter: Meter, day: date) -> list[ChannelVersions]:
    """Every channel of a meter on a day that has any version."""
    rows: dict[int, list[MeterDay]] = {}
    for row in MeterDay.objects.filter(meter_id=meter.pk, day=day).order_by("channel", "version"):
        rows.setdefault(row.channel, []).append(row)
    causes = MeterDayVersion.objects.filter(meter_id=meter.pk, day=day).select_related("user", "reading_import")
    told = {(cause.channel, cause.version): cause for cause in causes}
    return [
        _channel(meter, day, channel, rows[channel], told) for channel in channels_of(meter.kind, counts_reactive=True) if channel in rows
    ]


def _channel(
    meter: Meter, day: date, channel: Channel, rows: list[MeterDay], told: dict[tuple[int, int], MeterDayVersion]
) -> ChannelVersions:
    values = np.array([row.values_wh for row in rows])
    methods = np.array([row.quality for row in rows]) & METHOD_MASK
    differs = (values != values[0]).any(axis=0) | (methods != methods[0]).any(axis=0)
    starts = meter.microgrid.local_day(day).local_starts()
    places = np.flatnonzero(differs)
    return ChannelVersions(
        channel,
        [DayVersion(row, told.get((channel, row.version)), sum(row.values_wh), _counts(methods[i])) for i, row in enumerate(rows)],
        [(starts[p], _cells(values[:, p], methods[:, p])) for p in places[:SHOWN_DIFFERENCES].tolist()],
        len(places),
    )


def _counts(methods: NDArray[np.int_]) -> dict[str, int]:
    kinds, counts = np.unique(methods, return_counts=True)
    return {Method(kind).name.lower().replace("_", " "): count for kind, count in zip(kinds.tolist(), counts.tolist(), strict=True)}


def _cells(values: NDArray[np.int_], methods: NDArray[np.int_]) -> list[tuple[int | None, str]]:
    return [
        (None if method == Method.MISSING else value, Method(method).name.lower().replace("_", " "))
        for value, method in zip(values.tolist(), methods.tolist(), strict=True)
    ]
