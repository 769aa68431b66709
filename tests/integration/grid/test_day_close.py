"""Closing days on a real database: shared, balanced, repeated without change, revised when facts change."""

import threading
from contextlib import suppress
from datetime import date, timedelta

import numpy as np
import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from energy.models import Channel, Meter, Microgrid, Site
from energy.models.meters import MeterKind
from energy.selectors.meter_days import load_channel
from grid.domain.sharing.keys import CannotShare
from grid.models import BalanceDay, DayClosing, PriceDay, SharingDay, SharingKey, SharingRule, SiteShareDay
from grid.selectors.losses import settled_losses
from grid.selectors.network import forget_networks, load_network
from grid.selectors.prices import PricesMissing, load_prices
from grid.selectors.sharing import load_shares
from grid.selectors.site_powers import load_site_powers
from grid.services.day_close import CannotClose, close_day
from grid.services.prices import CannotPublish, publish_prices
from grid.services.sharing import share_days
from tests.integration.grid.conftest import DAY, NEXT_DAY, SHOWN_NOW
from tests.integration.striking import at_once

pytestmark = pytest.mark.django_db


def site_meters(microgrid: Microgrid) -> list[Meter]:
    return list(Meter.objects.filter(microgrid=microgrid, kind=MeterKind.SITE).order_by("pk"))


def test_a_closed_day_is_shared_and_balanced(microgrid, measured_days):
    closing = close_day(microgrid=microgrid, day=DAY, now=SHOWN_NOW)
    assert (closing.revision, closing.estimated_values) == (0, 0)
    shared = SharingDay.objects.get(microgrid=microgrid, day=DAY)
    site_ids = [m.site_id for m in site_meters(microgrid)]
    block = load_shares(microgrid=microgrid, days=[DAY], site_ids=site_ids)
    assert sum(shared.shared_wh) > 0
    assert block.received_wh.sum(axis=0).tolist() == shared.shared_wh == block.delivered_wh.sum(axis=0).tolist()
    drawn = load_channel(microgrid=microgrid, channel=Channel.IMPORT, days=[DAY])
    assert (block.received_wh <= drawn.values_wh).all()
    balance = BalanceDay.objects.get(microgrid=microgrid, day=DAY)
    drawn_total, bought = drawn.values_wh.sum(axis=0), np.array(balance.import_wh)
    fed_in = load_channel(microgrid=microgrid, channel=Channel.EXPORT, days=[DAY]).values_wh.sum(axis=0)
    assert (bought == drawn_total - np.array(shared.shared_wh)).all()
    assert (np.array(balance.export_wh) == fed_in - np.array(shared.shared_wh)).all()
    production = load_channel(microgrid=microgrid, channel=Channel.PRODUCTION, days=[DAY]).values_wh.sum()
    assert sum(balance.production_wh) == production > 0


def test_closing_again_changes_nothing(microgrid, measured_days):
    first = close_day(microgrid=microgrid, day=DAY, now=SHOWN_NOW)
    again = close_day(microgrid=microgrid, day=DAY, now=SHOWN_NOW + timedelta(hours=1))
    assert first.pk == again.pk
    assert DayClosing.objects.count() == SharingDay.objects.count() == BalanceDay.objects.count() == 1


def test_corrected_readings_make_the_next_revision(microgrid, measured_days, correct_meter):
    close_day(microgrid=microgrid, day=DAY, now=SHOWN_NOW)
    before = SharingDay.objects.get(day=DAY)
    meter = site_meters(microgrid)[0]
    correct_meter(meter, DAY, 5000)
    closing = close_day(microgrid=microgrid, day=DAY, now=SHOWN_NOW)
    assert closing.revision == 1
    current = SharingDay.objects.get(day=DAY, is_current=True)
    assert current.consumption_wh[0] != before.consumption_wh[0]
    assert current.consumption_wh[1:] == before.consumption_wh[1:]
    assert BalanceDay.objects.get(day=DAY, is_current=True).revision == 1
    assert SiteShareDay.objects.filter(day=DAY, is_current=True).exclude(revision=1).count() == 0
    assert SharingDay.objects.get(day=DAY, revision=0).shared_wh == before.shared_wh


