"""The admin by role: staff see their cooperative, operators keep assets up to date, facts stay as they are."""

from datetime import date
from typing import Any

import pytest
from django.contrib.admin import site as admin_site
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from energy.models import AlarmKind, Consumer, Device, DeviceAlarm, EnrolmentCode, FirmwareRelease, Meter, Sensor, Site, Source
from energy.models.devices import DeviceStatus
from energy.services.alarms import raise_alarm
from energy.services.import_simbench import import_network
from members.models import AccessRecord, Cooperative, Member, Membership, Role, User
from tests.integration.energy.conftest import Sender

pytestmark = pytest.mark.django_db
ROOMS = ("energy", "members")


@pytest.fixture
def staff(cooperative: Cooperative, sender: Sender) -> dict[str, User]:
    """One for each role of the cooperative's staff, a superuser, and a member who has no business here."""
    users = {}
    for role in (Role.OPERATOR, Role.AUDITOR, Role.SUPPORT, Role.TARIFF_ADMIN):
        users[role.value] = User.objects.create_user(f"{role}@example.org", is_staff=True)
        Membership.objects.create(user=users[role.value], cooperative=cooperative, role=role)
    users["superuser"] = User.objects.create_superuser("root@example.org")
    users["member"] = User.objects.create_user("member@example.org")
    Membership.objects.create(user=users["member"], cooperative=cooperative, member=sender.meter.site.member, role=Role.MEMBER)
    return users


def page(name: str, *args: Any) -> str:
    return reverse(f"admin:{name}", args=args)


def log_in(client: Client, user: User) -> None:
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")


def pages_of_rooms() -> list[tuple[str, str]]:
    return sorted((model._meta.app_label, model._meta.model_name) for model in admin_site._registry if model._meta.app_label in ROOMS)


@pytest.mark.parametrize(("room", "model"), pages_of_rooms())
def test_a_superuser_opens_every_page(
    client: Client, staff: dict[str, User], room: str, model: str, senders: dict[str, list[Sender]]
) -> None:
    log_in(client, staff["superuser"])
    assert client.get(page(f"{room}_{model}_changelist")).status_code == 200
    assert client.get(page(f"{room}_{model}_changelist"), {"q": "1"}).status_code == 200
    admin_of = next(a for m, a in admin_site._registry.items() if (m._meta.app_label, m._meta.model_name) == (room, model))
    row = admin_of.model._default_manager.first()
    if row is not None:
        assert client.get(page(f"{room}_{model}_change", row.pk)).status_code == 200


@pytest.mark.parametrize("role", ["operator", "auditor", "support", "tariff_admin"])
def test_staff_open_the_pages_of_facts(client: Client, staff: dict[str, User], sender: Sender, role: str) -> None:
    log_in(client, staff[role])
    for name, row in (("microgrid", sender.microgrid), ("site", sender.meter.site), ("meter", sender.meter), ("device", sender.device)):
        assert client.get(page(f"energy_{name}_changelist")).status_code == 200
        assert client.get(page(f"energy_{name}_change", row.pk)).status_code == 200
    assert client.get(reverse("admin:index")).status_code == 200


def test_a_member_is_not_let_in(client: Client, staff: dict[str, User]) -> None:
    log_in(client, staff["member"])
    assert client.get(page("energy_site_changelist")).status_code == 302


def test_the_rows_of_another_cooperative_are_not_there(client: Client, staff: dict[str, User], network_folder: Any) -> None:
    elsewhere = Cooperative.objects.create(slug="elsewhere", name="Elsewhere")
    import_network(folder=network_folder, cooperative=elsewhere, slug="far", name="Far", time_zone="Europe/Berlin")
    theirs = Site.objects.filter(microgrid__slug="far").first()
    log_in(client, staff["operator"])
    listed = client.get(page("energy_site_changelist")).context["cl"].result_count
    assert listed == Site.objects.filter(microgrid__slug="hamlet").count()
    assert client.get(page("energy_site_change", theirs.pk)).status_code == 302
    assert client.get(page("members_member_change", theirs.member_id)).status_code == 302
    assert client.get(page("members_cooperative_change", elsewhere.pk)).status_code == 302


