"""A member asks for a device, an operator looks what the network takes and enters it; then it is planned for as any other."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.test import Client

from energy.models import AssetRequest, Consumer, Meter, RequestState, StorageUnit
from energy.services.asset_requests import MOST_OPEN, CannotRequest, Wish, approve_request, refuse_request, request_asset, withdraw_request
from energy.services.device_meters import CannotMeterDevice, place_device_meter
from energy.services.ownership import begin, hand_over
from grid.models import NetworkStudy, NodeHosting, Technology
from grid.selectors.flexible_runs import steered_consumers
from members.models import Member, Membership, Notification, Role, User
from tests.integration.energy.roofs import NOW, Hamlet, make_roofs

pytestmark = pytest.mark.django_db
CAR = {"kind": "car_charger", "name": "Wallbox 11", "power_kw": "11", "may_wait": "on"}


@pytest.fixture
def hamlet(db: None) -> Hamlet:
    return make_roofs()


@pytest.fixture
def operator(hamlet: Hamlet) -> User:
    return hamlet.operator


def as_user(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def asked(hamlet: Hamlet, **changes: Any) -> AssetRequest:
    wish = Wish(**{"kind": "car_charger", "name": "Wallbox", "power_w": 11_000, "may_wait": True} | changes)
    return request_asset(site=hamlet.sites[0], wish=wish, by=hamlet.member, now=NOW)


def test_from_the_portal_to_the_plan(hamlet: Hamlet, operator: User) -> None:
    member, staff, site = as_user(hamlet.member), as_user(operator), hamlet.sites[0]
    assert "Register a device" in member.get("/energy/runs/").content.decode()
    answer = member.post("/energy/devices/", CAR | {"site": site.pk}, follow=True)
    assert "is asked for" in answer.content.decode()
    row = AssetRequest.objects.get()
    assert (row.power_w, row.state, row.asked_by) == (11_000, RequestState.OPEN, hamlet.member)
    assert Notification.objects.get(user=operator).path == "/devices/requests/"
    assert "Asked for by members (1)" in staff.get("/devices/").content.decode()
    if site.node is not None:
        study = NetworkStudy.objects.create(
            microgrid=hamlet.microgrid, made_at=NOW, first_day=NOW.date(), last_day=NOW.date(), intervals=96, most_w=10_000
        )
        NodeHosting.objects.create(
            study=study, technology=Technology.CAR_CHARGING, node_code=site.node.code, power_w=7000, limited_by="voltage"
        )
        assert "less than asked for" in staff.get("/devices/requests/").content.decode()
    here = f"/devices/requests/{row.public_id}/"
    assert "Say why" in staff.post(here, {"do": "refuse"}, follow=True).content.decode()
    assert "its owner is told" in staff.post(here, {"do": "approve", "answer": "Welcome."}, follow=True).content.decode()
    assert "decided already" in staff.post(here, {"do": "approve"}, follow=True).content.decode()
    row.refresh_from_db()
    car = Consumer.objects.get(request=row)
    assert (car.max_demand_w, car.priority_tier, car.status) == (11_000, 4, "active")
    assert car in steered_consumers(hamlet.member)
    page = member.get("/energy/devices/").content.decode()
    assert "Welcome." in page and "may wait" in page
    assert "Wallbox 11" in member.get("/energy/runs/").content.decode()
    assert as_user(operator).get("/admin/energy/assetrequest/").status_code in (200, 302)


def test_a_battery_waits_in_maintenance_until_it_is_linked(hamlet: Hamlet, operator: User) -> None:
    row = asked(hamlet, kind="battery", name="Store", power_w=5000, capacity_wh=10_000, feed_in_w=4600)
    approve_request(request=row, by=operator, now=NOW)
    store = StorageUnit.objects.get(request=row)
    assert (store.status, store.capacity_wh, store.discharge_max_w, store.soc_max_wh) == ("maintenance", 10_000, 4600, 10_000)
    page = as_user(hamlet.member).get("/energy/devices/", headers={"Accept-Language": "de"}).content.decode()
    assert "Batterie" in page and "in Wartung" in page


def test_what_cannot_be_asked_for_or_decided(hamlet: Hamlet, operator: User) -> None:
    site = hamlet.sites[0]
    type(site).objects.filter(pk=site.pk).update(fuse_a=35)
    site.refresh_from_db()
    with pytest.raises(CannotRequest, match=r"24\.1 kW"):
        asked(hamlet, power_w=25_000)
    for changes in ({"name": " "}, {"power_w": 0}, {"kind": "battery"}):
        with pytest.raises(CannotRequest):
            asked(hamlet, **changes)
    rows = [asked(hamlet, name=f"Wallbox {n}") for n in range(MOST_OPEN)]
    with pytest.raises(CannotRequest, match="wait already"):
        asked(hamlet)
    assert withdraw_request(request=rows[0], now=NOW) and not withdraw_request(request=rows[0], now=NOW)
    with pytest.raises(CannotRequest, match="yourself"):
        approve_request(request=rows[1], by=hamlet.member, now=NOW)
    refuse_request(request=rows[1], by=operator, why="The feeder is full until autumn.", now=NOW)
    assert "full until autumn" in as_user(hamlet.member).get("/energy/devices/").content.decode()
    with pytest.raises(DatabaseError), transaction.atomic():
        AssetRequest.objects.filter(pk=rows[2].pk).update(state="approved")
    twice = [approve_request(request=asked(hamlet, name="Twin"), by=operator, now=NOW).consumer for _ in range(2)]
    assert twice[0] and twice[1] and twice[0].code != twice[1].code


def test_only_whom_it_concerns(hamlet: Hamlet, operator: User) -> None:
    row = asked(hamlet)
    stranger = User.objects.create_user("else@roofs.example")
    other = Member.objects.create(cooperative=hamlet.microgrid.cooperative, number="77", name="Else")
    Membership.objects.create(user=stranger, cooperative=other.cooperative, member=other, role=Role.MEMBER)
    theirs = as_user(stranger)
    assert row.name not in theirs.get("/energy/devices/").content.decode()
    assert theirs.post(f"/energy/devices/{row.public_id}/back/").status_code == 404
    assert theirs.get("/devices/requests/").status_code == 404
    assert theirs.post(f"/devices/requests/{row.public_id}/", {"do": "approve"}).status_code == 404
    assert theirs.post("/energy/devices/", CAR | {"site": hamlet.sites[0].pk}).status_code == 200
    assert AssetRequest.objects.count() == 1
    ownership = hand_over(site=hamlet.sites[0], member=other, day=NOW.date(), by=operator, now=NOW)
    begin(ownership=ownership, now=NOW + timedelta(days=1))
    row.refresh_from_db()
    assert row.state == RequestState.WITHDRAWN
    assert row.name not in theirs.get("/energy/devices/").content.decode()


def test_a_device_may_bring_a_meter_of_its_own(hamlet: Hamlet, operator: User) -> None:
    member, staff, site = as_user(hamlet.member), as_user(operator), hamlet.sites[0]
    answer = member.post("/energy/devices/", CAR | {"site": site.pk, "meter_code": " SUB-77 "}, follow=True)
    assert "meter SUB-77" in answer.content.decode()
    row = AssetRequest.objects.get()
    assert "SUB-77" in staff.get("/devices/requests/").content.decode()
    assert not Meter.objects.filter(code="SUB-77").exists()
    with pytest.raises(CannotRequest, match="another one's already"):
        asked(hamlet, name="second", meter_code="SUB-77")
    with pytest.raises(CannotRequest, match="another one's already"):
        asked(hamlet, name="third", meter_code=site.meters.get(kind="site").code)
    row = approve_request(request=row, by=operator, now=NOW)
    meter = Meter.objects.get(code="SUB-77")
    assert (meter.kind, meter.consumer, meter.site, meter.installed_at) == ("device", row.consumer, site, NOW)
    assert [channel.label for channel in meter.channels] == ["draw"]
    battery = asked(hamlet, kind="battery", name="Box", capacity_wh=9000, feed_in_w=4000, meter_code="SUB-78")
    storage = approve_request(request=battery, by=operator, now=NOW).storage
    assert Meter.objects.get(code="SUB-78").storage == storage


def test_a_meter_that_was_placed_elsewhere_meanwhile_stops_the_approval(hamlet: Hamlet, operator: User) -> None:
    row = asked(hamlet, meter_code="SUB-77")
    other = Consumer.objects.create(site=hamlet.sites[0], code="boiler", kind="other", max_demand_w=3000, priority_tier=3)
    place_device_meter(device=other, code="SUB-77", now=NOW)
    with pytest.raises(CannotRequest, match="another one's already"):
        approve_request(request=row, by=operator, now=NOW)
    row.refresh_from_db()
    assert (row.state, row.consumer) == (RequestState.OPEN, None)


def test_operators_place_meters_at_devices_that_are_there(hamlet: Hamlet, operator: User) -> None:
    site, staff = hamlet.sites[0], as_user(operator)
    boiler = Consumer.objects.create(site=site, code="boiler", kind="other", max_demand_w=3000, priority_tier=3)
    given = {"device": str(boiler.public_id), "code": "SUB-5"}
    assert "boiler" in staff.get("/devices/requests/").content.decode()
    assert as_user(hamlet.member).post("/devices/requests/meters/", given).status_code == 404
    assert staff.post("/devices/requests/meters/", given | {"device": "x"}).status_code == 404
    taken = staff.post("/devices/requests/meters/", given | {"code": site.meters.get(kind="site").code}, follow=True)
    assert "another one&#x27;s already" in taken.content.decode()
    german = staff.post("/devices/requests/meters/", given, follow=True, HTTP_ACCEPT_LANGUAGE="de")
    assert "SUB-5 misst ab jetzt boiler." in german.content.decode()
    assert staff.post("/devices/requests/meters/", given | {"code": "SUB-6"}).status_code == 404
    with pytest.raises(CannotMeterDevice, match="has a meter already"):
        place_device_meter(device=boiler, code="SUB-6", now=NOW)
    other = Consumer.objects.create(site=site, code="pump", kind="other", max_demand_w=3000, priority_tier=3)
    with pytest.raises(DatabaseError), transaction.atomic():
        Meter.objects.create(microgrid=hamlet.microgrid, site=site, kind="device", code="no load")
    site.meters.filter(kind="site").update(removed_at=NOW)
    with pytest.raises(CannotMeterDevice, match="no meter at its connection"):
        place_device_meter(device=other, code="SUB-6", now=NOW)
