"""What producers and consumers want to know, over the doors: figures that are right, seen by their people only."""

from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.core.cache import cache
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from energy.models import OwnAlarm, Sensor
from energy.selectors.outdoor import daily_temperature_c
from energy.selectors.scope import own_alarms, visible_orders, visible_sources
from energy.selectors.source_figures import source_courses
from energy.selectors.source_performance import efficiencies_of
from energy.services.own_alarms import judge_alarms
from energy.services.sensors import SensorValue, append_sensor_readings
from members.models import AccessRecord, Membership, Notification, Role, User
from tests.integration.energy.roofs import CAPACITY_W, DAYS, NOW, ROOFS, Hamlet, make_roofs, production

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh_cache() -> None:
    cache.clear()


@pytest.fixture
def hamlet(db: None) -> Hamlet:
    return make_roofs()


@pytest.fixture
def stranger(hamlet: Hamlet) -> User:
    """A member of the same cooperative, with another home."""
    user = User.objects.create_user("stranger@roofs.example")
    Membership.objects.create(user=user, cooperative=hamlet.microgrid.cooperative, member=hamlet.sites[5].member, role=Role.MEMBER)
    return user


def get(client: Client, user: User, name: str, *args: Any) -> Any:
    client.force_login(user)
    return client.get(reverse(name, args=args))


def test_figures_of_a_source_are_those_that_were_planted(client: Client, hamlet: Hamlet) -> None:
    answer = get(client, hamlet.member, "api-source-performance", hamlet.sources[0].public_id)
    assert answer.status_code == 200, answer.content
    found = answer.json()
    made = int(production(hamlet.microgrid).sum())
    assert (found["days"], found["energy_wh"]) == (len(DAYS), made)
    assert found["capacity_factor"] == pytest.approx(made / (CAPACITY_W * 24 * len(DAYS)))
    assert found["performance_ratio"] == pytest.approx(0.8, abs=0.001)
    assert found["efficiency"] == pytest.approx(0.8, abs=0.001)
    assert (found["plane"]["tilt_deg"], found["plane"]["azimuth_deg"], found["plane"]["is_learned"]) == (30, 180, True)
    assert (found["outages"], found["lost_wh"], found["ageing"]) == ([], 0, None)


def test_an_outage_that_goes_on_says_what_a_repair_would_bring(client: Client, hamlet: Hamlet) -> None:
    made = production(hamlet.microgrid)
    broken = made.copy()
    broken[96 * 16 :] = 0
    hamlet.measure(hamlet.sources[2], broken)
    found = get(client, hamlet.operator, "api-source-performance", hamlet.sources[2].public_id).json()
    [outage] = found["outages"]
    assert (outage["kind"], outage["is_over"]) == ("off", False)
    assert outage["lost_wh"] == pytest.approx(made[96 * 16 :].sum(), rel=0.1)
    assert found["repair_wh"] == pytest.approx(made.mean() * 96 * 30, rel=0.3)
    by_gain = sorted(source_courses(microgrid=hamlet.microgrid, now=NOW), key=lambda course: -course.figures.gain_wh)
    assert by_gain[0].figures.source == hamlet.sources[2]


