"""The power that demand charges are on: highest of the month, mean of the three highest, at the system's peak."""

import numpy as np

from billing.domain.pricing.axis import TimeAxis
from billing.domain.pricing.conventions import Conventions
from billing.domain.pricing.sums import Ints, Numbers, Stretches

TOP = 3


def power_w(energy_wh: Numbers, axis: TimeAxis, conventions: Conventions) -> Numbers:
    """Mean power of an interval or stretch of equal intervals [W], whole where conventions are exact."""
    power = energy_wh / axis.hours
    return np.rint(power).astype(np.int64) if conventions.exact else power


def highest_w(import_wh: Numbers, stretches: Stretches, period: Ints, periods: int, axis: TimeAxis, conventions: Conventions) -> Numbers:
    """The highest interval by month and period [W]; `period` [R] is of stretches; [n, M, P]."""
    return power_w(stretches.peaks(stretches.highest(import_wh), period, periods), axis, conventions)


def mean_of_highest_w(import_wh: Numbers, period: Ints, periods: int, axis: TimeAxis, conventions: Conventions) -> Numbers:
    """The mean of the three highest intervals by month and period [W]; `period` [T] is of intervals; [n, M, P]."""
    found = np.zeros((len(import_wh), len(axis.months), periods))
    for month in range(len(axis.months)):
        for place in range(periods):
            within = np.flatnonzero((axis.month == month) & (period == place))
            if len(within):
                count = min(TOP, len(within))
                highest = np.partition(import_wh[:, within], len(within) - count, axis=1)[:, -count:]
                found[:, month, place] = highest.sum(axis=1) / count
    return power_w(found, axis, conventions)


def coincident_w(import_wh: Numbers, system_peak_interval: Ints, axis: TimeAxis, conventions: Conventions) -> Numbers:
    """The power at the system's peak of each month [W]; [n, M, 1]."""
    return power_w(import_wh[:, system_peak_interval][..., None], axis, conventions)
