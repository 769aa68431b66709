"""Energy that flows into a part of the network and is drawn by no meter there: where, since when, and whose pattern fits.

What a branch should carry comes from the power flow of the metered loads below it, so losses are allowed for. What it carries
beyond that is the residual. Meters below are ranked by two things that a bypassed meter does: its own pattern is the residual's
pattern, and its use fell by as much as the residual rose.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grid.domain.network.powerflow import Network

Array = NDArray[np.float64]
ALLOWED_SHARE = 0.015  # of a day's flow: class-B meters on both sides
ALLOWED_WH_PER_METER = 24.0  # a day's rounding to whole Wh, and what a meter draws itself
STEP_SHARE = 0.005  # a step this large against the days before is told below that: a meter's error stays, a theft begins
LEAST_DAYS, LEAST_DAYS_BEFORE = 2, 5


@dataclass(frozen=True, slots=True)
class Deviation:
    """What a metered branch carried beyond what the meters below it and the losses explain.

    Attributes:
        residual_wh: float64 [T], by interval; positive where more flows down than is metered.
        daily_wh: float64 [d].
        allowed_wh: float64 [d], what accuracy and rounding may explain.
        step_wh: float64 [T], the residual without what meters' errors made of it before `since` already.
        since: the day from which on it is too much, counted from 0; None where it never is.
    """

    residual_wh: Array
    daily_wh: Array
    allowed_wh: Array
    step_wh: Array
    since: int | None


@dataclass(frozen=True, slots=True)
class Suspect:
    """A meter below a deviating branch.

    Attributes:
        place: its row.
        score: 0..1, how well it explains the residual.
        pattern: 0..1, share of the residual's shape that its own shape explains.
        drop_wh: what its use fell by, per day, beyond what all others did; NaN where there is no time before.
        share: what part of its use would have passed by the meter.
    """

    place: int
    score: float
    pattern: float
    drop_wh: float
    share: float


def nodes_below(network: Network, node_from: int, node_to: int) -> tuple[int, NDArray[np.bool_]]:
    """The lower end of a branch, and the nodes that hang on the public grid through it alone; bool by node.

    Raises:
        ValueError: the branch lies in a ring, so nothing hangs on it alone.
    """
    count = len(network.nominal_voltage_v)
    edges = [(w.node_from, w.node_to) for w in network.wires if w.closed_from and w.closed_to]
    edges += [(t.node_hv, t.node_lv) for t in network.transformers if t.closed_hv and t.closed_lv]
    edges.remove((node_from, node_to))
    reached = np.zeros(count, dtype=bool)
    front = np.flatnonzero(~np.isnan(network.held_pu)).tolist()
    neighbours: dict[int, list[int]] = {}
    for a, b in edges:
        neighbours.setdefault(a, []).append(b)
        neighbours.setdefault(b, []).append(a)
    while front:
        node = front.pop()
        if not reached[node]:
            reached[node] = True
            front += neighbours.get(node, [])
    if reached[node_from] and reached[node_to]:
        raise ValueError("the branch lies in a ring")
    return (node_to if reached[node_from] else node_from), ~reached


def deviation(measured_wh: Array, expected_wh: Array, offsets: NDArray[np.int64], meters: int) -> Deviation:
    """Compare what a branch carried with what it should have; float64 [T], days by `offsets` [d + 1]."""
    residual = measured_wh - expected_wh
    daily = np.add.reduceat(residual, offsets[:-1])
    flow = np.add.reduceat(np.abs(expected_wh), offsets[:-1])
    rounding = ALLOWED_WH_PER_METER * max(meters, 1)
    allowed = ALLOWED_SHARE * flow + rounding
    since = _since(daily, flow, allowed, rounding)
    error = _error(daily, flow, since or 0)
    return Deviation(residual, daily, allowed, residual - error * np.abs(expected_wh), since)


def _error(daily: Array, flow: Array, days: int) -> float:
    """What share of the flow the residual was in the first `days`: the error of the meters; 0 where those are too few."""
    return float(daily[:days].sum() / max(flow[:days].sum(), 1.0)) if days >= LEAST_DAYS_BEFORE else 0.0


def _since(daily: Array, flow: Array, allowed: Array, rounding: float) -> int | None:
    """The day of the step that fits the days best, if what comes after it is too much; the first day if all are."""
    best = _best_step(daily)
    if best is not None and (daily[:best] > allowed[:best]).mean() <= 0.5:
        before, after = slice(0, best), slice(best, None)
        error = _error(daily, flow, best)
        noise = np.abs(daily[before] - error * flow[before]).max() if best >= LEAST_DAYS_BEFORE else np.inf
        step = daily[after] - error * flow[after]
        told = step > np.maximum(STEP_SHARE * flow[after], noise) + rounding
        if len(step) >= LEAST_DAYS and (told.mean() > 0.5 or (daily[after] > allowed[after]).mean() > 0.5):
            return best
    return 0 if (daily > allowed).mean() > 0.5 else None


def _best_step(daily: Array) -> int | None:
    """Where one step upwards explains the days best, by least squares; None where there is none."""
    count = len(daily)
    if count < 2:
        return None
    sums, squares = np.cumsum(daily), float((daily**2).sum())
    split = np.arange(1, count)
    before, after = sums[:-1] / split, (sums[-1] - sums[:-1]) / (count - split)
    error = np.where(after > before, squares - split * before**2 - (count - split) * after**2, np.inf)
    best = int(np.argmin(error))
    return best + 1 if np.isfinite(error[best]) else None


def rank(found: Deviation, imports_wh: Array, offsets: NDArray[np.int64], names: Sequence[str]) -> list[Suspect]:
    """Rank the meters below a deviating branch, the likeliest first; ties by name.

    Args:
        imports_wh: float64 [m, T], what each meter drew.
    """
    if found.since is None:
        return []
    start = int(offsets[found.since])
    residual = found.step_wh[start:]
    after, before = imports_wh[:, start:], imports_wh[:, :start]
    pattern = _explained(residual, after)
    mean_residual = max(float(residual.mean()), 1e-9)
    own = after.mean(axis=1)
    drop = np.full(len(names), np.nan)
    score = pattern
    if start:
        usual = _usual(before, offsets, found.since)
        level = _level(before, after)
        missing = np.maximum(usual * level - after, 0.0)
        drop = before.mean(axis=1) * level - own
        fits = 1.0 - np.abs(drop - mean_residual) / np.maximum(np.abs(drop), mean_residual)
        pattern = np.maximum(pattern, _explained(residual, missing))
        score = np.sqrt(pattern * np.clip(fits, 0.0, 1.0))
    share = mean_residual / (mean_residual + own)
    order = sorted(range(len(names)), key=lambda i: (-score[i], names[i]))
    per_day = len(residual) / max(len(offsets) - 1 - found.since, 1)
    return [Suspect(i, float(score[i]), float(pattern[i]), float(drop[i] * per_day), float(share[i])) for i in order]


def _explained(residual: Array, shapes: Array) -> Array:
    """Squared correlation of each shape with the residual where it is positive, float64 [m]."""
    centred = residual - residual.mean()
    own = shapes - shapes.mean(axis=1, keepdims=True)
    norm = np.sqrt((own**2).sum(axis=1) * (centred**2).sum())
    correlation = np.divide(own @ centred, norm, out=np.zeros(len(shapes)), where=norm > 0)
    return np.asarray(np.maximum(correlation, 0.0) ** 2)


def _level(before: Array, after: Array) -> float:
    """How all meters together changed from before to after: the season, not a theft."""
    ratio = np.divide(after.mean(axis=1), before.mean(axis=1), out=np.full(len(before), np.nan), where=before.mean(axis=1) > 0)
    return float(np.nanmedian(ratio)) if np.isfinite(ratio).any() else 1.0


def _usual(before: Array, offsets: NDArray[np.int64], since: int) -> Array:
    """The mean day of each meter before, laid under the days after, float64 [m, T after]."""
    counts = np.diff(offsets)
    length = int(np.max(counts))
    total, seen = np.zeros((len(before), length)), np.zeros(length)
    for day in range(since):
        span = before[:, offsets[day] : offsets[day + 1]]
        total[:, : span.shape[1]] += span
        seen[: span.shape[1]] += 1
    mean = total / np.maximum(seen, 1)
    return np.concatenate([mean[:, : int(c)] for c in counts[since:]], axis=1)
