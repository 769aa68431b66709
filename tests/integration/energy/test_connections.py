"""A cooperative of one's own: founded in the admin, its sites connected there or by a table, with meters that count from their first day on."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from energy.adapters.site_file import read_site_file
from energy.domain.site_table import CannotReadSites
from energy.models import Meter, MeterDay, Microgrid, Node, Site, SiteOwnership
from energy.services.connections import connect_site
from energy.services.day_close import finalise_day
from energy.services.evidence import check_evidence
from energy.services.import_sites import import_sites
from members.models import Cooperative, Member, Membership, Role, User

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
TABLE = """site;member;member_name;email;street;node;fuse_a;load;load_w;source;source_w;storage_wh;charge_w;metered_from
H1;1001;Ana Alt;ana@example.org;Weg 1;B;35;household;8000;solar;9800;10000;5000;
H2;1002;Ben Bär;ben@example.org;Weg 1;B;35;household;6000;;;;;2026-03-08
H2;1002;;;;;;car_charger;11000;;;;;
P1;cooperative;;;;;;;;solar;60000;;;
"""


@pytest.fixture
def founded(db: None) -> Microgrid:
    cooperative = Cooperative.objects.create(slug="own", name="Own eG", city="Hof", postal_code="11111")
    grid = Microgrid.objects.create(cooperative=cooperative, slug="hof", name="Hof")
    Node.objects.create(microgrid=grid, code="B", nominal_voltage_v=400)
    return grid


def table(tmp_path: Path, text: str = TABLE) -> Path:
    path = tmp_path / "sites.csv"
    path.write_text(text, encoding="utf-8")
    return path


def load(grid: Microgrid, path: Path, **options: Any) -> Any:
    return import_sites(microgrid=grid, listed=read_site_file(path), now=NOW, **options)


def staff(cooperative: Cooperative, role: Role) -> Client:
    user = User.objects.create_user(f"{role}@example.org", is_staff=True)
    Membership.objects.create(user=user, cooperative=cooperative, role=role)
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def empty_inlines() -> dict[str, str]:
    return {f"{name}-{what}_FORMS": "0" for name in ("consumers", "sources", "storages", "meters") for what in ("TOTAL", "INITIAL")}


def test_a_superuser_founds_a_cooperative_and_its_microgrid_in_the_admin() -> None:
    client = Client()
    client.force_login(User.objects.create_superuser("root@example.org"), backend="django.contrib.auth.backends.ModelBackend")
    given = {"name": "Own eG", "slug": "own", "country": "DE", "currency": "EUR"}
    assert client.post(reverse("admin:members_cooperative_add"), given).status_code == 302
    cooperative = Cooperative.objects.get()
    assert Member.objects.get(cooperative=cooperative, is_cooperative=True).number == "0"
    given = {"name": "Hof", "slug": "hof", "cooperative": str(cooperative.pk), "time_zone": "Europe/Nowhere", "interval_minutes": "15"}
    page = client.post(reverse("admin:energy_microgrid_add"), given)
    assert "There is no such time zone" in page.content.decode()
    assert client.post(reverse("admin:energy_microgrid_add"), {**given, "time_zone": "Europe/Vienna"}).status_code == 302
    grid = Microgrid.objects.get()
    assert (grid.cooperative, grid.time_zone, grid.interval_minutes) == (cooperative, "Europe/Vienna", 15)
    shown = client.get(reverse("admin:energy_microgrid_change", args=[grid.pk])).content.decode()
    assert 'name="time_zone"' not in shown


def test_an_operator_connects_a_site_with_a_roof_and_a_battery_and_each_has_its_meter(founded: Microgrid) -> None:
    member = Member.objects.create(cooperative=founded.cooperative, number="1", name="Ana")
    client = staff(founded.cooperative, Role.OPERATOR)
    given = {
        "microgrid": founded.pk,
        "code": "H1",
        "name": "Weg 1",
        "kind": "household",
        "member": member.pk,
        "node": Node.objects.get().pk,
        "phases": "123",
        **empty_inlines(),
        "sources-TOTAL_FORMS": "1",
        "sources-0-code": "R1",
        "sources-0-kind": "solar",
        "sources-0-capacity_w": "5000",
        "sources-0-status": "active",
        "storages-TOTAL_FORMS": "1",
        "storages-0-code": "S1",
        "storages-0-capacity_wh": "5000",
        "storages-0-charge_max_w": "3000",
        "storages-0-discharge_max_w": "3000",
        "storages-0-eta_charge": "0.95",
        "storages-0-eta_discharge": "0.95",
        "storages-0-soc_min_wh": "500",
        "storages-0-soc_max_wh": "6000",
        "storages-0-status": "active",
    }
    refused = client.post(reverse("admin:energy_site_add"), given).content.decode()
    assert "From the least charge kept to the most, and within the capacity." in refused
    assert not Site.objects.exists()
    assert client.post(reverse("admin:energy_site_add"), {**given, "storages-0-soc_max_wh": "5000"}).status_code == 302
    site = Site.objects.get()
    assert sorted(site.meters.values_list("code", "kind")) == [("H1", "site"), ("R1 generation", "source"), ("S1 battery", "storage")]
    assert site.storages.get().soc_wh == 500
    again = client.post(reverse("admin:energy_site_add"), {**given, "code": "H2", "storages-0-soc_max_wh": "5000"}).content.decode()
    assert "Another metering point is called so" in again
    assert staff(founded.cooperative, Role.AUDITOR).get(reverse("admin:energy_site_add")).status_code == 403


def test_a_site_is_not_connected_to_somebody_elses_member_or_node(founded: Microgrid) -> None:
    other = Cooperative.objects.create(slug="other", name="Other eG")
    far = Microgrid.objects.create(cooperative=other, slug="far", name="Far")
    strange, node = (
        Member.objects.create(cooperative=other, number="1", name="Zoe"),
        Node.objects.create(microgrid=far, code="B", nominal_voltage_v=400),
    )
    own = Member.objects.create(cooperative=founded.cooperative, number="1", name="Ana")
    for member, place, said in ((strange, None, "another cooperative"), (own, node, "not one of this microgrid")):
        site = Site(microgrid=founded, member=member, node=place, code="H1", name="Weg 1", kind="household")
        with pytest.raises(ValueError, match=said):
            connect_site(site=site, metered_from=None, by=None, now=NOW)


def test_a_table_is_loaded_wholly_and_a_second_time_changes_nothing(founded: Microgrid, tmp_path: Path) -> None:
    path = table(tmp_path)
    checked = load(founded, path, check_only=True)
    assert (checked.sites, checked.meters, Site.objects.count(), Member.objects.count()) == (3, 6, 0, 0)
    report = load(founded, path)
    assert (report.sites, report.members, report.loads, report.sources, report.storages) == (3, 2, 3, 2, 1)
    names = dict(Site.objects.values_list("code", "name"))
    assert names == {"H1": "Weg 1", "H2": "Weg 1, H2", "P1": "P1"}
    assert Site.objects.get(code="P1").member.is_cooperative
    assert load(founded, path).is_unchanged


def test_what_contradicts_what_is_there_is_refused_by_row_and_nothing_is_loaded(founded: Microgrid, tmp_path: Path) -> None:
    load(founded, table(tmp_path))
    changed = TABLE.replace("Ben Bär", "Ben Wolf").replace("B;35;household;6000", "X;63;household;6000").replace("60000", "61000")
    with pytest.raises(CannotReadSites) as wrong:
        load(founded, table(tmp_path, changed + "H9;1009;Neu;;;;;;;;;;;\n"))
    assert [str(one).split(";")[0] for one in wrong.value.problems] == [
        "row 3, column member_name: member 1002 has 'Ben Bär', the table says 'Ben Wolf'",
        "row 3, column node: there is no node 'X'",
        "row 3, column node: site H2 has 'B', the table says 'X'",
        "row 3, column fuse_a: site H2 has '35', the table says '63'",
        "row 5, column source_w: P1 solar has '60000', the table says '61000'",
    ]
    assert not Member.objects.filter(number="1009").exists()


def test_before_its_first_day_a_site_is_nobodys_and_no_reading_of_it_is_made_up(founded: Microgrid, tmp_path: Path) -> None:
    load(founded, table(tmp_path))
    rows = SiteOwnership.objects.filter(site__code="H2").order_by("valid_to")
    assert [(row.member.number, row.is_vacant, row.valid_from, row.valid_to) for row in rows] == [
        ("0", True, None, date(2026, 3, 8)),
        ("1002", False, date(2026, 3, 8), None),
    ]
    late = Meter.objects.get(code="H2")
    for day in (date(2026, 3, 7), date(2026, 3, 8)):
        finalise_day(microgrid=founded, day=day, now=NOW)
    there = MeterDay.objects.filter(microgrid_id=founded.pk, meter_id=late.pk).values_list("day", flat=True).distinct()
    assert list(there) == [date(2026, 3, 8)]
    assert MeterDay.objects.filter(meter_id=Meter.objects.get(code="H1").pk, day=date(2026, 3, 7)).exists()
    found = check_evidence(microgrid=founded, days=[date(2026, 3, 7)])
    assert not [one for one in found if one.meter == "H2"]


def test_commands_name_what_is_there_and_where_it_is_made(founded: Microgrid, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"There is no microgrid 'hoff'; there are: hof\."):
        call_command("import_sites", str(table(tmp_path)), "--microgrid", "hoff")
    Microgrid.objects.create(cooperative=founded.cooperative, slug="second", name="Second")
    with pytest.raises(CommandError, match=r"Name the microgrid with --microgrid SLUG; there are: hof, second\."):
        call_command("import_sites", str(table(tmp_path)))
    Node.objects.all().delete()
    Microgrid.objects.all().delete()
    with pytest.raises(CommandError, match=r"There is no microgrid yet; make one in the admin"):
        call_command("import_sites", str(table(tmp_path)))


def test_virtual_meters_take_no_real_microgrid_over(founded: Microgrid) -> None:
    with pytest.raises(CommandError, match="has no virtual meters"):
        call_command("simulate_meters", "--speed", "30")
    founded.refresh_from_db()
    assert founded.clock_real_start is None


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ("export_readings", "--format", "wide", "--from", "x", "--to", "2026-01-01", "--out", "o"),
            "'x' is no day; write it as 2016-03-01",
        ),
        (
            ("export_readings", "--format", "wide", "--from", "0001-01-01", "--to", "2026-01-01", "--out", "o"),
            "outside the years 1900 to 9998",
        ),
        (("export_readings", "--format", "wide", "--from", "2000-01-01", "--to", "2026-01-01", "--out", "o"), "at most 3700 days"),
        (("import_simbench", "folder", "--time-zone", "Mars"), "there is no time zone 'Mars'; write it as Europe/Berlin"),
        (("import_simbench", "folder", "--microgrid", "no slug"), "'no slug' is no slug"),
        (("demo", "--speed", "-1"), "give a number from 0.1 to 300"),
        (("run_control", "--every", "nan"), "give a number from 0.2 to 60"),
        (
            ("import_grid", "tests/data/geojson_feeder.geojson", "--valid-from", "0001-01-01T00:00:00+14:00"),
            "write it as 2026-03-01T00:00:00",
        ),
        (("broker_files", "--out", "/proc/nowhere", "--host", "mqtt.example.org"), "cannot be written"),
    ],
)
def test_arguments_that_cannot_be_meant_are_named(founded: Microgrid, words: tuple[str, ...], said: str) -> None:
    with pytest.raises(CommandError, match=said):
        call_command(*words)
