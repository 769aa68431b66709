"""A day's sharing from preferences, key and orders together; pure, for the day's closing as for replays."""

from collections.abc import Sequence
from dataclasses import dataclass

from grid.domain.market.settlement import Matched, Settled, settle
from grid.domain.sharing.hierarchy import FeederLevel
from grid.domain.sharing.keys import Shared, assert_conserved
from grid.domain.sharing.preferences import Given, Preference, give, with_given
from grid.domain.sharing.splitting import Stored, Wh, wide
from grid.domain.sharing.terms import ShareRule, SharingTerms, share_by


@dataclass(frozen=True, slots=True)
class DayShared:
    """What was shared in all, and what it is made of; `given` is None where nobody prefers anybody."""

    shared: Shared
    given: Given | None
    feeders: FeederLevel | None
    settled: Settled | None


def share_day(
    terms: SharingTerms, preferences: Sequence[Preference], matched: Matched | None, drawn_wh: Stored, fed_in_wh: Stored, ranks: Wh
) -> DayShared:
    """Give what is preferred, then share the rest by the key or, where the rule is the market, as it was ordered.

    Raises:
        CannotShare: shares or preferences contradict themselves, or the rule is the market and there are no orders.
    """
    if preferences or matched is not None:
        drawn_wh, fed_in_wh = wide(drawn_wh), wide(fed_in_wh)
    given, c, p = None, drawn_wh, fed_in_wh
    if preferences:
        given = give(preferences, drawn_wh, fed_in_wh, ranks)
        sites = drawn_wh.shape[1]
        c, p = drawn_wh - given.received(sites), fed_in_wh - given.delivered(sites)
    settled: Settled | None = None
    feeders: FeederLevel | None = None
    if terms.key == ShareRule.MARKET and matched is not None:
        settled = settle(matched, c, p, ranks)
        rest = settled.shared
    else:
        rest, feeders = share_by(terms, c, p, ranks)
    if given is None:
        return DayShared(rest, None, feeders, settled)
    shared = with_given(rest, given, drawn_wh, fed_in_wh)
    assert_conserved(shared, drawn_wh, fed_in_wh)
    return DayShared(shared, given, feeders, settled)
