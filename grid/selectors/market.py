"""The market of a microgrid: its terms, whether it is in force, matched orders as arrays, prices of cleared intervals."""

import hashlib
from collections.abc import Sequence
from datetime import date, datetime, timedelta

import numpy as np
from django.db.models import Q, Sum
from numpy.typing import NDArray

from energy.models import Microgrid
from grid.domain.market.settlement import Matched
from grid.models import MarketInterval, MarketOrder, MarketTerms, OrderSide, SharingKey, SharingProposal, SharingRule, VoteStatus
from grid.selectors.order_books import forgotten_between, settled_matches
from grid.selectors.sharing_terms import SiteAxis, rule_on
from kernel.money import price_from_micro

A_DAY = timedelta(days=1)


def terms_of_market(microgrid: Microgrid, day: date) -> MarketTerms:
    """The terms that hold on a day; without any the defaults do."""
    rows = MarketTerms.objects.filter(microgrid=microgrid, valid_from__lte=day)
    return rows.order_by("-valid_from").first() or MarketTerms(microgrid=microgrid, valid_from=day)


def market_terms_text(terms: MarketTerms) -> str:
    """The terms line by line, as they stand in a rule that members vote on."""
    charge = price_from_micro(terms.deviation_micro)
    return f"orders close [minutes before]: {terms.gate_minutes}\ndeviation charge [per kWh]: {charge:.6f}"


def voted_terms(microgrid: Microgrid, first: date) -> str:
    """Why other terms cannot begin on a day: members voted, or vote just now, on a market of the terms that hold; empty where none did."""
    if SharingProposal.objects.filter(microgrid=microgrid, status=VoteStatus.OPEN, key=SharingKey.MARKET).exists():
        return "A vote on a market of the present terms is open; wait until it is decided, or withdraw it."
    rules = SharingRule.objects.filter(microgrid=microgrid, key=SharingKey.MARKET).exclude(text="")
    voted = rules.filter(Q(valid_to__isnull=True) | Q(valid_to__gt=first)).first()
    if voted is None:
        return ""
    return f"Members voted on these terms ({voted}); end that rule first, and put one with other terms to the vote."


def is_market_on(microgrid: Microgrid, day: date) -> bool:
    """Whether the day is shared as members order."""
    rule = rule_on(microgrid, day)
    return rule is not None and rule.key == SharingKey.MARKET


def gate_of(microgrid: Microgrid, start_at: datetime) -> datetime:
    """Until when orders of an interval may be placed and withdrawn."""
    day = start_at.astimezone(microgrid.zone).date()
    return start_at - timedelta(minutes=terms_of_market(microgrid, day).gate_minutes)


def place_in_day(microgrid: Microgrid, day: date, start_at: datetime) -> int:
    """Which interval of its local day an instant begins."""
    return (start_at - microgrid.local_day(day).start_at) // timedelta(minutes=microgrid.interval_minutes)


def matched_on(*, microgrid: Microgrid, day: date, sites: SiteAxis) -> Matched:
    """What was matched for each site on a day [T, n]; sites that are no longer metered are left out.

    Where the day's orders are forgotten, as the settled day keeps it.
    """
    local_day = microgrid.local_day(day)
    if forgotten_between(microgrid, local_day.start_at, local_day.end_at):
        return settled_matches(microgrid=microgrid, day=day, sites=sites)
    return matched_in_orders(microgrid=microgrid, day=day, sites=sites)


def matched_in_orders(*, microgrid: Microgrid, day: date, sites: SiteAxis) -> Matched:
    """What a day's orders say was matched for each site [T, n]."""
    local_day = microgrid.local_day(day)
    shape = (local_day.interval_count, len(sites.codes))
    found = {side: np.zeros(shape, dtype=np.int64) for side in OrderSide.values}
    column = {site: place for place, site in enumerate(sites.site_ids.tolist())}
    rows = (
        MarketOrder.objects.filter(
            microgrid=microgrid, site__in=list(column), start_at__gte=local_day.start_at, start_at__lt=local_day.end_at, matched_wh__gt=0
        )
        .values_list("site_id", "start_at", "side")
        .annotate(wh=Sum("matched_wh"))
    )
    step = timedelta(minutes=microgrid.interval_minutes)
    for site, start_at, side, wh in rows:
        found[side][(start_at - local_day.start_at) // step, column[site]] = wh
    return Matched(found[OrderSide.BUY], found[OrderSide.SELL])


def digest_of(matched: Matched) -> str:
    """Of who was matched when for how much."""
    return hashlib.sha256(matched.bid_wh.tobytes() + matched.offer_wh.tobytes()).hexdigest()


def cleared_on(microgrid: Microgrid | int, days: Sequence[date]) -> dict[datetime, MarketInterval]:
    """Cleared intervals that begin within a day of the days given, by their start."""
    if not days:
        return {}
    rows = MarketInterval.objects.filter(microgrid=microgrid, start_at__date__gte=min(days) - A_DAY, start_at__date__lte=max(days) + A_DAY)
    return {row.start_at: row for row in rows}


def cleared_prices(
    microgrid: Microgrid, day: date, cleared: dict[datetime, MarketInterval], instead: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The published price of each interval of a day and where nothing was matched, with another price in its place."""
    rows = [cleared.get(start) for start in microgrid.local_day(day).starts()]
    prices = [row.price_micro if row is not None else None for row in rows]
    without = np.array([price is None for price in prices], dtype=np.bool_)
    known = np.array([0 if price is None else price for price in prices], dtype=np.int64)
    return np.where(without, instead, known), without
