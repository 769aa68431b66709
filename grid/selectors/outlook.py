"""What every site is likely to draw over a time to come: by the newest forecast where it reaches, by like days beyond."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from energy.models import ForecastKind, Meter, MeterForecast, Microgrid
from energy.models.meters import MeterKind
from energy.selectors.forecasts import newest_run
from grid.models import DayClosing
from grid.selectors.site_powers import SitePowers, load_site_powers

LIKE_DAYS = 4
LONGEST = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Outlook:
    """Expected powers by site and interval, and where they come from, in words."""

    powers: SitePowers
    words: str


class NothingToExpect(ValueError):
    """No day is closed, so nothing can be expected; the message says so."""


def outlook(*, microgrid: Microgrid, start_at: datetime, end_at: datetime, now: datetime) -> Outlook:
    """Every interval that overlaps `[start_at, end_at)`, LONGEST at most.

    Raises:
        NothingToExpect: no day is closed.
    """
    step = timedelta(minutes=microgrid.interval_minutes)
    first = microgrid.local_day(start_at.astimezone(microgrid.zone).date()).start_at
    begin = first + (start_at - first) // step * step
    count = -(-(min(end_at, start_at + LONGEST) - begin) // step)
    starts = [begin + i * step for i in range(count)]
    past = _past(microgrid, starts)
    reached = _put_forecast(microgrid, past, now)
    words = f"forecast for {reached} of {count} intervals, like days beyond" if reached else "like days"
    return Outlook(past, words)


def _past(microgrid: Microgrid, starts: list[datetime]) -> SitePowers:
    """Each interval as it was at the same time of day on the last closed days of the same weekday, or of any where there is none."""
    zone = microgrid.zone
    closed = list(DayClosing.objects.filter(microgrid=microgrid).order_by("-day").values_list("day", flat=True).distinct()[: 7 * LIKE_DAYS])
    if not closed:
        raise NothingToExpect("No day is closed yet, so nobody can say what will be drawn; close a day first.")
    powers = load_site_powers(microgrid=microgrid, days=closed)
    slots = [(s.astimezone(zone).weekday(), s.astimezone(zone).time()) for s in powers.starts]
    by_slot: dict[tuple[int, object], list[int]] = {}
    by_time: dict[object, list[int]] = {}
    for row, (weekday, time) in enumerate(slots):
        by_slot.setdefault((weekday, time), []).append(row)
        by_time.setdefault(time, []).append(row)
    net, use = (np.zeros((len(powers.site_ids), len(starts))) for _ in range(2))
    for column, start in enumerate(starts):
        local = start.astimezone(zone)
        rows = by_slot.get((local.weekday(), local.time())) or by_time.get(local.time()) or [0]
        net[:, column], use[:, column] = (powers.net_w[:, rows].mean(axis=1), powers.use_w[:, rows].mean(axis=1))
    return SitePowers(powers.site_ids, starts, net, use)


def _put_forecast(microgrid: Microgrid, powers: SitePowers, now: datetime) -> int:
    """Write medians over what like days say, site by site, where every meter of the site is foreseen; returns for how many intervals."""
    runs = [newest_run(microgrid, kind=kind, before=now) for kind in (ForecastKind.INTRADAY, ForecastKind.DAY_AHEAD)]
    best = max((run for run in runs if run is not None), key=lambda run: run.origin_at, default=None)
    if best is None or best.interval_minutes != microgrid.interval_minutes:
        return 0
    first = (powers.starts[0] - best.origin_at) // timedelta(minutes=best.interval_minutes)
    places = np.arange(len(powers.starts)) + first
    columns = np.flatnonzero((places >= 0) & (places < best.horizon))
    if not len(columns):
        return 0
    meters = Meter.objects.filter(microgrid=microgrid, removed_at__isnull=True, kind__in=(MeterKind.SITE, MeterKind.SOURCE))
    site_of = dict(meters.values_list("pk", "site_id"))
    row_of = {site: i for i, site in enumerate(powers.site_ids.tolist())}
    use, made = np.zeros_like(powers.use_w), np.zeros_like(powers.use_w)
    found = np.zeros(len(powers.site_ids), dtype=np.int64)
    per_hour = 60 / microgrid.interval_minutes
    for meter_id, quantity, median in MeterForecast.objects.filter(run=best, meter__in=list(site_of)).values_list(
        "meter_id", "quantity", "p50_wh"
    ):
        row = row_of.get(site_of[meter_id])
        if row is not None:
            target = use if quantity == "consumption" else made
            target[row, columns] += np.array(median, dtype=np.float64)[places[columns]] * per_hour
            found[row] += 1
    needed = np.bincount([row_of[s] for s in site_of.values() if s in row_of], minlength=len(powers.site_ids))
    rows = np.flatnonzero((found >= needed) & (needed > 0))
    chosen: tuple[NDArray[np.int64], ...] = np.ix_(rows, columns)
    powers.net_w[chosen], powers.use_w[chosen] = (use - made)[chosen], use[chosen]
    return len(columns) if len(rows) else 0
