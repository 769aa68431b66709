"""The treasurer's pages: a draft in the editor, what it does beside it, two people for each version, a file made a draft."""

import json
import re
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from billing.domain.pricing.parts import Standing
from billing.domain.pricing.urdb import tariff_from_urdb
from billing.models import StepKind, TariffStep, TariffVersion, VersionStatus
from billing.selectors.tariff_editor import editable_parts
from billing.selectors.tariffs import terms_of
from billing.services.tariffs import CannotPublishVersion, approve_version, draft_from, reject_version, submit_version
from members.models import AccessRecord, Membership, Notification, Role, User
from tests.conftest import ROOT
from tests.integration.billing.conftest import NOW, Hamlet

PAINTED = {
    "kind": "energy",
    "periods": [{"name": "base", "tiers": [{"price": "0.24"}]}, {"name": "peak", "tiers": [{"price": "0.39"}]}],
    "schedule": [{"period": 1, "from": "17:00", "to": "21:00", "days": ["mon", "tue", "wed", "thu", "fri", "sat"]}],
}


def person(hamlet: Hamlet, name: str, role: Role = Role.TARIFF_ADMIN, language: str = "en") -> User:
    user = User.objects.create_user(f"{name}@example.org", "a long enough word", name=name.title(), is_staff=True, language=language)
    Membership.objects.create(user=user, cooperative=hamlet.microgrid.cooperative, role=role)
    return user


def logged_in(user: User) -> Any:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def treasurer(hamlet: Hamlet) -> User:
    return person(hamlet, "treasurer")


@pytest.fixture
def draft(hamlet: Hamlet) -> TariffVersion:
    made = draft_from(version=hamlet.version, now=NOW)
    TariffVersion.objects.filter(pk=made.pk).update(valid_from=date(2016, 4, 1))
    made.refresh_from_db()
    return made


def address(version: TariffVersion, page: str = "change") -> str:
    return reverse(f"admin:billing_tariffversion_{page}", args=[version.pk])


def filled(*parts: Any, **changes: str) -> dict[str, Any]:
    return {
        "valid_from": "2016-04-01",
        "vat_rate": "19",
        "standing_per_day": "0.3",
        "energy_per_kwh": "0.35",
        "export_per_kwh": "0.08",
        "incentive_per_kwh": "0",
        "parts": json.dumps(parts) if parts else "",
        "steps-TOTAL_FORMS": 0,
        "steps-INITIAL_FORMS": 0,
    } | changes


def test_a_draft_opens_with_its_hours_as_parts_to_paint(treasurer: User, draft: TariffVersion) -> None:
    page = logged_in(treasurer).get(address(draft)).content.decode()
    assert '"name": "evening", "tiers": [{"price": "0.324"}]' in page
    assert "data-tariff-editor" in page
    assert "Nothing against version 1" in page
    assert 'value="19"' in page


def test_what_is_painted_takes_the_place_of_windows_and_of_the_base_price(treasurer: User, draft: TariffVersion) -> None:
    assert logged_in(treasurer).post(address(draft), filled(PAINTED)).status_code == 302
    draft.refresh_from_db()
    assert (draft.windows.count(), draft.energy_per_kwh, draft.vat_rate) == (0, Decimal("0.24"), Decimal("0.19"))
    terms = terms_of(draft)
    assert editable_parts(terms) == [PAINTED]
    assert terms.window_names == ["base", "peak"]


def test_a_draft_without_painting_keeps_its_windows(treasurer: User, draft: TariffVersion) -> None:
    assert logged_in(treasurer).post(address(draft), filled()).status_code == 302
    draft.refresh_from_db()
    assert (draft.windows.count(), draft.energy_per_kwh) == (1, Decimal("0.35"))


def test_parts_are_checked_as_they_are_written(treasurer: User, draft: TariffVersion) -> None:
    wrong = filled({"kind": "levy", "name": "fund", "price": "dear"})
    client = logged_in(treasurer)
    assert "Levy “fund”, per kWh drawn: &#x27;dear&#x27; is not a number" in client.post(address(draft), wrong).content.decode()
    assert (
        "<strong>Levy “fund”</strong>: <span>per kWh drawn: &#x27;dear&#x27; is not a number"
        in client.post(address(draft, "look"), wrong).content.decode()
    )
    draft.refresh_from_db()
    assert draft.parts == []


def test_a_look_tells_changes_and_bills_and_saves_nothing(treasurer: User, hamlet: Hamlet, draft: TariffVersion) -> None:
    hamlet.bill()
    looked = logged_in(treasurer).post(address(draft, "look"), filled(PAINTED)).content.decode()
    assert "24 hours a week, Mon-Sat 17:00-21:00: 0.324 EUR per kWh becomes 0.39 EUR per kWh" in looked
    assert "Standing charge: 0.105 becomes 0.3 EUR a day (+185.7 %)" in looked
    assert looked.count('<details class="te-bill"') == 3
    draft.refresh_from_db()
    assert draft.parts == []