def test_an_operator_notes_a_maintenance(client: Client, staff: dict[str, User], sender: Sender) -> None:
    source = Source.objects.order_by("pk")[0]
    log_in(client, staff["operator"])
    answer = client.post(
        page("energy_source_change", source.pk),
        {"kind": "solar", "capacity_w": source.capacity_w, "status": "maintenance", "last_maintenance_date": "2016-03-01"},
    )
    assert answer.status_code == 302, answer.context["errors"]
    source.refresh_from_db()
    assert (source.status, source.last_maintenance_date) == ("maintenance", date(2016, 3, 1))


def test_an_auditor_changes_nothing(client: Client, staff: dict[str, User]) -> None:
    source = Source.objects.order_by("pk")[0]
    log_in(client, staff["auditor"])
    answer = client.post(page("energy_source_change", source.pk), {"kind": "wind", "capacity_w": 1, "status": "faulty"})
    assert answer.status_code == 403
    source.refresh_from_db()
    assert source.kind == "solar"


def test_assets_are_kept_from_the_page_of_their_site(client: Client, staff: dict[str, User], sender: Sender) -> None:
    site = sender.meter.site
    consumer = site.consumers.get(code=site.code)
    log_in(client, staff["operator"])
    data: dict[str, Any] = {"name": "The mill", "kind": site.kind, "phases": "12"}
    for prefix, rows in (("consumers", site.consumers), ("sources", site.sources), ("storages", site.storages)):
        data |= {f"{prefix}-TOTAL_FORMS": rows.count(), f"{prefix}-INITIAL_FORMS": rows.count()}
        for i, row in enumerate(rows.order_by("pk")):
            form = {"id": row.pk, "site": site.pk, "code": row.code, "kind": getattr(row, "kind", ""), "status": row.status}
            if prefix == "consumers":
                form |= {"max_demand_w": row.max_demand_w, "priority_tier": 1}
            if prefix == "sources":
                form |= {"capacity_w": row.capacity_w}
            data |= {f"{prefix}-{i}-{name}": value for name, value in form.items()}
    data |= {"meters-TOTAL_FORMS": 0, "meters-INITIAL_FORMS": 0}
    answer = client.post(page("energy_site_change", site.pk), data)
    assert answer.status_code == 302, answer.context["errors"]
    site.refresh_from_db()
    assert (site.name, site.phases) == ("The mill", "12")
    assert Consumer.objects.get(pk=consumer.pk).priority_tier == 1
    assert Meter.objects.filter(site=site).count() == site.meters.count() > 0


@pytest.mark.parametrize(("role", "revoked"), [("operator", True), ("auditor", False), ("support", False)])
def test_only_an_operator_revokes_a_device(client: Client, staff: dict[str, User], sender: Sender, role: str, revoked: bool) -> None:
    log_in(client, staff[role])
    client.post(page("energy_device_changelist"), {"action": "revoke_chosen", "_selected_action": [sender.device.pk]})
    device = Device.objects.get(pk=sender.device.pk)
    assert (device.status == DeviceStatus.REVOKED) == revoked
    assert device.keys.filter(revoked_at__isnull=False).exists() == revoked


def test_nobody_adds_or_deletes_facts(client: Client, staff: dict[str, User], sender: Sender) -> None:
    log_in(client, staff["superuser"])
    for name in ("device", "refusalcount", "node", "line", "transformer", "meter"):
        assert client.get(page(f"energy_{name}_add")).status_code == 403
    for name, row in (("device", sender.device), ("site", sender.meter.site), ("meter", sender.meter)):
        assert client.post(page(f"energy_{name}_delete", row.pk), {"post": "yes"}).status_code == 403


def test_a_look_at_a_member_is_written_down(client: Client, staff: dict[str, User], sender: Sender) -> None:
    log_in(client, staff["support"])
    member = Member.objects.get(pk=sender.meter.site.member_id)
    assert client.get(page("members_member_change", member.pk)).status_code == 200
    record = AccessRecord.objects.get()
    assert (record.user, record.member) == (staff["support"], member)


