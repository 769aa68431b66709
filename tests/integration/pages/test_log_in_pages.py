"""The pages of one's log-in: in the portal, never a dead end, spoken to with Sie, each field with its words."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from members.models import User

pytestmark = pytest.mark.django_db
GERMAN = {"Accept-Language": "de"}
OWN = ("account_email", "account_change_password", "mfa_index")


@pytest.fixture
def client() -> Client:
    made = Client()
    made.force_login(User.objects.create_user("ada@yard.example", "a long enough word"))
    return made


def described_by_nothing(page: str) -> set[str]:
    """Names that fields say describe them, and that no element has."""
    named = {name for names in re.findall(r'aria-describedby="([^"]+)"', page) for name in names.split()}
    return named - set(re.findall(r'\bid="([^"]+)"', page))


@pytest.mark.parametrize("route", OWN)
def test_own_pages_stand_in_the_portal_and_lead_back(client: Client, route: str) -> None:
    page = client.get(reverse(route), headers=GERMAN).content.decode()
    assert f'<a class="entry" href="{reverse("profile")}" aria-current="page">' in page
    assert f'href="{reverse("profile")}">← Sie</a>' in page
    assert described_by_nothing(page) == set()
    assert not re.search(r"\b([Dd]u|[Dd]ein\w*|dich|dir)\b", page)


def test_a_wrong_password_is_told_at_its_field(client: Client) -> None:
    given = {"oldpassword": "not this one", "password1": "a longer new word", "password2": "another new word"}
    page = client.post(reverse("account_change_password"), given, headers=GERMAN).content.decode()
    assert "Bitte geben Sie Ihr jetziges Passwort ein." in page
    assert 'id="id_oldpassword_error"' in page
    assert described_by_nothing(page) == set()


def test_a_phone_too_finds_the_way_out(client: Client) -> None:
    main = client.get(reverse("profile")).content.decode().split("<main", 1)[1]
    assert f'action="{reverse("account_logout")}"' in main
    assert all(f'href="{reverse(route)}"' in main for route in OWN)
    assert f'href="{reverse("profile")}"' in client.get(reverse("help")).content.decode().split("<main", 1)[1]


def test_who_is_outside_reads_where_log_ins_come_from() -> None:
    page = Client().get(reverse("account_login"), headers=GERMAN).content.decode()
    assert page.count(f'href="{reverse("account_reset_password")}"') == 1
    assert described_by_nothing(page) == set()
    closed = Client().get(reverse("account_signup"), headers=GERMAN).content.decode()
    assert "Ihren Zugang gibt Ihnen Ihre Genossenschaft" in closed
