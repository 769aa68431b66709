"""Sharing local energy in whole Wh (domain rules, section 1), all intervals of a day at once.

`a` is exact as rationals, the total T is rounded down, whole Wh go by largest remainder, ties by the site's code as text;
then `s` splits T by what each fed in, the same way. Integers throughout.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Wh = NDArray[np.int64]
LARGEST_PRODUCT = 2**62
SHARE_UNITS = 1_000_000


class CannotShare(ValueError):
    """Sharing is not possible with these numbers; the message says why."""


@dataclass(frozen=True, slots=True)
class Split:
    """Whole Wh by interval and site [T, n], and the cut-off of each interval.

    `cutoff` is the remainder of the last site that got an extra Wh, `cutoff_site` its position; -1 where none did.
    """

    parts_wh: Wh
    cutoff: Wh
    cutoff_site: Wh


@dataclass(frozen=True, slots=True)
class Shared:
    """The result of one day: C, P, M, T by interval [T]; received and delivered by interval and site [T, n]."""

    consumption_wh: Wh
    production_wh: Wh
    matched_wh: Wh
    shared_wh: Wh
    received: Split
    delivered: Split


def ranks_by_code(codes: Sequence[str]) -> Wh:
    """Each site's place when the codes are sorted as text (by code point)."""
    order = sorted(range(len(codes)), key=codes.__getitem__)
    ranks = np.empty(len(codes), dtype=np.int64)
    ranks[order] = np.arange(len(codes))
    return ranks


def share_dynamic(drawn_wh: Wh, fed_in_wh: Wh, ranks: Wh) -> Shared:
    """Share by the dynamic proportional key: `a_i = M c_i / C`, `s_j = M p_j / P`.

    Args:
        drawn_wh, fed_in_wh: c and p by interval and site, int64 [T, n].
        ranks: place of each site by code, int64 [n].
    """
    drawn, fed_in = drawn_wh.sum(axis=1), fed_in_wh.sum(axis=1)
    matched = np.minimum(drawn, fed_in)
    received = _split(matched, drawn_wh, drawn, ranks)
    return _finish(drawn_wh, fed_in_wh, matched, received, ranks)


def share_static(drawn_wh: Wh, fed_in_wh: Wh, share_millionths: Wh, ranks: Wh) -> Shared:
    """Share by fixed keys: `a_i = min(k_i P, c_i)`; what a member cannot use goes to the public grid.

    Args:
        share_millionths: k in millionths, int64 [n], in sum one million.

    Raises:
        CannotShare: the keys do not sum to one.
    """
    if int(share_millionths.sum()) != SHARE_UNITS or (share_millionths < 0).any():
        raise CannotShare("The fixed shares of all sites must sum to 1.")
    produced = fed_in_wh.sum(axis=1)
    entitled = produced[:, None] * share_millionths
    exact = np.minimum(entitled, drawn_wh * SHARE_UNITS)
    total = exact.sum(axis=1) // SHARE_UNITS
    received = _round(exact // SHARE_UNITS, exact % SHARE_UNITS, total, ranks)
    return _finish(drawn_wh, fed_in_wh, total, received, ranks)


def _finish(drawn_wh: Wh, fed_in_wh: Wh, total: Wh, received: Split, ranks: Wh) -> Shared:
    drawn, fed_in = drawn_wh.sum(axis=1), fed_in_wh.sum(axis=1)
    delivered = _split(total, fed_in_wh, fed_in, ranks)
    shared = Shared(drawn, fed_in, np.minimum(drawn, fed_in), total, received, delivered)
    assert_conserved(shared, drawn_wh, fed_in_wh)
    return shared


def assert_conserved(shared: Shared, drawn_wh: Wh, fed_in_wh: Wh) -> None:
    """Raise if a Wh was lost, made, or given to somebody who could not use it."""
    received, delivered = shared.received.parts_wh, shared.delivered.parts_wh
    conserved = (received.sum(axis=1) == shared.shared_wh).all() and (
        delivered.sum(axis=1) == shared.shared_wh
    ).all()
    if not conserved or (shared.shared_wh > shared.matched_wh).any():
        raise AssertionError("sharing does not conserve energy")
    if (
        (received < 0).any()
        or (received > drawn_wh).any()
        or (delivered < 0).any()
        or (delivered > fed_in_wh).any()
    ):
        raise AssertionError("sharing gives a site what it did not use or feed in")


def _split(total: Wh, weights: Wh, whole: Wh, ranks: Wh) -> Split:
    """Split `total` [T] in proportion to `weights` [T, n] whose sums are `whole` [T]; total <= whole."""
    if weights.size and int(total.max(initial=0)) * int(weights.max(initial=0)) >= LARGEST_PRODUCT:
        raise CannotShare("An interval holds more energy than can be shared exactly; check the readings.")
    divisor = np.where(whole > 0, whole, 1)[:, None]
    product = weights * total[:, None]
    parts, remainders = np.divmod(product, divisor)
    return _round(parts, remainders, total, ranks)


def _round(parts: Wh, remainders: Wh, total: Wh, ranks: Wh) -> Split:
    """Give what is left of each interval's total, one Wh each, to the largest remainders, ties by rank."""
    intervals, sites = parts.shape
    left = total - parts.sum(axis=1)
    cutoff, cutoff_site = np.full(intervals, -1, dtype=np.int64), np.full(intervals, -1, dtype=np.int64)
    tie = sites - 1 - ranks
    for t in np.flatnonzero(left):
        claimants = np.flatnonzero(remainders[t])
        claims = remainders[t, claimants] * sites + tie[claimants]
        kth = len(claims) - int(left[t])
        threshold = np.partition(claims, kth)[kth]
        winners = claimants[claims >= threshold]
        parts[t, winners] += 1
        cutoff[t] = threshold // sites
        cutoff_site[t] = claimants[int(np.flatnonzero(claims == threshold)[0])]
    return Split(parts, cutoff, cutoff_site)