def test_what_the_chain_is_told_is_the_efficiency_against_a_clear_sky(hamlet: Hamlet) -> None:
    hamlet.measure(hamlet.sources[1], production(hamlet.microgrid) // 2)
    wind, hydro = hamlet.sources[2], hamlet.sources[3]
    for source, kind in ((wind, "wind"), (hydro, "hydro")):
        source.kind = kind
        source.save()
    found = efficiencies_of(microgrid=hamlet.microgrid, days=DAYS)
    full = CAPACITY_W * 24 * len(DAYS)
    assert found[hamlet.sources[0].pk] == pytest.approx(0.8, abs=0.001)
    assert found[hamlet.sources[1].pk] == pytest.approx(0.4, abs=0.01)
    assert found[hydro.pk] == pytest.approx(production(hamlet.microgrid).sum() / full)


def test_figures_follow_when_readings_change(hamlet: Hamlet) -> None:
    before = source_courses(microgrid=hamlet.microgrid, now=NOW)[0].figures.energy_wh
    hamlet.measure(hamlet.sources[0], production(hamlet.microgrid) // 2)
    assert source_courses(microgrid=hamlet.microgrid, now=NOW)[0].figures.energy_wh < 0.6 * before


def test_all_sources_cost_the_same_few_queries(hamlet: Hamlet) -> None:
    asked: list[str] = []

    def count(execute: Any, sql: str, *rest: Any) -> Any:
        asked.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(count):
        assert len(source_courses(microgrid=hamlet.microgrid, now=NOW)) == ROOFS
        first = len(asked)
        source_courses(microgrid=hamlet.microgrid, now=NOW)
    assert first <= 4
    assert len(asked) - first <= 2


def test_habits_of_a_home(client: Client, hamlet: Hamlet) -> None:
    found = get(client, hamlet.member, "api-site-patterns", hamlet.sites[0].public_id).json()
    assert found["days"] == len(DAYS)
    assert found["base_load_w"] == pytest.approx(100, abs=2)
    assert {(kind["days"], kind["weekend_days"]) for kind in found["typical_days"]} == {(15, 0), (6, 6)}
    assert set(found["peak_hours"]) <= {12, 18, 19, 20}
    assert len(found["typical_days"][0]["course_wh"]) == 96
    assert found["heat"] is None
    assert not AccessRecord.objects.exists()


def test_the_air_is_as_warm_as_its_sensor_says(hamlet: Hamlet) -> None:
    assert daily_temperature_c(microgrid=hamlet.microgrid, days=DAYS) is None
    sensor = Sensor.objects.create(microgrid=hamlet.microgrid, kind="air_temperature", code="air")
    start = hamlet.microgrid.local_day(DAYS[1]).start_at
    readings = [SensorValue(sensor.pk, start + timedelta(hours=h), float(h % 24), h) for h in range(30)]
    with transaction.atomic(), connection.cursor() as cursor:
        append_sensor_readings(cursor=cursor, microgrid_id=hamlet.microgrid.pk, readings=readings)
    found = daily_temperature_c(microgrid=hamlet.microgrid, days=DAYS)
    assert found is not None
    assert found[1] == pytest.approx(11.5)
    assert np.isnan(np.delete(found, 1)).all()


def test_comparison_needs_five_others(client: Client, hamlet: Hamlet) -> None:
    found = get(client, hamlet.member, "api-site-comparison", hamlet.sites[0].public_id).json()
    assert (found["others"], found["level"]) == (6, "kind")
    assert found["own_base_w"] == pytest.approx(100, abs=2)
    for site in hamlet.sites[5:]:
        site.kind = "business"
        site.save()
    refused = get(client, hamlet.member, "api-site-comparison", hamlet.sites[0].public_id)
    assert refused.status_code == 409
    assert "five" in refused.json()["detail"]


@pytest.mark.parametrize("name", ["api-site-patterns", "api-site-comparison", "api-site-tips"])
def test_a_site_is_seen_by_its_people_only(client: Client, hamlet: Hamlet, stranger: User, name: str) -> None:
    assert get(client, stranger, name, hamlet.sites[0].public_id).status_code == 404
    get(client, hamlet.operator, name, hamlet.sites[0].public_id)
    assert AccessRecord.objects.get().user == hamlet.operator


def test_scopes(hamlet: Hamlet, stranger: User) -> None:
    assert [visible_sources(u).count() for u in (hamlet.member, hamlet.operator, stranger)] == [1, ROOFS, 0]
    assert [visible_orders(u).count() for u in (hamlet.member, hamlet.operator, stranger)] == [0, 0, 0]


def test_a_source_is_seen_by_its_people_only(client: Client, hamlet: Hamlet, stranger: User) -> None:
    assert get(client, stranger, "api-source-performance", hamlet.sources[0].public_id).status_code == 404
    assert get(client, hamlet.member, "api-sources").json()["count"] == 1
    assert get(client, hamlet.operator, "api-sources").json()["count"] == ROOFS


def post(client: Client, hamlet: Hamlet, **given: Any) -> Any:
    body = {"site": str(hamlet.sites[0].public_id), "kind": "day_use", "limit": "1.00", "by_mail": True} | given
    return client.post(reverse("api-own-alarms"), body, content_type="application/json")


def test_an_alarm_is_set_changed_and_taken_away(client: Client, hamlet: Hamlet, stranger: User) -> None:
    client.force_login(hamlet.member)
    made = post(client, hamlet)
    assert made.status_code == 201, made.content
    address = reverse("api-own-alarm", args=[made.json()["id"]])
    assert post(client, hamlet).status_code == 400
    changed = client.patch(address, {"limit": "2.50"}, content_type="application/json")
    assert (changed.status_code, changed.json()["limit"], changed.json()["by_mail"]) == (200, "2.50", True)
    assert client.get(reverse("api-own-alarms")).json()["count"] == 1
    client.force_login(hamlet.operator)
    assert client.get(address).status_code == 404
    assert client.delete(address).status_code == 404
    client.force_login(stranger)
    assert post(client, hamlet).status_code == 404
    client.force_login(hamlet.member)
    assert client.delete(address).status_code == 204
    assert not OwnAlarm.objects.exists()


@pytest.mark.parametrize(
    "given", [{"limit": "0"}, {"limit": "-3"}, {"kind": "no_use", "limit": "1.5"}, {"kind": "roof_below", "limit": "100"}, {"kind": "gas"}]
)
def test_an_alarm_that_makes_no_sense_is_a_problem(client: Client, hamlet: Hamlet, given: dict[str, str]) -> None:
    client.force_login(hamlet.member)
    answer = post(client, hamlet, **given)
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    assert not OwnAlarm.objects.exists()


def test_an_alarm_goes_off_once_and_is_told_once(client: Client, hamlet: Hamlet) -> None:
    client.force_login(hamlet.member)
    post(client, hamlet, limit="0.50")
    post(client, hamlet, kind="base_load", limit="300")
    post(client, hamlet, kind="roof_below", limit="80")
    dark = production(hamlet.microgrid)
    dark[-96:] //= 2
    hamlet.measure(hamlet.sources[0], dark)
    assert judge_alarms(microgrid=hamlet.microgrid, now=NOW) == 2
    assert judge_alarms(microgrid=hamlet.microgrid, now=NOW) == 0
    assert {row.user for row in Notification.objects.all()} == {hamlet.member}
    texts = sorted(n.subject for n in Notification.objects.all())
    assert len(texts) == 2
    assert any("50 % of what the village" in text for text in texts)
    hits = [alarm.hits.count() for alarm in own_alarms(hamlet.member)]
    assert sorted(hits) == [0, 1, 1]


def test_a_roof_alarm_needs_a_roof(client: Client, hamlet: Hamlet, stranger: User) -> None:
    client.force_login(stranger)
    answer = post(client, hamlet, site=str(hamlet.sites[5].public_id), kind="roof_below", limit="80")
    assert answer.status_code == 400
    assert np.all([n.user != stranger for n in Notification.objects.all()])
