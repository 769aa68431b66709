"""Whose production is held back: those who can help, level with what each has given up so far, so that the share rotates."""

import numpy as np

from grid.domain.control.dispatch import Power

ROUNDS = 60
FAIR_OVER_HOURS = 1.0
WEAK = 0.25


def fair_cuts(need: float, effect_per_w: Power, available_w: Power, given_wh: Power, capacity_w: Power) -> Power:
    """How much each source gives less [W], so that together the limited value falls by `need`; all they have where that is too little.

    Water is filled: `(given + cut x 1 h) / capacity` rises to the same level for all who help and are not below it anyway.
    Sources whose watt does less than a quarter of the best one's are left alone while the others suffice.

    Args:
        effect_per_w: what one watt less of each does to the value, >= 0.
        available_w: what each gives now [W].
        given_wh: what each has given up so far [Wh].
        capacity_w: of each [W].
    """
    cuts = np.zeros_like(available_w)
    best = float(effect_per_w.max(initial=0.0))
    if need <= 0 or best <= 0:
        return cuts
    for helpful in (effect_per_w >= WEAK * best, effect_per_w > 0):
        able = np.where(helpful, available_w, 0.0)
        if float((effect_per_w * able).sum()) >= need:
            break
    else:
        return able
    share = given_wh / np.maximum(capacity_w, 1.0)
    low, high = float(share.min()), float(share.max()) + 1.0 / FAIR_OVER_HOURS
    for _ in range(ROUNDS):
        level = (low + high) / 2
        cuts = _cuts_at(level, share, able, capacity_w)
        if float((effect_per_w * cuts).sum()) < need:
            low = level
        else:
            high = level
    return _cuts_at(high, share, able, capacity_w)


def _cuts_at(level: float, share: Power, able: Power, capacity_w: Power) -> Power:
    return np.clip((level - share) * capacity_w / FAIR_OVER_HOURS, 0.0, able)


def released(limit_w: Power, giving_w: Power, capacity_w: Power, most_w: Power, effect: Power, margin: Power) -> Power:
    """Raise limits by at most `most_w` each, so far that no watched value can use up more than half of its margin.

    Args:
        effect: what one watt more of each source does to each value, [k, s].
        margin: how far each value may still rise, [k].
    """
    held = np.isfinite(limit_w)
    raised = np.where(held, most_w, 0.0)
    if not held.any():
        return limit_w
    headroom = np.where(held, np.maximum(limit_w - giving_w, 0.0), 0.0)
    worse = np.maximum(effect, 0.0)
    use = worse @ (raised + headroom)
    allowed = 0.5 * np.maximum(margin, 0.0)
    share = np.ones(len(margin))
    np.divide(allowed, use, out=share, where=use > 0)
    touched = worse > 0
    by_source = np.where(touched, share[:, None], 1.0).min(axis=0, initial=1.0)
    grown = limit_w + raised * np.clip(by_source, 0.0, 1.0)
    return np.where(held & (grown < capacity_w), grown, np.where(held, np.inf, limit_w))
