"""A tariff version is published, and the next bill uses it; what was published or used before stays."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction

from billing.models import DocumentLine, TariffVersion
from billing.services.preview import preview_version
from billing.services.price_publication import publish_days
from billing.services.tariffs import CannotPublishVersion, draft_from, publish_version
from kernel.intervals import Month
from tests.integration.billing.conftest import DAYS, NOW, Hamlet, measure

APRIL = [date(2016, 4, 2)]


def new_version(hamlet: Hamlet, valid_from: date, energy: str) -> TariffVersion:
    draft = draft_from(version=hamlet.version, now=NOW)
    draft.valid_from, draft.energy_per_kwh = valid_from, Decimal(energy)
    draft.save()
    return draft


def test_the_next_month_is_billed_under_the_new_version(hamlet: Hamlet) -> None:
    march = hamlet.bill()
    draft = new_version(hamlet, date(2016, 4, 1), "0.35")
    previews = preview_version(draft)
    assert previews
    assert all(preview.difference_minor > 0 for preview in previews)
    publish_version(version=draft, user=None, now=NOW)
    hamlet.version.refresh_from_db()
    assert hamlet.version.valid_to == date(2016, 4, 1)
    publish_days(microgrid=hamlet.microgrid, days=APRIL, now=NOW)
    later = NOW.replace(month=5)
    measure(hamlet.microgrid, APRIL, now=later)
    april = hamlet.bill(month=Month(2016, 4), days=APRIL, now=later)

    def prices(run) -> set[Decimal]:
        return set(DocumentLine.objects.filter(document__run=run, component="grid", window="base").values_list("price", flat=True))

    assert Decimal("0.27") in prices(march)
    assert Decimal("0.35") in prices(april)


def test_a_version_that_would_overlap_is_refused_with_words(hamlet: Hamlet) -> None:
    draft = new_version(hamlet, hamlet.version.valid_from, "0.35")
    with pytest.raises(CannotPublishVersion, match="choose a later first day"):
        publish_version(version=draft, user=None, now=NOW)


def test_a_used_version_cannot_change(hamlet: Hamlet) -> None:
    hamlet.bill()
    with pytest.raises(DatabaseError, match="make a new version"), transaction.atomic():
        TariffVersion.objects.filter(pk=hamlet.version.pk).update(energy_per_kwh=Decimal("0.01"))


def test_published_prices_stay_when_a_tariff_changes_later(hamlet: Hamlet) -> None:
    assert publish_days(microgrid=hamlet.microgrid, days=DAYS, now=NOW) == 0
