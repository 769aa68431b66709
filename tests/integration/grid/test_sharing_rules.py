"""Closing days by every key and price rule on a real database, and following one's own share over the API."""

from datetime import date
from typing import Any

import numpy as np
import pytest
from django.urls import reverse

from energy.models import Channel, Meter, Microgrid, Site
from energy.models.meters import MeterKind
from energy.selectors.meter_days import load_channel
from grid.models import PriceDay, SharingDay, SharingRule
from grid.selectors.prices import load_prices
from grid.selectors.sharing import load_shares
from grid.services.sharing import share_days
from tests.integration.grid.conftest import DAY, NEXT_DAY, SHOWN_NOW

pytestmark = pytest.mark.django_db


def shared_by(microgrid: Microgrid, day: date, **rule: Any) -> SharingDay:
    shares = rule.pop("shares", {})
    row = SharingRule.objects.create(microgrid=microgrid, valid_from=day, **rule)
    for code, share in shares.items():
        row.shares.create(site=Site.objects.get(microgrid=microgrid, code=code), share=share)
    [shared] = share_days(microgrid=microgrid, days=[day], now=SHOWN_NOW)
    return shared


def codes_of(microgrid: Microgrid) -> list[str]:
    return list(Site.objects.filter(microgrid=microgrid).order_by("pk").values_list("code", flat=True))


def publish(microgrid: Microgrid, day: date, feed_in: int = 80_000) -> None:
    PriceDay.objects.create(
        microgrid=microgrid,
        day=day,
        window_names=["base"],
        windows=[0] * 96,
        retail_micro=[300_000] * 96,
        feed_in_micro=[feed_in] * 96,
        local_micro=[(300_000 + feed_in) // 2] * 96,
        published_at=SHOWN_NOW,
    )


def drawn(microgrid: Microgrid, day: date) -> dict[int, np.ndarray]:
    site_of = dict(Meter.objects.filter(microgrid=microgrid, kind=MeterKind.SITE).values_list("pk", "site_id"))
    block = load_channel(microgrid=microgrid, channel=Channel.IMPORT, days=[day])
    return {site_of[int(m)]: row for m, row in zip(block.meter_ids, block.values_wh, strict=True)}


def test_a_hybrid_rule_leaves_nothing_to_the_grid_that_a_neighbour_can_use(microgrid, measured_days, correct_meter):
    codes = codes_of(microgrid)
    for code in codes[:2]:  # more than there is
        correct_meter(Meter.objects.get(site__code=code, kind=MeterKind.SITE), DAY, 60_000)
    row = shared_by(microgrid, DAY, key="hybrid", shares={codes[0]: "0.9", codes[1]: "0.1"})
    assert row.key == "hybrid"
    assert row.shared_wh == row.matched_wh
    assert sum(row.shared_wh) > 0
    assert 0 < row.level_wh[0] < row.keyed_wh[0]
    assert row.level_divisor[0] in (100_000, 900_000, 1_000_000)
    block = load_shares(microgrid=microgrid, days=[DAY], site_ids=list(drawn(microgrid, DAY)))
    assert block.received_wh.sum(axis=0).tolist() == block.delivered_wh.sum(axis=0).tolist() == row.shared_wh


def test_a_hierarchical_rule_publishes_each_feeders_level(microgrid, measured_days):
    row = shared_by(microgrid, DAY, key="hierarchical")
    feeders = list(row.feeders.order_by("feeder"))
    assert feeders
    assert all(len(feeder.drawn_wh) == 96 for feeder in feeders)
    within = sum(np.minimum(f.drawn_wh, f.fed_in_wh) for f in feeders)
    assert (within <= np.array(row.shared_wh)).all()
    assert row.shared_wh == row.matched_wh


def test_the_price_of_a_day_follows_the_rule_it_was_shared_by(microgrid, measured_days, correct_meter):
    correct_meter(Meter.objects.filter(microgrid=microgrid, kind=MeterKind.SITE).first(), DAY, 60_000)
    for day in (DAY, NEXT_DAY):
        publish(microgrid, day)
    SharingRule.objects.create(microgrid=microgrid, valid_from=DAY, valid_to=NEXT_DAY, key="dynamic", price_rule="supply_demand_ratio")
    SharingRule.objects.create(microgrid=microgrid, valid_from=NEXT_DAY, key="dynamic", price_rule="bill_sharing")
    before = load_prices(microgrid_id=microgrid.pk, days=measured_days).local_micro
    assert (before == 190_000).all()
    first, _ = share_days(microgrid=microgrid, days=measured_days, now=SHOWN_NOW)
    prices = load_prices(microgrid_id=microgrid.pk, days=measured_days).local_micro
    use, shared = np.array(first.consumption_wh), np.array(first.shared_wh)
    by_hand = [round(80_000 * 300_000 * int(c) / (220_000 * int(m) + 80_000 * int(c))) for c, m in zip(use, shared, strict=True)]
    assert np.abs(prices[:96] - by_hand).max() <= 1
    assert prices[:96].min() == 80_000
    assert prices[:96].max() == prices[0] > 200_000
    assert (prices[96:] == 0).all()


def test_intervals_without_a_price_say_so_over_the_api(microgrid, measured_days, operator, client):
    publish(microgrid, DAY, feed_in=0)
    shared_by(microgrid, DAY, key="hierarchical", price_rule="supply_demand_ratio")
    site = Site.objects.filter(microgrid=microgrid).first()
    client.force_login(operator)
    told = client.get(reverse("api-site-sharing", args=[site.public_id, DAY])).json()
    assert told["price_rule"] == "supply_demand_ratio"
    assert told["local_micro"] == [150_000] * 96
    assert told["mid_market_instead"] == list(range(96))
    assert {feeder["feeder"] for feeder in told["feeders"]}


def test_a_rule_that_changes_nothing_makes_no_revision(microgrid, measured_days):
    first = shared_by(microgrid, DAY, key="hierarchical")
    [again] = share_days(microgrid=microgrid, days=[DAY], now=SHOWN_NOW)
    assert again.pk == first.pk
