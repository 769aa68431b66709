"""Measuring events of demand response against the baseline, from final meter days."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import numpy as np
from django.db import transaction
from numpy.typing import NDArray

from energy.domain.forecast_calendar import EPOCH, country_of_zone, day_types
from energy.models import Channel, Meter, Microgrid
from energy.models.meters import MeterKind
from energy.selectors.meter_days import ChannelBlock, load_channel
from grid.domain.baseline import ADJUSTMENT_BEGINS, ADJUSTMENT_ENDS, Baseline, CannotEstimate, comparison_days, high_5_of_10
from grid.domain.demand_response import delivered_wh
from grid.models import DayClosing, DemandEvent, DemandResponse

LOOKED_BACK = 60
WattHours = NDArray[np.int64]


def due_events(microgrid: Microgrid) -> list[DemandEvent]:
    """Events whose day is closed and that nobody measured yet, the oldest first."""
    waiting = DemandEvent.objects.filter(programme__microgrid=microgrid, measured_at=None, cancelled_at=None)
    closed = set(
        DayClosing.objects.filter(microgrid=microgrid, day__in=[_day_of(e, microgrid) for e in waiting]).values_list("day", flat=True)
    )
    return [event for event in waiting.order_by("start_at") if _day_of(event, microgrid) in closed]


def _day_of(event: DemandEvent, microgrid: Microgrid) -> date:
    return event.start_at.astimezone(microgrid.zone).date()


@transaction.atomic
def measure_event(*, event: DemandEvent, now: datetime) -> DemandEvent:
    """Write down what each site that took part brought. Once: readings corrected later do not change what was paid.

    A site without final readings, or with fewer than five comparison days, gets no result and a sentence why.
    """
    event = DemandEvent.objects.select_for_update(of=("self",)).select_related("programme__microgrid").get(pk=event.pk)
    if event.measured_at is not None or event.cancelled_at is not None:
        return event
    microgrid = event.programme.microgrid
    responses = list(event.responses.filter(opted_out_at=None).order_by("site__code"))
    readings = _Readings.load(microgrid, event, [r.site_id for r in responses])
    for response in responses:
        _measure(response, readings)
    DemandResponse.objects.bulk_update(responses, ["baseline_wh", "measured_wh", "adjustment", "delivered_wh", "why_not"], batch_size=500)
    event.measured_at = now
    event.save(update_fields=["measured_at"])
    return event


def _measure(response: DemandResponse, readings: "_Readings") -> None:
    try:
        baseline, measured = readings.compare(response.site_id)
    except CannotEstimate as reason:
        response.why_not = f"No result: {reason}."[:160]
        return
    response.baseline_wh, response.measured_wh = baseline.use_wh.tolist(), measured.tolist()
    response.adjustment = baseline.factor
    response.delivered_wh = delivered_wh(baseline.use_wh, measured)


@dataclass(frozen=True, slots=True)
class _Readings:
    """What the sites drew on the days that may count, and which of their days lie in another event."""

    event_day: date
    block: ChannelBlock
    row_of: dict[int, int]
    at_event: dict[date, WattHours]
    before: dict[date, WattHours]
    kinds: dict[date, int]
    taken: dict[int, set[date]]

    @classmethod
    def load(cls, microgrid: Microgrid, event: DemandEvent, sites: Sequence[int]) -> "_Readings":
        event_day = _day_of(event, microgrid)
        days = [event_day - timedelta(days=i) for i in range(LOOKED_BACK, -1, -1)]
        meters = dict(Meter.objects.filter(site__in=sites, kind=MeterKind.SITE, removed_at=None).values_list("pk", "site"))
        block = load_channel(microgrid=microgrid, channel=Channel.IMPORT, days=days, meter_ids=sorted(meters), with_quality=False)
        country = microgrid.country or country_of_zone(microgrid.time_zone)
        numbers = np.array([(day - EPOCH).days for day in days])
        kinds = dict(zip(days, day_types(numbers, country, microgrid.region).tolist(), strict=True))
        at_event = _places(microgrid, days, event.start_at, event.end_at)
        before = _places(microgrid, days, event.start_at - ADJUSTMENT_BEGINS, event.start_at - ADJUSTMENT_ENDS)
        if event_day not in before:  # the window lies on the day before: nothing is adjusted
            before = dict.fromkeys(at_event, np.zeros(0, dtype=np.int64))
        rows = {meters[meter]: i for i, meter in enumerate(block.meter_ids.tolist())}
        return cls(event_day, block, rows, at_event, before, kinds, _taken(microgrid, event, sites))

    def compare(self, site: int) -> tuple[Baseline, WattHours]:
        """A site's baseline and what it drew.

        Raises:
            CannotEstimate: its readings do not allow it.
        """
        row = self.row_of.get(site)
        final = set() if row is None else {d for d, there in zip(self.block.days, self._sound(row), strict=True) if there}
        if row is None or self.event_day not in final or self.event_day not in self.at_event:
            raise CannotEstimate("the day of the event has no final readings")
        use = self.block.values_wh[row]
        known = sorted(final & self.at_event.keys() & self.before.keys())
        alike = comparison_days(event_day=self.event_day, known=known, kind_of=self.kinds, excluded=self.taken.get(site, ()))
        none = np.zeros((0, len(self.at_event[self.event_day])), dtype=np.int64)
        baseline = high_5_of_10(
            event_wh=np.array([use[self.at_event[d]] for d in alike]) if alike else none,
            before_wh=np.array([use[self.before[d]] for d in alike]) if alike else none,
            before_today_wh=use[self.before[self.event_day]],
        )
        return baseline, use[self.at_event[self.event_day]]

    def _sound(self, row: int) -> NDArray[np.bool_]:
        sound: NDArray[np.bool_] = self.block.final[row] & self.block.present[row]
        return sound


def _places(microgrid: Microgrid, days: Sequence[date], start: datetime, end: datetime) -> dict[date, WattHours]:
    """Which intervals of each day lie at the same local times; days whose clock change takes some of them are left out."""
    step = timedelta(minutes=microgrid.interval_minutes)
    wanted = [(start + i * step).astimezone(microgrid.zone) for i in range(round((end - start) / step))]
    event_day = days[-1]
    found: dict[date, WattHours] = {}
    offset = 0
    for day in days:
        clock: dict[time, int] = {}
        starts = microgrid.local_day(day).local_starts()
        for i, instant in enumerate(starts):
            clock.setdefault(instant.time(), i)
        if all(w.date() == event_day and w.time() in clock for w in wanted):
            found[day] = np.array([offset + clock[w.time()] for w in wanted], dtype=np.int64)
        offset += len(starts)
    return found


def _taken(microgrid: Microgrid, event: DemandEvent, sites: Sequence[int]) -> dict[int, set[date]]:
    """Days on which a site took part in another event: they tell nothing of its habits."""
    rows = DemandResponse.objects.filter(
        site__in=sites,
        opted_out_at=None,
        event__cancelled_at=None,
        event__start_at__lt=event.start_at,
        event__start_at__gte=event.start_at - timedelta(days=LOOKED_BACK + 1),
    ).values_list("site", "event__start_at")
    taken: dict[int, set[date]] = {}
    for site, at in rows:
        taken.setdefault(site, set()).add(at.astimezone(microgrid.zone).date())
    return taken
