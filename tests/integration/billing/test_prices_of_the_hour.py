"""Prices that follow an index: taken in from a file, published a day ahead, seen by members and plans, never changed."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse

from billing.models import PriceState, SpotDay, SpotImport, SpotIndex, TariffPriceDay, TariffVersion
from billing.services.price_publication import publish_days, publish_tariff_prices
from billing.services.spot_prices import CannotImportPrices, import_spot_prices
from billing.services.tariffs import draft_from, publish_version
from grid.models import Plan, PriceDay
from members.models import Membership, Role, User
from tests.integration.billing.conftest import NOW, Hamlet, make_hamlet

TODAY, TOMORROW = date(2016, 4, 1), date(2016, 4, 2)
SPOT = {"kind": "spot", "index": "day-ahead", "factor": "2", "margin": "0.1", "surplus_factor": "0.5", "scarce_factor": "1.5"}


def file_of(day: date, per_mwh: int) -> bytes:
    start = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=2)
    rows = "".join(f"{(start + timedelta(hours=i)).isoformat()},{per_mwh}\n" for i in range(24))
    return f"time,price_per_mwh\n{rows}".encode()


@pytest.fixture
def hourly(db: None) -> Hamlet:
    """The reference tariff follows an index from the first of April on."""
    hamlet = make_hamlet("hourly", closed=False)
    draft = draft_from(version=hamlet.version, now=NOW)
    TariffVersion.objects.filter(pk=draft.pk).update(valid_from=TODAY, parts=[SPOT])
    publish_version(version=draft, user=None, now=NOW)
    SpotIndex.objects.create(cooperative=hamlet.cooperative, code="day-ahead", name="Day ahead")
    return hamlet


def take(hamlet: Hamlet, day: date, per_mwh: int) -> SpotImport:
    return import_spot_prices(
        index=SpotIndex.objects.get(),
        source="made for a test",
        file_name=f"{day}-{per_mwh}.csv",
        content=file_of(day, per_mwh),
        user=None,
        now=NOW,
    )


def test_a_file_is_taken_in_once_and_a_later_one_replaces(hourly: Hamlet) -> None:
    first = take(hourly, TODAY, 80)
    assert take(hourly, TODAY, 80) == first
    take(hourly, TODAY, 90)
    assert SpotDay.objects.get().price_micro == [90_000] * 96
    with pytest.raises(CannotImportPrices, match="The file needs a header"):
        import_spot_prices(index=SpotIndex.objects.get(), source="x", file_name="x.csv", content=b"a,b\n", user=None, now=NOW)
    assert SpotImport.objects.count() == 2


def test_tomorrow_waits_for_the_index_and_then_stays_as_published(hourly: Hamlet) -> None:
    noon, evening = (datetime(2016, 4, 1, hour, tzinfo=UTC) for hour in (10, 17))
    days = [TODAY, TOMORROW]
    take(hourly, TODAY, 80)
    assert publish_days(microgrid=hourly.microgrid, days=days, now=noon) == 1
    assert not PriceDay.objects.filter(day=TOMORROW).exists()
    take(hourly, TOMORROW, 50)
    assert publish_days(microgrid=hourly.microgrid, days=days, now=noon) == 1
    take(hourly, TOMORROW, 10)
    assert publish_tariff_prices(microgrid=hourly.microgrid, days=days, now=evening) == 0
    row = TariffPriceDay.objects.get(day=TOMORROW)
    assert (set(row.price_micro), any(row.substituted)) == ({200_000}, False)
    seen = PriceDay.objects.get(day=TOMORROW)
    assert (set(seen.retail_micro), seen.window_names, set(seen.local_micro)) == ({200_000}, ["price of the hour"], {141_500})


def test_in_the_evening_the_fallback_stands_in_and_says_so(hourly: Hamlet) -> None:
    take(hourly, date(2016, 3, 26), 40)
    evening = datetime(2016, 4, 1, 17, tzinfo=UTC)
    assert publish_tariff_prices(microgrid=hourly.microgrid, days=[TOMORROW], now=evening) == 1
    row = TariffPriceDay.objects.get(day=TOMORROW)
    assert all(row.substituted)
    assert row.index_micro == [None] * 96
    # A week before clocks still stood on winter time: the file's day of UTC+2 leaves the last hour to the version's own price.
    assert row.price_micro[8:88] == [180_000] * 80


def test_a_foreseen_surplus_makes_it_cheaper_and_a_tight_grid_dearer(hourly: Hamlet) -> None:
    microgrid = hourly.microgrid
    type(microgrid).objects.filter(pk=microgrid.pk).update(import_limit_w=10_000)
    microgrid.refresh_from_db()
    count = 12
    use, production = [1000] * count, [0] * 4 + [3000] * 4 + [0] * 4
    drawn = [1000] * 4 + [0] * 4 + [9500] * 4
    nothing = [0] * count
    Plan.objects.create(
        microgrid=microgrid,
        origin_at=microgrid.local_day(TOMORROW).start_at,
        made_at=NOW,
        source="rule",
        status="optimal",
        interval_minutes=15,
        use_w=use,
        production_w=production,
        import_w=drawn,
        export_w=nothing,
        retail_micro=nothing,
        feed_in_micro=nothing,
        energy_micro=nothing,
        sentences=[""] * count,
    )
    take(hourly, TOMORROW, 100)
    publish_tariff_prices(microgrid=microgrid, days=[TOMORROW], now=NOW)
    row = TariffPriceDay.objects.get(day=TOMORROW)
    assert row.price_micro[:16] == [300_000] * 4 + [200_000] * 4 + [400_000] * 4 + [300_000] * 4
    assert row.state[4] == PriceState.SURPLUS
    assert row.state[8] == PriceState.SCARCE


def test_members_see_their_own_prices_on_the_page_and_over_the_api(hourly: Hamlet, client: Any) -> None:
    now = datetime.now(UTC)
    today = hourly.microgrid.now(now).astimezone(hourly.microgrid.zone).date()
    take(hourly, today, 80)
    publish_tariff_prices(
        microgrid=hourly.microgrid, days=[today, today + timedelta(days=1)], now=datetime.combine(today, time(8), hourly.microgrid.zone)
    )
    site = hourly.microgrid.sites.get(code="B 9")
    member = User.objects.create_user("member@example.org", "a long enough word")
    Membership.objects.create(user=member, cooperative=hourly.cooperative, member=site.member, role=Role.MEMBER)
    client.force_login(member, backend="django.contrib.auth.backends.ModelBackend")
    page = client.get(reverse("prices"), headers={"Accept-Language": "de"}).content.decode()
    assert "members, Heute" in page
    assert "30,94" in page  # 0.26 and 19 % VAT
    [found, *_] = client.get(reverse("api-tariff-prices")).json()
    assert (found["tariff"], found["day"], set(found["price_micro"][8:88])) == ("members", str(today), {260_000})
    assert "own-sites" not in page
    stranger = User.objects.create_user("stranger@example.org", "a long enough word")
    client.force_login(stranger, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(reverse("api-tariff-prices")).json() == []
    assert "No tariff of yours" in client.get(reverse("prices")).content.decode()


def test_only_who_makes_tariffs_imports_prices(hourly: Hamlet, client: Any) -> None:
    index = SpotIndex.objects.get()
    address = reverse("admin:billing_spotindex_file", args=[index.pk])
    for name, role, status in (("auditor", Role.AUDITOR, 403), ("treasurer", Role.TARIFF_ADMIN, 302)):
        user = User.objects.create_user(f"{name}@example.org", "a long enough word", is_staff=True)
        Membership.objects.create(user=user, cooperative=hourly.cooperative, role=role)
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        from django.core.files.uploadedfile import SimpleUploadedFile

        given = {"source": "by hand", "file": SimpleUploadedFile("p.csv", file_of(TODAY, 70))}
        assert client.post(address, given).status_code == status
    assert SpotImport.objects.get().source == "by hand"
    assert Decimal(SpotDay.objects.get(day=TODAY).price_micro[40]) == 70_000
