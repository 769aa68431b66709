"""Days outside the band of the days like them.

A day is described by the logarithms of a few quantiles of its values above zero, its peak and its mean. A fault of the whole day (a wrong
factor, a phase that is not counted) shifts them all; a feast or a holiday shifts some. Against two bands, that of the weeks around
and that of the nearest days, the smaller deviation counts, so that a week away from home is not seven unusual days. How the
descriptions are weighed is chosen for each meter by what keeps its sound days closest together, neighbours that move with it (solar
plants under the same clouds) included.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from energy.domain.day_axis import DayAxis
from energy.domain.tails import Tail, tail_limits

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

QUANTILES = (0.1, 0.3, 0.5, 0.7, 0.9)
FEATURES = len(QUANTILES) + 2
TOTAL = FEATURES - 1
PEAK = FEATURES - 2
LEAST_VALUES = 4
LEAST_MEASURED = 0.8
LEAST_DAYS = 12
FLOOR_SHARE = 0.01
WEEKS_AROUND = (-13, -11, -9, -7, -6, -5, -4, -3, -2, -1, 1, 2, 3, 4, 5, 6, 7, 9, 11, 13)
NEAREST = (-2, -1, 1, 2)
WEEKS_BEFORE = (-28, -25, -23, -21, -19, -17, -15, -14, -13, -11, -10, -9, -7, -6, -5, -4, -3, -2, -1)
NEAREST_BEFORE = (-3, -2, -1)
WEEK_AROUND = (-3, -2, -1, 0, 1, 2, 3)
COVARIANCE_DAYS = 60
LEAST_SPREAD = 0.03
SOUND_WITHIN = 5.0
BEST_TAIL = Tail(share=0.0008, ratio=3.2, least=0.15)
SWITCHED_LEAST = 0.75  # a cold day on which a heat pump takes its next level is no fault
TOTAL_TAIL = Tail(share=0.0004, ratio=3.6, least=0.25)
PEERS = 5
LEAST_PEERS = 2
LEAST_LIKENESS = 0.8
PEERS_HELP_BELOW = 0.9
DULL_FROM = 0.3
DULL_WEIGHT = 1.5


@dataclass(frozen=True, slots=True)
class DayLimits:
    """How a meter's days are weighed and how far they may lie from their band; deviations are logarithms of a factor.

    Attributes:
        kind_shifts: float64 [m, 3, f], what working days, Saturdays and Sundays differ from the week.
        weights: float64 [m, f], how the features are weighed.
        peers: int64 [m, 5], meters that move with it, -1 for none; slopes: float64 [m], how far it follows them (0: not used).
        most_above, most_below: float64 [m], limits of the weighed deviation.
        total_above, total_below: float64 [m], limits of the deviation of the total.
        looks_ahead: whether days after are part of the bands.
    """

    kind_shifts: Doubles
    weights: Doubles
    peers: Ints
    slopes: Doubles
    most_above: Doubles
    most_below: Doubles
    total_above: Doubles
    total_below: Doubles
    looks_ahead: bool

    @classmethod
    def never(cls, meters: int) -> "DayLimits":
        """Limits that nothing passes."""
        far = np.full(meters, np.inf)
        return cls(
            np.zeros((meters, 3, FEATURES)),
            np.zeros((meters, FEATURES)),
            np.full((meters, PEERS), -1, np.int64),
            np.zeros(meters),
            far,
            far,
            far,
            far,
            False,
        )


def describe_days(values_wh: Floats, axis: DayAxis) -> Doubles:
    """Logarithms of quantiles above zero, of the peak and of the mean, [m, d, f]; NaN where too little is known."""
    table = axis.by_slot(values_wh)
    ordered = np.sort(table, axis=2)  # NaN last
    known = np.isfinite(table).sum(axis=2)
    zeros = (table <= 0).sum(axis=2)
    above = known - zeros
    mean = np.divide(np.nansum(table, axis=2), known, out=np.zeros(known.shape), where=known > 0)
    meter_mean = np.divide((mean * known).sum(axis=1), known.sum(axis=1), out=np.zeros(len(mean)), where=known.any(axis=1))
    floor = np.maximum(meter_mean * FLOOR_SHARE, 1.0)[:, None]
    features = np.full((*known.shape, FEATURES), np.nan)
    enough = (known >= LEAST_MEASURED * axis.slots_per_day) & axis.whole
    for place, quantile in enumerate(QUANTILES):
        rank = np.clip(zeros + np.floor(quantile * (above - 1)).astype(np.int64), 0, axis.slots_per_day - 1)
        value = np.take_along_axis(ordered, rank[:, :, None], axis=2)[:, :, 0]
        features[:, :, place] = np.where(enough & (above >= LEAST_VALUES), np.log(value + floor), np.nan)
    last = np.maximum(known - 1, 0)[:, :, None]
    peak = np.take_along_axis(ordered, last, axis=2)[:, :, 0]
    features[:, :, PEAK] = np.where(enough & (above > 0), np.log(np.maximum(peak, 0) + floor), np.nan)
    features[:, :, TOTAL] = np.where(enough, np.log(mean + floor), np.nan)
    return features


def _band(features: Doubles, around: tuple[int, ...]) -> Doubles:
    """Median of the days at those distances, for each day; NaN where fewer than a third of them are known."""
    days = features.shape[1]
    stack = np.full((*features.shape, len(around)), np.inf, dtype=np.float32)
    for place, distance in enumerate(around):
        if abs(distance) < days:
            target = slice(max(-distance, 0), days - max(distance, 0))
            source = slice(max(distance, 0), days - max(-distance, 0))
            stack[:, target, :, place] = features[:, source]
    stack[np.isnan(stack)] = np.inf
    stack.sort(axis=3)
    known = np.isfinite(stack).sum(axis=3)
    low, high = (np.take_along_axis(stack, np.maximum(at, 0)[..., None], axis=3)[..., 0] for at in ((known - 1) // 2, known // 2))
    with np.errstate(invalid="ignore"):
        middle: Doubles = ((low + high) / 2).astype(np.float64)
    return np.where(known * 3 >= len(around), middle, np.nan)


def _deviations(features: Doubles, axis: DayAxis, kind_shifts: Doubles, ahead: bool) -> tuple[Doubles, Doubles]:
    """Deviation from the weeks around and from the nearest days, [m, d, f] each."""
    level = features - kind_shifts[:, axis.kinds]
    wide, near = (WEEKS_AROUND, NEAREST) if ahead else (WEEKS_BEFORE, NEAREST_BEFORE)
    return level - _band(level, wide), level - _band(level, near)


def learn_kind_shifts(features: Doubles, axis: DayAxis) -> Doubles:
    """What each kind of day differs from the week around it, [m, 3, f]; nothing where a kind was seen less than three times."""
    from_week = features - _band(features, WEEK_AROUND)
    shifts = np.zeros((len(features), 3, FEATURES))
    for kind in range(3):
        of_kind = from_week[:, axis.kinds == kind]
        ordered = np.sort(of_kind, axis=1)
        known = np.isfinite(ordered).sum(axis=1)
        middle = (
            np.take_along_axis(ordered, np.maximum(known // 2, 0)[:, None, :].clip(max=max(ordered.shape[1] - 1, 0)), axis=1)[:, 0]
            if ordered.shape[1]
            else np.zeros((len(features), FEATURES))
        )
        shifts[:, kind] = np.where(known >= 3, np.nan_to_num(middle), 0.0)
    return shifts


def _both(wide: Doubles, near: Doubles) -> Doubles:
    """The smaller of two deviations where they agree in sign, else none; where one is unknown, the other."""
    smaller = np.where(wide * near > 0, np.sign(wide) * np.minimum(np.abs(wide), np.abs(near)), 0.0)
    return np.where(np.isnan(near), wide, np.where(np.isnan(wide), near, smaller))


def _weighed(deviations: Doubles, weights: Doubles) -> Doubles:
    """Weighed sum over the features that are known, [m, d]; NaN where none is."""
    known = np.isfinite(deviations)
    scale = (known * np.abs(weights[:, None, :])).sum(axis=2)
    total = (np.nan_to_num(deviations) * weights[:, None, :]).sum(axis=2)
    full = np.abs(weights).sum(axis=1)[:, None]
    usable = scale > 0.4 * full
    return np.where(usable, total * full / np.where(usable, scale, 1), np.nan)


def candidate_weights(deviations: Doubles, classes: Ints) -> list[Doubles]:
    """Ways to weigh the features, [m, f] each, that all take a factor on the whole day for that factor.

    The total alone, all alike, and the least varied sum (generalised least squares), also without negative weights.
    """
    meters = len(deviations)
    total = np.zeros((meters, FEATURES))
    total[:, TOTAL] = 1.0
    alike = np.full((meters, FEATURES), 1 / FEATURES)
    least = np.array([_least_varied(one) for one in _covariances(deviations, classes)])
    positive = np.maximum(least, 0)
    positive /= positive.sum(axis=1, keepdims=True)
    return [total, alike, least, positive]


def _covariances(deviations: Doubles, classes: Ints) -> list[Doubles]:
    """Of each meter's sound days, mixed with that of its class where days are few."""
    own, counts = [], []
    for one in deviations:
        complete = one[np.isfinite(one).all(axis=1)]
        spread = np.median(np.abs(complete), axis=0) * 1.4826 + LEAST_SPREAD if len(complete) else 1.0
        sound = complete[(np.abs(complete / spread) < SOUND_WITHIN).all(axis=1)]
        own.append(sound.T @ sound)
        counts.append(len(sound))
    seen = np.array(counts)
    result = []
    for meter, group in enumerate(classes):
        members = np.flatnonzero(classes == group)
        pooled = sum((own[i] for i in members), np.zeros((FEATURES, FEATURES))) / max(seen[members].sum(), 1)
        result.append((own[meter] + COVARIANCE_DAYS * pooled) / (seen[meter] + COVARIANCE_DAYS))
    return result


