"""Each route of bills and payments for each kind of person: their own, or nothing, and every look by others written down."""

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from members.models import AccessRecord, User
from tests.integration.api.conftest import Doors

MAY_SEE = {"owner", "auditor"}
ROUTES = ("api-bill", "api-bill-pdf", "api-bill-proof", "bill", "bill-pdf")
MOST_QUERIES = {
    "api-bills": 6,
    "api-payments": 6,
    "api-distributions": 6,
    "api-sites": 6,
    "api-meters": 6,
    "api-microgrids": 6,
    "api-card-payments": 6,
    "api-incentive-awards": 6,
    "api-prepaid": 10,
}


@pytest.fixture(autouse=True)
def no_throttle_left_over() -> None:
    cache.clear()


@pytest.mark.parametrize("who", ["anonymous", "nobody", "owner", "neighbour", "auditor", "operator", "foreign auditor"])
def test_a_document_is_there_only_for_its_owner_and_auditors(doors: Doors, who: str) -> None:
    document = doors.documents(doors.owner)[0]
    for route in ROUTES:
        reply = doors.clients[who].get(reverse(route, args=[document.public_id]))
        if who == "anonymous":
            assert reply.status_code in (302, 401, 403), route
        elif who not in MAY_SEE:
            assert reply.status_code == 404, route
            assert document.label.encode() not in b"".join(reply), route
        elif route == "api-bill-proof":
            assert reply.status_code == 409  # not anchored in this test, and said so
            assert reply.json()["title"] == "Not anchored yet"
        else:
            assert reply.status_code == 200, route
        if route.startswith("api-") and reply.status_code >= 400:
            assert reply.headers["Content-Type"].startswith("application/problem+json"), route


def test_lists_hold_exactly_what_one_may_see(doors: Doors) -> None:
    expected = {
        "nobody": 0,
        "operator": 0,
        "foreign auditor": 0,
        "owner": len(doors.documents(doors.owner)),
        "auditor": doors.run.documents.count(),
    }
    for who, count in expected.items():
        assert doors.clients[who].get(reverse("api-bills")).json()["count"] == count, who
    assert doors.clients["anonymous"].get(reverse("api-bills")).status_code in (401, 403)


def test_lists_ask_the_database_a_bounded_number_of_times(doors: Doors) -> None:
    for route, most in MOST_QUERIES.items():
        with CaptureQueriesContext(connection) as asked:
            assert doors.clients["auditor"].get(reverse(route)).status_code == 200
        assert len(asked) <= most, [query["sql"][:120] for query in asked]


def test_a_look_by_an_auditor_is_shown_to_the_member(doors: Doors) -> None:
    document = doors.documents(doors.owner)[0]
    doors.clients["owner"].get(reverse("api-bill", args=[document.public_id]))
    assert not AccessRecord.objects.exists()
    doors.clients["auditor"].get(reverse("api-bill", args=[document.public_id]))
    assert AccessRecord.objects.get().member == doors.owner
    assert document.label in doors.clients["owner"].get(reverse("profile")).content.decode()


def test_the_bill_by_api_is_the_bill(doors: Doors) -> None:
    bill = next(d for d in doors.documents(doors.owner) if d.kind == "bill")
    shown = doors.clients["owner"].get(reverse("api-bill", args=[bill.public_id])).json()
    assert shown["number"] == bill.label
    assert (shown["net_minor"], shown["vat_minor"], shown["gross_minor"]) == (bill.net_minor, bill.vat_minor, bill.gross_minor)
    assert sum(line["net_minor"] for line in shown["lines"]) == bill.net_minor


def test_the_same_list_again_is_not_sent_again(doors: Doors) -> None:
    first = doors.clients["owner"].get(reverse("api-bills"))
    again = doors.clients["owner"].get(reverse("api-bills"), headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304


@pytest.mark.parametrize("query", ["kind=letter", "period=March", "period=2016"])
def test_a_wrong_filter_is_told_in_words(doors: Doors, query: str) -> None:
    reply = doors.clients["owner"].get(f"{reverse('api-bills')}?{query}")
    assert reply.status_code == 400
    assert reply.headers["Content-Type"].startswith("application/problem+json")
    assert query.split("=")[0] in reply.json()["errors"]


def test_an_app_logs_in_reads_and_logs_out(doors: Doors) -> None:
    client = doors.clients["anonymous"]
    wrong = client.post(reverse("api-tokens"), {"email": "owner@doors.example", "password": "not this"})
    assert wrong.status_code == 400
    token = client.post(reverse("api-tokens"), {"email": "Owner@doors.example", "password": "a long password"}).json()["token"]
    header = {"Authorization": f"Token {token}"}
    me = client.get(reverse("api-me"), headers=header).json()
    assert me["email"] == "owner@doors.example"
    assert me["memberships"][0]["role"] == "member"
    assert client.delete(reverse("api-tokens"), headers=header).status_code == 204
    assert client.get(reverse("api-me"), headers=header).status_code in (401, 403)


def test_guessing_passwords_is_slowed_down(doors: Doors) -> None:
    User.objects.filter(email="owner@doors.example").update(is_active=True)
    wrong = {"email": "owner@doors.example", "password": "guess"}
    codes = [doors.clients["anonymous"].post(reverse("api-tokens"), wrong).status_code for _ in range(12)]
    assert codes[-1] == 429


@pytest.mark.parametrize("who", ["owner", "auditor", "operator"])
def test_every_page_opens(doors: Doors, who: str) -> None:
    for route in ("home", "energy", "village", "help", "profile", "bills", "payments", "shared-out", "live"):
        assert doors.clients[who].get(reverse(route)).status_code in (200, 302), route


def test_the_schema_is_complete(doors: Doors) -> None:
    reply = doors.clients["owner"].get(reverse("api-schema"), headers={"Accept": "application/vnd.oai.openapi+json"})
    schema = reply.json()
    assert schema["openapi"].startswith("3.1")
    for path in ("/api/v1/bills/", "/api/v1/bills/{public_id}/proof/", "/api/v1/me/", "/api/v1/telemetry/", "/api/v1/sites/"):
        assert path in schema["paths"]
    assert doors.clients["owner"].get(reverse("api-docs")).status_code == 200
