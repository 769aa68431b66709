"""Energy cut at the limits of tiers, and power in steps.

All limits are upper bounds of the month's energy over all periods, [n or 1, M, P, K], rising along K; `UNLIMITED` means none.
"""

import numpy as np

from billing.domain.pricing.sums import Ints, Numbers, Stretches

UNLIMITED = 2**62
LARGEST_PRODUCT = 3_000_000_000  # two such factors still fit 64 bits


class CannotTier(ValueError):
    """The energy is too large to be split into tiers exactly; the message says what it is."""


def lower_limits(limits: Numbers) -> Numbers:
    """Where each tier begins: 0, then the limit before."""
    lower = np.zeros_like(limits)
    lower[..., 1:] = limits[..., :-1]
    return lower


def fill_in_order(stretch_wh: Numbers, stretches: Stretches, period: Ints, limits: Numbers) -> Numbers:
    """Fill tiers as the energy comes; [n, R] to [n, M, P, K]. Exact: a stretch lies in one period, so only its size is cut."""
    customers, _, periods, tiers = limits.shape
    filled = _drawn_before(stretch_wh, stretches)
    if (limits[..., 1:] < limits[..., :-1]).any():
        return _fill_past_falling_limits(filled, filled + stretch_wh, stretches, period, limits)
    parts = []
    for tier in range(tiers):
        upper = limits[:, stretches.month, period, tier]
        lower = limits[:, stretches.month, period, tier - 1] if tier else np.zeros((customers, 1), limits.dtype)
        inside = np.maximum(np.minimum(filled + stretch_wh, upper) - np.maximum(filled, lower), 0)
        parts.append(stretches.totals(inside, period, periods))
    return np.stack(parts, axis=-1)


def _fill_past_falling_limits(before: Numbers, after: Numbers, stretches: Stretches, period: Ints, limits: Numbers) -> Numbers:
    """Where steps in kWh end below the block before them: what Utilityrate5 counts, a step passed backwards being taken off.

    (cmod_utilityrate5.cpp, ur_calc_timestep: a tier that was reached holds `min(energy, upper) - lower`, whatever its sign.)
    """
    came, went = np.ones_like(before, dtype=bool), np.ones_like(after, dtype=bool)
    lower: Numbers = np.zeros((len(limits), 1), limits.dtype)
    parts = []
    for tier in range(limits.shape[-1]):
        upper = limits[:, stretches.month, period, tier]
        held = np.where(came, np.minimum(before, upper) - lower, 0)
        parts.append(stretches.totals(np.where(went, np.minimum(after, upper) - lower, 0) - held, period, limits.shape[2]))
        came, went, lower = came & (before > upper), went & (after > upper), upper
    return np.stack(parts, axis=-1)


def fill_in_order_to_the_end(stretch_wh: Numbers, stretches: Stretches, period: Ints, limits: Numbers) -> Numbers:
    """As `fill_in_order`, with what Utilityrate5 does above a last limit: what was drawn beyond is taken off the last tier.

    Stretches must be single intervals. (cmod_utilityrate5.cpp, ur_calc_timestep: `step = energy - (cumulative - e_upper)`.)
    """
    filled = _drawn_before(stretch_wh, stretches)
    quantity = fill_in_order(stretch_wh, stretches, period, limits)
    beyond = np.where(stretch_wh > 0, np.maximum(filled - limits[:, stretches.month, period, -1], 0), 0)
    quantity[..., -1] -= stretches.totals(beyond, period, limits.shape[2])
    return quantity


def _drawn_before(stretch_wh: Numbers, stretches: Stretches) -> Numbers:
    """What was drawn in the month before each stretch."""
    before = np.cumsum(stretch_wh, axis=1) - stretch_wh
    month_starts = np.searchsorted(stretches.month, np.arange(stretches.months))
    drawn: Numbers = before - before[:, month_starts][:, stretches.month]
    return drawn


def spread_in_proportion(period_wh: Numbers, limits: Numbers) -> Numbers:
    """Spread the month's energy per tier over the periods in proportion; floats [n, M, P] to [n, M, P, K]."""
    total = period_wh.sum(axis=2)[..., None, None]
    lower = lower_limits(limits)
    reached = np.concatenate(
        [np.ones_like(total + limits[..., :1], dtype=bool), np.logical_and.accumulate(total > limits, axis=-1)[..., :-1]], axis=-1
    )
    of_month = np.where(reached, np.minimum(total, limits) - lower, 0.0)
    share = np.divide(period_wh[..., None], total, out=np.zeros_like(total + period_wh[..., None]), where=total > 0)
    spread: Numbers = share * of_month
    return spread


def spread_whole(period_wh: Ints, limits: Ints) -> Ints:
    """As `spread_in_proportion` in whole Wh that lose nothing: tier by tier by largest remainder, ties to the first period.

    Each tier takes from what the tiers before left, so that periods and tiers both keep their sums. Where periods of one month have
    different limits, those of the first period in use count.

    Raises:
        CannotTier: a month's energy is too large for whole-number arithmetic in 64 bits.
    """
    if int(period_wh.sum(axis=2).max(initial=0)) >= LARGEST_PRODUCT:
        raise CannotTier("A month's energy is above 3 GWh; it cannot be spread over tiers in whole Wh.")
    left = period_wh.copy()
    parts = []
    total = period_wh.sum(axis=2)
    in_use = np.argmax(period_wh > 0, axis=2)[..., None, None]
    whole = np.broadcast_to(limits, (len(period_wh), *limits.shape[1:]))
    of_month = np.take_along_axis(whole, in_use, axis=2)[:, :, 0]
    for tier in range(limits.shape[-1]):
        lower = of_month[..., tier - 1] if tier else np.int64(0)
        taken = np.clip(np.minimum(total, of_month[..., tier]) - lower, 0, None)
        part = whole_shares(left, taken)
        parts.append(part)
        left -= part
    return np.stack(parts, axis=-1)


def whole_shares(weights: Ints, total: Ints) -> Ints:
    """Split totals [n, M] by weights [n, M, P] by largest remainder; no share is above its weight."""
    whole = np.maximum(weights.sum(axis=2), 1)[..., None]
    product = weights * total[..., None]
    share: Ints = product // whole
    rest = (total - share.sum(axis=2))[..., None]
    rank = np.argsort(np.argsort(-(product % whole), axis=2, kind="stable"), axis=2, kind="stable")
    share += rank < rest
    return share


def in_steps(power: Numbers, limits: Numbers) -> Numbers:
    """Power in steps; [n, M, P] with limits [..., P, K] to [n, M, P, K]."""
    steps: Numbers = np.maximum(np.minimum(power[..., None], limits) - lower_limits(limits), 0)
    return steps
