"""The treasurer's pages: hours as people write them, a draft that becomes a version, a version that stays."""

import json
from typing import Any

import pytest
from django.urls import reverse

from billing.domain.pricing.parts import Standing
from billing.domain.pricing.urdb import tariff_from_urdb
from billing.models import TariffVersion, VersionStatus
from billing.services.tariffs import draft_from
from members.models import Membership, Role, User
from tests.integration.billing.conftest import NOW, Hamlet


@pytest.fixture
def treasurer(client: Any, hamlet: Hamlet) -> Any:
    user = User.objects.create_user("treasurer@example.org", "a long enough word", is_staff=True)
    Membership.objects.create(user=user, cooperative=hamlet.microgrid.cooperative, role=Role.TARIFF_ADMIN)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def address(version: TariffVersion, page: str = "change") -> str:
    return reverse(f"admin:billing_tariffversion_{page}", args=[version.pk])


def filled(draft: TariffVersion, start: str, end: str) -> dict[str, Any]:
    window = draft.windows.get()
    return {
        "tariff": draft.tariff_id, "valid_from": "2016-04-01", "vat_rate": "0.19", "standing_per_day": "0.3",
        "energy_per_kwh": "0.35", "export_per_kwh": "0.08", "incentive_per_kwh": "0", "windows-TOTAL_FORMS": 1,
        "windows-INITIAL_FORMS": 1, "windows-0-id": window.pk, "windows-0-version": draft.pk, "windows-0-name": "evening",
        "windows-0-days": "weekdays", "windows-0-start_minute": start, "windows-0-end_minute": end, "windows-0-multiplier": "1.5",
    }  # fmt: skip


def test_hours_are_written_as_times_of_day(treasurer: Any, hamlet: Hamlet) -> None:
    draft = draft_from(version=hamlet.version, now=NOW)
    assert b'value="17:00"' in treasurer.get(address(draft)).content
    assert treasurer.post(address(draft), filled(draft, "18:30", "24:00")).status_code == 302
    window = draft.windows.get()
    assert (window.days, window.start_minute, window.end_minute) == ("weekdays", 1110, 1440)


@pytest.mark.parametrize("time", ["half past six", "25:00", "24:01", "12:60", "1020"])
def test_what_is_no_time_of_day_is_refused_with_an_example(treasurer: Any, hamlet: Hamlet, time: str) -> None:
    draft = draft_from(version=hamlet.version, now=NOW)
    page = treasurer.post(address(draft), filled(draft, time, "21:00")).content.decode()
    assert "for example 17:00" in page
    assert time in page
    assert draft.windows.get().start_minute == 1020


def test_a_window_that_ends_before_it_begins_is_refused(treasurer: Any, hamlet: Hamlet) -> None:
    draft = draft_from(version=hamlet.version, now=NOW)
    assert treasurer.post(address(draft), filled(draft, "21:00", "17:00")).status_code == 200
    assert draft.windows.get().start_minute == 1020


def test_a_draft_is_published_once_and_then_only_copied(treasurer: Any, hamlet: Hamlet) -> None:
    draft = draft_from(version=hamlet.version, now=NOW)
    treasurer.post(address(draft), filled(draft, "17:00", "21:00"))
    assert "Publish" in treasurer.get(address(draft)).content.decode()
    assert "will hold from 2016-04-01" in treasurer.get(address(draft, "publish")).content.decode()
    draft.refresh_from_db()
    assert draft.status == VersionStatus.DRAFT
    treasurer.post(address(draft, "publish"))
    draft.refresh_from_db()
    assert draft.status == VersionStatus.PUBLISHED
    page = treasurer.get(address(draft)).content.decode()
    assert "17:00 to 21:00" in page
    assert 'name="_save"' not in page
    assert reverse("admin:billing_tariffversion_publish", args=[draft.pk]) not in page
    assert treasurer.post(address(draft), filled(draft, "10:00", "11:00")).status_code == 403
    before = TariffVersion.objects.count()
    treasurer.get(address(draft, "copy_to_draft"))
    assert TariffVersion.objects.count() == before
    treasurer.post(address(draft, "copy_to_draft"))
    assert TariffVersion.objects.count() == before + 1


def test_a_version_can_be_had_in_openeis_form(treasurer: Any, hamlet: Hamlet) -> None:
    answer = treasurer.get(address(hamlet.version, "download_openei"))
    assert answer.headers["Content-Disposition"] == 'attachment; filename="members-1.json"'
    given = json.loads(answer.content)
    assert [tiers[0]["rate"] for tiers in given["energyratestructure"]] == [0.27, 0.324]
    assert given["energyweekdayschedule"][0][16:22] == [0, 1, 1, 1, 1, 0]
    assert given["fixedchargefirstmeter"] == 0.105
    assert {"local", "incentive", "export: the rule feed_in"} <= set(given["x_left_out"])
    assert tariff_from_urdb(given, metering="net-billing", tier_rule="prorated").tariff.of_kind(Standing)


def test_parts_are_checked_as_they_are_written(treasurer: Any, hamlet: Hamlet) -> None:
    draft = draft_from(version=hamlet.version, now=NOW)
    wrong = filled(draft, "17:00", "21:00") | {"parts": '[{"kind": "levy", "name": "fund", "price": "dear"}]'}
    assert "parts[0].price: is &#x27;dear&#x27;" in treasurer.post(address(draft), wrong).content.decode()
    right = filled(draft, "17:00", "21:00") | {
        "parts": '[{"kind": "levy", "name": "fund", "price": "0.005"}]'
    }
    assert treasurer.post(address(draft), right).status_code == 302
    draft.refresh_from_db()
    assert draft.parts == [{"kind": "levy", "name": "fund", "price": "0.005"}]
    assert treasurer.post(address(draft), filled(draft, "17:00", "21:00") | {"parts": ""}).status_code == 302
    draft.refresh_from_db()
    assert draft.parts == []