def test_the_effect_counts_every_member_and_the_look_is_recorded(treasurer: User, hamlet: Hamlet, draft: TariffVersion) -> None:
    shown = logged_in(treasurer).post(address(draft, "effect"), filled(PAINTED)).content.decode()
    assert "6 metering points" in shown
    assert "<dt>Pay more</dt><dd>6</dd>" in shown
    assert AccessRecord.objects.filter(user=treasurer, what="what-if").exists()


def test_one_submits_another_approves_and_both_are_told(treasurer: User, hamlet: Hamlet, draft: TariffVersion) -> None:
    board = person(hamlet, "board", language="de")
    mine, theirs = logged_in(treasurer), logged_in(board)
    mine.post(address(draft), filled(PAINTED))
    assert "It can be approved by: Board" in mine.get(address(draft, "submit")).content.decode()
    draft.refresh_from_db()
    assert draft.status == VersionStatus.DRAFT
    mine.post(address(draft, "submit"))
    draft.refresh_from_db()
    assert (draft.status, draft.submitted_by) == (VersionStatus.SUBMITTED, treasurer)
    assert Notification.objects.get(user=board).subject == "members version 2 wartet auf Ihre Freigabe"
    page = mine.get(address(draft)).content.decode()
    assert 'name="_save"' not in page
    assert address(draft, "approve") not in page
    assert mine.post(address(draft, "approve")).status_code == 403
    assert mine.post(address(draft), filled()).status_code == 403
    assert address(draft, "approve") in theirs.get(address(draft)).content.decode()
    assert "Treasurer submitted it" in theirs.get(address(draft, "approve")).content.decode()
    theirs.post(address(draft, "approve"))
    draft.refresh_from_db()
    assert (draft.status, draft.published_by) == (VersionStatus.PUBLISHED, board)
    assert Notification.objects.get(user=treasurer).subject == "members version 2 is approved"
    steps = TariffStep.objects.filter(version=draft).order_by("pk").values_list("kind", "user")
    assert list(steps) == [(StepKind.SUBMITTED, treasurer.pk), (StepKind.APPROVED, board.pk)]
    assert address(draft, "submit") not in theirs.get(address(draft)).content.decode()


def test_what_is_rejected_says_why_and_is_copied(treasurer: User, hamlet: Hamlet, draft: TariffVersion) -> None:
    board = person(hamlet, "board")
    submit_version(version=draft, user=treasurer, now=NOW)
    theirs = logged_in(board)
    assert theirs.post(address(draft, "reject"), {"reason": ""}).status_code == 200
    theirs.post(address(draft, "reject"), {"reason": "The evening is too dear."})
    draft.refresh_from_db()
    assert draft.status == VersionStatus.REJECTED
    assert "The evening is too dear." in Notification.objects.get(user=treasurer).text
    assert "The evening is too dear." in theirs.get(address(draft)).content.decode()
    before = TariffVersion.objects.count()
    theirs.get(address(draft, "copy_to_draft"))
    assert TariffVersion.objects.count() == before
    theirs.post(address(draft, "copy_to_draft"))
    assert TariffVersion.objects.latest("pk").status == VersionStatus.DRAFT


def test_nobody_approves_their_own_whoever_writes(treasurer: User, draft: TariffVersion) -> None:
    submit_version(version=draft, user=treasurer, now=NOW)
    with pytest.raises(CannotPublishVersion, match="submitted this version yourself"):
        approve_version(version=draft, user=treasurer, now=NOW)
    with pytest.raises(IntegrityError, match="approved_by_another"), transaction.atomic():
        TariffVersion.objects.filter(pk=draft.pk).update(status="published", published_at=NOW, published_by=treasurer)


def test_steps_go_in_order(treasurer: User, hamlet: Hamlet, draft: TariffVersion) -> None:
    with pytest.raises(CannotPublishVersion, match="nothing waits"):
        approve_version(version=draft, user=treasurer, now=NOW)
    submit_version(version=draft, user=treasurer, now=NOW)
    with pytest.raises(CannotPublishVersion, match="only a draft"):
        submit_version(version=draft, user=treasurer, now=NOW)
    with pytest.raises(CannotPublishVersion, match="Say why"):
        reject_version(version=draft, user=treasurer, reason=" ", now=NOW)