@pytest.mark.django_db(transaction=True)
def test_several_close_a_day_at_once(microgrid, measured_days):
    """Workers are asked for an open day each minute, and somebody may close it by hand meanwhile."""
    everybody_shared = threading.Barrier(3, timeout=30)

    def meet(execute, sql, *arguments):
        result = execute(sql, *arguments)
        if sql.startswith("SELECT") and BalanceDay._meta.db_table in sql and not everybody_shared.broken:
            with suppress(threading.BrokenBarrierError):
                everybody_shared.wait(2)
        return result

    def close(_):
        with connection.execute_wrapper(meet):
            return close_day(microgrid=microgrid, day=DAY, now=SHOWN_NOW).pk

    assert len(set(at_once(3, close))) == 1
    assert DayClosing.objects.count() == SharingDay.objects.count() == BalanceDay.objects.count() == 1


def test_a_day_that_is_not_over_is_not_closed(microgrid):
    with pytest.raises(CannotClose, match="not over"):
        close_day(microgrid=microgrid, day=date(2016, 6, 3), now=SHOWN_NOW)


def test_several_days_in_one_call(microgrid, measured_days):
    rows = share_days(microgrid=microgrid, days=[NEXT_DAY, DAY], now=SHOWN_NOW)
    assert [row.day for row in rows] == [DAY, NEXT_DAY]
    assert [row.pk for row in share_days(microgrid=microgrid, days=[DAY, NEXT_DAY], now=SHOWN_NOW)] == [row.pk for row in rows]


