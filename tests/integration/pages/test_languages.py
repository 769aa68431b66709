"""Pages speak the language of the browser until a person chooses another."""

import pytest
from django.test import Client
from django.urls import reverse

from members.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    user = User.objects.create_user("ada@yard.example", "a long enough word")
    made = Client()
    made.force_login(user)
    return made


def test_a_german_browser_reads_german(client: Client) -> None:
    page = client.get(reverse("help"), headers={"Accept-Language": "de-AT,de;q=0.8"}).content.decode()
    assert '<html lang="de">' in page
    assert "Was gefragt wird" in page
    assert "<span>Rechnungen</span>" in page
    assert "What people ask" in client.get(reverse("help"), headers={"Accept-Language": "fr"}).content.decode()


def test_what_a_person_chose_stands_above_the_browser(client: Client) -> None:
    answer = client.post(reverse("language"), {"language": "de"}, follow=True)
    assert "Wer Ihre Daten angesehen hat" in answer.content.decode()
    page = client.get(reverse("help"), headers={"Accept-Language": "en"}).content.decode()
    assert "Was gefragt wird" in page
    assert User.objects.get().language == "de"


def test_a_language_without_texts_is_refused(client: Client) -> None:
    assert client.post(reverse("language"), {"language": "xx"}).status_code == 404
    assert client.get(reverse("language")).status_code == 405
    assert User.objects.get().language == "en"
