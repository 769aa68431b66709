"""Pages and JSON are compressed for a browser that takes it; what shows a secret is not."""

import gzip

import pytest
from django.test import Client
from django.urls import reverse

from members.models import User

pytestmark = pytest.mark.django_db
TAKES_GZIP = {"Accept-Encoding": "gzip, br"}


@pytest.fixture
def client() -> Client:
    made = Client()
    made.force_login(User.objects.create_user("ada@yard.example", "a long enough word"))
    return made


def test_a_page_is_compressed_for_those_who_take_it(client: Client) -> None:
    plain = client.get(reverse("help"))
    assert "Content-Encoding" not in plain.headers
    packed = client.get(reverse("help"), headers=TAKES_GZIP)
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in packed.headers["Vary"]
    assert b"What people ask" in gzip.decompress(packed.content)
    assert len(packed.content) < len(plain.content) / 2


def test_no_two_replies_have_the_same_length(client: Client) -> None:
    lengths = {len(client.get(reverse("help"), headers=TAKES_GZIP).content) for _ in range(20)}
    assert len(lengths) > 5


def test_what_shows_a_secret_is_sent_as_it_is(client: Client) -> None:
    log_in = Client().get(reverse("account_login"), headers=TAKES_GZIP)
    assert "no-store" in log_in.headers["Cache-Control"]
    assert "Content-Encoding" not in log_in.headers


def test_json_is_compressed_too(client: Client) -> None:
    reply = client.get(reverse("api-schema") + "?format=json", headers=TAKES_GZIP)
    assert reply.headers["Content-Encoding"] == "gzip"
