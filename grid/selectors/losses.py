"""The network's losses over closed days: by power flow from what the meters counted, and what they cost the cooperative."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from energy.models import Microgrid
from grid.domain.network.flow_series import solve_series
from grid.domain.network.losses import exchange, whole_losses
from grid.domain.network.powerflow import CannotSolve
from grid.models import BalanceDay, PriceDay, SharingDay
from grid.selectors.site_powers import by_network, load_site_powers


class CannotTellLosses(ValueError):
    """The power flow of a day has no solution; the message says what to do."""


@dataclass(frozen=True, slots=True)
class SettledLosses:
    """Losses of some days that were settled as the cooperative's own use.

    Attributes:
        days: how many.
        losses_wh: their sum.
        consumption_wh: what all consumed on those days.
        from_grid_wh, from_surplus_wh: who supplied them.
        cost_micro: millionths of a currency unit: retail for what the public grid brought, the feed-in
            price for local surplus that could not be exported; None where a day has no published price.
    """

    days: int
    losses_wh: int
    consumption_wh: int
    from_grid_wh: int
    from_surplus_wh: int
    cost_micro: int | None


def losses_of_day(*, microgrid: Microgrid, day: date) -> NDArray[np.int64]:
    """Losses by interval in whole Wh, from the current meter days and the network in force in each interval.

    Raises:
        CannotTellLosses: an interval has no solution, or the network no coupling point.
    """
    powers = load_site_powers(microgrid=microgrid, days=[day])
    losses_w = np.zeros(len(powers.starts))
    for network, rows in by_network(microgrid, powers):
        active_w, reactive_var = powers.within(rows).by_node(network)
        try:
            losses_w[rows] = solve_series(network.network, active_w, reactive_var).losses_w
        except CannotSolve as problem:
            raise CannotTellLosses(
                f"Losses of {day} are to be settled, but: {problem} Correct the network, or switch the settling of losses off."
            ) from None
    return whole_losses(losses_w, microgrid.interval_minutes)


def settled_losses(*, microgrid: Microgrid, days: Sequence[date]) -> SettledLosses | None:
    """What was settled on those of the days that have losses; None where none has."""
    rows = [
        row
        for row in BalanceDay.objects.filter(microgrid=microgrid, day__in=list(days), is_current=True).order_by("day")
        if any(row.losses_wh)
    ]
    if not rows:
        return None
    shared = {row.day: row for row in SharingDay.objects.filter(microgrid=microgrid, day__in=[r.day for r in rows], is_current=True)}
    prices = {row.day: row for row in PriceDay.objects.filter(microgrid=microgrid, day__in=[r.day for r in rows])}
    from_grid = from_surplus = cost = 0
    for row in rows:
        one = exchange(np.array(shared[row.day].consumption_wh), np.array(shared[row.day].fed_in_wh), np.array(row.losses_wh))
        from_grid += int(one.losses_from_grid_wh.sum())
        from_surplus += int(one.losses_from_surplus_wh.sum())
        price = prices.get(row.day)
        if price is not None:
            cost += int(
                (one.losses_from_grid_wh * np.array(price.retail_micro)).sum()
                + (one.losses_from_surplus_wh * np.array(price.feed_in_micro)).sum()
            )
    return SettledLosses(
        len(rows),
        sum(sum(row.losses_wh) for row in rows),
        sum(sum(row.consumption_wh) for row in rows),
        from_grid,
        from_surplus,
        cost // 1000 if len(prices) == len(rows) else None,
    )
