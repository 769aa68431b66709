"""What sites did that a rule rewards, day by day [Wh], in arrays of sites x days; and what that comes to in money."""

from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from billing.domain.incentive_rules import PerDay, PerKwh, PerMonth, Reward
from kernel.money import minor_from_wh_micro, round_half_away

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
PER_KILO = 1000


@dataclass(frozen=True, slots=True)
class Measured:
    """What n sites did over d days.

    Attributes:
        quantity: Wh or entitled days over all days, int64 [n].
        by_day: what of it was earned when, as weights, int64 [n, d].
        baseline_wh, measured_wh: what it is the difference of, int64 [n]; None where nothing is compared.
    """

    quantity: Ints
    by_day: Ints
    baseline_wh: Ints | None = None
    measured_wh: Ints | None = None


def day_sums(wh: Ints, offsets: Ints) -> Ints:
    """Sums of intervals [n, T] by day [n, d]; `offsets` are the days' first intervals and the end."""
    return np.add.reduceat(wh, offsets[:-1], axis=1) if len(offsets) > 1 else np.zeros((len(wh), 0), np.int64)


def local_use(received_by_day: Ints) -> Measured:
    """Energy received from neighbours."""
    return Measured(received_by_day.sum(axis=1), received_by_day)


def low_income(drawn_by_day: Ints, entitled: Bools, most_wh_a_day: int | None) -> Measured:
    """Energy drawn on days of being entitled [Wh], no more than so much a day."""
    counted = drawn_by_day if most_wh_a_day is None else np.minimum(drawn_by_day, most_wh_a_day)
    by_day = np.where(entitled, counted, 0)
    return Measured(by_day.sum(axis=1), by_day)


def entitled_days(entitled: Bools) -> Measured:
    """Days of being entitled."""
    by_day = entitled.astype(np.int64)
    return Measured(by_day.sum(axis=1), by_day)


def shifted(peak_by_day: Ints, drawn_by_day: Ints, usual_peak_wh: Ints, usual_drawn_wh: Ints, *, paid_elsewhere_wh: Ints) -> Measured:
    """Energy that was drawn outside the peak and used to be drawn in it.

    The baseline of the month's peak is `usual_peak / usual_drawn x drawn`, rounded down; what the peak was below it was shifted, less what
    is paid as flexibility already. A month is netted: a good day does not pay for a bad one. Nobody owes anything.

    Args:
        peak_by_day, drawn_by_day: of the month, int64 [n, d].
        usual_peak_wh, usual_drawn_wh: of the days that say what is usual, int64 [n]; 0 where nothing is known.
        paid_elsewhere_wh: int64 [n].
    """
    drawn, peak = drawn_by_day.sum(axis=1), peak_by_day.sum(axis=1)
    known = usual_drawn_wh > 0
    # Python's integers: peak x drawn of a firm passes 2^63.
    baseline = np.array(
        [int(p) * int(d) // int(u) if u else 0 for p, d, u in zip(usual_peak_wh, drawn, usual_drawn_wh, strict=True)], dtype=np.int64
    )
    quantity = np.where(known, np.maximum(baseline - peak - paid_elsewhere_wh, 0), 0)
    share = np.where(known, usual_peak_wh / np.maximum(usual_drawn_wh, 1), 0.0)
    better = np.maximum(share[:, None] * drawn_by_day - peak_by_day, 0.0).astype(np.int64)
    return Measured(quantity, better, baseline, peak)


def amounts_minor(measured: Measured, reward: Reward) -> list[int]:
    """What each site's quantity comes to, rounded once half away from zero [minor units]."""
    if isinstance(reward, PerKwh):
        return [round_half_away(minor_from_wh_micro(int(wh) * reward.micro)) for wh in measured.quantity]
    if isinstance(reward, PerDay):
        return [round_half_away(Decimal(int(days)) * reward.amount * 100) for days in measured.quantity]
    return [_of_month(reward) if wh and wh >= reward.from_wh else 0 for wh in measured.quantity.tolist()]


def _of_month(reward: PerMonth) -> int:
    return round_half_away(reward.amount * 100)
