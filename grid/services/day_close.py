"""Closing a day: facts final, energy shared, balance held."""

from datetime import date, datetime

import numpy as np
from django.db import transaction
from numpy.typing import NDArray

from energy.models import Channel, Microgrid
from energy.selectors.meter_days import load_channel
from energy.services.day_close import finalise_day
from grid.domain.network.losses import exchange
from grid.models import BalanceDay, DayClosing, SharingDay
from grid.selectors.losses import CannotTellLosses, losses_of_day
from grid.services.sharing import share_days


class CannotClose(ValueError):
    """The day cannot be closed yet; the message says why."""


def close_day(*, microgrid: Microgrid, day: date, now: datetime) -> DayClosing:
    """Close a day that is over; closed again after late data it gets the next revision. Safe to repeat and to kill.

    `now` is the microgrid's.

    Raises:
        CannotClose: the day is not over, meter days wait for a review, or losses are settled and the power flow has no solution.
    """
    if microgrid.local_day(day).end_at > now:
        raise CannotClose(f"{day} is not over yet.")
    report = finalise_day(microgrid=microgrid, day=day, now=now)
    if report.waiting:
        raise CannotClose(f"{report.waiting} meter days of {day} wait for a review.")
    [sharing] = share_days(microgrid=microgrid, days=[day], now=now)
    with transaction.atomic():
        try:
            _store_balance(microgrid, day, sharing)
        except CannotTellLosses as problem:
            raise CannotClose(str(problem)) from None
        closing, _ = DayClosing.objects.get_or_create(
            microgrid=microgrid,
            day=day,
            revision=sharing.revision,
            defaults={"closed_at": now, "estimated_values": sum(report.estimated.values())},
        )
    return closing


def _store_balance(microgrid: Microgrid, day: date, sharing: SharingDay) -> None:
    """Keep the balance of each interval; the database refuses one that does not hold."""
    if BalanceDay.objects.filter(microgrid=microgrid, day=day, revision=sharing.revision).exists():
        return

    def total(channel: int) -> NDArray[np.int64]:
        block = load_channel(microgrid=microgrid, channel=channel, days=[day])
        return block.values_wh.sum(axis=0)

    production, charge, discharge = (
        total(c) for c in (Channel.PRODUCTION, Channel.CHARGE, Channel.DISCHARGE)
    )
    drawn, fed_in = np.array(sharing.consumption_wh), np.array(sharing.production_wh)
    losses = losses_of_day(microgrid=microgrid, day=day) if microgrid.settles_losses else np.zeros_like(drawn)
    crossing = exchange(drawn, fed_in, losses)
    shared = np.array(sharing.shared_wh)
    bought, sold = drawn - shared + losses, fed_in - shared
    if (bought - sold != crossing.import_wh - crossing.export_wh).any():
        raise AssertionError("what is bought and sold beyond sharing is not what crosses the coupling point")
    consumption = total(Channel.IMPORT) - total(Channel.EXPORT) + production + discharge - charge
    BalanceDay.objects.filter(microgrid=microgrid, day=day, is_current=True).update(is_current=False)
    BalanceDay.objects.create(
        microgrid=microgrid, day=day, revision=sharing.revision, import_wh=crossing.import_wh.tolist(),
        export_wh=crossing.export_wh.tolist(), production_wh=production.tolist(), consumption_wh=consumption.tolist(),
        charge_wh=charge.tolist(), discharge_wh=discharge.tolist(), losses_wh=losses.tolist(),
    )  # fmt: skip