def _least_varied(covariance: Doubles) -> Doubles:
    solved = np.linalg.solve(covariance + np.eye(FEATURES) * LEAST_SPREAD**2, np.ones(FEATURES))
    weights: Doubles = solved / solved.sum()
    return weights


def learn_day_limits(
    features: Doubles, axis: DayAxis, classes: Ints, switched: Bools, is_production: Bools, looks_ahead: bool
) -> DayLimits:
    """Learn how days are weighed and how far sound ones lie from their band; days may hold faults.

    `switched` (bool [m]): meters that go between levels.
    """
    shifts = learn_kind_shifts(features, axis)
    wide, near = _deviations(features, axis, shifts, looks_ahead)
    best_weights = np.zeros((len(features), FEATURES))
    best_above, best_below = (np.full(len(features), np.inf) for _ in range(2))
    for weights in candidate_weights(wide, classes):
        score = _both(_weighed(wide, weights), _weighed(near, weights))
        above, below = _two_sided(score, classes, BEST_TAIL)
        better = above + below < best_above + best_below
        best_weights[better], best_above[better], best_below[better] = (weights[better], above[better], below[better])
    total = wide[:, :, TOTAL]
    peers, slopes = _learn_peers(total, is_production)
    from_peers = _against_peers(total, peers, slopes)
    above, below = _two_sided(from_peers, classes, BEST_TAIL)
    helped = (slopes > 0) & (above + below < PEERS_HELP_BELOW * (best_above + best_below))
    best_above[helped], best_below[helped] = above[helped], below[helped]
    slopes = np.where(helped, slopes, 0.0)
    total_above, total_below = _two_sided(_both(total, near[:, :, TOTAL]), classes, TOTAL_TAIL)
    known = np.isfinite(total).sum(axis=1) >= LEAST_DAYS
    least = np.where(switched, SWITCHED_LEAST, 0.0)
    best_above, best_below = np.maximum(best_above, least), np.maximum(best_below, least)

    def of_known(limit: Doubles) -> Doubles:
        return np.where(known, limit, np.inf)

    return DayLimits(
        shifts,
        best_weights,
        peers,
        slopes,
        of_known(best_above),
        of_known(best_below),
        of_known(total_above),
        of_known(total_below),
        looks_ahead,
    )


