"""What a site's use looks like: typical days, base load, peak hours, weekends, absences, heat and car.

A day is a row of n values on the wall clock (96 quarter hours), whatever the change of clocks did to it. Typical days are
clusters of day shapes (each day over its own sum, so that a cold day and a mild one of the same habits are alike) by k-means,
their number by the silhouette (Rousseeuw 1987).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

LEAST_DAYS = 14
MOST_TYPICAL_DAYS = 4
LEAST_SILHOUETTE = 0.12
SMALLEST_CLUSTER = 0.05
SEED, RESTARTS = 20160326, 8
BASE_QUANTILE = 0.1
ABSENT_BELOW = 0.5
ABSENT_DAYS = 2
PEAK_HOURS = 3
CAR_POWER_W = 2800.0
CAR_LEAST_H = 1.0
CAR_EVENNESS = 0.25
HEAT_LEAST_DAYS = 60
HEAT_EXPLAINS = 0.45
HEAT_BALANCE_C = 15.0


def wall_clock_days(values: Floats, offsets: Ints, slots: Ints, per_day: int) -> Floats:
    """Values [..., T] as days on the wall clock [..., d, per_day]; an hour that comes twice is averaged, one that is missing
    takes the value before it. `slots` int64 [T] is each interval's place on the local clock.
    """
    days = len(offsets) - 1
    flat = values.reshape(-1, values.shape[-1]).astype(np.float64)
    place = np.repeat(np.arange(days), np.diff(offsets)) * per_day + slots
    sums, counts = np.zeros((len(flat), days * per_day)), np.zeros(days * per_day)
    np.add.at(counts, place, 1)
    for row, given in zip(sums, flat, strict=True):
        np.add.at(row, place, given)
    filled = np.maximum.accumulate(np.where(counts > 0, np.arange(len(counts)), 0))
    means = sums[:, filled] / np.maximum(counts[filled], 1)
    return means.reshape(*values.shape[:-1], days, per_day)


@dataclass(frozen=True, slots=True)
class TypicalDay:
    """One habit: the mean course of its days [Wh], how many they are, how many of them fell on a weekend."""

    course_wh: Floats
    days: int
    weekend_days: int
    mean_day_wh: float


@dataclass(frozen=True, slots=True)
class TypicalDays:
    """Habits, the most frequent first; `labels` int64 [d], -1 where a day was left out; `silhouette` of the split."""

    kinds: tuple[TypicalDay, ...]
    labels: Ints
    silhouette: float


def typical_days(days_wh: Floats, weekend: Bools, usable: Bools) -> TypicalDays | None:
    """Cluster the shapes of the usable days; None with fewer than two weeks of them."""
    chosen = usable & (days_wh.sum(axis=1) > 0)
    if chosen.sum() < LEAST_DAYS:
        return None
    used = days_wh[chosen]
    shapes = _hourly(used) / used.sum(axis=1, keepdims=True)
    labels, score = _best_split(shapes)
    order = np.argsort(-np.bincount(labels), kind="stable")
    kinds = []
    for old in order:
        rows = labels == old
        kinds.append(
            TypicalDay(used[rows].mean(axis=0), int(rows.sum()), int(weekend[chosen][rows].sum()), float(used[rows].sum(axis=1).mean()))
        )
    everywhere = np.full(len(days_wh), -1, dtype=np.int64)
    everywhere[chosen] = np.argsort(order)[labels]
    return TypicalDays(tuple(kinds), everywhere, score)


def _hourly(days_wh: Floats) -> Floats:
    """Means over pairs of hours: when something starts a quarter hour later it is the same habit."""
    per_day = days_wh.shape[1]
    step = per_day // 12 if per_day % 12 == 0 else 1
    out: Floats = days_wh.reshape(len(days_wh), -1, step).sum(axis=2)
    return out


def _best_split(shapes: Floats) -> tuple[Ints, float]:
    """The number of clusters with the best silhouette; one where no split is worth the name."""
    best, best_score = np.zeros(len(shapes), dtype=np.int64), 0.0
    distances = np.sqrt(np.maximum(((shapes[:, None] - shapes[None]) ** 2).sum(axis=2), 0.0))
    for count in range(2, MOST_TYPICAL_DAYS + 1):
        labels = _k_means(shapes, count)
        sizes = np.bincount(labels, minlength=count)
        if sizes.min() < max(2, SMALLEST_CLUSTER * len(shapes)):
            continue
        score = silhouette(distances, labels)
        if score > max(best_score, LEAST_SILHOUETTE):
            best, best_score = labels, score
    return best, best_score


def _k_means(shapes: Floats, count: int) -> Ints:
    """K-means with a fixed seed and the best of some starts, so that the same days always give the same habits."""
    from scipy.cluster.vq import kmeans2

    chance = np.random.default_rng(SEED)
    best, best_sum = np.zeros(len(shapes), dtype=np.int64), np.inf
    for _ in range(RESTARTS):
        centres, labels = kmeans2(shapes, count, minit="++", rng=chance, missing="warn")
        spread = float(((shapes - centres[labels]) ** 2).sum())
        if spread < best_sum and len(np.unique(labels)) == count:
            best, best_sum = labels.astype(np.int64), spread
    return best


def silhouette(distances: Floats, labels: Ints) -> float:
    """Mean silhouette of a split, from the distances of all pairs [n, n]; 0 for a cluster of one."""
    count = int(labels.max()) + 1
    members = np.eye(count)[labels]
    sizes = members.sum(axis=0)
    sums = distances @ members
    own_size = sizes[labels]
    inside = sums[np.arange(len(labels)), labels] / np.maximum(own_size - 1, 1)
    means = sums / np.maximum(sizes, 1)
    means[np.arange(len(labels)), labels] = np.inf
    outside = means.min(axis=1)
    scores = np.where(own_size > 1, (outside - inside) / np.maximum(np.maximum(inside, outside), 1e-12), 0.0)
    return float(scores.mean())


@dataclass(frozen=True, slots=True)
class Habits:
    """Figures of a site's use.

    Attributes:
        base_load_w: what runs day and night.
        peak_hours: the hours of the clock with the highest mean use, highest first.
        weekday_wh, weekend_wh: mean day; NaN where there is none.
        highest_w: the highest mean power of an interval.
        days: usable days it rests on.
    """

    base_load_w: float
    peak_hours: tuple[int, ...]
    weekday_wh: float
    weekend_wh: float
    highest_w: float
    days: int


def habits(days_wh: Floats, weekend: Bools, usable: Bools) -> Habits | None:
    """Base load (the median over days of the day's lowest tenth), peak hours and weekends; None without a usable day."""
    if not usable.any():
        return None
    used = days_wh[usable]
    per_hour = days_wh.shape[1] / 24
    base = float(np.median(np.quantile(used, BASE_QUANTILE, axis=1))) * per_hour
    hours = used.reshape(len(used), 24, -1).sum(axis=2).mean(axis=0)
    peak = tuple(int(h) for h in np.argsort(-hours, kind="stable")[:PEAK_HOURS])
    totals = used.sum(axis=1)
    is_weekend = weekend[usable]
    return Habits(max(base, 0.0), peak, _mean(totals[~is_weekend]), _mean(totals[is_weekend]), float(used.max()) * per_hour, len(used))


def _mean(values: Floats) -> float:
    return float(values.mean()) if len(values) else float("nan")


def absences(days_wh: Floats, usable: Bools) -> list[tuple[int, int]]:
    """Runs `[first, after)` of two days or more on which nobody was there: hardly more than the base load, and evenly.

    A day counts as absent when its use above the day's own base is below half of what is usual above it.
    """
    if usable.sum() < LEAST_DAYS:
        return []
    base = np.quantile(days_wh, BASE_QUANTILE, axis=1) * days_wh.shape[1]
    above = np.maximum(days_wh.sum(axis=1) - base, 0.0)
    usual = float(np.median(above[usable]))
    gone = usable & (above < ABSENT_BELOW * usual) & (days_wh.sum(axis=1) < ABSENT_BELOW * _typical_total(days_wh, usable))
    edges = np.flatnonzero(np.diff(np.concatenate([[False], gone, [False]]).astype(np.int8)))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2) if b - a >= ABSENT_DAYS]