def test_a_static_rule_shares_by_fixed_parts_from_its_day_on(microgrid, measured_days):
    sites = list(Site.objects.filter(microgrid=microgrid).order_by("code"))
    rule = SharingRule.objects.create(microgrid=microgrid, key=SharingKey.STATIC, valid_from=NEXT_DAY)
    rule.shares.create(site=sites[0], share="0.25")
    rule.shares.create(site=sites[1], share="0.75")
    dynamic, static = share_days(microgrid=microgrid, days=[DAY, NEXT_DAY], now=SHOWN_NOW)
    assert (dynamic.key, static.key) == ("dynamic", "static")
    block = load_shares(microgrid=microgrid, days=[NEXT_DAY], site_ids=[s.pk for s in sites])
    drawn = load_channel(microgrid=microgrid, channel=Channel.IMPORT, days=[NEXT_DAY])
    row_of = {m.site_id: i for i, m in enumerate(site_meters(microgrid))}
    produced = np.array(static.production_wh)
    for place, quarter in ((0, 1), (1, 3)):
        site = sites[place]
        own = drawn.values_wh[row_of[site.pk]]
        exact = np.minimum(produced * quarter, own * 4)
        received = block.received_wh[np.searchsorted(block.site_ids, site.pk)]
        assert (received >= exact // 4).all()
        assert (received <= -(-exact // 4)).all()
    assert block.received_wh.sum() == sum(static.shared_wh) > 0


def test_fixed_parts_must_sum_to_one(microgrid, measured_days):
    rule = SharingRule.objects.create(microgrid=microgrid, key=SharingKey.STATIC, valid_from=DAY)
    rule.shares.create(site=Site.objects.filter(microgrid=microgrid).first(), share="0.9")
    with pytest.raises(CannotShare):
        share_days(microgrid=microgrid, days=[DAY], now=SHOWN_NOW)
    assert not SharingDay.objects.exists()


def test_two_rules_never_hold_at_once(microgrid):
    SharingRule.objects.create(microgrid=microgrid, valid_from=DAY)
    with pytest.raises(IntegrityError), transaction.atomic():
        SharingRule.objects.create(microgrid=microgrid, key=SharingKey.STATIC, valid_from=NEXT_DAY)


def test_the_database_refuses_a_balance_that_does_not_hold(microgrid, measured_days):
    close_day(microgrid=microgrid, day=DAY, now=SHOWN_NOW)
    row = BalanceDay.objects.get(day=DAY)
    row.consumption_wh[40] += 1
    with pytest.raises(DatabaseError, match="interval 40"), transaction.atomic():
        row.save()


def publish(microgrid: Microgrid, day: date, retail: int = 300_000) -> PriceDay:
    count = microgrid.local_day(day).interval_count
    return publish_prices(
        microgrid=microgrid,
        day=day,
        window_names=["base"],
        windows=[0] * count,
        retail_micro=[retail] * count,
        feed_in_micro=[80_000] * count,
        local_micro=[190_000] * count,
        now=SHOWN_NOW,
    )


def test_published_prices_stay(microgrid):
    first = publish(microgrid, DAY)
    assert publish(microgrid, DAY, retail=999_999).pk == first.pk
    assert set(load_prices(microgrid_id=microgrid.pk, days=[DAY]).retail_micro.tolist()) == {300_000}
    first.retail_micro[0] = 1
    with pytest.raises(DatabaseError, match="stay as they are"), transaction.atomic():
        first.save()
    with pytest.raises(DatabaseError, match="stay as they are"), transaction.atomic():
        first.delete()


def test_prices_need_a_value_for_each_interval(microgrid):
    with pytest.raises(CannotPublish, match="96 intervals"):
        publish_prices(
            microgrid=microgrid,
            day=DAY,
            window_names=["base"],
            windows=[0] * 95,
            retail_micro=[1] * 96,
            feed_in_micro=[1] * 96,
            local_micro=[1] * 96,
            now=SHOWN_NOW,
        )
    with pytest.raises(PricesMissing, match="2016-06-01"):
        load_prices(microgrid_id=microgrid.pk, days=[DAY])


def test_losses_that_are_settled_are_the_cooperatives_own(microgrid, measured_days):
    close_day(microgrid=microgrid, day=DAY, now=SHOWN_NOW)
    without = BalanceDay.objects.get(day=DAY)
    shared_before = SharingDay.objects.get(day=DAY).shared_wh
    microgrid.settles_losses = True
    microgrid.save()
    close_day(microgrid=microgrid, day=NEXT_DAY, now=SHOWN_NOW)
    balance, shared = BalanceDay.objects.get(day=NEXT_DAY), SharingDay.objects.get(day=NEXT_DAY)
    losses = np.array(balance.losses_wh)
    assert (losses >= 290).all()  # the transformer's iron alone is 1.2 kW
    drawn, fed_in = np.array(shared.consumption_wh), np.array(shared.fed_in_wh)
    assert (np.array(balance.import_wh) - np.array(balance.export_wh) == drawn - fed_in + losses).all()
    powers = load_site_powers(microgrid=microgrid, days=[NEXT_DAY])
    network = load_network(microgrid.pk)
    by_hand = [network.network.solve(w, v).losses_w / 4 for w, v in zip(*powers.by_node(network), strict=True)]
    assert np.cumsum(losses) == pytest.approx(np.cumsum(by_hand), abs=1.0)
    # A day that is closed already stays as it was, and sharing never looks at losses.
    close_day(microgrid=microgrid, day=DAY, now=SHOWN_NOW)
    assert BalanceDay.objects.get(day=DAY).losses_wh == without.losses_wh == [0] * 96
    assert SharingDay.objects.get(day=DAY).shared_wh == shared_before


def test_what_losses_cost_is_told(microgrid, measured_days):
    assert settled_losses(microgrid=microgrid, days=measured_days) is None
    microgrid.settles_losses = True
    microgrid.save()
    close_day(microgrid=microgrid, day=DAY, now=SHOWN_NOW)
    told = settled_losses(microgrid=microgrid, days=measured_days)
    assert (told.days, told.cost_micro) == (1, None)
    assert told.from_grid_wh + told.from_surplus_wh == told.losses_wh
    PriceDay.objects.create(
        microgrid=microgrid,
        day=DAY,
        published_at=SHOWN_NOW,
        window_names=["base"],
        windows=[0] * 96,
        retail_micro=[300_000] * 96,
        feed_in_micro=[80_000] * 96,
        local_micro=[190_000] * 96,
    )
    told = settled_losses(microgrid=microgrid, days=measured_days)
    assert told.cost_micro == (told.from_grid_wh * 300_000 + told.from_surplus_wh * 80_000) // 1000


def test_a_day_whose_losses_cannot_be_told_is_not_closed(microgrid, measured_days):
    microgrid.settles_losses = True
    microgrid.save()
    microgrid.nodes.update(is_coupling_point=False)
    forget_networks()
    with pytest.raises(CannotClose, match="no point of common coupling"):
        close_day(microgrid=microgrid, day=DAY, now=SHOWN_NOW)
    assert not BalanceDay.objects.exists()
