"""Lines for what members give each other and for orders that were not kept; amounts owed for the latter are shared out over the run."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from billing.models import BillingRun, Component, DocumentKind
from billing.models.documents import GIVER_LENGTH
from energy.models import Microgrid
from grid.models import GivenDay, SiteMarketDay
from grid.selectors.preferences import given_rows
from grid.selectors.sharing import ShareBlock
from kernel.money import price_from_micro, round_half_away

Line = tuple[str, str, int, str, Decimal, int, int]
Lines = dict[tuple[int, str], list[Line]]
MICRO_PER_MINOR = 10_000_000


def market_lines(*, run: BillingRun, site_ids: Sequence[int], days: Sequence[date]) -> Lines:
    """The lines of sites by kind of document: component, window, quantity, unit, price, exact sum, net; none where there is nothing."""
    lines: Lines = defaultdict(list)
    gifts: dict[tuple[int, str, str, str], int] = defaultdict(int)
    for row in given_rows(microgrid=run.microgrid, days=days, site_ids=site_ids, gifts_only=True):
        entry = row.preference
        giver = entry.site.member.name if entry.names_giver else ""
        if row.is_plant:  # type: ignore[attr-defined]
            giver = entry.site.name
        gifts[entry.receiver_id, DocumentKind.BILL, Component.GIFT, giver[:GIVER_LENGTH]] += sum(row.wh)
        gifts[entry.site_id, DocumentKind.CREDIT, Component.GIVEN, entry.receiver.code[:GIVER_LENGTH]] += sum(row.wh)
    for (site, kind, component, window), wh in sorted(gifts.items()):
        if site in site_ids:
            lines[site, kind].append((component, window, wh, "Wh", Decimal(0), 0, 0))
    for site, kind, component, by_price in _deviations(run, site_ids, days):
        quantity, exact = sum(by_price.values()), sum(wh * micro for micro, wh in by_price.items())
        # What is owed is what those who are charged pay in cents: shared out when the run is finished.
        net = round_half_away(Decimal(exact) / MICRO_PER_MINOR) if kind == DocumentKind.BILL else 0
        price = price_from_micro((exact + quantity // 2) // quantity)
        lines[site, kind].append((component, "", quantity, "Wh", price, exact, net))
    return dict(lines)


def _deviations(run: BillingRun, site_ids: Sequence[int], days: Sequence[date]) -> list[tuple[int, str, str, dict[int, int]]]:
    """By site and side: Wh by which orders left others short, or were left short themselves, by what a kWh of it costs."""
    rows = SiteMarketDay.objects.filter(
        microgrid=run.microgrid_id, day__in=days, is_current=True, site__in=set(site_ids), deviation_micro__gt=0
    )
    charged: dict[int, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    owed: dict[int, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for row in rows.order_by("site", "day"):
        for totals, values in ((charged, row.short_wh), (owed, row.missed_wh)):
            if any(values):
                totals[row.site_id][row.deviation_micro] += sum(values)
    return [
        *((site, DocumentKind.BILL, Component.DEVIATION, by_price) for site, by_price in charged.items()),
        *((site, DocumentKind.CREDIT, Component.COMPENSATION, by_price) for site, by_price in owed.items()),
    ]


def gift_arrays(
    *, microgrid: Microgrid, days: Sequence[date], shares: ShareBlock
) -> tuple[NDArray[np.int64] | None, NDArray[np.int64] | None]:
    """Wh that sites received and gave for nothing, laid out like their shares; None where nobody gave anybody anything."""
    rows: list[GivenDay] = given_rows(microgrid=microgrid, days=days, site_ids=shares.site_ids.tolist(), gifts_only=True)
    if not rows:
        return None, None
    got, gave = np.zeros_like(shares.received_wh), np.zeros_like(shares.delivered_wh)
    place = {site: i for i, site in enumerate(shares.site_ids.tolist())}
    first = dict(zip(sorted(days), shares.offsets.tolist(), strict=False))
    for row in rows:
        within = slice(first[row.day], first[row.day] + len(row.wh))
        for array, site in ((got, row.preference.receiver_id), (gave, row.preference.site_id)):
            if site in place:
                array[place[site], within] += np.array(row.wh, dtype=np.int64)
    return got, gave
