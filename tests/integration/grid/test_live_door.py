"""The API of the grid: each user sees the own village, nobody else's; numbers are the stored ones."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from energy.models import Site
from energy.selectors.scope import visible_sites
from grid.models import BalanceDay, GridState, PriceDay, SharingDay, SharingRule
from grid.selectors.sharing import load_shares
from grid.services.day_close import close_day
from members.models import AccessRecord
from tests.integration.grid.conftest import DAY, NEXT_DAY, SHOWN_NOW

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def closed(microgrid, measured_days):
    close_day(microgrid=microgrid, day=DAY, now=SHOWN_NOW)
    return microgrid


def address(name: str, row, day=DAY) -> str:
    return reverse(name, kwargs={"public_id": row.public_id, "day": day})


def test_a_member_follows_the_own_share(closed, household, client):
    client.force_login(household)
    site = visible_sites(household).first()
    answer = client.get(address("api-site-sharing", site)).json()
    stored = SharingDay.objects.get(day=DAY)
    block = load_shares(microgrid=closed, days=[DAY], site_ids=[site.pk])
    assert answer["received_wh"] == block.received_wh[0].tolist()
    assert answer["delivered_wh"] == block.delivered_wh[0].tolist()
    assert (answer["consumption_wh"], answer["shared_wh"]) == (stored.consumption_wh, stored.shared_wh)
    assert answer["interval_count"] == len(answer["received_cutoff"]) == 96
    codes = dict(Site.objects.values_list("pk", "code"))
    assert answer["received_cutoff_site"] == [codes.get(pk, "") for pk in stored.received_cutoff_site]
    assert not AccessRecord.objects.exists()


def test_nobody_sees_another_members_share(closed, household, stranger, client):
    own = visible_sites(household).values("pk")
    foreign = Site.objects.exclude(pk__in=own).first()
    client.force_login(household)
    assert client.get(address("api-site-sharing", foreign)).status_code == 404
    client.force_login(stranger)
    assert client.get(address("api-site-sharing", visible_sites(household).first())).status_code == 404
    for name in ("api-sharing", "api-balance", "api-prices"):
        assert client.get(address(name, closed)).status_code == 404


def test_an_operators_look_is_written_down(closed, operator, household, client):
    site = visible_sites(household).first()
    client.force_login(operator)
    assert client.get(address("api-site-sharing", site)).status_code == 200
    assert AccessRecord.objects.get().member == site.member


def test_balance_prices_and_sharing_of_the_village(closed, household, client):
    count = 96
    PriceDay.objects.create(
        microgrid=closed,
        day=DAY,
        window_names=["base", "evening"],
        windows=[0] * 95 + [1],
        retail_micro=[300_000] * count,
        feed_in_micro=[80_000] * count,
        local_micro=[190_000] * count,
        published_at=SHOWN_NOW,
    )
    client.force_login(household)
    balance = client.get(address("api-balance", closed)).json()
    stored = BalanceDay.objects.get(day=DAY)
    assert balance["production_wh"] == stored.production_wh
    prices = client.get(address("api-prices", closed)).json()
    assert prices["windows"][-2:] == ["base", "evening"]
    assert prices["currency"] == "EUR"
    first = client.get(address("api-sharing", closed))
    again = client.get(address("api-sharing", closed), headers={"if-none-match": first["ETag"]})
    assert (first.status_code, again.status_code) == (200, 304)


def test_what_is_not_there_is_a_problem_and_not_a_zero(microgrid, household, client):
    client.force_login(household)
    for url in (address("api-balance", microgrid, NEXT_DAY), reverse("api-live", args=[microgrid.public_id]), "/api/v1/microgrids/"):
        answer = client.get(url)
        if url.endswith("microgrids/"):
            assert [row["id"] for row in answer.json()["results"]] == [str(microgrid.public_id)]
        else:
            assert answer.status_code == 404
            assert answer["Content-Type"] == "application/problem+json"
    bad = client.get(reverse("api-ticks", args=[microgrid.public_id]), {"minutes": "many"})
    assert bad.status_code == 400
    assert bad.json()["errors"] == {"minutes": ["must be a number from 1 to 1440"]}


def test_ticks_newest_first(microgrid, household, client):
    now = microgrid.now(timezone.now())
    for minutes in (90, 20, 10):
        GridState.objects.create(
            microgrid=microgrid,
            at=now - timedelta(minutes=minutes),
            status="NORMAL",
            production_w=minutes,
            consumption_w=0,
            charge_w=0,
            discharge_w=0,
            import_w=0,
            export_w=0,
            storage_wh=0,
            sites_reporting=1,
            sites_total=1,
            reasons=["Calm."],
        )
    client.force_login(household)
    rows = client.get(reverse("api-ticks", args=[microgrid.public_id])).json()["results"]
    assert [row["production_w"] for row in rows] == [10, 20]


def rule_form(microgrid, first: str, key: str = "dynamic", shares: tuple = ()) -> dict[str, object]:
    form = {
        "microgrid": microgrid.pk,
        "key": key,
        "price_rule": "mid_market",
        "valid_from": first,
        "valid_to": "",
        "shares-TOTAL_FORMS": len(shares),
        "shares-INITIAL_FORMS": 0,
        "shares-MIN_NUM_FORMS": 0,
        "shares-MAX_NUM_FORMS": 1000,
    }
    for place, (site, share) in enumerate(shares):
        form |= {f"shares-{place}-site": site.pk, f"shares-{place}-share": share, f"shares-{place}-id": ""}
    return form


def test_staff_choose_the_key_for_days_to_come_only(closed, operator, client):
    client.force_login(operator)
    add = reverse("admin:grid_sharingrule_add")
    late = client.post(add, rule_form(closed, "2016-06-01"))
    assert "Days up to 2016-06-01 are closed" in late.content.decode()
    sites = list(Site.objects.filter(microgrid=closed)[:2])
    wrong = client.post(add, rule_form(closed, "2016-07-01", "static", ((sites[0], "0.5"), (sites[1], "0.4"))))
    assert "must sum to 1" in wrong.content.decode()
    assert not SharingRule.objects.exists()
    right = client.post(add, rule_form(closed, "2016-07-01", "static", ((sites[0], "0.5"), (sites[1], "0.5"))))
    assert right.status_code == 302
    assert SharingRule.objects.get().shares.count() == 2


@pytest.mark.parametrize("model", ["dayclosing", "sharingday", "balanceday", "priceday", "gridstate", "devicecommand", "sharingrule"])
def test_admin_pages_open_and_facts_stay_facts(closed, operator, stranger, client, model):
    client.force_login(operator)
    assert client.get(reverse(f"admin:grid_{model}_changelist")).status_code == 200
    adding = client.get(reverse(f"admin:grid_{model}_add")).status_code
    assert adding == (200 if model == "sharingrule" else 403)


def test_staff_of_another_cooperative_see_no_rows(closed, stranger, client):
    stranger.is_staff = True
    stranger.save()
    client.force_login(stranger)
    shown = client.get(reverse("admin:grid_dayclosing_changelist"))
    assert shown.status_code == 200
    assert shown.context["cl"].queryset.count() == 0
