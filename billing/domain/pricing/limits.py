"""Where tiers end, in each month: kWh a month or a day, and kWh per kW of the month's peak."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from billing.domain.pricing.axis import TimeAxis
from billing.domain.pricing.conventions import Conventions
from billing.domain.pricing.parts import Period, Tier
from billing.domain.pricing.sam_blocks import BY_DAY, PER_POWER, WH, TierLimits, blocks_of_sam
from billing.domain.pricing.sums import Numbers
from billing.domain.pricing.tiers import UNLIMITED
from billing.domain.pricing.windows import Schedule


def needs_peak(periods: Sequence[Period]) -> bool:
    """Whether a limit depends on the month's peak."""
    return any(tier.unit in PER_POWER for period in periods for tier in period.tiers)


def tier_count(periods: Sequence[Period]) -> int:
    return max(len(period.tiers) for period in periods)


def prices_by_tier(periods: Sequence[Period]) -> list[list[Decimal]]:
    """The price of each tier of each period; the last one goes on where a period has fewer tiers than another."""
    tiers = tier_count(periods)
    return [[period.tiers[min(tier, len(period.tiers) - 1)].price for tier in range(tiers)] for period in periods]


def energy_limits(
    periods: Sequence[Period], schedule: Schedule, axis: TimeAxis, peak_w: Numbers | None, conventions: Conventions
) -> TierLimits:
    """Upper limits of energy tiers [Wh], whole numbers where conventions are exact.

    `peak_w` [n, M] is needed where a limit is per kW.
    """
    customers = 1 if peak_w is None else len(peak_w)
    tiers = tier_count(periods)
    limits = np.full((customers, len(axis.months), len(periods), tiers), UNLIMITED, dtype=np.int64 if conventions.exact else np.float64)
    if not conventions.exact:
        limits[:] = np.inf
    for place, period in enumerate(periods):
        for number, tier in enumerate(period.tiers):
            if tier.up_to is not None and not (conventions.open_end and number == len(period.tiers) - 1):
                limits[:, :, place, number] = _limit(tier, axis, peak_w, conventions)
        if not conventions.open_end:
            # A period with fewer tiers than another ends where its own last one does.
            limits[:, :, place, len(period.tiers) :] = limits[:, :, place, len(period.tiers) - 1, None]
    if conventions.exact:
        return TierLimits(np.maximum.accumulate(limits, axis=-1))
    if peak_w is None:
        return TierLimits(limits)
    return blocks_of_sam(limits, periods, schedule, axis, peak_w)


def _limit(tier: Tier, axis: TimeAxis, peak_w: Numbers | None, conventions: Conventions) -> Numbers:
    """One tier's limit by customer and month; [n or 1, M]."""
    assert tier.up_to is not None
    days = axis.days_on_axis if tier.unit in BY_DAY else np.ones_like(axis.days_on_axis)
    if tier.unit in PER_POWER and conventions.exact:
        assert peak_w is not None
        # kWh per kW of peak are Wh per W.
        return _times(tier.up_to, peak_w * days, conventions)
    if tier.unit == "month" and conventions.exact:
        whole = [
            _whole(Fraction(tier.up_to) * WH * int(on) / int(of)) for on, of in zip(axis.days_on_axis, axis.days_in_month, strict=True)
        ]
        return np.array([whole], dtype=np.int64)
    return _times(tier.up_to * WH, days[None, :], conventions)


def _times(factor: Decimal, counts: Numbers, conventions: Conventions) -> Numbers:
    if not conventions.exact:
        product: NDArray[np.float64] = counts * float(factor)
        return product
    numerator, denominator = factor.as_integer_ratio()
    product_of_objects = (counts.astype(object) * (2 * numerator) + denominator) // (2 * denominator)
    whole: Numbers = np.minimum(product_of_objects, UNLIMITED).astype(np.int64)
    return whole


def _whole(exact: Fraction) -> int:
    return min((2 * exact.numerator + exact.denominator) // (2 * exact.denominator), UNLIMITED)


def power_limits(periods: Sequence[Period], conventions: Conventions) -> Numbers:
    """Upper limits of demand steps [W]; [P, K]."""
    none: float = UNLIMITED if conventions.exact else np.inf
    limits = np.full((len(periods), tier_count(periods)), none, dtype=np.int64 if conventions.exact else np.float64)
    for place, period in enumerate(periods):
        for number, tier in enumerate(period.tiers):
            if tier.up_to is not None and not (conventions.open_end and number == len(period.tiers) - 1):
                limits[place, number] = _whole(Fraction(tier.up_to) * WH) if conventions.exact else float(tier.up_to) * WH
        if not conventions.open_end:
            limits[place, len(period.tiers) :] = limits[place, len(period.tiers) - 1]
    return limits
