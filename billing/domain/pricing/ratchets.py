"""Ratchets: power is billed as at least a part of the highest of the months before, by our conventions and as Utilityrate5 counts."""

from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from billing.domain.pricing.axis import TimeAxis
from billing.domain.pricing.conventions import Conventions
from billing.domain.pricing.metered import Metered
from billing.domain.pricing.parts import Demand
from billing.domain.pricing.peaks import power_w
from billing.domain.pricing.sums import Ints, Numbers
from billing.domain.pricing.windows import HOLIDAY


def with_ratchet(peak_w: Numbers, part: Demand, calendar_month: Ints, conventions: Conventions) -> Numbers:
    """At least the part's percentage of the highest of so many months before, as far as they are known; [n, M, P].

    `calendar_month` [M] says which month of the year each is; only those that the ratchet names count.
    """
    billed = peak_w.copy()
    counted = peak_w * _counts(part, calendar_month)[:, None]
    for month in range(1, peak_w.shape[1]):
        before = counted[:, max(0, month - part.ratchet_months) : month].max(axis=1)
        np.maximum(billed[:, month], _part_of(before, part.ratchet_percent, conventions), out=billed[:, month])
    return billed


def _part_of(power_w: Numbers, percent: Decimal, conventions: Conventions) -> Numbers:
    """A percentage of powers; exact ones in whole watts, half away from zero, without a float between."""
    if not conventions.exact:
        return power_w * (float(percent) / 100)
    numerator, denominator = (percent / 100).as_integer_ratio()
    whole: Numbers = ((power_w.astype(object) * (2 * numerator) + denominator) // (2 * denominator)).astype(np.int64)
    return whole


def billing_demand_of_sam(peak_w: Numbers, part: Demand, metered: Metered, axis: TimeAxis, conventions: Conventions) -> Numbers:
    """The one power that Utilityrate5 bills a month by, whatever the time of use; [n, M].

    It looks back into a year before this one (`metered.earlier`), there a month further than it is told to, and takes the percentage of
    the month itself too. (rate_data::get_billing_demand.)
    """
    assert metered.earlier is not None
    old = metered.earlier.axis
    first_of_month = np.searchsorted(old.month, np.arange(len(old.months)))
    before = power_w(np.maximum.reduceat(metered.earlier.import_wh, first_of_month, axis=1), old, conventions)
    share = float(part.ratchet_percent) / 100
    counted = np.concatenate([before * _counts(part, old.calendar_month), peak_w * _counts(part, axis.calendar_month)], axis=1)
    billed = peak_w.copy()
    for month in range(len(axis.months)):
        further = 1 if month <= part.ratchet_months else 0
        here = len(old.months) + month
        start = max(0, here - part.ratchet_months - further)
        np.maximum(billed[:, month], share * counted[:, start : here + 1].max(axis=1), out=billed[:, month])
    return billed


def in_use(part: Demand, axis: TimeAxis) -> NDArray[np.bool_]:
    """Whether a period of the part's schedule holds at any time of a month; [M, P]."""
    if part.months:
        return np.ones((len(axis.months), 1), dtype=bool)
    of_month = part.schedule.grid()[axis.calendar_month, :HOLIDAY].reshape(len(axis.months), -1)
    found: NDArray[np.bool_] = (of_month[:, None, :] == np.arange(len(part.periods))[:, None]).any(axis=-1)
    return found


def _counts(part: Demand, calendar_month: Ints) -> NDArray[np.bool_]:
    if not part.ratchet_of:
        return np.ones(len(calendar_month), dtype=bool)
    return np.isin(calendar_month + 1, part.ratchet_of)
