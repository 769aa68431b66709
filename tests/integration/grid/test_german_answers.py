"""What was kept in English reaches people in their language: mails by the person's, the API by what the request asks for."""

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from grid.models import GridAlarm, SupplyRequest
from grid.services.supply_requests import ask_limit
from members.models import Membership, Role, User
from members.services.notifications import send_waiting
from tests.integration.grid.yard import NOW, Yard

pytestmark = pytest.mark.django_db


@pytest.fixture
def yard(db: None) -> Yard:
    return Yard()


def operator(yard: Yard, name: str, language: str) -> User:
    user = User.objects.create_user(f"{name}@yard.example", "a long enough word", language=language)
    Membership.objects.create(user=user, cooperative=yard.cooperative, role=Role.OPERATOR)
    return user


def test_each_operator_is_mailed_in_their_language(yard):
    operator(yard, "olga", "de")
    operator(yard, "omar", "en")
    ask_limit(site=yard.meters["Ana"].site, limit_w=2000, why="Unpaid since March.", now=NOW)
    assert SupplyRequest.objects.count() == 1
    assert send_waiting(now=NOW) == 2
    told = {letter.to[0][:4]: (letter.subject, letter.body) for letter in mail.outbox}
    assert told["omar"] == ("To decide: Ana at most 2000 W", "Unpaid since March.\n\nNothing happens before somebody has decided.")
    assert told["olga"] == (
        "Zu entscheiden: Ana höchstens 2000 W",
        "Unpaid since March.\n\nNichts geschieht, bevor jemand entschieden hat.",
    )


@pytest.mark.parametrize(
    ("language", "said"), [("de", "Noch gibt es keinen Plan."), ("en", "No plan is made yet."), ("", "No plan is made yet.")]
)
def test_the_api_answers_in_the_language_that_is_asked_for(yard, client: Client, language, said):
    client.force_login(operator(yard, "olga", "en"))
    answer = client.get(reverse("api-plan", args=[yard.microgrid.public_id]), HTTP_ACCEPT_LANGUAGE=language)
    assert answer.status_code == 404
    assert answer.json()["detail"] == said


@pytest.mark.parametrize(
    ("language", "said"), [("de", "Leitung L7 ist zu 84 % ausgelastet."), ("en", "Line L7 carries 84% of its rating.")]
)
def test_the_api_says_an_alarm_that_was_kept_in_english(yard, client: Client, language, said):
    client.force_login(operator(yard, "olga", "en"))
    GridAlarm.objects.create(
        microgrid=yard.microgrid,
        kind="line_loading",
        subject="L7",
        priority=2,
        seen_at=NOW,
        raised_at=NOW,
        sentence="Line L7 carries 84% of its rating.",
    )
    [alarm] = client.get(reverse("api-grid-alarms", args=[yard.microgrid.public_id]), HTTP_ACCEPT_LANGUAGE=language).json()["results"]
    assert alarm["sentence"] == said
