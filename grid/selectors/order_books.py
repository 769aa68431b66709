"""Which months of orders are kept, which were forgotten, and what was matched on a day as the settled day keeps it."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
from django.db import connection

from energy.models import Microgrid
from grid.domain.market.settlement import Matched
from grid.models import ForgottenOrders, SiteMarketDay
from grid.selectors.sharing_terms import SiteAxis

ORDERS_TABLE = "grid_marketorder"
INSTANT = timedelta(microseconds=1)


def months_of(first: datetime, after: datetime) -> set[date]:
    """The months of UTC that a stretch of time touches, by their first days."""
    found, last = set(), (after - INSTANT).astimezone(UTC).date()
    day = first.astimezone(UTC).date().replace(day=1)
    while day <= last:
        found.add(day)
        day = month_after(day)
    return found


def month_after(month: date) -> date:
    return (month + timedelta(days=32)).replace(day=1)


def kept_months() -> list[date]:
    """Months for which there is a table of orders, with orders or without, ascending."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT right(c.relname, 6) FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid WHERE inhparent = %s::regclass", [ORDERS_TABLE]
        )
        return sorted(date(int(name[:4]), int(name[4:]), 1) for (name,) in cursor.fetchall())


def forgotten_between(microgrid: Microgrid, first: datetime, after: datetime) -> ForgottenOrders | None:
    """What is written down of the first forgotten month that a stretch of time touches."""
    rows = ForgottenOrders.objects.filter(microgrid=microgrid, month__in=months_of(first, after))
    return rows.order_by("month").first()


def settled_matches(*, microgrid: Microgrid, day: date, sites: SiteAxis) -> Matched:
    """What was matched for each site [T, n], as the settled day keeps it; the same as orders said, where they are kept."""
    shape = (microgrid.local_day(day).interval_count, len(sites.codes))
    bid_wh, offer_wh = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    column = {site: place for place, site in enumerate(sites.site_ids.tolist())}
    rows = SiteMarketDay.objects.filter(microgrid=microgrid, day=day, is_current=True, site__in=list(column))
    for row in rows.only("site_id", "bid_wh", "offer_wh"):
        bid_wh[:, column[row.site_id]] = row.bid_wh
        offer_wh[:, column[row.site_id]] = row.offer_wh
    return Matched(bid_wh, offer_wh)
