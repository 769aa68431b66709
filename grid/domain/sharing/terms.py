"""The terms of sharing as one value: key, price rule, and what the key needs to know of the sites; and what follows from them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from grid.domain.prices import PriceRule
from grid.domain.sharing.hierarchy import FeederLevel, joined, share_hierarchical
from grid.domain.sharing.keys import SHARE_UNITS, CannotShare, Shared, one_behind_the_other, share_dynamic, share_hybrid, share_static
from grid.domain.sharing.splitting import Stored, Wh, Whole, wide


class ShareRule(StrEnum):
    """The five keys."""

    DYNAMIC = "dynamic"
    STATIC = "static"
    HYBRID = "hybrid"
    HIERARCHICAL = "hierarchical"
    MARKET = "market"


# Intervals times sites.
MOST_CELLS = 1 << 20
KEYED = (ShareRule.STATIC, ShareRule.HYBRID)


def _nothing() -> Wh:
    return np.empty(0, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class SharingTerms:
    """By which key and at which price n sites share.

    Attributes:
        shares: fixed shares [n] in `units`-ths, for static and hybrid.
        feeders: each site's feeder [n], numbers from 0, for hierarchical.
    """

    key: ShareRule
    price_rule: PriceRule = PriceRule.MID_MARKET
    shares: Whole = field(default_factory=_nothing)
    units: int = SHARE_UNITS
    feeders: Wh = field(default_factory=_nothing)

    def text(self, codes: Sequence[str], feeder_names: Sequence[str] = ()) -> str:
        """The terms in words and numbers, one line each, always the same for the same terms: what is agreed on and hashed."""
        lines = [f"key: {self.key}", f"price: {self.price_rule}"]
        if self.key in KEYED:
            lines += sorted(f"share of {code}: {int(share)}/{self.units}" for code, share in zip(codes, self.shares, strict=True) if share)
        if self.key == ShareRule.HIERARCHICAL:
            lines += sorted(f"feeder of {code}: {feeder_names[feeder]}" for code, feeder in zip(codes, self.feeders.tolist(), strict=True))
        return "\n".join(lines)


def share_by(
    terms: SharingTerms, drawn_wh: Stored, fed_in_wh: Stored, ranks: Wh, most_cells: int = MOST_CELLS
) -> tuple[Shared, FeederLevel | None]:
    """Share by any key but the market, whose orders decide; with the feeders' level where the key has one.

    Intervals know nothing of each other, so no more than `most_cells` intervals times sites are shared at a time, and what comes out
    is as narrow as what goes in: a hundred thousand sites need little more memory than their readings.

    Raises:
        CannotShare: fixed shares do not sum to one, or the key is the market.
    """
    at_once = max(most_cells // max(drawn_wh.shape[1], 1), 1)
    bands = [
        _share_band(terms, drawn_wh[first : first + at_once], fed_in_wh[first : first + at_once], ranks)
        for first in range(0, max(len(drawn_wh), 1), at_once)
    ]
    if len(bands) == 1:
        return bands[0]
    levels = [level for _, level in bands if level is not None]
    return one_behind_the_other([shared for shared, _ in bands]), joined(levels) if levels else None


def _share_band(terms: SharingTerms, drawn_wh: Stored, fed_in_wh: Stored, ranks: Wh) -> tuple[Shared, FeederLevel | None]:
    shared, feeders = _share_by(terms, wide(drawn_wh), wide(fed_in_wh), ranks)
    return shared.kept_like(drawn_wh, fed_in_wh), feeders


def _share_by(terms: SharingTerms, drawn_wh: Whole, fed_in_wh: Whole, ranks: Wh) -> tuple[Shared, FeederLevel | None]:
    if terms.key == ShareRule.DYNAMIC:
        return share_dynamic(drawn_wh, fed_in_wh, ranks), None
    if terms.key == ShareRule.STATIC:
        return share_static(drawn_wh, fed_in_wh, terms.shares, ranks, terms.units), None
    if terms.key == ShareRule.HYBRID:
        return share_hybrid(drawn_wh, fed_in_wh, terms.shares, ranks, terms.units), None
    if terms.key == ShareRule.HIERARCHICAL:
        near = share_hierarchical(drawn_wh, fed_in_wh, terms.feeders, ranks)
        return near.shared, near.feeders
    raise CannotShare("Where orders decide there is no key to share by.")
