"""Every figure on a bill leads back to the versions of meter days that it used; a later correction is seen beside them."""

import pytest
from django.test import Client
from django.urls import reverse

from billing.models import BilledReadings, Component, Document
from billing.selectors.readings import documents_of_day, versions_behind
from energy.domain.reading_files import EnergyUnit
from energy.models import Channel, Meter
from energy.services.import_staging import stage_import
from energy.services.imports import accept_import, receive_file
from members.models import Membership, Role, User
from tests.integration.billing.conftest import DAYS, NOW, Hamlet

pytestmark = pytest.mark.django_db


def correct(hamlet: Hamlet, meter: Meter, user: User) -> None:
    """One quarter hour of the first day is put right by an import."""
    text = f"time;{meter.code}\n{DAYS[0]} 00:00;777\n"
    staged = stage_import(
        reading_import=receive_file(
            microgrid=hamlet.microgrid,
            content=text.encode(),
            file_name="put right.csv",
            format="wide",
            unit=EnergyUnit.WH,
            user=user,
            now=NOW,
        ),
        now=NOW,
    )
    accept_import(reading_import=staged, user=user, reason="misread", now=NOW)


@pytest.fixture
def operator(hamlet: Hamlet) -> User:
    user = User.objects.create_user("operator@hamlet.example", "a long password", name="Olga")
    for role in (Role.OPERATOR, Role.AUDITOR):
        Membership.objects.create(user=user, cooperative=hamlet.cooperative, role=role)
    return user


def test_a_documents_energy_is_the_sum_of_the_versions_behind_it(hamlet: Hamlet) -> None:
    hamlet.bill()
    counted = (Component.LOCAL, Component.GRID, Component.LOCAL_DELIVERED, Component.CARRIED, Component.EXPORT)
    for document in Document.objects.all():
        uses = versions_behind(document)
        assert [use.day for use in uses] == DAYS
        lines = sum(line.quantity for line in document.lines.all() if line.component in counted)
        assert sum(use.energy_wh for use in uses) == lines
        assert {use.version for use in uses} == {1}
    assert BilledReadings.objects.count() == 2 * hamlet.microgrid.meters.count()


def test_a_later_correction_is_shown_beside_what_was_billed(hamlet: Hamlet, operator: User) -> None:
    hamlet.bill()
    document = Document.objects.filter(kind="bill", member__is_cooperative=False).order_by("label")[0]
    meter = document.site.meters.get()
    before = versions_behind(document)
    correct(hamlet, meter, operator)
    after = versions_behind(document)
    assert [(use.version, use.energy_wh) for use in after] == [(use.version, use.energy_wh) for use in before]
    assert [use.newest for use in after] == [2, *(1 for _ in DAYS[1:])]
    assert {v: d.count() for v, d in documents_of_day(meter, Channel.IMPORT, DAYS[0]).items()} == {1: 1}
    client = Client()
    client.force_login(operator)
    page = client.get(reverse("bill-readings", args=[document.public_id])).content.decode()
    assert "corrected since, in version 2" in page
    assert "add up to" in page
    shown = client.get(reverse("meter-day"), {"meter": meter.public_id, "day": DAYS[0]}).content.decode()
    for text in (
        "superseded, final",
        "current, provisional",
        "put right.csv",
        "misread",
        "Olga",
        document.label,
        "777",
        "1 interval differ",
    ):
        assert text in shown, text


def test_a_bill_made_before_versions_were_kept_says_so(hamlet: Hamlet, operator: User) -> None:
    hamlet.bill()
    BilledReadings.objects.all().delete()
    document = Document.objects.filter(kind="bill")[0]
    assert versions_behind(document) == []
    client = Client()
    client.force_login(operator)
    page = client.get(reverse("bill-readings", args=[document.public_id])).content.decode()
    assert "The versions were not kept yet" in page


def test_only_who_may_see_a_bill_sees_its_readings(hamlet: Hamlet) -> None:
    hamlet.bill()
    document = Document.objects.filter(kind="bill")[0]
    stranger = Client()
    stranger.force_login(User.objects.create_user("x@x.example", "a long password"))
    assert stranger.get(reverse("bill-readings", args=[document.public_id])).status_code == 404
    assert stranger.get(reverse("meter-day")).status_code == 404
