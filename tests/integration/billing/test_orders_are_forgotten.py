"""Order books of old months are dropped: only when settled, never what bills rest on, and with a hash by which a copy is known."""

import gzip
import hashlib
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.db import DatabaseError, connection, transaction
from django.urls import reverse

from billing.services.corrections import correct_month
from energy.models import Meter, Site
from grid.models import ForgottenOrders, MarketInterval, MarketOrder, OrderSide, SiteMarketDay
from grid.selectors.market import digest_of, matched_on
from grid.selectors.order_books import kept_months
from grid.selectors.sharing_terms import SiteAxis
from grid.services.order_books import MonthOfOrders, forget_orders
from members.models import Membership, Role, User
from tests.integration.billing.conftest import DAYS, MARCH, NOW, Hamlet, measure
from tests.integration.billing.late import measure_again, standing
from tests.integration.billing.test_market import random_orders, somebody, trading_hamlet
from tests.integration.billing.test_struck_at_every_write import strike_everywhere

pytestmark = pytest.mark.django_db
THIS_MONTH = DAYS[0].replace(day=1)
A_YEAR_ON = NOW + timedelta(days=400)


def forget(now: datetime, archive: Path | None = None) -> dict[str, MonthOfOrders]:
    found = forget_orders(now=now, keep_months=12, archive=archive)
    return {f"{row.month:%Y-%m}": row for row in found}


def matched(hamlet: Hamlet) -> list[str]:
    """As days are shared with it."""
    sites = SiteAxis.of(hamlet.microgrid)
    return [digest_of(matched_on(microgrid=hamlet.microgrid, day=day, sites=sites)) for day in DAYS]


def corrected(hamlet: Hamlet) -> object:
    """What late readings come to: who was left short by how much, and every line of every bill."""
    measure_again(hamlet, "a 2", DAYS[1], 35)
    correct_month(microgrid=hamlet.microgrid, month=MARCH, now=NOW + timedelta(days=3))
    days = SiteMarketDay.objects.filter(microgrid=hamlet.microgrid, is_current=True).order_by("site", "day")
    return list(days.values_list("site", "day", "bid_wh", "offer_wh", "short_wh", "missed_wh")), standing(hamlet)


def test_a_settled_month_is_forgotten_and_corrected_all_the_same(tmp_path: Path, client) -> None:
    hamlet = trading_hamlet(deviation_micro=20_000)
    random_orders(hamlet, seed=11)
    orders = MarketOrder.objects.count()
    assert forget(A_YEAR_ON)["2016-03"] == MonthOfOrders(THIS_MONTH, orders, f"{hamlet.microgrid}: {DAYS[0]} is not settled")
    measure(hamlet.microgrid, DAYS)
    hamlet.bill()
    assert "12 months" in forget(NOW + timedelta(days=200))["2016-03"].kept_because
    with transaction.atomic():
        point = transaction.savepoint()
        expected = corrected(hamlet)
        transaction.savepoint_rollback(point)
    told, course = matched(hamlet), list(MarketInterval.objects.order_by("pk").values())
    with transaction.atomic():  # a settled day that is not what its orders say keeps the month
        point = transaction.savepoint()
        row = SiteMarketDay.objects.exclude(bid_wh__contained_by=[0]).first()
        SiteMarketDay.objects.filter(pk=row.pk).update(bid_wh=[wh + 1 for wh in row.bid_wh])
        assert "settled with other orders" in forget(A_YEAR_ON)["2016-03"].kept_because
        transaction.savepoint_rollback(point)
    # Cut off anywhere and done again: written down once, dropped once.
    assert strike_everywhere(lambda: forget(A_YEAR_ON, tmp_path), _what_is_left) > 4
    assert forget(A_YEAR_ON, tmp_path)["2016-03"] == MonthOfOrders(THIS_MONTH, orders)
    assert (MarketOrder.objects.count(), THIS_MONTH in kept_months()) == (0, False)
    kept = ForgottenOrders.objects.get()
    book = gzip.decompress((tmp_path / kept.archive).read_bytes())
    assert (kept.orders, kept.sha256) == (orders, hashlib.sha256(book).hexdigest())
    assert len(book.splitlines()) == orders + 1 and not list(tmp_path.glob("*.part"))
    assert kept.matched_wh == 2 * sum(row["volume_wh"] for row in course)
    assert "2016-03" not in forget(A_YEAR_ON)
    assert (matched(hamlet), list(MarketInterval.objects.order_by("pk").values())) == (told, course)
    assert corrected(hamlet) == expected
    _what_is_forgotten_stays(kept)
    _the_page_says_so(hamlet, client)


def _what_is_left() -> object:
    return kept_months(), list(ForgottenOrders.objects.values_list("month", "orders", "sha256", "archive", "forgotten_at"))


def _what_is_forgotten_stays(kept: ForgottenOrders) -> None:
    for change in (
        lambda: ForgottenOrders.objects.filter(pk=kept.pk).update(orders=1),
        lambda: ForgottenOrders.objects.filter(pk=kept.pk).delete(),
    ):
        with pytest.raises(DatabaseError, match="only ever added"), transaction.atomic():
            change()


def _the_page_says_so(hamlet: Hamlet, client) -> None:
    row = next(r for r in SiteMarketDay.objects.filter(day=DAYS[0], is_current=True) if sum(r.bid_wh))
    site = Site.objects.get(pk=row.site_id)
    user = somebody()
    Membership.objects.create(user=user, cooperative=hamlet.cooperative, member=site.member, role=Role.MEMBER)
    client.force_login(user)
    page = client.get(reverse("market"), {"site": site.public_id, "day": DAYS[0].isoformat()}).content.decode()
    assert page.count("Orders of this month are no longer kept") == 2
    assert f"{sum(row.bid_wh) / 1000:.1f}"[:3] in page
    auditor = User.objects.create_user("aud@orders.example", is_staff=True)
    Membership.objects.create(user=auditor, cooperative=hamlet.cooperative, role=Role.AUDITOR)
    client.force_login(auditor)
    kept = ForgottenOrders.objects.get()
    assert kept.archive in client.get(reverse("admin:grid_forgottenorders_changelist")).content.decode()
    shown = client.get(reverse("admin:grid_forgottenorders_change", args=[kept.pk])).content.decode()
    assert kept.sha256 in shown and 'name="orders"' not in shown


def test_a_query_of_one_interval_opens_one_month() -> None:
    """Orders of a year: what the agent, clearing and pages ask touches the table of its month alone."""
    hamlet = trading_hamlet()
    random_orders(hamlet, seed=3)
    with connection.cursor() as cursor:
        for month in range(1, 13):
            cursor.execute("SELECT ensure_month_partition('grid_marketorder', %s)", [THIS_MONTH.replace(month=month)])
        start = hamlet.microgrid.local_day(DAYS[0]).starts()[40]
        site = Meter.objects.filter(microgrid=hamlet.microgrid).first().site
        for rows in (
            MarketOrder.objects.filter(microgrid=hamlet.microgrid, start_at__in=[start]),
            MarketOrder.objects.filter(site=site, start_at=start, side=OrderSide.BUY, placed_by__isnull=True),
        ):
            plan = rows.explain()
            assert "grid_marketorder_201603" in plan and "grid_marketorder_201604" not in plan
