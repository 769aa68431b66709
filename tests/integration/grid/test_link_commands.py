"""Commands to devices behind links: sent, read back, written down; a slow device keeps nobody waiting; operators see how it goes."""

import time
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from energy.models import Consumer, Source, StorageUnit
from grid.models import DeviceCommand, DeviceLink, LinkProtocol
from grid.selectors.control_layout import load_layout
from grid.services.control_tick import NewCommand
from grid.services.device_links import read_links
from grid.services.link_commands import LinkDesk, link_command, send_by_links
from grid.services.link_line import LinkLine
from kernel.identifiers import uuid7
from tests.integration.grid.conftest import SHOWN_NOW
from tests.integration.grid.sunspec_device import SunSpecDevice
from tests.integration.grid.test_sunspec_link import HYBRID

pytestmark = pytest.mark.django_db


@pytest.fixture
def battery(microgrid, settings) -> StorageUnit:
    settings.DEVICE_NETWORKS = ["127.0.0.0/8"]
    settings.DEVICE_PATIENCE_S = 2.0
    return StorageUnit.objects.filter(site__microgrid=microgrid).order_by("code").first()


def link_to(device: SunSpecDevice, battery: StorageUnit) -> DeviceLink:
    return DeviceLink.objects.create(
        microgrid=battery.site.microgrid, storage=battery, protocol=LinkProtocol.SUNSPEC, address="127.0.0.1", port=device.port, unit_id=7
    )


def command(battery: StorageUnit, charge_w: int) -> DeviceCommand:
    return DeviceCommand.objects.create(
        microgrid=battery.site.microgrid,
        storage=battery,
        charge_w=charge_w,
        reason="sun",
        issued_at=SHOWN_NOW,
        expires_at=SHOWN_NOW + timedelta(seconds=20),
    )


def send(battery: StorageUnit, commands: list[DeviceCommand], desk: LinkDesk, patience_s: float = 3.0) -> set:
    return send_by_links(
        microgrid=battery.site.microgrid,
        commands=[link_command(row) for row in commands],
        now=SHOWN_NOW,
        real_now=timezone.now(),
        patience_s=patience_s,
        desk=desk,
    )


def test_a_command_is_taken_and_what_was_read_back_is_kept(battery):
    with SunSpecDevice(HYBRID) as device:
        link = link_to(device, battery)
        row = command(battery, 1000)
        assert send(battery, [row], LinkDesk()) == {str(row.public_id)}
        assert (device.at(124) + 15, [20]) in device.written
    link.refresh_from_db()
    assert (link.sent_charge_w, link.read_charge_w, link.read_soc_share) == (1000, 2340, pytest.approx(0.64))
    assert (link.problem, link.failures) == ("", 0)
    assert link.last_contact_at is not None


def test_a_slow_device_holds_up_nobody_and_answers_later(battery):
    desk = LinkDesk()
    with SunSpecDevice(HYBRID, hang=True) as device:
        link = link_to(device, battery)
        began = time.monotonic()
        assert send(battery, [command(battery, 1000)], desk, patience_s=0.1) == set()
        assert time.monotonic() - began < 1.0
        send(battery, [command(battery, 1200)], desk, patience_s=0.0)
        link.refresh_from_db()
        assert link.problem == "busy"
        send(battery, [], desk, patience_s=5.0)
    link.refresh_from_db()
    assert (link.problem, link.failures) == ("timeout", 2)
    assert link.problem_since is not None


def test_a_command_that_has_ended_is_not_sent_and_others_are_not_ours(battery):
    with SunSpecDevice(HYBRID) as device:
        row = command(battery, 1000)
        assert send(battery, [row], LinkDesk()) == set()  # no link: it goes by MQTT
        link_to(device, battery)
        DeviceCommand.objects.update(expires_at=SHOWN_NOW)
        row.refresh_from_db()
        assert send(battery, [row], LinkDesk()) == set()
        assert device.written == []


def test_devices_are_asked_and_a_dead_one_is_named(battery):
    with SunSpecDevice(HYBRID) as device:
        link = link_to(device, battery)
        assert read_links(microgrid=battery.site.microgrid, now=timezone.now()) == 1
    assert read_links(microgrid=battery.site.microgrid, now=timezone.now()) == 0
    link.refresh_from_db()
    assert (link.problem, link.state) == ("unreachable", "feeding in")


