"""Sharing local energy by a key (domain rules, section 1), all intervals of a day or a month at once.

`a` is exact as rationals, the total T is rounded down, whole Wh go by largest remainder, ties by the site's code as text;
then `s` splits T by what each fed in, the same way. Integers throughout.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from grid.domain.sharing.splitting import (
    LARGEST_PRODUCT,
    Split,
    Stored,
    Wh,
    Whole,
    kept_like,
    largest,
    placed,
    proportional,
    split,
    sums,
    wide_enough,
)
from grid.domain.sharing.water_filling import fill

SHARE_UNITS = 1_000_000


class CannotShare(ValueError):
    """Sharing is not possible with these numbers; the message says why."""


@dataclass(frozen=True, slots=True)
class KeyFill:
    """How far a hybrid rule's fixed shares were filled, by interval [T]: what a member needs to follow an own share.

    `keyed_wh` is what those with a share drew. Below M all of them are served, and level and divisor are 0; otherwise each gets
    `min(c, k level / divisor)`, k in the shares' units.
    """

    keyed_wh: Whole
    level: Whole
    divisor: Whole

    @classmethod
    def joined(cls, fills: Sequence["KeyFill"]) -> "KeyFill":
        """Of some intervals after others, as one."""
        return cls(
            np.concatenate([fill.keyed_wh for fill in fills]),
            np.concatenate([fill.level for fill in fills]),
            np.concatenate([fill.divisor for fill in fills]),
        )


@dataclass(frozen=True, slots=True)
class Level:
    """What sites shared among the others of their group: received and delivered by interval and site [T, n], the group of each site [n]."""

    received_wh: Stored
    delivered_wh: Stored
    group: Wh

    def kept_like(self, drawn_wh: Stored, fed_in_wh: Stored) -> "Level":
        """As narrow as what it is a part of."""
        return Level(kept_like(self.received_wh, drawn_wh), kept_like(self.delivered_wh, fed_in_wh), self.group)


@dataclass(frozen=True, slots=True)
class Shared:
    """The result: C, P, M, T by interval [T]; received and delivered by interval and site [T, n]; `fill` of a hybrid rule.

    `levels` tell, where not all share with all, among whom; they sum to the whole.
    """

    consumption_wh: Whole
    production_wh: Whole
    matched_wh: Whole
    shared_wh: Whole
    received: Split
    delivered: Split
    fill: KeyFill | None = None
    levels: tuple[Level, ...] = ()

    def kept_like(self, drawn_wh: Stored, fed_in_wh: Stored) -> "Shared":
        """As narrow as what was drawn and fed in [T, n]."""
        return replace(
            self,
            received=self.received.kept_like(drawn_wh),
            delivered=self.delivered.kept_like(fed_in_wh),
            levels=tuple(level.kept_like(drawn_wh, fed_in_wh) for level in self.levels),
        )

    def among(self) -> tuple[Level, ...]:
        """Who shared with whom: the levels, or all with all."""
        if self.levels:
            return self.levels
        everybody = np.zeros(self.received.parts_wh.shape[1], dtype=np.int64)
        return (Level(self.received.parts_wh, self.delivered.parts_wh, everybody),)


def one_behind_the_other(parts: Sequence[Shared]) -> Shared:
    """What some intervals after others shared among the same sites, as one."""
    fills = [part.fill for part in parts if part.fill is not None]
    levels = [
        Level(np.concatenate([level.received_wh for level in same]), np.concatenate([level.delivered_wh for level in same]), same[0].group)
        for same in zip(*(part.levels for part in parts), strict=True)
    ]
    return Shared(
        np.concatenate([part.consumption_wh for part in parts]),
        np.concatenate([part.production_wh for part in parts]),
        np.concatenate([part.matched_wh for part in parts]),
        np.concatenate([part.shared_wh for part in parts]),
        Split.joined([part.received for part in parts]),
        Split.joined([part.delivered for part in parts]),
        KeyFill.joined(fills) if fills else None,
        tuple(levels),
    )


def share_dynamic(drawn_wh: Whole, fed_in_wh: Whole, ranks: Wh) -> Shared:
    """Share by the dynamic proportional key: `a_i = M c_i / C`, `s_j = M p_j / P`.

    Args:
        drawn_wh, fed_in_wh: c and p by interval and site [T, n].
        ranks: place of each site by code, int64 [n].
    """
    drawn, fed_in = sums(drawn_wh), sums(fed_in_wh)
    matched = np.minimum(drawn, fed_in)
    return finish(drawn_wh, fed_in_wh, matched, split(matched, drawn_wh, drawn, ranks), ranks)


def share_static(drawn_wh: Whole, fed_in_wh: Whole, shares: Whole, ranks: Wh, units: int = SHARE_UNITS) -> Shared:
    """Share by fixed keys: `a_i = min(k_i P, c_i)`; what a member cannot use goes to the public grid.

    Args:
        shares: k in `units`-ths [n], in sum one within 1e-9.

    Raises:
        CannotShare: the keys do not sum to one.
    """
    _check_shares(shares, units)
    produced = sums(fed_in_wh)
    matched = np.minimum(sums(drawn_wh), produced)
    bound = max(largest(produced) * largest(shares), largest(drawn_wh) * units) * max(len(shares), 1)
    entitled = wide_enough(produced, bound)[:, None] * shares
    exact = np.minimum(entitled, wide_enough(drawn_wh, bound) * units)
    divisor = np.full(len(exact), units, dtype=object if units >= LARGEST_PRODUCT else np.int64)
    over = np.flatnonzero(sums(exact) // units > matched)
    if len(over):  # keys a hair above one, on more Wh than the hair is fine: what they sum to is the whole
        entitled = fed_in_wh[over].astype(object).sum(axis=1)[:, None] * shares
        divisor = divisor.astype(object)
        divisor[over] = whole = int(shares.astype(object).sum())
        exact = exact.astype(object)
        exact[over] = np.minimum(entitled, drawn_wh[over].astype(object) * whole)
    total = sums(exact) // divisor
    received = proportional(exact, divisor[:, None], total, ranks)
    return finish(drawn_wh, fed_in_wh, total, received, ranks)


def share_hybrid(drawn_wh: Whole, fed_in_wh: Whole, shares: Whole, ranks: Wh, units: int = SHARE_UNITS) -> Shared:
    """Share by fixed keys and what is left again: `a_i = min(c_i, k_i x)` with the x that uses up M.

    Once all with a key are served, the rest goes to the others in proportion to use.

    Args:
        shares: k in `units`-ths [n], in sum one within 1e-9.

    Raises:
        CannotShare: the keys do not sum to one.
    """
    _check_shares(shares, units)
    drawn, fed_in = sums(drawn_wh), sums(fed_in_wh)
    matched = np.minimum(drawn, fed_in)
    keyed = np.where(shares > 0, drawn_wh, 0)
    with_key = sums(keyed)
    served = np.minimum(matched, with_key)
    rest = split(matched - served, drawn_wh - keyed, drawn - with_key, ranks)
    received = Split(np.where((served == with_key)[:, None], keyed, 0) + rest.parts_wh, rest.cutoff, rest.cutoff_site)
    rows, columns = np.flatnonzero((served > 0) & (served < with_key)), np.flatnonzero(shares)
    level = np.zeros(len(matched), dtype=matched.dtype)
    divisor = np.zeros(len(matched), dtype=object if units >= LARGEST_PRODUCT // 2 else np.int64)
    if len(rows):
        filled = fill(served[rows], keyed[np.ix_(rows, columns)], shares[columns])
        inner = proportional(filled.numerators, filled.divisor[:, None], served[rows], ranks[columns])
        received = placed(received, inner, rows, columns)
        level[rows], divisor[rows] = filled.level, filled.divisor
    shared = finish(drawn_wh, fed_in_wh, matched, received, ranks)
    return replace(shared, fill=KeyFill(with_key, level, divisor))


def finish(drawn_wh: Whole, fed_in_wh: Whole, total: Whole, received: Split, ranks: Wh) -> Shared:
    """Split what was shared among those who fed in, and check that no Wh was lost or made."""
    drawn, fed_in = sums(drawn_wh), sums(fed_in_wh)
    delivered = split(total, fed_in_wh, fed_in, ranks)
    shared = Shared(drawn, fed_in, np.minimum(drawn, fed_in), total, received, delivered)
    assert_conserved(shared, drawn_wh, fed_in_wh)
    return shared


def assert_conserved(shared: Shared, drawn_wh: Whole, fed_in_wh: Whole) -> None:
    """Raise if a Wh was lost, made, or given to somebody who could not use it."""
    received, delivered = shared.received.parts_wh, shared.delivered.parts_wh
    conserved = (sums(received) == shared.shared_wh).all() and (sums(delivered) == shared.shared_wh).all()
    if not conserved or (shared.shared_wh > shared.matched_wh).any():
        raise AssertionError("sharing does not conserve energy")
    if (received < 0).any() or (received > drawn_wh).any() or (delivered < 0).any() or (delivered > fed_in_wh).any():
        raise AssertionError("sharing gives a site what it did not use or feed in")


def _check_shares(shares: Whole, units: int) -> None:
    total = int(shares.astype(object).sum())
    if abs(total - units) * 10**9 > units or (shares < 0).any():
        raise CannotShare("The fixed shares of all sites must sum to 1.")
