"""Which loads are let go and brought back: by tier from 4 upwards, in turns within a tier, tier 0 never.

Restoring goes the other way: tier 1 before 4, in a tier who waited longest, one after the other, once all has been well for a while.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from grid.domain.control.dispatch import Power
from grid.domain.control.tick import Places

Mask = NDArray[np.bool_]
NEVER_SHED = 0
LOWEST_TIER = 4


def stage_of(frequency_hz: float, below_hz: Sequence[float]) -> int:
    """How many of the stages a frequency has fallen below; none where it is not known."""
    return sum(frequency_hz < threshold for threshold in below_hz) if not np.isnan(frequency_hz) else 0


def shed_by_stage(tier: Places, stage: int) -> Mask:
    """Stage 1 lets tier 4 go, stage 2 also 3, and so on; tier 0 never."""
    return (tier > LOWEST_TIER - stage) & (tier > NEVER_SHED)


def order_of_shedding(tier: Places, shed_wh: Power) -> Places:
    """Positions in the order in which loads are let go: higher tiers first, in a tier who gave up least so far."""
    return np.lexsort((np.arange(len(tier)), shed_wh, -tier))


def shed_for(need: float, effect_per_w: Power, draw_w: Power, tier: Places, shed_wh: Power, can_go: Mask) -> Mask:
    """The loads to let go so that a value falls by `need`; all that help where that is too little.

    Args:
        effect_per_w: what one watt less of each does to the value, >= 0.
        draw_w: what each draws [W].
        can_go: which of them are on, and obey.
    """
    helps = can_go & (tier > NEVER_SHED) & (effect_per_w > 0) & (draw_w > 0)
    order = order_of_shedding(tier, shed_wh)
    order = order[helps[order]]
    gain = np.cumsum((effect_per_w * draw_w)[order])
    chosen = np.zeros(len(tier), dtype=bool)
    if need > 0 and len(order):
        chosen[order[: int(np.searchsorted(gain, need)) + 1]] = True
    return chosen


def next_to_restore(
    is_shed: Mask, tier: Places, since_s: Power, before_w: Power, pickup: float, effect: Power, margin: Power
) -> int | None:
    """The load that comes back next, if it fits with what it takes on coming back; nobody overtakes a lower tier.

    Args:
        effect: what one watt more of each load does to each watched value, [k, l].
        margin: how far each value may still rise, [k].
    """
    waiting = np.flatnonzero(is_shed)
    if not len(waiting):
        return None
    front = waiting[tier[waiting] == tier[waiting].min()]
    for place in front[np.lexsort((front, since_s[front]))]:
        rise = np.maximum(effect[:, place], 0.0) * pickup * before_w[place]
        if (rise <= np.maximum(margin, 0.0)).all():
            return int(place)
    return None


def take_turns(
    is_shed: Mask,
    tier: Places,
    since_s: Power,
    draw_w: Power,
    before_w: Power,
    shed_wh: Power,
    at_s: float,
    after_s: float,
    pickup: float,
    effect: Power,
    margin: Power,
) -> tuple[int, Mask] | None:
    """A load that was shed for `after_s`, and those of its tier that go instead; None where that does not fit.

    Those go who gave up least so far, and as many as make room for what the other takes on coming back: some of them return as soon
    as that has faded. Arguments as in `next_to_restore`.
    """
    tired = np.flatnonzero(is_shed & (at_s - since_s >= after_s))
    for back in tired[np.lexsort((tired, since_s[tired]))]:
        room = np.maximum(margin, 0.0) - np.maximum(effect[:, back], 0.0) * pickup * before_w[back]
        rested = np.flatnonzero(~is_shed & (tier == tier[back]) & (shed_wh + before_w[back] / 60 < shed_wh[back]) & (draw_w > 0))
        instead = np.zeros(len(tier), dtype=bool)
        for place in rested[np.lexsort((rested, shed_wh[rested]))]:
            instead[place] = True
            room = room + np.maximum(effect[:, place], 0.0) * draw_w[place]
            if (room >= 0).all():
                return int(back), instead
    return None
