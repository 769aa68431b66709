"""Every door is tried by who moved out and by who moved in: neither finds anything of the other's days."""

import re
from collections.abc import Iterator
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from billing.models import Document
from energy.models import Consumer, OwnAlarm, Source
from energy.models.assets import ConsumerKind, SourceKind
from energy.services.partitions import ensure_months
from grid.models import DemandConsent, DemandProgramme, FlexibleRun, MarketOrder, SurplusPreference, TradingLimit
from grid.selectors.order_books import ORDERS_TABLE
from members.models import AccessRecord, Member, Membership, Role, User
from tests.integration.billing.conftest import DAYS, NOW, make_hamlet
from tests.integration.billing.moving import CAME, CAME_WH, WENT, WENT_WH, Moving, make_moving

pytestmark = pytest.mark.django_db
# Not for members, or nothing of anybody's: log-in, schema, devices' own doors, the public's.
ELSEWHERE = re.compile(
    r"^(admin|account|_allauth|openadr3|ocpp|static|api/v1/(schema|docs|telemetry|gateways|devices/(enrol|rotate|cert|firm)))"
)
SPANS = [{}, {"day": DAYS[0].isoformat()}, {"day": DAYS[1].isoformat()}, {"day": DAYS[0].isoformat(), "span": "month"}]
DATES = {"from": DAYS[0].isoformat(), "to": (DAYS[1] + timedelta(days=1)).isoformat(), "unit": "wh", "start_at": "2016-03-26T11:00:00Z"}


def numbers(wh: int) -> re.Pattern[str]:
    """A reading, its kWh and the sums of its day as they may be printed; never inside a longer number or an id."""
    figures = {str(wh), f"{wh:,}", f"{wh / 1000}", f"{wh / 1000}".replace(".", ",")}
    figures |= {f"{n * wh}" for n in (92, 96)} | {f"{n * wh / 1000:.{d}f}" for n in (4, 92, 96) for d in (1, 2, 3)}
    return re.compile(r"(?<![\w.,-])(" + "|".join(re.escape(f) for f in sorted(figures)) + r")(?![\w-])")


@pytest.fixture
def moved(db: None) -> Moving:
    cache.clear()
    moving = make_moving(make_hamlet("moved"))
    _arrange(moving)
    moving.hand_over()
    moving.hamlet.bill()
    return moving


def _arrange(moving: Moving) -> None:
    """What who moves out had set: an alarm, a limit, orders, a list, a run, a consent."""
    site, grid = moving.site, moving.hamlet.microgrid
    moving.client(moving.went)
    user = User.objects.get(memberships__member=moving.went)
    OwnAlarm.objects.create(user=user, site=site, kind="day_use", limit="7.77", created_at=NOW)
    TradingLimit.objects.create(site=site, buying="limit", buy_limit_micro=312_312, selling="never", set_by=user, set_at=NOW)
    ensure_months(table=ORDERS_TABLE, days=DAYS)
    for day, price in zip(DAYS, (231_231, 232_232), strict=True):
        start = grid.local_day(day).start_at
        MarketOrder.objects.create(
            microgrid=grid, site=site, side="buy", start_at=start, wh=11, price_micro=price, placed_at=NOW, placed_by=user, matched_wh=3
        )
    receiver = grid.sites.get(code="Z 1")
    SurplusPreference.objects.create(site=site, receiver=receiver, place=1, valid_from=DAYS[0], set_by=user, set_at=NOW)
    SurplusPreference.objects.create(site=receiver, receiver=site, place=2, valid_from=DAYS[0], set_by=user, set_at=NOW)
    car = Consumer.objects.create(site=site, code="wall box", kind=ConsumerKind.CAR_CHARGER, max_demand_w=11_000, priority_tier=4)
    start = grid.local_day(DAYS[0]).start_at
    FlexibleRun.objects.create(
        microgrid=grid,
        consumer=car,
        name="Waltraud's car",
        energy_wh=5_000,
        power_w=5_000,
        start_at=start,
        ready_at=start + timedelta(hours=9),
        asked_by=user,
        asked_at=start,
        may_pause=True,
    )
    programme = DemandProgramme.objects.create(
        microgrid=grid,
        name="evenings",
        incentive_per_kwh="0.3",
        notice_minutes=60,
        most_minutes_per_event=60,
        most_events_per_month=5,
        most_minutes_per_month=300,
        offered_at=NOW,
    )
    DemandConsent.objects.create(programme=programme, site=site, given_by=user, given_at=NOW)
    Source.objects.create(site=site, code="roof 10", kind=SourceKind.SOLAR, capacity_w=5_000)


