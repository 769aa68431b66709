"""A battery's page and door: hour by hour why, for its owner and the operator, for nobody else."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from billing.services.price_publication import publish_days
from grid.domain.battery_words import Word
from grid.models import CommandKind, CommandStatus, DeviceCommand, FlexibilityDay, FlexibilityTerms
from members.models import Membership, Role, User
from tests.integration.grid.yard import EVENING, FIRST, NOON, NOW, Yard

pytestmark = pytest.mark.django_db
QUARTER = timedelta(minutes=15)


@pytest.fixture
def yard(db: None) -> Yard:
    """Ana owns the battery; on the first day it took Ben's surplus by itself and gave it when told to."""
    made = Yard()
    made.microgrid.clock_real_start, made.microgrid.clock_shown_start = NOW, NOW
    made.microgrid.save()
    site = made.storage.site
    site.member = made.meters["Ana"].site.member
    site.save()
    FlexibilityTerms.objects.create(microgrid=made.microgrid, share="0.4", valid_from=FIRST)
    publish_days(microgrid=made.microgrid, days=[FIRST], now=NOW)
    made.measure(FIRST, (NOON, "Ben", 0, 1500), (NOON, "Store", 1000, 0), (EVENING, "Store", 0, 700), (EVENING, "Ana", 2000, 0))
    start = made.microgrid.local_day(FIRST).start_at + EVENING * QUARTER
    DeviceCommand.objects.create(
        microgrid=made.microgrid,
        storage=made.storage,
        discharge_w=2800,
        reason="plan, corrected by what is measured",
        issued_at=start,
        expires_at=start + QUARTER,
        status=CommandStatus.ACKNOWLEDGED,
        acknowledged_at=start,
    )
    made.close(FIRST)
    return made


def client_of(yard: Yard, role: Role, name: str) -> Client:
    member = None if role == Role.OPERATOR else yard.meters[name].site.member
    user = User.objects.create_user(f"{name}@yard.example", "a long enough word")
    Membership.objects.create(user=user, cooperative=yard.cooperative, role=role, member=member)
    client = Client()
    client.force_login(user)
    return client


def test_the_owner_reads_why_and_what_was_earned(yard):
    client = client_of(yard, Role.MEMBER, "Ana")
    page = client.get(reverse("own-battery") + f"?day={FIRST}").content.decode()
    assert "Gave 0.70 kWh, as planned: otherwise a kilowatt-hour would have cost the village 0.300." in page
    assert "0.08 <small>EUR" in page  # two fifths of 0.21
    assert "neighbours" in page
    assert "A neighbour</th>" in page
    assert "Ben" not in page
    page = client.get(reverse("own-battery") + f"?day={FIRST}", headers={"Accept-Language": "de"}).content.decode()
    assert "Gab nach Plan 0,70 kWh ab" in page
    assert "Was in ihr liegt" in page
    assert "Your battery" in client.get(reverse("energy")).content.decode()


def test_who_has_no_battery_has_no_page_and_no_look_at_others(yard):
    client = client_of(yard, Role.MEMBER, "Ben")
    assert client.get(reverse("own-battery")).status_code == 404
    assert client.get(reverse("stored")).status_code == 404
    assert client.get(reverse("storage", args=[yard.storage.public_id])).status_code == 404
    assert client.get(reverse("api-storage-day", args=[yard.storage.public_id, FIRST])).status_code == 404


def test_the_operator_sees_every_storage_by_origin(yard):
    client = client_of(yard, Role.OPERATOR, "Olga")
    page = client.get(reverse("stored")).content.decode()
    assert "battery" in page
    assert "0.21" in page
    page = client.get(reverse("storage", args=[yard.storage.public_id]) + f"?day={FIRST}").content.decode()
    assert "as planned" in page
    assert "Ben</th>" in page
    address = reverse("storage", args=[yard.storage.public_id]) + f"?day={FIRST}"
    page = client.get(address, headers={"Accept-Language": "de"}).content.decode()
    assert "Gab nach Plan 0,70 kWh ab" in page
    assert "as planned" not in page


def test_the_door_tells_origins_and_hours(yard):
    client = client_of(yard, Role.MEMBER, "Ana")
    body = client.get(reverse("api-storage-day", args=[yard.storage.public_id, FIRST])).json()
    assert sum(body["origins"]["charged_wh"]["local"]) == 1000
    assert body["origins"]["layers"] == [{"at": "2016-03-26T11:00:00Z", "own": 0, "local": 25, "public": 0, "unknown": 0}]
    [produced] = body["origins"]["producers"]
    assert (produced["who"], produced["name"], produced["charged_wh"], produced["discharged_wh"]) == ("neighbour", "", 1000, 700)
    assert body["flexibility"]["kind"][EVENING] == "plan"
    hours = {hour["begins"]: hour for hour in body["hours"]}
    assert list(hours) == ["00:00", "12:00", "13:00", "18:00", "19:00"]
    assert hours["18:00"]["earned"] == "0.084000"
    assert hours["12:00"]["sentence"] == "Took 1.00 kWh by itself."
    assert client.get(reverse("api-storage-day", args=[yard.storage.public_id, "2016-03-20"])).json()["origins"] is None


def test_the_words_are_of_the_kinds_that_are_kept():
    assert {word.value for word in Word} == set(CommandKind.values)


def test_the_plans_reason_for_an_hour_is_said_in_german_on_the_page_and_at_the_door(yard):
    row = FlexibilityDay.objects.get(storage=yard.storage, day=FIRST)
    row.sentences = ["battery gives 2.8 kW that it stored at 12:00, instead of energy bought at 0.30."]
    row.sentence = [0 if t == EVENING else -1 for t in range(len(row.kind))]
    row.save()
    client, german = client_of(yard, Role.MEMBER, "Ana"), {"Accept-Language": "de"}
    said = "battery gibt 2,8 kW ab, geladen um 12:00, statt Energie für 0,30 zu kaufen."
    page = client.get(reverse("own-battery") + f"?day={FIRST}", headers=german).content.decode()
    assert f"Im Plan stand: {said}" in page
    door = reverse("api-storage-day", args=[yard.storage.public_id, FIRST])
    body = client.get(door, headers=german).json()
    hours = {hour["begins"]: hour for hour in body["hours"]}
    assert hours["18:00"]["plan_says"] == said
    assert hours["18:00"]["sentence"].startswith("Gab nach Plan 0,70 kWh ab: ")
    assert body["flexibility"]["sentences"] == [said]
    assert client.get(door).json()["flexibility"]["sentences"] == row.sentences
