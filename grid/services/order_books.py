"""Forgetting months of orders that are old enough and settled: written down, archived where a folder is named, dropped as a whole."""

import gzip
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from django.db import connection, transaction
from psycopg import sql

from energy.models import Microgrid
from grid.models import ForgottenOrders, MarketOrder, SharingDay, SharingKey
from grid.selectors.market import digest_of, matched_in_orders
from grid.selectors.order_books import ORDERS_TABLE, kept_months, month_after, settled_matches
from grid.selectors.sharing_terms import SiteAxis

A_DAY = timedelta(days=1)
PATIENCE = "5s"  # of a lock that keeps everybody who trades waiting
BOOK = """
    SELECT o.start_at, o.side, s.code AS site, o.wh, o.price_micro, o.placed_at, o.placed_by_id IS NULL AS by_agent, o.matched_wh
    FROM grid_marketorder o JOIN energy_site s ON s.id = o.site_id
    WHERE o.microgrid_id = {microgrid} AND o.start_at >= {first} AND o.start_at < {after}
    ORDER BY o.start_at, o.side, s.code COLLATE "C", o.placed_at, o.id
"""


@dataclass(frozen=True, slots=True)
class MonthOfOrders:
    """A month that was looked at: forgotten, or why it is kept."""

    month: date
    orders: int
    kept_because: str = ""


def forget_orders(*, now: datetime, keep_months: int, archive: Path | None = None) -> list[MonthOfOrders]:
    """Forget months of orders that ended `keep_months` ago or earlier and whose days are all settled, oldest first; 0: none.

    `now` is that of outside; each microgrid judges by its own. Safe to repeat, to kill, and to run twice at once: a month is
    written down and dropped in one transaction, and a file of it that was cut off is written again.
    """
    found: list[MonthOfOrders] = []
    if not keep_months:
        return found
    for month in kept_months():
        microgrids = _traders(month)
        reasons = (_in_the_way(microgrid, month, keep_months, now) for microgrid in microgrids)
        reason = next((r for r in reasons if r), "" if microgrids else "nobody traded yet")
        found.append(MonthOfOrders(month, _count(month), reason) if reason else _forget(month, microgrids, archive, now))
    return found


def _bounds(month: date) -> tuple[datetime, datetime]:
    first, after = (datetime(day.year, day.month, 1, tzinfo=UTC) for day in (month, month_after(month)))
    return first, after


def _count(month: date) -> int:
    first, after = _bounds(month)
    return MarketOrder.objects.filter(start_at__gte=first, start_at__lt=after).count()


def _traders(month: date) -> list[Microgrid]:
    """Whose clocks count: microgrids with orders in the month; where it is empty, all that ever traded."""
    first, after = _bounds(month)
    ordered = MarketOrder.objects.filter(start_at__gte=first, start_at__lt=after).values("microgrid")
    traded = Microgrid.objects.filter(sharing_rules__key=SharingKey.MARKET).distinct().order_by("pk")
    return list(Microgrid.objects.filter(pk__in=ordered).order_by("pk")) or list(traded)


def _in_the_way(microgrid: Microgrid, month: date, keep_months: int, now: datetime) -> str:
    """Why a month must still be kept for a microgrid; empty where nothing is."""
    last = month
    for _ in range(keep_months):
        last = month_after(last)
    if microgrid.now(now) < _bounds(last)[1]:
        return f"{microgrid} keeps orders for {keep_months} months"
    sites = SiteAxis.of(microgrid)
    for day in _ordered_days(microgrid, month):
        if not SharingDay.objects.filter(microgrid=microgrid, day=day, is_current=True, key=SharingKey.MARKET).exists():
            return f"{microgrid}: {day} is not settled"
        settled = settled_matches(microgrid=microgrid, day=day, sites=sites)
        if digest_of(settled) != digest_of(matched_in_orders(microgrid=microgrid, day=day, sites=sites)):
            return f"{microgrid}: {day} was settled with other orders"
    return ""


def _ordered_days(microgrid: Microgrid, month: date) -> list[date]:
    """Local days that have orders in a month of UTC."""
    first, after = _bounds(month)
    starts = MarketOrder.objects.filter(microgrid=microgrid, start_at__gte=first, start_at__lt=after)
    rows = starts.order_by("start_at").values_list("start_at", flat=True).distinct()
    return sorted({start.astimezone(microgrid.zone).date() for start in rows})


@transaction.atomic
def _forget(month: date, microgrids: Sequence[Microgrid], archive: Path | None, now: datetime) -> MonthOfOrders:
    orders = 0
    table = f"{ORDERS_TABLE}_{month:%Y%m}"
    with connection.cursor() as cursor:
        # Whoever orders or clears takes the microgrid first, so that nothing waits here for what waits for us.
        list(Microgrid.objects.select_for_update(no_key=True).filter(pk__in=[m.pk for m in microgrids]).order_by("pk"))
        cursor.execute("SELECT to_regclass(%s)", [table])
        if cursor.fetchone()[0] is None:  # another hand was faster
            return MonthOfOrders(month, 0)
        cursor.execute(f"SET LOCAL lock_timeout = '{PATIENCE}'")
        for microgrid in microgrids:
            orders += _write_down(microgrid, month, archive, now)
        cursor.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(table)).as_string())
    return MonthOfOrders(month, orders)


def _write_down(microgrid: Microgrid, month: date, archive: Path | None, now: datetime) -> int:
    """Count, hash and archive a microgrid's book of a month; returns how many orders it held."""
    first, after = _bounds(month)
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT count(*), coalesce(sum(wh), 0), coalesce(sum(matched_wh), 0) FROM grid_marketorder
               WHERE microgrid_id = %s AND start_at >= %s AND start_at < %s""",
            [microgrid.pk, first, after],
        )
        orders, ordered_wh, matched_wh = cursor.fetchone()
    if not orders:
        return 0
    name = f"orders-{microgrid.slug}-{month:%Y-%m}.csv.gz" if archive else ""
    sha256 = _copy_book(microgrid, month, archive / name if archive else None)
    ForgottenOrders.objects.create(
        microgrid=microgrid,
        month=month,
        orders=orders,
        ordered_wh=ordered_wh,
        matched_wh=matched_wh,
        sha256=sha256,
        archive=name,
        forgotten_at=microgrid.now(now),
    )
    return int(orders)


def _copy_book(microgrid: Microgrid, month: date, path: Path | None) -> str:
    """The hash of a month's book as CSV, written to a file as it goes by, if one is named: gzipped, whole or not at all."""
    first, after = _bounds(month)
    query = sql.SQL("COPY ({}) TO STDOUT (FORMAT csv, HEADER)").format(
        sql.SQL(BOOK).format(microgrid=sql.Literal(microgrid.pk), first=sql.Literal(first), after=sql.Literal(after))
    )
    digest = hashlib.sha256()
    part = path.with_suffix(".part") if path else None
    file = gzip.GzipFile(part, "wb", mtime=0) if part else None
    with connection.cursor() as cursor, cursor.copy(query) as copy:
        for piece in copy:
            digest.update(piece)
            if file:
                file.write(bytes(piece))
    if file and part and path:
        file.close()
        part.replace(path)
    return digest.hexdigest()