def patterns(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    for entry in resolver.url_patterns:
        path = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from patterns(entry, path)
        else:
            yield path, entry


def arguments(moved: Moving, path: str, entry: URLPattern) -> list[dict[str, Any]]:
    """What may stand in a door's address: the site, its meter and plant, each document, each day."""
    source = Source.objects.get(site=moved.site).public_id
    known = {
        "meters/": moved.meter.public_id,
        "sources/": source,
        "microgrids/": moved.hamlet.microgrid.public_id,
        "years/": moved.site.public_id,
    }
    one = next((public_id for word, public_id in known.items() if word in path), moved.site.public_id)
    papers = list(Document.objects.filter(site=moved.site).values_list("public_id", flat=True))
    said: dict[str, list[Any]] = {}
    for name, converter in entry.pattern.converters.items():
        kind = type(converter).__name__
        if kind == "UUIDConverter":
            said[name] = papers if path.startswith(("bills/", "api/v1/bills/")) else [one]
        elif kind == "DayConverter":
            said[name] = list(DAYS)
        elif kind == "IntConverter":
            said[name] = [2016]
        else:
            said[name] = ["moved"]
    return [dict(zip(said, values, strict=True)) for values in product(*said.values())]


def answers(moved: Moving, client: Client) -> Iterator[tuple[str, str]]:
    """What each door gives; addresses with what was asked."""
    for path, entry in patterns(get_resolver()):
        if not entry.name or ELSEWHERE.match(path) or "(?P" in path:
            continue
        for given in arguments(moved, path, entry):
            address = reverse(entry.name, kwargs=given)
            for asked in [DATES] if path.startswith("api/") else SPANS if not given else SPANS[:1]:
                answer = client.get(address, asked)
                assert answer.status_code < 500, address
                body = b"".join(answer) if answer.streaming else answer.content
                yield f"{address} {asked}", body.decode(errors="replace")


def names_of(member: Member) -> list[str]:
    return [member.name, *Document.objects.filter(member=member).values_list("label", flat=True)]


@pytest.mark.parametrize("who", ["went", "came"])
def test_no_door_tells_one_of_the_others_days(moved: Moving, who: str) -> None:
    own, other = (moved.went, moved.came) if who == "went" else (moved.came, moved.went)
    own_wh, other_wh = (WENT_WH, CAME_WH) if who == "went" else (CAME_WH, WENT_WH)
    # Orders, runs, alarms, limits: known by figures and names that nothing else has.
    others = (["232232", "Carla"] if who == "went" else ["231231", "312312", "31.2312", "7.77", "Waltraud"]) + names_of(other)
    mine, theirs = numbers(own_wh), numbers(other_wh)
    told, doors, label = [], 0, moved.document(own).label
    for address, body in answers(moved, moved.client(own)):
        doors += 1
        if found := theirs.search(body):
            pytest.fail(f"{address} tells {own.name} of {found.group()}")
        for name in others:
            assert name not in body, (address, name)
        if mine.search(body) or label in body:
            told.append(address.split(" ")[0])
    assert doors > 200
    # Each keeps what was theirs: readings, shares, exports, days, the bill.
    meter, site = moved.meter.public_id, moved.site.public_id
    day = DAYS[0] if who == "went" else DAYS[1]
    bill = moved.document(own).public_id
    for kept in (
        f"/api/v1/meters/{meter}/days/",
        f"/api/v1/meters/{meter}/export/",
        f"/api/v1/microgrids/{moved.hamlet.microgrid.public_id}/days/",
        "/energy/",
        f"/api/v1/bills/{bill}/",
        f"/bills/{bill}/",
        f"/bills/{bill}/readings/",
    ):
        assert kept in told, kept
    assert moved.client(own).get(f"/api/v1/sites/{site}/days/{day}/sharing/").status_code == 200
    assert not AccessRecord.objects.exists()  # nobody looked at anybody else


def test_what_was_arranged_ends_with_the_move(moved: Moving) -> None:
    assert not OwnAlarm.objects.exists() and not TradingLimit.objects.filter(is_current=True).exists()
    assert not DemandConsent.objects.filter(withdrawn_at=None).exists()
    assert set(SurplusPreference.objects.values_list("valid_to", flat=True)) == {DAYS[1] + timedelta(days=1)}  # both days were closed
    client = moved.client(moved.came)
    assert client.get(reverse("api-market-orders")).json()["count"] == 1  # for an interval of her own day, as it was cleared
    assert client.get(reverse("api-flexible-runs")).json()["count"] == 0
    assert moved.client(moved.went).get(reverse("api-flexible-runs")).json()["count"] == 1


def test_staff_see_all_days_and_each_look_is_told_to_whose_days_they_were(moved: Moving) -> None:
    user = User.objects.create_user("auditor@moved.example")
    Membership.objects.create(user=user, cooperative=moved.hamlet.cooperative, role=Role.AUDITOR)
    client = Client()
    client.force_login(user)
    url = reverse("api-meter-days", args=[moved.meter.public_id])
    both = {"from": DAYS[0].isoformat(), "to": (DAYS[1] + timedelta(days=1)).isoformat(), "channel": "import"}
    assert client.get(url, both).json()["count"] == 2
    assert set(AccessRecord.objects.values_list("member__name", flat=True)) == {WENT, CAME}
    AccessRecord.objects.all().delete()
    client.get(url, both | {"to": DAYS[1].isoformat()})
    assert set(AccessRecord.objects.values_list("member__name", flat=True)) == {WENT}


def test_who_moved_out_reads_the_own_month_and_nothing_after(moved: Moving) -> None:
    client = moved.client(moved.went)
    assert client.get("/").status_code == 302
    shown = client.get("/energy/", {"day": DAYS[1].isoformat(), "span": "day"})
    assert shown.context["day"] == DAYS[0]
    assert shown.context["used_wh"] == WENT_WH * 96
    names = {site["member"] for site in client.get(reverse("api-sites")).json()["results"]}
    assert names == {moved.went.number}