def _typical_total(days_wh: Floats, usable: Bools) -> float:
    return float(np.median(days_wh[usable].sum(axis=1)))


@dataclass(frozen=True, slots=True)
class CarSignature:
    """What looks like a car being charged: sessions, their energy, the hour of the clock at which most of them begin."""

    sessions: int
    energy_wh: float
    mean_power_w: float
    usual_hour: int


def car_signature(days_wh: Floats, usable: Bools) -> CarSignature | None:
    """Blocks of an hour or more at an even power of 2.8 kW or more above the day's base load; None with fewer than three."""
    per_hour = days_wh.shape[1] / 24
    above = np.maximum(days_wh - np.median(days_wh, axis=1, keepdims=True), 0.0)
    above[~usable] = 0.0
    axis = above.ravel()
    high = axis >= CAR_POWER_W / per_hour
    edges = np.flatnonzero(np.diff(np.concatenate([[False], high, [False]]).astype(np.int8))).reshape(-1, 2)
    runs = [(int(a), int(b)) for a, b in edges if b - a >= CAR_LEAST_H * per_hour]
    even = [(a, b) for a, b in runs if np.std(axis[a:b][: max(b - a - 1, 1)]) <= CAR_EVENNESS * np.mean(axis[a:b])]
    if len(even) < 3:
        return None
    energy = sum(float(axis[a:b].sum()) for a, b in even)
    length_h = sum(b - a for a, b in even) / per_hour
    begins = np.bincount([int(a % days_wh.shape[1] / per_hour) for a, _ in even], minlength=24)
    return CarSignature(len(even), energy, energy / length_h, int(begins.argmax()))


@dataclass(frozen=True, slots=True)
class HeatSignature:
    """How far the day's use follows the cold: Wh per kelvin below 15 degrees, or per unit of season, and the share explained."""

    wh_per_degree: float
    explained: float
    by_temperature: bool
    days: int


def heat_signature(day_wh: Floats, usable: Bools, day_of_year: Ints, temperature_c: Floats | None = None) -> HeatSignature | None:
    """A straight line of the day's use over heating degrees, or over the season where no temperature is known.

    None with fewer than sixty days, or where less than 45 % of the variation is explained: then nothing much is heated by power.
    """
    known = usable if temperature_c is None else usable & np.isfinite(temperature_c)
    if known.sum() < HEAT_LEAST_DAYS:
        return None
    if temperature_c is None:
        cold = (1 + np.cos(2 * np.pi * (day_of_year - 20) / 365.25)) / 2  # 1 on the coldest days of late January
    else:
        cold = np.maximum(HEAT_BALANCE_C - temperature_c, 0.0)
    x, y = cold[known], day_wh[known]
    if np.std(x) < 1e-9 or np.std(y) < 1e-9:
        return None
    slope = float(np.cov(x, y, bias=True)[0, 1] / np.var(x))
    explained = float(np.corrcoef(x, y)[0, 1] ** 2)
    if slope <= 0 or explained < HEAT_EXPLAINS:
        return None
    return HeatSignature(slope, explained, temperature_c is not None, int(known.sum()))
