"""Preferences: what members give away of their surplus before the rule in force shares the rest.

Each giver has an ordered list; the first places of all givers are served, then the second ones, so that the order in which preferences
arrive does not matter. Whoever is given more than it draws takes from its givers in proportion, in whole Wh.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from grid.domain.sharing.keys import SHARE_UNITS, CannotShare, Level, Shared
from grid.domain.sharing.splitting import Split, Wh, Whole, largest, narrowed, split, sums, wide_enough


@dataclass(frozen=True, slots=True)
class Preference:
    """One entry of a giver's list.

    Attributes:
        giver, receiver: places among the sites that share.
        place: in the giver's list, from 1.
        share: of the giver's surplus in each interval, in SHARE_UNITS-ths.
        is_gift: for nothing; otherwise at the local price.
    """

    giver: int
    receiver: int
    place: int
    share: int
    is_gift: bool = False


@dataclass(frozen=True, slots=True)
class Given:
    """What each preference gave [T, k]."""

    preferences: Sequence[Preference]
    wh: Whole

    def received(self, sites: int, *, gifts_only: bool = False) -> Whole:
        """By receiver [T, n]."""
        return self._by([p.receiver for p in self.preferences], sites, gifts_only)

    def delivered(self, sites: int, *, gifts_only: bool = False) -> Whole:
        """By giver [T, n]."""
        return self._by([p.giver for p in self.preferences], sites, gifts_only)

    def _by(self, columns: Sequence[int], sites: int, gifts_only: bool) -> Whole:
        total = np.zeros((len(self.wh), sites), dtype=self.wh.dtype)
        for k, column in enumerate(columns):
            if self.preferences[k].is_gift or not gifts_only:
                total[:, column] += self.wh[:, k]
        return total


def give(preferences: Sequence[Preference], drawn_wh: Whole, fed_in_wh: Whole, ranks: Wh) -> Given:
    """Give away what preferences say, as far as givers feed in and receivers draw.

    Args:
        drawn_wh, fed_in_wh: c and p by interval and site [T, n].
        ranks: place of each site by code, int64 [n].

    Raises:
        CannotShare: a site gives to itself or has two entries at one place.
    """
    _check(preferences)
    wanted, left = drawn_wh.copy(), fed_in_wh.copy()
    wh = np.zeros((len(drawn_wh), len(preferences)), dtype=drawn_wh.dtype)
    for place in sorted({p.place for p in preferences}):
        # A giver stands once at each place, so what one receiver takes does not touch what others are given here.
        for receiver in sorted({p.receiver for p in preferences if p.place == place}):
            chosen = [k for k, p in enumerate(preferences) if p.place == place and p.receiver == receiver]
            givers = np.array([preferences[k].giver for k in chosen], dtype=np.int64)
            shares = np.array([preferences[k].share for k in chosen], dtype=np.int64)
            surplus = fed_in_wh[:, givers]
            entitled = narrowed(wide_enough(surplus, largest(surplus) * SHARE_UNITS) * shares // SHARE_UNITS)
            offered = np.minimum(entitled, left[:, givers])
            whole = sums(offered)
            taken = split(np.minimum(whole, wanted[:, receiver]), offered, whole, ranks[givers]).parts_wh
            wh[:, chosen] = taken
            wanted[:, receiver] -= sums(taken)
            left[:, givers] -= taken
    return Given(preferences, wh)


def with_given(rest: Shared, given: Given, drawn_wh: Whole, fed_in_wh: Whole) -> Shared:
    """What was shared in all: the rest by its rule, with its cut-offs, and what was given before."""
    sites = drawn_wh.shape[1]
    drawn, fed_in = sums(drawn_wh), sums(fed_in_wh)
    return Shared(
        drawn,
        fed_in,
        np.minimum(drawn, fed_in),
        rest.shared_wh + sums(given.wh),
        Split(rest.received.parts_wh + given.received(sites), rest.received.cutoff, rest.received.cutoff_site),
        Split(rest.delivered.parts_wh + given.delivered(sites), rest.delivered.cutoff, rest.delivered.cutoff_site),
        rest.fill,
        (*_levels(given, sites), *rest.among()),
    )


def _levels(given: Given, sites: int) -> tuple[Level, ...]:
    """Each preference is shared between two alone."""
    levels = []
    for k, entry in enumerate(given.preferences):
        received, delivered = (np.zeros((len(given.wh), sites), dtype=given.wh.dtype) for _ in range(2))
        received[:, entry.receiver] = delivered[:, entry.giver] = given.wh[:, k]
        group = np.arange(sites)
        group[entry.receiver] = entry.giver
        levels.append(Level(received, delivered, group))
    return tuple(levels)


def _check(preferences: Sequence[Preference]) -> None:
    if any(p.giver == p.receiver for p in preferences):
        raise CannotShare("A site cannot give to itself.")
    if len({(p.giver, p.place) for p in preferences}) < len(preferences):
        raise CannotShare("A site's list has one receiver at each place.")
