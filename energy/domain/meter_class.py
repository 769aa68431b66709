"""What kind of user or source a meter looks like, learned from its readings: nobody writes it down for every meter."""

from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from energy.domain.day_axis import DayAxis, DayKind

Floats = NDArray[np.float32]


class MeterClass(StrEnum):
    """Meters whose sound days look alike."""

    HOME = "home"
    BUSINESS = "business"
    HEAT_PUMP = "heat_pump"
    CAR_CHARGER = "car_charger"
    SOLAR = "solar"
    OTHER_PRODUCTION = "other_production"


CLASSES = tuple(MeterClass)
SWITCHED = (MeterClass.HEAT_PUMP, MeterClass.CAR_CHARGER)
SWITCHED_FROM_ZERO_SHARE = 0.3
SELDOM_FROM_ZERO_SHARE = 0.9
HEAT_PUMP_FROM_STARTS = 1.35
HEAT_PUMP_FROM_ACTIVE_DAYS = 0.6
BUSINESS_BELOW_WEEKEND = 0.68
BUSINESS_FROM_STEADINESS = 0.90
BUSINESS_FROM_LOAD_FACTOR = 0.27
NIGHT_SHARE_OF_OTHER = 0.3


def number_of(meter_class: MeterClass) -> int:
    """The place of a class in CLASSES."""
    return CLASSES.index(meter_class)


def learn_classes(values_wh: Floats, axis: DayAxis, is_production: NDArray[np.bool_], is_night: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Class of each meter as its place in CLASSES, int64 [m].

    Consumption that is often zero is switched: a heat pump starts several times on nearly every day, a car charger seldom. What is
    never zero is a business where weekends are quiet, or its course is smooth and its load factor high; otherwise a home. A
    source that also gives at night is no solar plant.

    Args:
        values_wh: [m, T], NaN where missing or not to be believed.
        is_night: bool [k, T] with k = m or 1, where no sun can shine.
    """
    on = values_wh > 0
    known = np.maximum(np.isfinite(values_wh).sum(axis=1), 1)
    zero_share = 1 - on.sum(axis=1) / known
    active = axis.per_day(np.logical_or, on).sum(axis=1)
    starts = (on[:, 1:] & (values_wh[:, :-1] == 0)).sum(axis=1) / np.maximum(active, 1)
    active_share = active / max(len(axis.days), 1)
    switched = zero_share >= SWITCHED_FROM_ZERO_SHARE
    heat = (zero_share < SELDOM_FROM_ZERO_SHARE) | ((starts >= HEAT_PUMP_FROM_STARTS) & (active_share >= HEAT_PUMP_FROM_ACTIVE_DAYS))
    business = (_weekend_ratio(values_wh, axis) < BUSINESS_BELOW_WEEKEND) | (
        (_steadiness(values_wh) >= BUSINESS_FROM_STEADINESS) & (_load_factor(values_wh) >= BUSINESS_FROM_LOAD_FACTOR)
    )
    dark = np.broadcast_to(is_night, values_wh.shape)
    at_night = (on & dark).sum(axis=1) / np.maximum((np.isfinite(values_wh) & dark).sum(axis=1), 1)
    consumption = np.where(
        switched,
        np.where(heat, number_of(MeterClass.HEAT_PUMP), number_of(MeterClass.CAR_CHARGER)),
        np.where(business, number_of(MeterClass.BUSINESS), number_of(MeterClass.HOME)),
    )
    production = np.where(at_night > NIGHT_SHARE_OF_OTHER, number_of(MeterClass.OTHER_PRODUCTION), number_of(MeterClass.SOLAR))
    found: NDArray[np.int64] = np.where(is_production, production, consumption)
    return found


def _weekend_ratio(values_wh: Floats, axis: DayAxis) -> NDArray[np.float64]:
    """Mean of Saturdays, Sundays and holidays over that of working days; 1 where one of them is unknown."""
    working = (axis.kinds == DayKind.WORKING)[axis.day_of]
    return _ratio(_mean(values_wh[:, ~working]), _mean(values_wh[:, working]), 1.0)


def _steadiness(values_wh: Floats) -> NDArray[np.float64]:
    """Correlation of an interval with the next."""
    mean = _mean(values_wh)[:, None].astype(np.float32)
    centred = np.nan_to_num(values_wh - mean)
    together = np.einsum("mt,mt->m", centred[:, 1:], centred[:, :-1], dtype=np.float64)
    return _ratio(together, np.einsum("mt,mt->m", centred, centred, dtype=np.float64), 0.0)


def _load_factor(values_wh: Floats) -> NDArray[np.float64]:
    """Mean over a peak that is passed in one of 200 intervals."""
    known = np.where(np.isfinite(values_wh), values_wh, 0)
    rank = max(values_wh.shape[1] - 1 - values_wh.shape[1] // 200, 0)
    peak = np.partition(known, rank, axis=1)[:, rank] if known.size else np.ones(len(known))
    return _ratio(_mean(values_wh), peak, 0.0)


def _mean(values_wh: Floats) -> NDArray[np.float64]:
    known = np.isfinite(values_wh)
    total: NDArray[np.float64] = np.where(known, values_wh, 0).sum(axis=1, dtype=np.float64)
    mean: NDArray[np.float64] = np.divide(total, known.sum(axis=1), out=np.zeros(len(total)), where=known.any(axis=1))
    return mean


def _ratio(above: NDArray[Any], below: NDArray[Any], otherwise: float) -> NDArray[np.float64]:
    result = np.full(len(above), otherwise)
    np.divide(above, below, out=result, where=np.asarray(below) > 0)
    return result