def _two_sided(score: Doubles, classes: Ints, tail: Tail) -> tuple[Doubles, Doubles]:
    alike = np.ones(len(score))
    return tail_limits(score, alike, classes, tail), tail_limits(-score, alike, classes, tail)


def _learn_peers(total: Doubles, is_production: Bools) -> tuple[Ints, Doubles]:
    """Up to five meters of the same direction that move most alike, and the slope on their median."""
    known: Bools = np.isfinite(total)
    spread = np.nanquantile(np.where(known.any(axis=1, keepdims=True), np.abs(total), 0.0), 0.9, axis=1)
    bound = (2 * np.maximum(spread, 1e-6))[:, None]
    tame = np.clip(np.nan_to_num(total), -bound, bound)
    length = np.sqrt((tame**2).sum(axis=1)) + 1e-9
    likeness = (tame @ tame.T) / np.outer(length, length)
    likeness[np.outer(is_production, ~is_production) | np.outer(~is_production, is_production)] = -1
    np.fill_diagonal(likeness, -1)
    order = np.argsort(-likeness, axis=1, kind="stable")[:, :PEERS]
    good = np.take_along_axis(likeness, order, axis=1) >= LEAST_LIKENESS
    peers = np.full((len(total), PEERS), -1, dtype=np.int64)
    peers[:, : order.shape[1]] = np.where(good, order, -1)
    enough = good.sum(axis=1) >= LEAST_PEERS
    others = np.nan_to_num(_peer_median(tame, peers))
    slope = (others * tame).sum(axis=1) / ((others**2).sum(axis=1) + 1e-9)
    return peers, np.where(enough, np.clip(slope, 0.0, 1.3), 0.0)


