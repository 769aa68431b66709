"""OpenADR 3 as a client sees it: log in, fetch programmes and events, register, report; nothing of anybody else's."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from energy.models import Consumer
from energy.models.assets import ConsumerKind
from grid.domain.devices.links import Problem
from grid.domain.devices.openadr import duration_text
from grid.models import (
    AdrEvent,
    AdrProgram,
    AdrReport,
    AdrSubscription,
    AdrVen,
    DemandEvent,
    DemandProgramme,
    DemandResponse,
    DeviceLink,
    LinkProtocol,
    PriceDay,
)
from grid.services.device_links import give_key
from grid.services.openadr_events import LEAST_LIMIT, call_subscribers, hold_limit, publish_demand_events, publish_price_events

pytestmark = pytest.mark.django_db
ROOT = "/openadr3/3.0.1"


class Ven:
    """A client over HTTP."""

    def __init__(self, name: str, key: str) -> None:
        self._http, self.name, self.key, self.token = Client(), name, key, ""

    def log_in(self) -> int:
        words = f"grant_type=client_credentials&client_id={self.name}&client_secret={self.key}"
        form = "application/x-www-form-urlencoded"
        answer = self._http.post(f"{ROOT}/auth/token", words, content_type=form)
        self.token = answer.json().get("access_token", "")
        return answer.status_code

    def ask(self, method: str, path: str, said: Any = None, **query: Any) -> Any:
        body = said if isinstance(said, str) else json.dumps(said)
        url = f"{ROOT}/{path}" + ("?" + "&".join(f"{k}={v}" for k, v in query.items()) if query else "")
        words = {"headers": {"Authorization": f"Bearer {self.token}"}}
        if said is None:
            return getattr(self._http, method)(url, **words)
        return getattr(self._http, method)(url, body, content_type="application/json", **words)


def make_link(microgrid, code: str, station: str) -> DeviceLink:
    site = microgrid.sites.order_by("code").first()
    load = Consumer.objects.create(site=site, code=code, kind=ConsumerKind.HEAT_PUMP, max_demand_w=6000)
    return DeviceLink.objects.create(microgrid=microgrid, consumer=load, protocol=LinkProtocol.OPENADR, station=station)


@pytest.fixture
def link(microgrid) -> DeviceLink:
    cache.clear()
    microgrid.clock_real_start = microgrid.clock_shown_start = None
    microgrid.save()
    return make_link(microgrid, "heat pump", "heat-pump-7")


@pytest.fixture
def ven(link) -> Ven:
    found = Ven(link.station, give_key(link=link))
    assert found.log_in() == 200
    return found


@pytest.fixture
def other(microgrid, link) -> Ven:
    second = make_link(microgrid, "boiler", "boiler-8")
    found = Ven(second.station, give_key(link=second))
    assert found.log_in() == 200
    return found


def publish_today(microgrid) -> date:
    now = timezone.now()
    today = now.astimezone(microgrid.zone).date()
    count = microgrid.local_day(today).interval_count
    PriceDay.objects.create(
        microgrid=microgrid,
        day=today,
        window_names=["base"],
        windows=[0] * count,
        retail_micro=[300_000] * count,
        feed_in_micro=[80_000] * count,
        local_micro=[190_000 + n for n in range(count)],
        published_at=now,
    )
    assert publish_price_events(microgrid=microgrid, now=now) == 1
    assert publish_price_events(microgrid=microgrid, now=now) == 0
    return today


def test_prices_become_an_event_with_a_value_for_each_interval(microgrid, link, ven):
    today = publish_today(microgrid)
    [program] = ven.ask("get", "programs").json()
    assert program["payloadDescriptors"] == [
        {"objectType": "EVENT_PAYLOAD_DESCRIPTOR", "payloadType": "PRICE", "units": "KWH", "currency": "EUR"}
    ]
    [event] = ven.ask("get", "events", programID=program["id"]).json()
    day = microgrid.local_day(today)
    assert event["programID"] == program["id"]
    assert event["intervalPeriod"] == {"start": day.start_at.isoformat(timespec="seconds").replace("+00:00", "Z"), "duration": "PT15M"}
    assert [one["payloads"][0]["values"][0] for one in event["intervals"]][:2] == [0.19, 0.190001]
    assert len(event["intervals"]) == day.interval_count
    assert ven.ask("get", f"events/{event['id']}").json() == event
    assert ven.ask("get", "events", programID="no-such").json() == []
    link.refresh_from_db()
    assert link.last_contact_at is not None


def test_a_decision_becomes_one_event_that_lasts_long_enough_and_changes(microgrid, link, ven, other):
    now = timezone.now()
    assert ven.ask("get", "programs").json() == []
    link.refresh_from_db()
    first = hold_limit(link=link, limit_w=2500, now=now, real_now=now)
    again = hold_limit(link=link, limit_w=2500, now=now + timedelta(seconds=4), real_now=now)
    assert first.is_done and again.is_done
    [event] = ven.ask("get", "events").json()
    assert (event["priority"], event["intervalPeriod"]["duration"]) == (1, duration_text(LEAST_LIMIT))
    assert event["intervals"] == [{"id": 0, "payloads": [{"type": "CONSUMPTION_POWER_LIMIT", "values": [2.5]}]}]
    assert other.ask("get", "events").json() == []
    hold_limit(link=link, limit_w=1000, now=now + timedelta(seconds=8), real_now=now)
    [changed] = ven.ask("get", "events").json()
    assert (changed["id"], changed["intervals"][0]["payloads"][0]["values"]) == (event["id"], [1.0])
    hold_limit(link=link, limit_w=None, now=now + timedelta(seconds=12), real_now=now)
    assert AdrEvent.objects.get().end_at == now + timedelta(seconds=12)


def test_demand_response_reaches_the_clients_of_those_who_take_part(microgrid, link, ven, operator):
    now = timezone.now()
    programme = DemandProgramme.objects.create(microgrid=microgrid, name="Evenings", incentive_per_kwh="0.25", offered_at=now)
    event = DemandEvent.objects.create(
        programme=programme,
        start_at=now + timedelta(hours=3),
        end_at=now + timedelta(hours=4),
        reason="Cold evening",
        called_by=operator,
        called_at=now,
    )
    response = DemandResponse.objects.create(event=event, site=link.consumer.site)
    assert [publish_demand_events(microgrid=microgrid, now=now) for _ in range(2)] == [1, 0]
    [heard] = ven.ask("get", "events").json()
    assert (heard["eventName"], heard["intervalPeriod"]["duration"]) == ("Cold evening", "PT1H")
    assert heard["intervals"][0]["payloads"] == [{"type": "SIMPLE", "values": [1.0]}]
    response.opted_out_at = now
    response.save()
    publish_demand_events(microgrid=microgrid, now=now)
    assert ven.ask("get", "events").json() == []


def test_a_client_that_does_not_ask_is_a_problem_and_not_a_promise(link):
    now = timezone.now()
    answer = hold_limit(link=link, limit_w=2500, now=now, real_now=now)
    assert answer.problem is Problem.UNREACHABLE


def test_a_report_is_kept_once_and_read(microgrid, link, ven, other):
    now = timezone.now()
    hold_limit(link=link, limit_w=2500, now=now, real_now=now)
    [event] = ven.ask("get", "events").json()
    said = {
        "eventID": event["id"],
        "clientName": "pump",
        "reportName": "demand",
        "resources": [{"resourceName": "compressor", "intervals": [{"id": 0, "payloads": [{"type": "DEMAND", "values": [2.31]}]}]}],
    }
    assert ven.ask("post", "reports", said).status_code == 201
    answer = ven.ask("post", "reports", said)
    assert answer.status_code == 201
    assert AdrReport.objects.count() == 1
    assert [one["id"] for one in ven.ask("get", "reports").json()] == [answer.json()["id"]]
    assert other.ask("get", "reports").json() == []
    assert other.ask("post", "reports", said).status_code == 400  # not an event of its own
    link.refresh_from_db()
    assert link.read_charge_w == 2310


def test_registrations_stay_with_their_meaning(ven, other):
    said = {
        "venName": "pump",
        "attributes": [{"type": "LOCATION", "values": [53.6, 11.4]}],
        "targets": [{"type": "GROUP", "values": ["west"]}],
    }
    made = ven.ask("post", "vens", said)
    assert made.status_code == 201
    kept = ven.ask("get", f"vens/{made.json()['id']}").json()
    assert {key: kept[key] for key in said} == said
    assert ven.ask("post", "vens", said).status_code == 409
    changed = ven.ask("put", f"vens/{kept['id']}", said | {"targets": []})
    assert (changed.status_code, changed.json()["targets"]) == (200, [])
    assert other.ask("get", f"vens/{kept['id']}").status_code == 404
    assert other.ask("delete", f"vens/{kept['id']}").status_code == 404
    assert ven.ask("delete", f"vens/{kept['id']}").status_code == 200
    assert not AdrVen.objects.exists()


@contextmanager
def callback_server() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    heard: list[dict[str, Any]] = []

    class Ear(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            heard.append(json.loads(body) | {"authorization": self.headers["Authorization"]})
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Ear)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/adr", heard
    finally:
        server.shutdown()
        thread.join(5)
        server.server_close()


def test_subscribers_are_called_once_for_each_change(microgrid, link, ven, settings):
    settings.DEVICE_NETWORKS = ["127.0.0.0/8"]
    now = timezone.now()
    hold_limit(link=link, limit_w=2500, now=now, real_now=now)
    program = AdrProgram.objects.get()
    with callback_server() as (url, heard):
        said = {
            "programID": str(program.public_id),
            "clientName": "pump",
            "objectOperations": [{"objects": ["EVENT"], "operations": ["POST", "PUT"], "callbackUrl": url, "bearerToken": "mine"}],
        }
        made = ven.ask("post", "subscriptions", said)
        assert made.status_code == 201
        assert "bearerToken" not in made.json()["objectOperations"][0]
        assert [call_subscribers(microgrid=microgrid, now=now) for _ in range(2)] == [1, 0]
        hold_limit(link=link, limit_w=900, now=now + timedelta(seconds=5), real_now=now)
        assert call_subscribers(microgrid=microgrid, now=now + timedelta(seconds=5)) == 1
    assert [one["operation"] for one in heard] == ["POST", "PUT"]
    assert heard[1]["object"]["intervals"][0]["payloads"][0]["values"] == [0.9]
    assert heard[0]["authorization"] == "Bearer mine"


def test_nobody_can_make_us_call_elsewhere(link, ven):
    now = timezone.now()
    hold_limit(link=link, limit_w=2500, now=now, real_now=now)
    program = str(AdrProgram.objects.get().public_id)
    for url in (
        "http://169.254.169.254/latest",
        "http://localhost/",
        "http://127.0.0.1:6379/",
        "file:///etc/passwd",
        "http://user@10.0.0.1/",
        "https://example.org/",
        "http://[::1]/",
    ):
        one = {"objects": ["EVENT"], "operations": ["POST"], "callbackUrl": url}
        said = {"programID": program, "clientName": "pump", "objectOperations": [one]}
        assert ven.ask("post", "subscriptions", said).status_code == 400, url
    assert not AdrSubscription.objects.exists()


def test_without_a_token_that_holds_nothing_is_told(link, ven):
    nobody = Ven(link.station, "wrong")
    assert nobody.log_in() == 401
    for name in ("programs", "events", "vens", "subscriptions", "reports"):
        answer = nobody.ask("get", name)
        assert (answer.status_code, answer["Content-Type"]) == (401, "application/problem+json")
    give_key(link=link)
    assert ven.ask("get", "programs").status_code == 401
    renewed = Ven(link.station, give_key(link=link))
    renewed.log_in()
    DeviceLink.objects.update(is_enabled=False)
    assert renewed.ask("get", "programs").status_code == 401
    assert renewed.log_in() == 401


@pytest.mark.parametrize(
    "said",
    [
        "",
        "[]",
        "{",
        '{"venName": ""}',
        '{"venName": "a\\u0000"}',
        '{"venName": "a", "attributes": [1]}',
        '{"venName": "a", "targets": [{"type": "G", "values": [NaN]}]}',
        json.dumps({"venName": "a", "x": "y" * 70_000}),
        "[" * 60_000,
    ],
)
def test_bodies_that_are_none_are_refused(ven, said):
    assert ven.ask("post", "vens", said).status_code == 400
