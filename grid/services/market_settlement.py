"""Keeping what orders and preferences came to on a shared day."""

from datetime import date

import numpy as np

from energy.models import Microgrid
from grid.domain.market.settlement import Matched
from grid.domain.sharing.day import DayShared
from grid.models import GivenDay, SiteMarketDay
from grid.selectors.market import terms_of_market
from grid.selectors.preferences import PreferencesOfDay
from grid.selectors.sharing_terms import SiteAxis


def store_market_day(*, microgrid: Microgrid, day: date, revision: int, sites: SiteAxis, matched: Matched, found: DayShared) -> None:
    """Store what each site that had matched orders kept, and by how much it left others short. Part of the caller's transaction."""
    settled = found.settled
    if settled is None:
        return
    deviation = terms_of_market(microgrid, day).deviation_micro
    traded = np.flatnonzero((matched.bid_wh + matched.offer_wh).any(axis=0))
    SiteMarketDay.objects.bulk_create(
        SiteMarketDay(
            microgrid=microgrid,
            site_id=int(sites.site_ids[n]),
            day=day,
            revision=revision,
            bid_wh=matched.bid_wh[:, n].tolist(),
            offer_wh=matched.offer_wh[:, n].tolist(),
            short_wh=settled.short_wh[:, n].tolist(),
            missed_wh=settled.missed_wh[:, n].tolist(),
            deviation_micro=deviation,
        )
        for n in traded.tolist()
    )


def store_given(*, microgrid: Microgrid, day: date, revision: int, preferences: PreferencesOfDay, found: DayShared) -> None:
    """Store what each preference gave, if anything. Part of the caller's transaction."""
    if found.given is None:
        return
    GivenDay.objects.bulk_create(
        GivenDay(microgrid=microgrid, preference=row, day=day, revision=revision, wh=found.given.wh[:, k].tolist())
        for k, row in enumerate(preferences.rows)
        if found.given.wh[:, k].any()
    )


def supersede(*, microgrid: Microgrid, day: date) -> None:
    """Let an earlier revision count no more. Part of the caller's transaction."""
    for model in (SiteMarketDay, GivenDay):
        model._default_manager.filter(microgrid=microgrid, day=day, is_current=True).update(is_current=False)
