"""The default agent: what a member said in plain words, and what is expected of its meter, as orders per interval.

Whoever joins at the market's price bids what the public grid asks and offers at what it pays: the widest orders by which nobody can lose
to the public grid. A limit narrows them. Orders that could not trade with anybody (a bid below the feed-in price, an offer above retail)
are not placed.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
NEVER_BUY = -1
ANY_PRICE = 2**31 - 1
NEVER_SELL = 2**31


@dataclass(frozen=True, slots=True)
class Limits:
    """Of n sites [millionths per kWh]: what each pays at most (NEVER_BUY, ANY_PRICE) and asks at least (0 for any, NEVER_SELL)."""

    most_micro: Ints
    least_micro: Ints


@dataclass(frozen=True, slots=True)
class Wanted:
    """Orders by interval and site [T, n]: Wh (0: none) and price of each side."""

    bid_wh: Ints
    bid_micro: Ints
    offer_wh: Ints
    offer_micro: Ints


def orders_for(limits: Limits, expected_draw_wh: Ints, expected_feed_in_wh: Ints, retail_micro: Ints, feed_in_micro: Ints) -> Wanted:
    """Turn limits and expectations into orders.

    Args:
        expected_draw_wh, expected_feed_in_wh: [T, n].
        retail_micro, feed_in_micro: published prices [T].
    """
    retail, feed_in = retail_micro[:, None], feed_in_micro[:, None]
    bid = np.minimum(limits.most_micro, retail)
    offer = np.maximum(limits.least_micro, feed_in)
    return Wanted(
        np.where((bid >= feed_in) & (limits.most_micro >= 0), expected_draw_wh, 0),
        bid,
        np.where(offer <= retail, expected_feed_in_wh, 0),
        offer,
    )


def lots(start_s: int, n: int) -> Ints:
    """In which order the agent places its orders of one interval: drawn anew for each, and the same whenever it is drawn again."""
    return np.random.default_rng(start_s).permutation(n).astype(np.int64)