@pytest.mark.parametrize(
    "change", [{"status": "draft", "submitted_at": None}, {"vat_rate": "0.07"}, {"parts": [PAINTED]}, {"valid_from": "2016-09-01"}]
)
def test_what_was_submitted_stands_in_the_database(treasurer: User, draft: TariffVersion, change: Any) -> None:
    submit_version(version=draft, user=treasurer, now=NOW)
    with pytest.raises(DatabaseError, match="cannot change"), transaction.atomic():
        TariffVersion.objects.filter(pk=draft.pk).update(**change)
    with pytest.raises(DatabaseError, match="make a new version"), transaction.atomic():
        draft.windows.all().delete()
    with pytest.raises(DatabaseError, match="stays"), transaction.atomic():
        TariffStep.objects.update(reason="none")


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.AUDITOR, Role.SUPPORT])
def test_other_roles_look_but_change_nothing(hamlet: Hamlet, draft: TariffVersion, treasurer: User, role: Role) -> None:
    client = logged_in(person(hamlet, "other", role))
    page = client.get(address(draft)).content.decode()
    assert 'name="_save"' not in page
    assert client.post(address(draft), filled()).status_code == 403
    assert client.post(address(draft, "submit")).status_code == 403
    assert client.get(reverse("admin:billing_tariff_from_urdb")).status_code == 403
    submit_version(version=draft, user=treasurer, now=NOW)
    assert client.post(address(draft, "approve")).status_code == 403
    assert client.post(address(draft, "reject"), {"reason": "no"}).status_code == 403


def test_another_cooperative_s_treasurer_sees_nothing_of_it(draft: TariffVersion) -> None:
    from tests.integration.billing.conftest import make_hamlet

    other = logged_in(person(make_hamlet("other", closed=False), "stranger"))
    for page in ("look", "effect"):
        assert other.post(address(draft, page), filled()).status_code == 404
    assert other.post(address(draft, "submit")).status_code in (302, 403, 404)
    draft.refresh_from_db()
    assert draft.status == VersionStatus.DRAFT


def test_a_file_becomes_a_draft_that_lists_what_is_not_billed(treasurer: User, hamlet: Hamlet) -> None:
    client = logged_in(treasurer)
    with (ROOT / "tests/data/urdb/sdge_tou_dr1.json").open("rb") as file:
        answer = client.post(
            reverse("admin:billing_tariff_from_urdb"),
            {"tariff": hamlet.tariff.pk, "file": file, "metering": "none", "valid_from": "2016-05-01"},
        )
    draft = TariffVersion.objects.latest("pk")
    assert answer.url == address(draft)
    assert (draft.status, draft.source_name, draft.parts[0]["kind"] in ("standing", "energy")) == (
        VersionStatus.DRAFT,
        "sdge_tou_dr1.json",
        True,
    )
    page = client.get(address(draft)).content.decode()
    assert "In sdge_tou_dr1.json, but not billed" in page
    assert all(f"<li>{key}</li>" in page for key in draft.not_billed if "'" not in key)


def test_a_file_that_is_no_tariff_is_refused_with_words(treasurer: User, hamlet: Hamlet, tmp_path: Any) -> None:
    wrong = tmp_path / "wrong.json"
    wrong.write_text("{}")
    with wrong.open("rb") as file:
        answer = logged_in(treasurer).post(
            reverse("admin:billing_tariff_from_urdb"),
            {"tariff": hamlet.tariff.pk, "file": file, "metering": "none", "valid_from": "2016-05-01"},
        )
    assert "energyratestructure: is missing" in answer.content.decode()
    with wrong.open("rb") as file:
        answer = logged_in(treasurer).post(
            reverse("admin:billing_tariff_from_urdb"),
            {"tariff": hamlet.tariff.pk, "file": file, "metering": "none", "valid_from": "2016-05-01"},
            headers={"Accept-Language": "de"},
        )
    page = answer.content.decode()
    assert "energyratestructure: fehlt; geben Sie die Preise je kWh nach Zeit und Staffel an" in page
    assert 'aria-describedby="id_file_helptext id_file_error"' in page
    assert {"id_file_helptext", "id_file_error"} <= set(re.findall(r'\bid="([^"]+)"', page))


def test_a_version_can_be_had_in_openeis_form(treasurer: User, hamlet: Hamlet) -> None:
    answer = logged_in(treasurer).get(address(hamlet.version, "download_openei"))
    assert answer.headers["Content-Disposition"] == 'attachment; filename="members-1.json"'
    given = json.loads(answer.content)
    assert [tiers[0]["rate"] for tiers in given["energyratestructure"]] == [0.27, 0.324]
    assert given["energyweekdayschedule"][0][16:22] == [0, 1, 1, 1, 1, 0]
    assert given["fixedchargefirstmeter"] == 0.105
    assert {"local", "incentive", "export: the rule feed_in"} <= set(given["x_left_out"])
    assert tariff_from_urdb(given, metering="net-billing", tier_rule="prorated").tariff.of_kind(Standing)
