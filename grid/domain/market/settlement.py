"""What was ordered against what the meters say: whole Wh, and who left whom short.

A buyer takes what it ordered as far as it drew it, a seller gives what it ordered as far as it fed it in. The smaller side is what is
shared; the larger side is cut in proportion. What a side falls short of the other is charged to those on it that kept less than their
orders, and is owed to those on the other side that were cut: the same Wh at the same price, so money is conserved in each interval.
"""

from dataclasses import dataclass

import numpy as np

from grid.domain.sharing.keys import Shared, assert_conserved
from grid.domain.sharing.splitting import Wh, Whole, split, sums


@dataclass(frozen=True, slots=True)
class Matched:
    """Matched Wh of each site's bids and offers [T, n].

    In sum both sides are equal, unless a site is no longer metered: what it promised is lacking too, but nobody is charged for it.
    """

    bid_wh: Whole
    offer_wh: Whole


@dataclass(frozen=True, slots=True)
class Settled:
    """A settled market.

    Attributes:
        kept_bids_wh: of what buyers ordered, what they drew, by interval [T].
        kept_offers_wh: of what sellers ordered, what they fed in [T].
        short_wh: what each site is charged for: Wh that it promised and that others lacked [T, n].
        missed_wh: what each site is owed for: Wh that others promised it and did not give or take [T, n].
    """

    shared: Shared
    kept_bids_wh: Whole
    kept_offers_wh: Whole
    short_wh: Whole
    missed_wh: Whole


def settle(matched: Matched, drawn_wh: Whole, fed_in_wh: Whole, ranks: Wh) -> Settled:
    """Settle matched orders.

    Args:
        drawn_wh, fed_in_wh: what the meters say [T, n].
        ranks: place of each site by code, int64 [n].
    """
    bid_wh, offer_wh = matched.bid_wh, matched.offer_wh
    took, gave = np.minimum(bid_wh, drawn_wh), np.minimum(offer_wh, fed_in_wh)
    demand, supply = sums(took), sums(gave)
    total = np.minimum(demand, supply)
    received, delivered = split(total, took, demand, ranks), split(total, gave, supply, ranks)
    drawn, fed_in = sums(drawn_wh), sums(fed_in_wh)
    shared = Shared(drawn, fed_in, np.minimum(drawn, fed_in), total, received, delivered)
    assert_conserved(shared, drawn_wh, fed_in_wh)
    unserved = _moved(demand - total, offer_wh - gave, took - received.parts_wh, ranks)
    unsold = _moved(supply - total, bid_wh - took, gave - delivered.parts_wh, ranks)
    short, missed = unserved[0] + unsold[0], unserved[1] + unsold[1]
    if (sums(short) != sums(missed)).any():
        raise AssertionError("what is charged for deviations is not what is owed for them")
    return Settled(shared, demand, supply, short, missed)


def _moved(lacking: Whole, shortfall_wh: Whole, missed_wh: Whole, ranks: Wh) -> tuple[Whole, Whole]:
    """What one side lacks: charged to those on the other that fell short of their orders, owed to those that were cut."""
    fallen, cut = sums(shortfall_wh), sums(missed_wh)
    moved = np.minimum(lacking, fallen)
    return split(moved, shortfall_wh, fallen, ranks).parts_wh, split(moved, missed_wh, cut, ranks).parts_wh
