"""What pages and the API show of the market: the day's course for all, own orders, the book of an interval without names."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import QuerySet, Sum

from energy.models import Microgrid, Site
from energy.selectors.ownership import local_day_of, on_own_days, theirs_since
from grid.models import GivenDay, MarketInterval, MarketOrder, OrderSide, SiteMarketDay, TradingLimit
from grid.selectors.order_books import forgotten_between
from members.models import User
from members.selectors.scope import own_members

BOOK_LEVELS = 50


@dataclass(frozen=True, slots=True)
class MarketStep:
    """An interval: what was asked, offered and matched [Wh]; price and volume None until it is cleared."""

    start_at: datetime
    asked_wh: int
    offered_wh: int
    volume_wh: int | None
    price_micro: int | None


@dataclass(frozen=True, slots=True)
class BookLevel:
    """All orders of one side at one price."""

    side: str
    price_micro: int
    wh: int
    orders: int


def own_trading_sites(user: User) -> QuerySet[Site]:
    """Sites of the user's own members, for which the user may order."""
    return Site.objects.filter(member__in=own_members(user)).select_related("microgrid").order_by("code")


def own_orders(user: User) -> QuerySet[MarketOrder]:
    """Orders of sites for intervals in which they were the user's own, the latest first."""
    day = local_day_of("start_at", "microgrid__time_zone")
    return (
        on_own_days(MarketOrder.objects.all(), user, site="site", day=day)
        .select_related("site", "microgrid")
        .order_by("-start_at", "side", "pk")
    )


def orders_of_day(site: Site, day: date) -> list[MarketOrder]:
    """A site's orders of a local day, as the day goes; none of days before it was whose it is today."""
    if (since := theirs_since(site)) is not None and day < since:
        return []
    local_day = site.microgrid.local_day(day)
    rows = MarketOrder.objects.filter(site=site, start_at__gte=local_day.start_at, start_at__lt=local_day.end_at)
    return list(rows.order_by("start_at", "side", "pk"))


def matched_of_day(site: Site, day: date) -> tuple[int, int] | None:
    """What was bought and sold for a site on a day whose orders are forgotten [Wh]; None where they are kept, or not for who has it today."""
    local_day = site.microgrid.local_day(day)
    since = theirs_since(site)
    if (since is not None and day < since) or not forgotten_between(site.microgrid, local_day.start_at, local_day.end_at):
        return None
    row = SiteMarketDay.objects.filter(site=site, day=day, is_current=True).first()
    return (sum(row.bid_wh), sum(row.offer_wh)) if row else (0, 0)


def course_of(microgrid: Microgrid, day: date) -> list[MarketStep]:
    """Each interval of a local day: cleared as published, open as it is asked and offered now."""
    local_day = microgrid.local_day(day)
    within = {"start_at__gte": local_day.start_at, "start_at__lt": local_day.end_at}
    cleared = {row.start_at: row for row in MarketInterval.objects.filter(microgrid=microgrid, **within)}
    sums: dict[tuple[datetime, str], int] = {}
    if len(cleared) < local_day.interval_count:
        rows = MarketOrder.objects.filter(microgrid=microgrid, **within).values_list("start_at", "side")
        sums = {(start, side): wh for start, side, wh in rows.annotate(wh=Sum("wh"))}
    steps = []
    for start in local_day.starts():
        row = cleared.get(start)
        if row is None:
            asked, offered = sums.get((start, OrderSide.BUY), 0), sums.get((start, OrderSide.SELL), 0)
            steps.append(MarketStep(start, asked, offered, None, None))
        else:
            steps.append(MarketStep(start, row.asked_wh, row.offered_wh, row.volume_wh, row.price_micro))
    return steps


def book_of(microgrid: Microgrid, start_at: datetime) -> list[BookLevel]:
    """An interval's orders by side and price, best first on each side, nobody named; at most BOOK_LEVELS a side."""
    levels: dict[tuple[str, int], list[int]] = {}
    rows = MarketOrder.objects.filter(microgrid=microgrid, start_at=start_at)
    for side, price, wh in rows.values_list("side", "price_micro", "wh"):
        levels.setdefault((side, price), []).append(wh)
    found = [BookLevel(side, price, sum(wh), len(wh)) for (side, price), wh in levels.items()]
    bids = sorted((x for x in found if x.side == OrderSide.BUY), key=lambda x: -x.price_micro)
    offers = sorted((x for x in found if x.side == OrderSide.SELL), key=lambda x: x.price_micro)
    return bids[:BOOK_LEVELS] + offers[:BOOK_LEVELS]


def limit_of(site: Site) -> TradingLimit | None:
    """What the agent may order for a site; None where nothing was said."""
    return TradingLimit.objects.filter(site=site, is_current=True).first()


@dataclass(frozen=True, slots=True)
class GivenSum:
    """What went from one to another over some days."""

    other: str
    wh: int
    is_gift: bool
    days: int


def given_by(site: Site, *, since: date) -> list[GivenSum]:
    """What a site gave away, by receiver, since it is whose it is today."""
    since = max(since, theirs_since(site) or since)
    rows = GivenDay.objects.filter(preference__site=site, is_current=True, day__gte=since)
    return _sums((r.preference.receiver.code, r.preference.is_gift, r.wh) for r in rows.select_related("preference__receiver"))


def given_to(site: Site, *, since: date) -> list[GivenSum]:
    """What a site was given, by giver, since it is whose it is today; empty names are of givers who do not wish to be named."""
    since = max(since, theirs_since(site) or since)
    rows = GivenDay.objects.filter(preference__receiver=site, is_current=True, day__gte=since)
    return _sums(
        (r.preference.site.member.name if r.preference.names_giver else "", r.preference.is_gift, r.wh)
        for r in rows.select_related("preference__site__member")
    )


def _sums(rows: Iterable[tuple[str, bool, list[int]]]) -> list[GivenSum]:
    found: dict[tuple[str, bool], list[int]] = {}
    for other, is_gift, wh in rows:
        found.setdefault((other, is_gift), []).append(sum(wh))
    return [GivenSum(other, sum(days), is_gift, len(days)) for (other, is_gift), days in sorted(found.items())]
