"""The doors of reviews: the operators' pages and the API, for operators alone."""

import pytest
from django.test import Client
from django.urls import reverse

from energy.models import MeterDay, Review, ReviewState
from members.models import AccessRecord, Role, User
from tests.integration.energy.conftest import SPIKE_AT
from tests.integration.energy.test_import_pages import client

pytestmark = pytest.mark.django_db


def test_an_empty_list_says_what_will_be_here(microgrid) -> None:
    operator = client(microgrid, Role.OPERATOR)
    assert "No day waits" in operator.get(reverse("reviews")).content.decode()
    assert "Nothing was decided yet" in operator.get(reverse("reviews") + "?state=decided").content.decode()


def test_only_operators_come_in(waiting: Review) -> None:
    address = reverse("review", args=[waiting.public_id])
    assert client(waiting.microgrid, Role.OPERATOR).get(address).status_code == 200
    stranger = Client()
    stranger.force_login(User.objects.create_user("x@x.example", "a long password"))
    for one in (client(waiting.microgrid, Role.AUDITOR), stranger):
        assert one.get(address).status_code == 404
        assert one.get(reverse("reviews")).status_code == 404
        assert one.post(address, {"accept": ""}).status_code == 404
    assert Client().get(address).status_code == 302
    waiting.refresh_from_db()
    assert waiting.state == ReviewState.OPEN


def test_a_look_is_recorded_for_the_member(waiting: Review) -> None:
    client(waiting.microgrid, Role.OPERATOR).get(reverse("review", args=[waiting.public_id]))
    assert AccessRecord.objects.filter(member=waiting.meter.site.member, what="Review of readings").exists()


def test_the_page_shows_the_day_and_proposals(waiting: Review) -> None:
    page = client(waiting.microgrid, Role.OPERATOR).get(reverse("review", args=[waiting.public_id])).content.decode()
    assert "From the registers" in page
    assert "As on like days" in page
    assert 'id="review-data"' in page


def test_several_are_accepted_at_once(waiting: Review) -> None:
    operator = client(waiting.microgrid, Role.OPERATOR)
    assert waiting.meter.code in operator.get(reverse("reviews")).content.decode()
    operator.post(reverse("reviews"), {})
    waiting.refresh_from_db()
    assert waiting.state == ReviewState.OPEN
    operator.post(reverse("reviews"), {"review": [str(waiting.public_id)]})
    waiting.refresh_from_db()
    assert waiting.state == ReviewState.ACCEPTED
    assert waiting.meter.code in operator.get(reverse("reviews") + "?state=decided").content.decode()


def test_an_edit_needs_a_reason_and_then_makes_a_version(waiting: Review) -> None:
    operator = client(waiting.microgrid, Role.OPERATOR)
    address = reverse("review", args=[waiting.public_id])
    page = operator.post(address, {"edit": "", "proposal": "calculated"}, follow=True).content.decode()
    assert "Say why" in page
    page = operator.post(address, {"edit": "", "proposal": "own", "values": "many", "reason": "x"}, follow=True)
    assert "whole numbers" in page.content.decode()
    operator.post(address, {"edit": "", "proposal": "calculated", "reason": "Read on site"})
    row = MeterDay.objects.get(meter_id=waiting.meter_id, channel=waiting.channel, day=waiting.day, is_current=True)
    assert row.version == 2
    assert row.values_wh[SPIKE_AT] == waiting.proposals["calculated"][waiting.intervals.index(SPIKE_AT)]
    assert "Read on site" in operator.get(address).content.decode()


def test_the_api_lists_and_decides(waiting: Review) -> None:
    operator = client(waiting.microgrid, Role.OPERATOR)
    [found] = operator.get(reverse("api-reviews"), {"state": "open"}).json()["results"]
    assert "spike" in found["found"]
    address = reverse("api-review-decision", args=[waiting.public_id])
    refused = operator.post(address, {"decision": "edit", "values_wh": [1]}, content_type="application/json")
    assert refused.status_code == 400
    done = operator.post(address, {"decision": "accept", "reason": "seen"}, content_type="application/json").json()
    assert (done["state"], done["reason"]) == ("accepted", "seen")
    assert operator.get(reverse("api-reviews"), {"state": "nonsense"}).status_code == 400
    assert client(waiting.microgrid, Role.AUDITOR).post(address, {"decision": "accept"}).status_code == 404


def test_the_list_asks_the_database_a_bounded_number_of_times(waiting: Review, django_assert_max_num_queries) -> None:
    operator = client(waiting.microgrid, Role.OPERATOR)
    operator.get(reverse("reviews"))
    with django_assert_max_num_queries(14):
        operator.get(reverse("reviews"))
