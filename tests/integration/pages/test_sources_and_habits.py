"""Pages of producers, consumers and operators: what they show, to whom, and what can be done on them."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from billing.models import TariffAssignment
from billing.services.price_publication import publish_days
from energy.models import OwnAlarm, OwnAlarmKind, WorkOrder, WorkState
from energy.services.maintenance import add_order
from energy.services.own_alarms import judge_alarms, set_alarm
from grid.services.day_close import close_day
from members.models import AccessRecord, Membership, Role, User
from tests.integration.billing.conftest import make_tariff
from tests.integration.energy.roofs import DAYS, NOW, Hamlet, make_roofs, production

pytestmark = pytest.mark.django_db
MEMBERS_PAGES = ("habits", "comparison", "tips", "own-alarms", "own-source", "energy")


@pytest.fixture
def hamlet(db: None) -> Hamlet:
    cache.clear()
    return make_roofs()


@pytest.fixture
def billed_hamlet(hamlet: Hamlet) -> Hamlet:
    """The last nine days are closed and priced, each home has a tariff with an evening peak."""
    tariff, _ = make_tariff(hamlet.microgrid.cooperative)
    TariffAssignment.objects.bulk_create(TariffAssignment(site=site, tariff=tariff, valid_from=DAYS[0]) for site in hamlet.sites)
    publish_days(microgrid=hamlet.microgrid, days=DAYS[-9:], now=NOW)
    for day in DAYS[-9:]:
        close_day(microgrid=hamlet.microgrid, day=day, now=NOW)
    return hamlet


def read(client: Client, user: User, name: str, *args: Any) -> str:
    client.force_login(user)
    answer = client.get(reverse(name, args=args))
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


@pytest.mark.parametrize("name", MEMBERS_PAGES)
def test_a_page_without_a_site_says_what_will_be_there(client: Client, hamlet: Hamlet, name: str) -> None:
    user = User.objects.create_user("new@roofs.example")
    Membership.objects.create(user=user, cooperative=hamlet.microgrid.cooperative, role=Role.AUDITOR)
    assert "empty" in read(client, user, name)


@pytest.mark.parametrize("name", MEMBERS_PAGES)
def test_a_page_without_readings_says_what_will_be_there(client: Client, hamlet: Hamlet, name: str) -> None:
    hamlet.microgrid.clock_shown_start = NOW - timedelta(days=40)
    hamlet.microgrid.save()
    if name not in ("energy", "own-alarms"):
        assert "empty" in read(client, hamlet.member, name)


def test_habits_show_two_typical_days_and_their_table(client: Client, hamlet: Hamlet) -> None:
    page = read(client, hamlet.member, "habits")
    assert "What 21 days from 4 April to 24 April 2016 show." in page
    assert "A: weekdays" in page
    assert "B: weekends" in page
    assert "estimated" not in page
    table = client.get(reverse("habits"), {"format": "csv"}).content.decode().splitlines()
    assert (table[0], len(table)) == ('Time,"A: weekdays, W","B: weekends, W"', 97)


def test_estimated_values_are_said_so(client: Client, hamlet: Hamlet) -> None:
    made = production(hamlet.microgrid)
    hamlet.measure(hamlet.sources[0], made, quality=3)
    assert "100.0 % of the values are estimated" in read(client, hamlet.member, "habits")


def test_a_comparison_names_nobody(client: Client, hamlet: Hamlet) -> None:
    page = read(client, hamlet.member, "comparison")
    assert "beside 6 other households" in page
    assert not any(site.member.name in page for site in hamlet.sites[1:])
    for site in hamlet.sites[5:]:
        site.kind = "business"
        site.save()
    refused = read(client, hamlet.member, "comparison")
    assert "No comparison yet" in refused
    assert "more than similar" not in refused


def test_tips_name_energy_money_and_what_they_rest_on(client: Client, billed_hamlet: Hamlet) -> None:
    page = read(client, billed_hamlet.member, "tips")
    assert "EUR a year" in page
    assert "kWh</small> a year" in page
    assert page.count("This rests on: 9 days of your readings") >= 2


def test_too_few_days_or_no_tariff_give_no_tips(client: Client, hamlet: Hamlet) -> None:
    assert "A week of closed days is needed" in read(client, hamlet.member, "tips")


def test_a_roof_and_its_trend(client: Client, hamlet: Hamlet) -> None:
    page = read(client, hamlet.member, "own-source")
    assert "80 %" in page
    assert "tilted by 30°, facing south" in page
    assert "Shows after thirteen months" in page
    table = client.get(reverse("own-source"), {"format": "csv"}).content.decode().splitlines()
    assert table[1] == "2016-04-04,80.0,yes"


def test_an_alarm_is_set_and_taken_away_by_hand(client: Client, hamlet: Hamlet) -> None:
    client.force_login(hamlet.member)
    given = {"site": str(hamlet.sites[0].public_id), "kind": "day_use", "limit": "12,5"}
    assert client.post(reverse("own-alarms"), given).status_code == 302
    alarm = OwnAlarm.objects.get()
    assert (alarm.limit, alarm.by_mail, alarm.user) == (Decimal("12.50"), False, hamlet.member)
    page = read(client, hamlet.member, "own-alarms")
    assert "12.5 kWh" in page
    for wrong in ({"limit": "a lot"}, {"limit": "NaN"}, {"limit": "9e99"}, {"kind": "gas"}, {"site": str(hamlet.sites[1].public_id)}):
        client.post(reverse("own-alarms"), given | wrong)
    assert OwnAlarm.objects.count() == 1
    client.force_login(hamlet.operator)
    assert client.post(reverse("own-alarm-away", args=[alarm.public_id])).status_code == 404
    client.force_login(hamlet.member)
    client.post(reverse("own-alarm-away", args=[alarm.public_id]))
    assert not OwnAlarm.objects.exists()


def test_what_went_off_is_on_the_start_page_until_it_was_seen(client: Client, billed_hamlet: Hamlet) -> None:
    set_alarm(user=billed_hamlet.member, site=billed_hamlet.sites[0], kind=OwnAlarmKind.DAY_USE, limit=Decimal(2), by_mail=False, now=NOW)
    assert judge_alarms(microgrid=billed_hamlet.microgrid, now=NOW) == 1
    assert "more than 2 kWh." in read(client, billed_hamlet.member, "home")
    assert "more than 2 kWh." in read(client, billed_hamlet.member, "own-alarms")
    assert "more than 2 kWh." not in read(client, billed_hamlet.member, "home")


def test_operators_see_the_worst_source_first(client: Client, billed_hamlet: Hamlet) -> None:
    broken = production(billed_hamlet.microgrid)
    broken[96 * 16 :] = 0
    billed_hamlet.measure(billed_hamlet.sources[2], broken)
    page = read(client, billed_hamlet.operator, "sources")
    assert page.index("roof 2</a>") < page.index("roof 0</a>")
    assert "gives nothing" in page
    assert "1 gives less than expected now." in page
    rows = client.get(reverse("sources"), {"format": "csv"}).content.decode().splitlines()
    assert rows[1].startswith("roof 2,Home 2,80.0,")
    assert float(rows[1].split(",")[-1]) > 0


@pytest.mark.parametrize("who", ["member", "stranger"])
def test_the_ranking_is_for_staff(client: Client, hamlet: Hamlet, who: str) -> None:
    stranger = User.objects.create_user("stranger@elsewhere.example")
    client.force_login({"member": hamlet.member, "stranger": stranger}[who])
    assert client.get(reverse("sources")).status_code == 404
    other = hamlet.sources[1].public_id
    assert client.get(reverse("source", args=[other])).status_code == 404
    assert client.post(reverse("add-order", args=[other]), {"work": "repair", "due_date": "2016-05-01"}).status_code == 404


def test_a_look_at_a_members_source_is_written_down(client: Client, hamlet: Hamlet) -> None:
    read(client, hamlet.operator, "source", hamlet.sources[0].public_id)
    assert AccessRecord.objects.get().member == hamlet.sites[0].member


def test_an_order_is_made_planned_begun_and_finished_by_hand(client: Client, hamlet: Hamlet) -> None:
    source = hamlet.sources[0]
    client.force_login(hamlet.operator)
    client.post(reverse("add-order", args=[source.public_id]), {"work": "repair", "reason": "Fault 217", "due_date": "2016-05-01"})
    order = WorkOrder.objects.get()
    address = reverse("change-order", args=[order.public_id])
    assert "Fault 217" in read(client, hamlet.operator, "sources")
    client.post(address, {"step": "plan", "start_at": "2016-04-26T10:00", "end_at": "2016-04-26T09:00"})
    order.refresh_from_db()
    assert order.state == WorkState.OPEN
    client.post(address, {"step": "plan", "start_at": "2016-04-26T10:00", "end_at": "2016-04-26T12:00", "assigned_to": "Ben"})
    order.refresh_from_db()
    assert (order.state, order.start_at.isoformat()) == (WorkState.PLANNED, "2016-04-26T08:00:00+00:00")
    client.post(address, {"step": "start"})
    client.post(address, {"step": "finish", "note": "New fan.", "back": "sources"})
    order.refresh_from_db()
    source.refresh_from_db()
    assert (order.state, order.done_by, source.status) == (WorkState.DONE, hamlet.operator, "active")
    assert "New fan." in read(client, hamlet.operator, "source", source.public_id)
    assert "New fan." in read(client, hamlet.member, "own-source")


def test_a_member_sees_an_order_and_cannot_change_it(client: Client, hamlet: Hamlet) -> None:
    order = add_order(source=hamlet.sources[0], work="repair", reason="Fault 217", due_date=DAYS[-1], now=NOW)
    page = read(client, hamlet.member, "own-source")
    assert "Fault 217" in page
    assert "Work is done" not in page
    assert client.post(reverse("change-order", args=[order.public_id]), {"step": "finish"}).status_code == 404
    order.refresh_from_db()
    assert order.state == WorkState.OPEN