def _against_peers(total: Doubles, peers: Ints, slopes: Doubles) -> Doubles:
    """Deviation from what peers did, [m, d]; on dull days they agree less, and it counts less."""
    expected = slopes[:, None] * _peer_median(total, peers)
    return (total - expected) / (1 + DULL_WEIGHT * np.maximum(-expected - DULL_FROM, 0))


def _peer_median(total: Doubles, peers: Ints) -> Doubles:
    """Median over each meter's peers, [m, d]; NaN where it has none."""
    stack = np.where((peers >= 0)[:, :, None], total[np.maximum(peers, 0)], np.nan)
    ordered = np.sort(stack, axis=1)
    known = np.isfinite(ordered).sum(axis=1)
    low, high = (
        np.take_along_axis(ordered, np.maximum(at, 0)[:, None, :], axis=1)[:, 0]
        for at in ((known - 1) // 2, np.minimum(known // 2, ordered.shape[1] - 1))
    )
    return np.where(known > 0, (low + high) / 2, np.nan)


def unusual_days(features: Doubles, axis: DayAxis, limits: DayLimits) -> tuple[Bools, Doubles]:
    """Days outside their band, bool [m, d], and by what factor their total is off (as a logarithm), [m, d]."""
    wide, near = _deviations(features, axis, limits.kind_shifts, limits.looks_ahead)
    total = wide[:, :, TOTAL]
    weighed = _both(_weighed(wide, limits.weights), _weighed(near, limits.weights))
    against = _against_peers(total, limits.peers, limits.slopes)
    best = np.where((limits.slopes > 0)[:, None], against, weighed)
    of_total = _both(total, near[:, :, TOTAL])
    with np.errstate(invalid="ignore"):
        found: Bools = (
            (best > limits.most_above[:, None])
            | (-best > limits.most_below[:, None])
            | (of_total > limits.total_above[:, None])
            | (-of_total > limits.total_below[:, None])
        )
    return found, best
