"""What is expected of each site at an instant, from forecasts and from like days; read once per interval and kept."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache

import numpy as np
from django.db.models import Sum
from numpy.typing import NDArray

from energy.models import Channel, Consumer, ForecastKind, ForecastRun, Meter, MeterForecast, Microgrid
from energy.models.meters import MeterKind
from energy.selectors.forecasts import newest_run
from energy.selectors.meter_days import load_channel
from grid.domain.network.stand_ins import Expected, band_sigma

Array = NDArray[np.float64]
LIKE_WEEKS = 4
LEAST_LIKE_DAYS = 2


def expected_draws(microgrid: Microgrid, site_ids: Sequence[int], now: datetime) -> Expected:
    """For the interval that `now` lies in, in the order of `site_ids`."""
    step = timedelta(minutes=microgrid.interval_minutes)
    day = microgrid.local_day(now.astimezone(microgrid.zone).date())
    return _expected(microgrid, tuple(site_ids), day.start_at + (now - day.start_at) // step * step)


@lru_cache(maxsize=64)
def _expected(microgrid: Microgrid, site_ids: tuple[int, ...], start_at: datetime) -> Expected:
    meters = list(
        Meter.objects.filter(microgrid=microgrid, removed_at__isnull=True, kind__in=(MeterKind.SITE, MeterKind.SOURCE))
        .order_by("pk")
        .values_list("pk", "site_id", "kind")
    )
    place = {site: i for i, site in enumerate(site_ids)}
    forecast = _forecast(microgrid, meters, place, start_at)
    history = _history(microgrid, {pk: place[s] for pk, s, kind in meters if kind == MeterKind.SITE and s in place}, place, start_at)
    nominal = np.zeros(len(place))
    rows = Consumer.objects.filter(site__in=site_ids).values("site_id").annotate(power=Sum("profile_power_w"))
    for row in rows:
        nominal[place[row["site_id"]]] = float(row["power"] or 0)
    return Expected(*forecast, *history, nominal)


def _forecast(
    microgrid: Microgrid, meters: Sequence[tuple[int, int, str]], place: dict[int, int], start_at: datetime
) -> tuple[Array, Array]:
    """Consumption less production, by the newest run that covers the interval."""
    value, variance = np.full(len(place), np.nan), np.zeros(len(place))
    run, interval = _run_for(microgrid, start_at)
    if run is None:
        return value, variance
    site_of = {pk: site for pk, site, _ in meters if site in place}
    needed = {site: sum(1 for _, s, _ in meters if s == site) for site in place}
    sums, found = np.zeros(len(place)), dict.fromkeys(place, 0)
    rows = MeterForecast.objects.filter(run=run, meter__in=list(site_of)).values_list(
        "meter_id", "quantity", f"p10_wh__{interval}", f"p50_wh__{interval}", f"p90_wh__{interval}"
    )
    per_hour = 60 / microgrid.interval_minutes
    for meter_id, quantity, low, middle, high in rows:
        i = place[site_of[meter_id]]
        sums[i] += (middle if quantity == "consumption" else -middle) * per_hour
        variance[i] += float(band_sigma(np.array(low, np.float64), np.array(high, np.float64))) ** 2 * per_hour**2
        found[site_of[meter_id]] += 1
    complete = np.array([found[site] >= needed[site] > 0 for site in place])
    return np.where(complete, sums, np.nan), np.sqrt(variance)


def _run_for(microgrid: Microgrid, start_at: datetime) -> tuple[ForecastRun | None, int]:
    for kind in (ForecastKind.INTRADAY, ForecastKind.DAY_AHEAD):
        run = newest_run(microgrid, kind=kind, before=start_at)
        if run is not None:
            interval = (start_at - run.origin_at) // timedelta(minutes=run.interval_minutes)
            if interval < run.horizon and run.interval_minutes == microgrid.interval_minutes:
                return run, interval
    return None, 0


def _history(microgrid: Microgrid, row_of: dict[int, int], place: dict[int, int], start_at: datetime) -> tuple[Array, Array]:
    """Mean and spread of the same interval on the same weekday of the last weeks."""
    value, spread = np.full(len(place), np.nan), np.zeros(len(place))
    today = start_at.astimezone(microgrid.zone).date()
    days = [today - timedelta(weeks=weeks) for weeks in range(LIKE_WEEKS, 0, -1)]
    if not row_of:
        return value, spread
    drawn, fed_in = (
        load_channel(microgrid=microgrid, channel=channel, days=days, meter_ids=list(row_of), with_quality=False)
        for channel in (Channel.IMPORT, Channel.EXPORT)
    )
    step = timedelta(minutes=microgrid.interval_minutes)
    within = (start_at - microgrid.local_day(today).start_at) // step
    columns = np.minimum(drawn.offsets[:-1] + within, drawn.offsets[1:] - 1)
    net = (drawn.values_wh[:, columns] - fed_in.values_wh[:, columns]) * (60 / microgrid.interval_minutes)
    there = drawn.present
    count = there.sum(axis=1)
    mean = np.where(there, net, 0.0).sum(axis=1) / np.maximum(count, 1)
    deviation = np.sqrt(np.where(there, (net - mean[:, None]) ** 2, 0.0).sum(axis=1) / np.maximum(count - 1, 1))
    enough = count >= LEAST_LIKE_DAYS
    rows = np.array([row_of[pk] for pk in drawn.meter_ids.tolist()], dtype=np.int64)
    value[rows[enough]], spread[rows[enough]] = mean[enough], deviation[enough]
    return value, spread


def forget_expectations() -> None:
    """Forget what the process keeps, for who changed rows within one interval."""
    _expected.cache_clear()