@pytest.mark.django_db(transaction=True)
def test_controls_own_line_tells_devices_behind_links_without_being_waited_for(battery):
    with SunSpecDevice(HYBRID) as device:
        link = link_to(device, battery)
        layout = load_layout(battery.site.microgrid, SHOWN_NOW)
        place = [storage.pk for storage in layout.storages].index(battery.pk)
        assert layout.has_link.sum() == 1
        assert layout.has_link[place] and layout.may_be_told[place] and layout.storage_is_ready[place]
        real_now = timezone.now()
        now = battery.site.microgrid.now(real_now)
        line = LinkLine(lambda: real_now)
        line.start()
        told = NewCommand(uuid7(), place, 1500.0, "sun", now, now + timedelta(seconds=20))
        other = NewCommand(uuid7(), 1 - place, 1500.0, "sun", now, now + timedelta(seconds=20))
        line.send(layout, [told, other])
        acknowledged: set[str] = set()
        deadline = time.monotonic() + 5
        while not acknowledged and time.monotonic() < deadline:
            acknowledged = line.take_acknowledged()
            time.sleep(0.02)
        line.stop()
    assert acknowledged == {str(told.public_id)}
    link.refresh_from_db()
    assert link.sent_charge_w == 1500


def test_the_database_refuses_links_that_lead_nowhere_or_twice(battery):
    grid = battery.site.microgrid
    source, consumer = Source.objects.first(), Consumer.objects.first()
    link = {"microgrid": grid, "protocol": "sunspec", "address": "10.0.0.1"}
    for fields in (
        link,
        link | {"storage": battery, "source": source},
        link | {"consumer": consumer},
        link | {"storage": battery, "address": None},
        link | {"storage": battery, "port": 70_000},
        {"microgrid": grid, "protocol": "ocpp", "consumer": consumer},
        {"microgrid": grid, "protocol": "ocpp", "storage": battery, "station": "CP-1"},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            DeviceLink.objects.create(**fields)
    DeviceLink.objects.create(**link, storage=battery)
    with pytest.raises(IntegrityError), transaction.atomic():
        DeviceLink.objects.create(**link, storage=battery)


def test_operators_add_links_inside_the_allowed_networks_and_read_how_they_go(battery, operator, stranger, client):
    client.force_login(operator)
    add = reverse("admin:grid_devicelink_add")
    form = {
        "microgrid": battery.site.microgrid_id,
        "storage": battery.pk,
        "protocol": "sunspec",
        "is_enabled": "on",
        "address": "169.254.169.254",
        "port": 502,
        "unit_id": 7,
        "station": "",
        "connector": 1,
    }
    assert "Devices may only be in" in client.post(add, form).content.decode()
    assert client.post(add, form | {"address": "127.0.0.9"}).status_code == 302
    link = DeviceLink.objects.get()
    link.problem, link.problem_detail = "timeout", "at register 40002"
    link.save()
    page = client.get(reverse("admin:grid_devicelink_changelist")).content.decode()
    assert "It did not answer in time. At register 40002." in page
    stranger.is_staff = True
    stranger.save()
    client.force_login(stranger)
    assert client.get(reverse("admin:grid_devicelink_change", args=[link.pk])).status_code == 302


@pytest.mark.parametrize("model", ["chargingsession", "chargingtag", "adrprogram", "adrevent", "adrreport"])
def test_the_other_pages_open(microgrid, operator, client, model):
    client.force_login(operator)
    assert client.get(reverse(f"admin:grid_{model}_changelist")).status_code == 200


def test_operators_read_links_over_the_api_and_members_do_not(battery, operator, household, client):
    link = DeviceLink.objects.create(
        microgrid=battery.site.microgrid,
        storage=battery,
        protocol="sunspec",
        address="127.0.0.9",
        problem="timeout",
        problem_detail="at register 40002",
    )
    url = reverse("api-device-links", args=[battery.site.microgrid.public_id])
    client.force_login(household)
    assert client.get(url).status_code == 404
    client.force_login(operator)
    [row] = client.get(url).json()["results"]
    assert (row["id"], row["device"], row["kind"]) == (str(link.public_id), battery.code, "storage")
    assert (row["problem"], row["sentence"]) == ("timeout", "It did not answer in time.")
    assert "address" not in row


def test_operators_see_on_their_page_how_it_goes(battery, operator, household, client):
    page = reverse("device-links")
    client.force_login(household)
    assert client.get(page).status_code == 404
    client.force_login(operator)
    assert "No links yet" in client.get(page).content.decode()
    with SunSpecDevice(HYBRID) as device:
        link_to(device, battery)
        send(battery, [command(battery, 1000)], LinkDesk())
    shown = client.get(page).content.decode()
    for words in ("1 link, all well", "charge 1.00 kW", "takes 2.34 kW, 64 % charged", "SunSpec Modbus TCP"):
        assert words in shown, words
    read_links(microgrid=battery.site.microgrid, now=timezone.now())
    assert "Nobody answers at its address" in client.get(page).content.decode()
