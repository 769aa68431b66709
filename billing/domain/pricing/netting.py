"""Net metering: kWh fed in are set off against kWh drawn in the same period; what is over goes to later months."""

from collections.abc import Sequence

import numpy as np

from billing.domain.pricing.axis import TimeAxis
from billing.domain.pricing.sam_blocks import TierLimits
from billing.domain.pricing.sums import Numbers
from billing.domain.pricing.windows import Schedule

CARRY_MINUTES = (0, 5 * 60, 11 * 60, 17 * 60)  # the weekday hours by which Utilityrate5 matches periods of two months
MONDAY = 0


def net_by_period(net_wh: Numbers, carry: bool, held_wh: Numbers | None = None) -> tuple[Numbers, Numbers]:
    """Use left to pay and surplus left at the end; a period's surplus waits until that period is in use again.

    `net_wh` [n, M, P] is import less export, `held_wh` [n, P] what waits from before; returns [n, M, P] and [n, P].
    """
    use = np.zeros_like(net_wh)
    held = np.zeros_like(net_wh[:, 0]) if held_wh is None else held_wh
    for month in range(net_wh.shape[1]):
        balance = net_wh[:, month] - (held if carry else 0)
        use[:, month] = np.maximum(balance, 0)
        held = np.maximum(-balance, 0)
    return use, held


def net_by_hour(net_wh: Numbers, limits: TierLimits, schedule: Schedule, axis: TimeAxis) -> Numbers:
    """Use left to pay as Utilityrate5 counts it; [n, M, P].

    A period's surplus goes to the period that holds at the same hour of weekdays in the next month; surplus of a period that holds at
    none of four hours is lost, as is surplus above the last tier's limit. (rate_data::transfer_surplus.)
    """
    grid = schedule.grid()[:, MONDAY, CARRY_MINUTES]
    use = np.zeros_like(net_wh)
    carried = np.zeros_like(net_wh[:, 0])
    for month, calendar_month in enumerate(axis.calendar_month.tolist()):
        balance = net_wh[:, month] - carried
        use[:, month] = np.maximum(balance, 0)
        surplus = np.maximum(-balance, 0)
        carried = np.zeros_like(surplus)
        if month + 1 < len(axis.months):
            kept = _kept_of_surplus(surplus, limits.upper[:, month, :, -1], limits.first_holds[:, month])
            target_of = _targets(grid[calendar_month].tolist(), grid[int(axis.calendar_month[month + 1])].tolist())
            for source, target in target_of.items():
                carried[:, target] += kept[:, source]
    return use


def _targets(hours_now: Sequence[int], hours_next: Sequence[int]) -> dict[int, int]:
    """Period next month for each period of this month that holds at one of the hours; the first such hour counts."""
    targets: dict[int, int] = {}
    for now, later in zip(hours_now, hours_next, strict=True):
        targets.setdefault(now, later)
    return targets


def _kept_of_surplus(surplus: Numbers, last: Numbers, first_holds: Numbers) -> Numbers:
    """Surplus below the last limit, spread over the periods in proportion; nothing where the first tier holds none; [n, P]."""
    total = surplus.sum(axis=1, keepdims=True)
    share = np.divide(np.minimum(total, last), total, out=np.zeros_like(surplus), where=total > 0)
    kept: Numbers = surplus * share * first_holds
    return kept
