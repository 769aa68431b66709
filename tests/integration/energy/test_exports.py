"""Exports: what is stored comes out in each format, streams, goes to those who may see it, and comes in again unchanged."""

import tracemalloc
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from energy.adapters.reading_formats import FORMATS
from energy.domain.quality import Method
from energy.models import ImportStatus, MeterDay, Microgrid
from energy.selectors.reading_export import ExportOrder, export_readings
from energy.services.day_close import finalise_day
from members.models import AccessRecord, Membership, Role, User
from tests.integration.energy.conftest import REAL_NOW
from tests.integration.energy.test_imports import MONDAY, SPRING, accepted, staged, stored, wide

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("name", list(FORMATS))
def test_an_export_that_is_imported_again_changes_nothing(microgrid: Microgrid, name: str) -> None:
    """Both with the day of 92 quarter hours, a gap that was estimated, and one that is still open."""
    code = microgrid.meters.filter(kind="site").order_by("code")[0].code
    accepted(microgrid, wide(microgrid, [SPRING, MONDAY], {(f"{code} [import]", 50): ""}))
    finalise_day(microgrid=microgrid, day=SPRING, now=microgrid.now(REAL_NOW))
    assert MeterDay.objects.filter(day=SPRING, quality__contains=[int(Method.INTERPOLATED)]).exists()
    before = stored(microgrid)
    order = ExportOrder(microgrid, list(microgrid.meters.all()), SPRING, MONDAY + timedelta(days=1), name)
    content = b"".join(export_readings(order))
    again = staged(microgrid, content, name, order.unit)
    assert again.status == ImportStatus.STAGED, list(again.problems.all())
    assert (again.days_new, again.days_changed) == (0, 0)
    assert again.days_same == len(before)
    assert stored(microgrid) == before


def test_memory_does_not_grow_with_the_span(microgrid: Microgrid) -> None:
    def peak(days: int) -> int:
        order = ExportOrder(microgrid, list(microgrid.meters.all()), SPRING, SPRING + timedelta(days=days), "parquet")
        tracemalloc.start()
        for _ in export_readings(order):
            pass
        _, found = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return found

    assert peak(3_000) < peak(700) * 1.5


def test_the_door_gives_a_file_to_those_who_may_see_the_meter(microgrid: Microgrid) -> None:
    accepted(microgrid, wide(microgrid, [MONDAY]))
    meter = microgrid.meters.filter(kind="site", site__member__is_cooperative=False).order_by("code")[0]
    address = reverse("api-meter-export", args=[meter.public_id])
    span = {"from": "2016-03-28", "to": "2016-03-29"}

    def client(**membership: object) -> Client:
        user = User.objects.create_user(f"user{User.objects.count()}@hamlet.example", "a long password")
        Membership.objects.create(user=user, cooperative=microgrid.cooperative, **membership)
        found = Client()
        found.force_login(user)
        return found

    owner = client(member=meter.site.member, role=Role.MEMBER)
    reply = owner.get(address, span | {"format": "long", "unit": "wh"})
    assert reply.status_code == 200
    assert f"{meter.code.replace(' ', '-')}_2016-03-28_2016-03-28_long.csv" in reply.headers["Content-Disposition"]
    rows = b"".join(reply).decode().splitlines()
    assert rows[:2] == ["meter;channel;time;value;status", f"{meter.code};import;2016-03-28 00:00;8;W"]
    assert len(rows) == 1 + 2 * 96
    assert not AccessRecord.objects.exists()
    assert client(role=Role.OPERATOR).get(address, span).status_code == 200
    assert AccessRecord.objects.get().what == "export of readings"
    other = microgrid.meters.filter(kind="site").exclude(site__member=meter.site.member)[0].site.member
    assert client(member=other, role=Role.MEMBER).get(address, span).status_code == 404
    assert Client().get(address, span).status_code in (401, 403)
    wrong = owner.get(address, {"from": "2016-03-28", "to": "2016-03-28", "format": "xls"})
    assert wrong.status_code == 400
    assert {"format"} <= set(wrong.json()["errors"])


def test_the_command_writes_a_file(microgrid: Microgrid, tmp_path: Path) -> None:
    accepted(microgrid, wide(microgrid, [MONDAY]))
    out, said = tmp_path / "march.csv", StringIO()
    words = ["export_readings", "--format", "load_profile", "--from", "2016-03-28", "--to", "2016-03-29", "--out", str(out)]
    call_command(*words, stdout=said)
    assert "1-1:1.29.0;28.03.2016 00:00;28.03.2016 00:15;0,008;kWh;W" in out.read_text()
    with pytest.raises(CommandError, match="no meter 'nobody'"):
        call_command(*words, "--meter", "nobody", stdout=said)
