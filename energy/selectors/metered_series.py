"""Meter days as the series that forecasts are made from."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np
from django.db.models import Min
from numpy.typing import NDArray

from energy.domain.forecast_series import MeterSeries
from energy.domain.quality import METHOD_MASK, Method
from energy.models import Channel, ForecastQuantity, Meter, MeterDay, Microgrid
from energy.models.meters import MeterKind
from energy.selectors.meter_days import day_offsets, load_channel

CONSUMPTION = (
    (Channel.IMPORT, MeterKind.SITE, 1.0),
    (Channel.EXPORT, MeterKind.SITE, -1.0),
    (Channel.PRODUCTION, MeterKind.SOURCE, 1.0),
    (Channel.DISCHARGE, MeterKind.STORAGE, 1.0),
    (Channel.CHARGE, MeterKind.STORAGE, -1.0),
)


@dataclass(frozen=True, slots=True)
class MeteredSeries:
    """What stands behind some meters, one row per meter in the order of their keys; NaN where it was not measured."""

    meter_ids: list[int]
    series: MeterSeries


def instant64(instant: datetime) -> np.datetime64:
    """An aware instant as datetime64[s] in UTC."""
    return np.datetime64(instant.astimezone(UTC).replace(tzinfo=None), "s")


def from_instant64(instant: np.datetime64) -> datetime:
    """And back."""
    return datetime.fromtimestamp(int(instant.astype("datetime64[s]").astype(np.int64)), UTC)


def history_days(microgrid: Microgrid, *, last: date, most: int) -> list[date]:
    """Local days with readings up to `last`, without holes, at most so many."""
    found = MeterDay.objects.filter(
        microgrid_id=microgrid.pk, is_current=True, day__gt=last - timedelta(days=most), day__lte=last
    ).aggregate(first=Min("day"))
    if found["first"] is None:
        return []
    return [found["first"] + timedelta(days=i) for i in range((last - found["first"]).days + 1)]


def metered_series(*, microgrid: Microgrid, quantity: str, days: Sequence[date]) -> MeteredSeries:
    """Consumption behind site meters, or production of sources, over days that follow each other."""
    first = microgrid.local_day(days[0]).start_at
    if quantity == ForecastQuantity.PRODUCTION:
        values, ids = _production(microgrid, days)
    else:
        values, ids = _consumption(microgrid, days)
    return MeteredSeries(ids, MeterSeries(instant64(first), microgrid.interval_minutes, microgrid.zone, values))


def _production(microgrid: Microgrid, days: Sequence[date]) -> tuple[NDArray[np.float64], list[int]]:
    meters = Meter.objects.filter(microgrid=microgrid, kind=MeterKind.SOURCE, removed_at__isnull=True)
    ids = sorted(meters.values_list("pk", flat=True))
    return _measured(microgrid, Channel.PRODUCTION, days, ids), ids


def _consumption(microgrid: Microgrid, days: Sequence[date]) -> tuple[NDArray[np.float64], list[int]]:
    """Per site meter, import - export + production + discharge - charge of its site."""
    meters = Meter.objects.filter(microgrid=microgrid, removed_at__isnull=True)
    rows = list(meters.values_list("pk", "site_id", "kind"))
    site_meters = sorted((pk, site) for pk, site, kind in rows if kind == MeterKind.SITE)
    place_of = {site: place for place, (_, site) in enumerate(site_meters)}
    values = np.zeros((len(site_meters), int(day_offsets(microgrid, days)[-1])))
    for channel, wanted, sign in CONSUMPTION:
        chosen = sorted((pk, site) for pk, site, kind in rows if kind == wanted and site in place_of)
        if chosen:
            measured = _measured(microgrid, channel, days, [pk for pk, _ in chosen])
            np.add.at(values, [place_of[site] for _, site in chosen], sign * measured)
    return np.maximum(values, 0.0), [pk for pk, _ in site_meters]


def _measured(microgrid: Microgrid, channel: int, days: Sequence[date], meter_ids: list[int]) -> NDArray[np.float64]:
    """Values of a channel, NaN where there is no day or the value is missing; float64 [m, T]."""
    block = load_channel(microgrid=microgrid, channel=channel, days=days, meter_ids=meter_ids)
    there = np.repeat(block.present, np.diff(block.offsets), axis=1)
    missing = (block.quality & METHOD_MASK) == Method.MISSING
    return np.where(there & ~missing, block.values_wh.astype(np.float64), np.nan)
