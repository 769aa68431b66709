"""What services and doors keep in English is German where the reader is: messages, questions before a step, columns of the admin, why a mandate rests."""

from typing import Any

import pytest
from django.contrib import admin, messages
from django.contrib.messages import get_messages
from django.contrib.sessions.backends.cache import SessionStore
from django.test import RequestFactory
from django.utils.html import format_html
from django.utils.translation import override

from billing.domain.banking.return_codes import REASONS
from billing.selectors.phrases import pause_said
from contracts.domain import checking
from members.admin.confirm import ask_first
from members.language import say_kept
from members.models import User

pytestmark = pytest.mark.django_db
# Names that German has too.
SAME = {"Block", "PDF", "Problem", "Status"}


@pytest.fixture
def request_of() -> Any:
    request: Any = RequestFactory().get("/")
    request.session, request.user = SessionStore(), User.objects.create_superuser("root@x.org", "x")
    request._messages = messages.storage.default_storage(request)
    return request


def test_a_message_is_said_when_it_is_read(request_of: Any) -> None:
    messages.success(request_of, "3 of the chosen devices revoked; their messages are refused.")
    messages.info(request_of, format_html("<b>{}</b>", "Members are told."))
    with override("de"):
        first, second = (str(message) for message in get_messages(request_of))
    assert first == "3 der gewählten Geräte gesperrt; ihre Meldungen werden abgewiesen."
    assert second == "<b>Members are told.</b>"


def test_the_question_before_a_step_is_german(request_of: Any) -> None:
    with override("de"):
        asked = ask_first(
            request_of,
            title="Halt inverter 1.4.0",
            button="Halt",
            back="/",
            sentence="inverter 1.4.0 will be offered to no further device. What runs it keeps it; a new version mends it.",
        )
    assert asked is not None
    page = asked.content.decode()
    assert "inverter 1.4.0 anhalten" in page and "wird keinem weiteren Gerät angeboten" in page
    assert "eine neue Fassung behebt es" in page


@pytest.mark.parametrize("room", ["billing", "contracts", "energy", "grid", "members"])
def test_columns_and_steps_of_the_admin_are_german(room: str) -> None:
    english_only = []
    for page in (p for m, p in admin.site._registry.items() if m._meta.app_label == room):
        names = [*page.list_display, *(page.actions or ()), *getattr(page, "actions_detail", ())]
        for name in names:
            said = getattr(getattr(page, str(name), None), "short_description", None)
            if said is None or not isinstance(name, str):
                continue
            words = []
            for language in ("en", "de"):
                with override(language):
                    words.append(str(said))
            if words[0] == words[1] and words[0] not in SAME:
                english_only.append(f"{page}: {words[0]}")
    assert english_only == []


def test_a_bank_s_answer_is_german_where_it_rests_on_a_mandate() -> None:
    for reason in REASONS.values():
        kept = f"2016-04-01 {reason.code}: {reason.english}"
        with override("en"):
            assert pause_said(kept) == f"1 Apr 2016 {reason.code}: {reason.english}"
        with override("de"):
            assert pause_said(kept) == f"01.04.2016 {reason.code}: {reason.german}"
    assert pause_said("") == ""


def test_findings_of_the_witness_are_german() -> None:
    found = [getattr(checking, name) for name in ("CHANGED", "LEAF_CHANGED", "EITHER_CHANGED", "GONE", "NO_LEAF", "NO_WAY")]
    with override("de"):
        assert all(say_kept(words) != words for words in found)
        assert (
            say_kept(f"Total (gross) is '12' now: {checking.CHANGED}")
            == "Total (gross) ist jetzt „12“: was jetzt gespeichert ist, ist nicht, was verankert wurde"
        )
        assert say_kept("The chain's node does not answer (ConnectionError).").startswith("Der Knoten der Kette")
