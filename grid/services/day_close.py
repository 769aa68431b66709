"""Closing a day: facts final, energy shared, balance held."""

from datetime import date, datetime, timedelta

import numpy as np
from django.db import transaction
from numpy.typing import NDArray

from energy.models import Channel, DayStatus, MeterDay, Microgrid
from energy.selectors.meter_days import load_channel
from energy.selectors.reviews import days_in_review
from energy.services.day_close import finalise_day
from grid.domain.network.losses import exchange
from grid.models import BalanceDay, DayClosing, SharingDay, StorageDay
from grid.selectors.losses import CannotTellLosses, losses_of_day
from grid.selectors.storage_origin import follows_origins
from grid.services.flexibility import store_flexibility
from grid.services.run_results import store_run_results
from grid.services.sharing import share_days

MOST_IN_TURN = 62
LOOKED_BACK = timedelta(days=45)


class CannotClose(ValueError):
    """The day cannot be closed yet; the message says why."""


def close_day(*, microgrid: Microgrid, day: date, now: datetime) -> DayClosing:
    """Close a day that is over; closed again after late data it gets the next revision. Safe to repeat and to kill.

    Closed days after it whose storages began with what this one left are shared again where that changed. `now` is the microgrid's.

    Raises:
        CannotClose: the day is not over, meter days wait for a review, or losses are settled and the power flow has no solution.
    """
    estimated = _finalise(microgrid, day, now)
    closing = _close(microgrid, day, now, estimated)
    for later in _followed_after(microgrid, day):
        known = DayClosing.objects.filter(microgrid=microgrid, day=later).order_by("-revision").first()
        if not _is_final(microgrid, later) or _close(microgrid, later, now, 0) == known:
            break
    return closing


def close_in_turn(*, microgrid: Microgrid, day: date, now: datetime) -> DayClosing:
    """Close a day after those before it, and then those after it that waited: what lies in storages goes from day to day.

    Raises:
        CannotClose: as `close_day`, or an earlier day is still to be closed.
    """
    if not follows_origins(microgrid, day):
        return close_day(microgrid=microgrid, day=day, now=now)
    _finalise(microgrid, day, now)
    earlier = _first_unshared(microgrid, day - LOOKED_BACK, day, now)
    if earlier is not None:
        raise CannotClose(f"{earlier} is closed before {day}.")
    closing = close_day(microgrid=microgrid, day=day, now=now)
    for _ in range(MOST_IN_TURN):
        waiting = _first_unshared(microgrid, day, date.max, now)
        if waiting is None or not _is_final(microgrid, waiting):
            break
        close_day(microgrid=microgrid, day=waiting, now=now)
    return closing


def _finalise(microgrid: Microgrid, day: date, now: datetime) -> int:
    """Make a day's readings final; how many values were estimated."""
    if microgrid.local_day(day).end_at > now:
        raise CannotClose(f"{day} is not over yet.")
    report = finalise_day(microgrid=microgrid, day=day, now=now)
    if report.waiting:
        raise CannotClose(f"{report.waiting} meter days of {day} wait for a review.")
    return sum(report.estimated.values())


def _close(microgrid: Microgrid, day: date, now: datetime, estimated: int) -> DayClosing:
    """Share a final day and hold its balance; several at once close it one after the other."""
    while True:
        [sharing] = share_days(microgrid=microgrid, days=[day], now=now)
        with transaction.atomic():
            current = SharingDay.objects.filter(pk=sharing.pk, is_current=True)
            if current.select_for_update(no_key=True).first() is None:  # shared again meanwhile
                continue
            try:
                _store_balance(microgrid, day, sharing)
            except CannotTellLosses as problem:
                raise CannotClose(str(problem)) from None
            closing, _ = DayClosing.objects.get_or_create(
                microgrid=microgrid, day=day, revision=sharing.revision, defaults={"closed_at": now, "estimated_values": estimated}
            )
        return closing


def _followed_after(microgrid: Microgrid, day: date) -> list[date]:
    """Shared days after a day on which storages were followed, ascending."""
    rows = StorageDay.objects.filter(microgrid=microgrid, day__gt=day, is_current=True)
    return list(rows.order_by("day").values_list("day", flat=True).distinct())


def _first_unshared(microgrid: Microgrid, first: date, before: date, now: datetime) -> date | None:
    """The first day from `first` on that is over, has readings, waits for no review and is not shared."""
    shared = SharingDay.objects.filter(microgrid=microgrid, is_current=True)
    rows = MeterDay.objects.filter(microgrid_id=microgrid.pk, day__gte=first, day__lt=before).exclude(day__in=shared.values("day"))
    waiting = days_in_review(microgrid=microgrid, now=now)
    for day in rows.order_by("day").values_list("day", flat=True).distinct():
        if day not in waiting:
            return day if microgrid.local_day(day).end_at <= now else None
    return None


def _is_final(microgrid: Microgrid, day: date) -> bool:
    return not MeterDay.objects.filter(microgrid_id=microgrid.pk, day=day, is_current=True, status=DayStatus.PROVISIONAL).exists()


def _store_balance(microgrid: Microgrid, day: date, sharing: SharingDay) -> None:
    """Keep the balance of each interval; the database refuses one that does not hold."""
    if BalanceDay.objects.filter(microgrid=microgrid, day=day, revision=sharing.revision).exists():
        return

    def total(channel: int) -> NDArray[np.int64]:
        block = load_channel(microgrid=microgrid, channel=channel, days=[day])
        return block.values_wh.sum(axis=0)

    production, charge, discharge = (total(c) for c in (Channel.PRODUCTION, Channel.CHARGE, Channel.DISCHARGE))
    drawn, fed_in = np.array(sharing.consumption_wh), np.array(sharing.fed_in_wh)
    losses = losses_of_day(microgrid=microgrid, day=day) if microgrid.settles_losses else np.zeros_like(drawn)
    crossing = exchange(drawn, fed_in, losses)
    used_here = np.array(sharing.shared_wh) + np.array(sharing.carried_wh or 0)
    bought, sold = drawn - used_here + losses, fed_in - used_here
    if (bought - sold != crossing.import_wh - crossing.export_wh).any():
        raise AssertionError("what is bought and sold beyond sharing is not what crosses the coupling point")
    consumption = total(Channel.IMPORT) - total(Channel.EXPORT) + production + discharge - charge
    BalanceDay.objects.filter(microgrid=microgrid, day=day, is_current=True).update(is_current=False)
    balance = BalanceDay.objects.create(
        microgrid=microgrid,
        day=day,
        revision=sharing.revision,
        import_wh=crossing.import_wh.tolist(),
        export_wh=crossing.export_wh.tolist(),
        production_wh=production.tolist(),
        consumption_wh=consumption.tolist(),
        charge_wh=charge.tolist(),
        discharge_wh=discharge.tolist(),
        losses_wh=losses.tolist(),
    )
    store_flexibility(microgrid=microgrid, balance=balance)
    store_run_results(microgrid=microgrid, day=day)