@pytest.mark.parametrize("role", ["operator", "auditor", "support", "tariff_admin"])
def test_only_a_superuser_gives_roles(client: Client, staff: dict[str, User], role: str) -> None:
    log_in(client, staff[role])
    assert client.get(page("members_user_changelist")).status_code == 403
    assert client.get(page("members_user_change", staff["member"].pk)).status_code in (302, 403)


def test_lists_ask_the_database_a_bounded_number_of_times(
    client: Client, staff: dict[str, User], django_assert_max_num_queries: Any
) -> None:
    log_in(client, staff["operator"])
    for name, most in (("site", 14), ("device", 14), ("meter", 14), ("source", 14), ("line", 14)):
        with django_assert_max_num_queries(most):
            client.get(page(f"energy_{name}_changelist"))


def test_an_operator_makes_a_code_and_a_sensor(client: Client, staff: dict[str, User], sender: Sender) -> None:
    log_in(client, staff["operator"])
    client.post(page("energy_sensor_add"), {"microgrid": sender.microgrid.pk, "kind": "door", "code": "station door"})
    sensor = Sensor.objects.get()
    for kind, row in (("sensor", sensor), ("meter", sender.meter)):
        address = reverse(f"admin:energy_{kind}_make_code", args=[row.pk])
        assert client.get(address).status_code == 200
        shown = client.post(address, follow=True).content.decode()
        assert f"shown only now: {EnrolmentCode.objects.get(**{kind: row}).locator}" in shown
    log_in(client, staff["auditor"])
    assert client.post(reverse("admin:energy_meter_make_code", args=[sender.meter.pk])).status_code in (403, 404)
    assert EnrolmentCode.objects.count() == 2


def test_an_operator_takes_care_of_alarms_and_ends_devices(client: Client, staff: dict[str, User], sender: Sender) -> None:
    raise_alarm(device_id=sender.device.pk, kind=AlarmKind.COVER_OPEN, now=timezone.now())
    alarm, listed = DeviceAlarm.objects.get(), page("energy_devicealarm_changelist")
    log_in(client, staff["auditor"])
    client.post(listed, {"action": "clear_chosen", "_selected_action": [alarm.pk]})
    assert DeviceAlarm.objects.get().cleared_at is None
    log_in(client, staff["operator"])
    client.post(listed, {"action": "acknowledge_chosen", "_selected_action": [alarm.pk]})
    client.post(listed, {"action": "clear_chosen", "_selected_action": [alarm.pk]})
    alarm.refresh_from_db()
    assert (alarm.acknowledged_by, alarm.cleared_by) == (staff["operator"], staff["operator"])
    chosen = {"_selected_action": [sender.device.pk]}
    for name in ("encrypt_chosen", "decommission_chosen"):
        client.post(page("energy_device_changelist"), {"action": name, **chosen})
    sender.device.refresh_from_db()
    assert (sender.device.encrypts, sender.device.status) == (True, "decommissioned")


def test_an_operator_releases_firmware_widens_and_halts_it(
    client: Client, staff: dict[str, User], sender: Sender, settings: Any, tmp_path: Any
) -> None:
    settings.VAR_DIR, settings.FIRMWARE_DIR = tmp_path, tmp_path / "firmware"
    log_in(client, staff["operator"])
    asked = {"cooperative": sender.microgrid.cooperative_id, "model": "m", "version": "1.2", "percent": 10, "failure_limit_percent": 10}
    client.post(page("energy_firmwarerelease_add"), {**asked, "image_file": SimpleUploadedFile("i.bin", b"image")})
    release = FirmwareRelease.objects.get()
    assert (bytes(release.image), release.percent, release.made_by) == (b"image", 10, staff["operator"])
    older = {**asked, "version": "1.1", "image_file": SimpleUploadedFile("i.bin", b"image")}
    assert "not newer than 1.2" in client.post(page("energy_firmwarerelease_add"), older).content.decode()
    here = page("energy_firmwarerelease_change", release.pk)
    assert "between 10 and 100" in client.post(here, {"percent": 5}).content.decode()
    assert client.post(here, {"percent": 50}).status_code == 302
    client.post(reverse("admin:energy_firmwarerelease_halt", args=[release.pk]))
    release.refresh_from_db()
    assert (release.percent, release.halted_at is not None) == (50, True)
