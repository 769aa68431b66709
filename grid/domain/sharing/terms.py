"""The terms of sharing as one value: key, price rule, and what the key needs to know of the sites; and what follows from them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from grid.domain.prices import PriceRule
from grid.domain.sharing.hierarchy import FeederLevel, share_hierarchical
from grid.domain.sharing.keys import (
    SHARE_UNITS,
    CannotShare,
    Shared,
    share_dynamic,
    share_hybrid,
    share_static,
)
from grid.domain.sharing.splitting import Wh, Whole


class ShareRule(StrEnum):
    """The five keys."""

    DYNAMIC = "dynamic"
    STATIC = "static"
    HYBRID = "hybrid"
    HIERARCHICAL = "hierarchical"
    MARKET = "market"


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
            lines += sorted(
                f"share of {code}: {int(share)}/{self.units}"
                for code, share in zip(codes, self.shares, strict=True)
                if share
            )
        if self.key == ShareRule.HIERARCHICAL:
            lines += sorted(
                f"feeder of {code}: {feeder_names[feeder]}"
                for code, feeder in zip(codes, self.feeders.tolist(), strict=True)
            )
        return "\n".join(lines)


def share_by(
    terms: SharingTerms, drawn_wh: Whole, fed_in_wh: Whole, ranks: Wh
) -> tuple[Shared, FeederLevel | None]:
    """Share by any key but the market, whose orders decide; with the feeders' level where the key has one.

    Raises:
        CannotShare: fixed shares do not sum to one, or the key is the market.
    """
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
