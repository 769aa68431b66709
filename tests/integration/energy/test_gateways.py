"""Gateways: a key shown once, bodies accepted once, kept, folded into meter days, refused with a reason that is counted."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from energy.adapters.live_store import read_samples
from energy.domain.gateway_messages import CannotTake
from energy.domain.quality import METHOD_MASK, Method
from energy.models import Gateway, GatewayMessage, GatewayRefusal, Meter, MeterDay, Microgrid
from energy.selectors.heard import microgrids_that_speak
from energy.services.evidence import check_evidence
from energy.services.gateways import GatewayReceipt, accept_body, enrol_gateway, renew_key, revoke_gateway
from tests.integration.energy.conftest import REAL_NOW

pytestmark = pytest.mark.django_db
DAY = date(2016, 3, 28)
NOW = datetime(2016, 3, 29, 10, 0, tzinfo=UTC)  # what the village's clock shows at REAL_NOW


class Headend:
    """A gateway that speaks for a home, a roof and a charge point."""

    def __init__(self, microgrid: Microgrid) -> None:
        self.home, self.charger = microgrid.meters.filter(kind="site").order_by("code")[:2]
        self.roof = microgrid.meters.filter(kind="source").order_by("code")[0]
        self.gateway, self.key = enrol_gateway(
            microgrid=microgrid, name="head-end", now=REAL_NOW, meters={"M-1": self.home, "INV-1": self.roof, "CP-1/1": self.charger}
        )
        self.microgrid = microgrid
        self.count = 0

    def body(self, **parts: Any) -> bytes:
        self.count += 1
        said = {"message_id": f"m-{self.count}", "sent_at": NOW.isoformat(), **parts}
        return json.dumps(said).encode()

    def reading(self, first: int, values: list[int], **more: Any) -> dict[str, Any]:
        start = self.microgrid.local_day(DAY).start_at + timedelta(minutes=15) * first
        return {"meter": "M-1", "channel": "import", "start_at": start.isoformat(), "interval_minutes": 15, "values_wh": values, **more}

    def registers(self, *values: tuple[int, int]) -> dict[str, Any]:
        start = self.microgrid.local_day(DAY).start_at
        return {
            "chargePointId": "CP-1",
            "connectorId": 1,
            "meterValue": [
                {"timestamp": (start + timedelta(minutes=15) * i).isoformat(), "sampledValue": [{"value": str(wh)}]} for i, wh in values
            ],
        }

    def send(self, body: bytes, key: str = "") -> GatewayReceipt:
        return accept_body(key=key or self.key, body=body, now=REAL_NOW)


@pytest.fixture
def headend(microgrid: Microgrid) -> Headend:
    cache.clear()
    return Headend(microgrid)


def day_of(meter: Meter) -> MeterDay:
    return MeterDay.objects.get(meter_id=meter.pk, day=DAY, channel=1, is_current=True)


def measured(row: MeterDay) -> dict[int, int]:
    flags = zip(row.values_wh, row.quality, strict=True)
    return {i: wh for i, (wh, flag) in enumerate(flags) if flag & METHOD_MASK == Method.MEASURED}


def test_readings_become_meter_days_once(headend: Headend) -> None:
    body = headend.body(readings=[headend.reading(4, [5, 6], register_start_wh=100, register_end_wh=111)])
    assert headend.send(body) == GatewayReceipt("m-1", "accepted", 2, 0)
    assert measured(day_of(headend.home)) == {4: 5, 5: 6}
    assert headend.send(body).outcome == "replayed"
    assert GatewayMessage.objects.count() == 1
    assert bytes(GatewayMessage.objects.get().body) == body
    assert day_of(headend.home).message_ids == [GatewayMessage.objects.get().id]


def test_a_gateway_that_stores_and_resends_catches_up_without_doubling(headend: Headend) -> None:
    bodies = [headend.body(readings=[headend.reading(i, [i + 1] * 4)]) for i in range(0, 96, 4)]
    for body in [*bodies[:3], *bodies[10:], *bodies, *bodies[2:5]]:  # an outage, then everything again, then some twice
        headend.send(body)
    row = day_of(headend.home)
    assert row.values_wh == [i - i % 4 + 1 for i in range(96)]
    assert GatewayMessage.objects.count() == len(bodies)
    assert row.version == 1
    found = [f for f in check_evidence(microgrid=headend.microgrid, days=[DAY]) if f.meter == headend.home.code]
    assert [f.what for f in found] == ["export: the meter day is missing"]


def test_charge_point_registers_count_on_across_bodies_in_any_order(headend: Headend) -> None:
    headend.send(headend.body(meter_values=[headend.registers((0, 1000), (1, 1500))]))
    headend.send(headend.body(meter_values=[headend.registers((4, 4000))]))
    headend.send(headend.body(meter_values=[headend.registers((2, 2500), (3, 3000))]))
    row = day_of(headend.charger)
    assert measured(row) == {0: 500, 1: 1000, 2: 500, 3: 1000}
    assert row.register_start_wh == 1000
    last = GatewayMessage.objects.order_by("id").last()
    assert len(last.rests_on) == 2
    found = [f for f in check_evidence(microgrid=headend.microgrid, days=[DAY]) if f.meter == headend.charger.code]
    assert [f.what for f in found] == ["export: the meter day is missing"]


def test_an_altered_body_is_found(headend: Headend) -> None:
    headend.send(headend.body(readings=[headend.reading(4, [5, 6])]))
    body = bytes(GatewayMessage.objects.get().body)
    GatewayMessage.objects.update(body=body.replace(b"[5, 6]", b"[5, 7]"))
    found = [str(f) for f in check_evidence(microgrid=headend.microgrid, days=[DAY])]
    assert f"{headend.home.code} on {DAY}: import: interval 5 is stored as 6 Wh, the meter said 7 Wh" in found


def test_an_inverters_power_reaches_the_live_state(headend: Headend) -> None:
    sample = {"meter": "INV-1", "at": NOW.isoformat(), "W": 412, "W_SF": 1}
    assert headend.send(headend.body(samples=[sample])).samples == 1
    assert read_samples(headend.microgrid.pk)[headend.roof.pk].values == {"production_w": 4120.0}
    assert not MeterDay.objects.exists()


@pytest.mark.parametrize(
    ("reason", "parts"),
    [
        ("unknown_meter", {"readings": [{"meter": "M-2"}]}),
        ("wrong_channel", {"readings": [{"channel": "production"}]}),
        ("wrong_interval", {"readings": [{"interval_minutes": 30}]}),
        ("wrong_interval", {"readings": [{"start_at": "2016-03-28T10:01:00Z"}]}),
        ("outside_window", {"readings": [{"start_at": "2016-03-29T10:00:00Z"}]}),
        ("outside_window", {"readings": [{"start_at": "2016-01-29T10:00:00Z"}]}),
        ("clock", {"sent_at": "2016-03-29T09:50:00Z", "readings": [{}]}),
        ("wrong_channel", {"samples": [{"meter": "M-1", "at": NOW.isoformat(), "W": 1}]}),
        ("malformed", {"readings": [{"values_wh": []}]}),
    ],
)
def test_what_is_refused_is_counted_and_changes_nothing(headend: Headend, reason: str, parts: dict[str, Any]) -> None:
    if "readings" in parts:
        parts = parts | {"readings": [headend.reading(0, [1]) | change for change in parts["readings"]]}
    for _ in range(2):
        with pytest.raises(CannotTake) as refused:
            headend.send(headend.body(**parts))
        assert refused.value.reason == reason
    assert GatewayRefusal.objects.get(gateway=headend.gateway).count == 2
    assert not MeterDay.objects.exists()
    assert not GatewayMessage.objects.exists()


def test_another_body_under_a_known_id_is_refused(headend: Headend) -> None:
    headend.send(headend.body(message_id="same", readings=[headend.reading(0, [1])]))
    with pytest.raises(CannotTake, match="message_id_reused"):
        headend.send(headend.body(message_id="same", readings=[headend.reading(0, [2])]))
    assert measured(day_of(headend.home)) == {0: 1}


def test_keys_are_kept_as_digests_renewed_and_revoked(headend: Headend) -> None:
    gateway, key = Gateway.objects.get(), headend.key
    assert key not in str(list(Gateway.objects.values()))
    fresh = renew_key(gateway=gateway)
    with pytest.raises(CannotTake, match="unknown_key"):
        headend.send(headend.body(readings=[headend.reading(0, [1])]), key)
    headend.send(headend.body(readings=[headend.reading(0, [1])]), fresh)
    revoke_gateway(gateway=gateway, now=REAL_NOW)
    with pytest.raises(CannotTake, match="revoked_key"):
        headend.send(headend.body(readings=[headend.reading(1, [1])]), fresh)
    assert GatewayRefusal.objects.filter(gateway__isnull=True).get().count == 1


def test_the_door_answers_with_receipts_and_problems(headend: Headend) -> None:
    Microgrid.objects.update(clock_real_start=None, clock_shown_start=None)
    now = datetime.now(UTC)
    start = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=1)
    reading = headend.reading(0, [7]) | {"start_at": start.isoformat()}
    body = headend.body(sent_at=now.isoformat(), readings=[reading])

    def post(content: bytes, key: str) -> Any:
        return Client().post(
            reverse("api-gateway-readings"), content, content_type="application/json", headers={"Authorization": f"Bearer {key}"}
        )

    assert post(body, headend.key).json() == {"message_id": "m-1", "outcome": "accepted", "intervals": 1, "samples": 0}
    assert post(body, headend.key).json()["outcome"] == "replayed"
    strange = post(body, "mgw_guess")
    assert (strange.status_code, strange.json()["reason"]) == (401, "unknown_key")
    wrong = post(headend.body(readings=[{}]), headend.key)
    assert wrong.status_code == 400
    assert (wrong.json()["reason"], wrong.json()["where"]) == ("malformed", "readings[0].channel")
    assert post(b"x" * (2**20 + 2), headend.key).status_code == 413


def test_a_microgrid_that_only_a_gateway_speaks_for_is_controlled_too(microgrid: Microgrid) -> None:
    assert not microgrids_that_speak().exists()
    headend = Headend(microgrid)
    assert list(microgrids_that_speak()) == [microgrid]
    revoke_gateway(gateway=headend.gateway, now=REAL_NOW)
    assert not microgrids_that_speak().exists()
