"""Sharing by nearness: own site first, then the same feeder, then the whole microgrid, each in proportion to use.

Every level rounds to whole Wh; the next works on what is left.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from grid.domain.sharing.keys import Level, Shared, assert_conserved
from grid.domain.sharing.splitting import Split, Wh, Whole, largest, narrowed, split, sums, wide_enough


@dataclass(frozen=True, slots=True)
class FeederLevel:
    """What feeders shared within, after each site's own use: C and P by interval and feeder [T, g], and the cut-offs."""

    drawn_wh: Whole
    fed_in_wh: Whole
    received_cutoff: Whole
    received_cutoff_site: Wh
    delivered_cutoff: Whole
    delivered_cutoff_site: Wh


def joined(levels: Sequence[FeederLevel]) -> FeederLevel:
    """Levels of some intervals after others, as one."""
    return FeederLevel(*(np.concatenate([getattr(level, part.name) for level in levels]) for part in fields(FeederLevel)))


@dataclass(frozen=True, slots=True)
class NearShared:
    """The result, with the cut-offs of its last level, and what the feeders' level needs to be followed."""

    shared: Shared
    feeders: FeederLevel


class _Feeders:
    """Sites in the order of feeder and code."""

    def __init__(self, feeders: Wh, ranks: Wh) -> None:
        self.order = np.lexsort((ranks, feeders))
        self.feeder = feeders[self.order]
        self.starts = np.flatnonzero(np.diff(self.feeder, prepend=-1))
        self.place = np.cumsum(np.diff(self.feeder, prepend=-1) != 0) - 1

    def sums(self, values: Whole) -> Whole:
        ordered = values[:, self.order]
        exact = wide_enough(ordered, largest(ordered) * max(values.shape[1], 1))
        return narrowed(np.add.reduceat(exact, self.starts, axis=1))

    def split(self, total: Whole, weights: Whole, whole: Whole) -> tuple[Whole, Whole, Wh]:
        """Split each feeder's total [T, g]; parts [T, n] with the cut-offs and their sites [T, g]."""
        ordered = weights[:, self.order]
        parts = np.where(total == whole, 1, 0)[:, self.place] * ordered
        cutoff = np.full(total.shape, -1, dtype=np.int64)
        site = cutoff.copy()
        open_feeders = (total > 0) & (total < whole)
        for t in np.flatnonzero(open_feeders.any(axis=1)):
            columns = np.flatnonzero(open_feeders[t, self.place] & (ordered[t] > 0))
            at = self.place[columns]
            w, share, divisor = ordered[t, columns], total[t, at], whole[t, at]
            product = wide_enough(w, largest(w) * largest(share)) * share
            quotient = product // divisor
            remainder = product - quotient * divisor
            up, last = _round_up(quotient, remainder, total[t], at, largest(divisor))
            if quotient.dtype == object:
                parts, cutoff = parts.astype(object, copy=False), cutoff.astype(object, copy=False)
            parts[t, columns] = quotient
            parts[t, columns[up]] += 1
            cutoff[t, at[last]] = remainder[last]
            site[t, at[last]] = self.order[columns[last]]
        back = np.empty_like(parts)
        back[:, self.order] = parts
        return narrowed(back), narrowed(cutoff), site


def _round_up(quotient: Whole, remainder: Whole, total: Whole, feeder: Wh, bound: int) -> tuple[Wh, Wh]:
    """Who gets a Wh more, and the last of them in each feeder; sites stand in the order of feeder and code."""
    left = total - _per_feeder(quotient, feeder, len(total))
    key = wide_enough(feeder, (len(total) + 1) * (bound + 1)) * (bound + 1) + (bound - remainder)
    by_claim = np.argsort(key, kind="stable")
    first = np.searchsorted(feeder, feeder[by_claim])
    position = np.arange(len(by_claim)) - first
    allowed = left[feeder[by_claim]]
    return by_claim[position < allowed], by_claim[position == allowed - 1]


def _per_feeder(values: Whole, feeder: Wh, feeders: int) -> Whole:
    exact = np.zeros(feeders, dtype=values.dtype)
    np.add.at(exact, feeder, values)
    return exact


def share_hierarchical(drawn_wh: Whole, fed_in_wh: Whole, feeders: Wh, ranks: Wh) -> NearShared:
    """Share own site first, then within each feeder, then among all.

    Args:
        drawn_wh, fed_in_wh: c and p by interval and site [T, n].
        feeders: a number per feeder, from 0, int64 [n].
        ranks: place of each site by code, int64 [n].
    """
    own = np.minimum(drawn_wh, fed_in_wh)
    c, p = drawn_wh - own, fed_in_wh - own
    among = _Feeders(feeders, ranks)
    drawn, fed_in = among.sums(c), among.sums(p)
    matched = np.minimum(drawn, fed_in)
    took, took_cutoff, took_site = among.split(matched, c, drawn)
    gave, gave_cutoff, gave_site = among.split(matched, p, fed_in)
    c_left, p_left = c - took, p - gave
    rest = np.minimum(sums(c_left), sums(p_left))
    received = split(rest, c_left, sums(c_left), ranks)
    delivered = split(rest, p_left, sums(p_left), ranks)
    consumption, production = sums(drawn_wh), sums(fed_in_wh)
    every = np.minimum(consumption, production)
    shared = Shared(
        consumption,
        production,
        every,
        every,
        Split(own + took + received.parts_wh, received.cutoff, received.cutoff_site),
        Split(own + gave + delivered.parts_wh, delivered.cutoff, delivered.cutoff_site),
        levels=(
            Level(own, own, np.arange(len(feeders))),
            Level(took, gave, feeders),
            Level(received.parts_wh, delivered.parts_wh, np.zeros(len(feeders), dtype=np.int64)),
        ),
    )
    assert_conserved(shared, drawn_wh, fed_in_wh)
    return NearShared(shared, FeederLevel(drawn, fed_in, took_cutoff, took_site, gave_cutoff, gave_site))
