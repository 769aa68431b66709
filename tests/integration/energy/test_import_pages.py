"""The pages of imports: for operators of the microgrid alone, from a file with an error to an accepted one."""

from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from energy.models import ImportStatus, MeterDay, Microgrid, ReadingImport
from energy.services.import_staging import stage_import
from members.models import Membership, Role, User
from tests.integration.energy.test_imports import wide

pytestmark = pytest.mark.django_db
DAY = date(2016, 3, 28)


def client(microgrid: Microgrid, role: Role) -> Client:
    user = User.objects.create_user(f"{role}@hamlet.example", "a long password", name=str(role))
    Membership.objects.create(user=user, cooperative=microgrid.cooperative, role=role)
    found = Client()
    found.force_login(user)
    return found


def hand_in(client: Client, text: str) -> ReadingImport:
    file = SimpleUploadedFile("readings.csv", text.encode())
    given = {"file": file, "format": "wide", "unit": "wh", "label": "start", "clock": "local"}
    reply = client.post(reverse("readings"), given)
    assert reply.status_code == 302
    reading_import = ReadingImport.objects.latest("pk")
    assert reply.headers["Location"] == reverse("import", args=[reading_import.public_id])
    return reading_import


def test_only_operators_come_in(microgrid: Microgrid) -> None:
    assert client(microgrid, Role.OPERATOR).get(reverse("readings")).status_code == 200
    assert client(microgrid, Role.AUDITOR).get(reverse("readings")).status_code == 404
    assert Client().get(reverse("readings")).status_code == 302
    stranger = Client()
    stranger.force_login(User.objects.create_user("x@x.example", "a long password"))
    assert stranger.get(reverse("readings")).status_code == 404


def test_the_empty_page_says_what_will_be_here(microgrid: Microgrid) -> None:
    page = client(microgrid, Role.OPERATOR).get(reverse("readings")).content.decode()
    assert "No file was handed in yet" in page


def test_from_upload_to_acceptance(microgrid: Microgrid) -> None:
    operator = client(microgrid, Role.OPERATOR)
    reading_import = hand_in(operator, wide(microgrid, [DAY]))
    address = reverse("import", args=[reading_import.public_id])
    assert "waiting for a worker" in operator.get(address).content.decode().lower()
    stage_import(reading_import=reading_import, now=microgrid.now(timezone.now()))
    assert operator.get(reverse("import-progress", args=[reading_import.public_id])).headers["HX-Refresh"] == "true"
    page = operator.get(address).content.decode()
    assert "Nothing stored changes" in page
    reply = operator.post(address, {"accept": ""}, follow=True)
    assert "closed again within minutes" in reply.content.decode()
    reading_import.refresh_from_db()
    assert (reading_import.status, reading_import.accepted_by.email) == (ImportStatus.ACCEPTED, "operator@hamlet.example")
    assert MeterDay.objects.count() == reading_import.days_new
    again = operator.post(
        reverse("readings"),
        {
            "file": SimpleUploadedFile("again.csv", wide(microgrid, [DAY]).encode()),
            "format": "wide",
            "unit": "wh",
            "label": "start",
            "clock": "local",
        },
        follow=True,
    )
    assert "accepted already; nothing changed" in again.content.decode()


def test_changing_stored_values_asks_why(microgrid: Microgrid) -> None:
    operator = client(microgrid, Role.OPERATOR)
    code = microgrid.meters.filter(kind="site").order_by("code")[0].code
    for value in ("8", "9"):
        reading_import = hand_in(operator, f"time;{code}\n2016-03-28 00:00;{value}\n")
        stage_import(reading_import=reading_import, now=microgrid.now(timezone.now()))
        address = reverse("import", args=[reading_import.public_id])
        reply = operator.post(address, {"accept": ""}, follow=True).content.decode()
    assert "Stored values change: say why" in reply
    operator.post(address, {"accept": "", "reason": "mistyped"})
    reading_import.refresh_from_db()
    assert (reading_import.status, reading_import.reason) == (ImportStatus.ACCEPTED, "mistyped")


def test_errors_are_shown_with_row_column_and_mending_step(microgrid: Microgrid) -> None:
    operator = client(microgrid, Role.OPERATOR)
    code = microgrid.meters.filter(kind="site").order_by("code")[0].code
    reading_import = hand_in(operator, f"time;{code}\n2016-03-28 00:00;much\n")
    stage_import(reading_import=reading_import, now=microgrid.now(timezone.now()))
    address = reverse("import", args=[reading_import.public_id])
    page = operator.get(address).content.decode()
    assert "1 error in 1 rows; nothing was changed" in page
    assert "is not a number" in page
    assert "Leave the cell empty" in page or "leave the cell empty" in page
    assert "mend the file" in operator.post(address, {"accept": ""}, follow=True).content.decode()
    operator.post(address, {"discard": ""})
    reading_import.refresh_from_db()
    assert reading_import.status == ImportStatus.DISCARDED


def test_a_broken_upload_is_told_in_the_form(microgrid: Microgrid) -> None:
    operator = client(microgrid, Role.OPERATOR)
    given = {"file": SimpleUploadedFile("nothing.csv", b""), "format": "wide", "unit": "wh", "label": "start", "clock": "local"}
    assert "The file is empty" in operator.post(reverse("readings"), given).content.decode()


def test_what_is_wrong_with_a_file_is_said_in_german(microgrid: Microgrid) -> None:
    operator, german = client(microgrid, Role.OPERATOR), {"Accept-Language": "de"}
    reading_import = hand_in(operator, "time;Nobody\n2016-03-28 00:00;1x\n")
    stage_import(reading_import=reading_import, now=microgrid.now(timezone.now()))
    address = reverse("import", args=[reading_import.public_id])
    page = operator.get(address, headers=german).content.decode()
    assert "„1x“ ist keine Zahl." in page
    assert "Schreiben Sie 0,123 oder 0.123 ohne Tausenderzeichen" in page
    headless = hand_in(operator, "when;Nobody\n1;2\n")
    stage_import(reading_import=headless, now=microgrid.now(timezone.now()))
    page = operator.get(reverse("import", args=[headless.public_id]), headers=german).content.decode()
    assert "Die erste Spalte muss „time“ heißen, sie heißt „when“." in page
