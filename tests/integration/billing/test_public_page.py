"""The page that everybody may see: only where it was opened, only totals, and the same cents as everywhere else."""

import re
from collections.abc import Iterator
from decimal import Decimal

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.urls import reverse

from billing.models import Component, Document, DocumentLine, LedgerEntry, PublicPage
from billing.selectors.paper import paper_content
from billing.selectors.paper_facts import paper_facts
from billing.selectors.public_page import public_month
from energy.models import Microgrid
from members.models import Member, Membership, Role, User
from tests.integration.billing.conftest import MARCH, Hamlet

URL = reverse("public-days", args=["hamlet"])
API = reverse("api-public-days", args=["hamlet"])


@pytest.fixture(autouse=True)
def nothing_kept() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def shown(hamlet: Hamlet) -> Hamlet:
    PublicPage.objects.create(cooperative=hamlet.cooperative, is_open=True, words_de="Wir sind sieben.")
    return hamlet


def test_nothing_is_shown_that_was_not_opened(hamlet: Hamlet) -> None:
    assert Client().get(URL).status_code == Client().get(API).status_code == 404
    PublicPage.objects.create(cooperative=hamlet.cooperative)
    assert Client().get(URL).status_code == 404
    PublicPage.objects.update(is_open=True)
    assert Client().get(URL).status_code == Client().get(API).status_code == 200


def test_a_few_sites_are_not_shown_as_totals(shown: Hamlet) -> None:
    Microgrid.objects.create(cooperative=shown.cooperative, slug="tiny", name="tiny", time_zone="Europe/Berlin")
    assert Client().get(reverse("public-days", args=["tiny"])).status_code == 404


def test_no_member_and_no_site_is_named(shown: Hamlet) -> None:
    shown.bill()
    page = Client().get(URL).content.decode() + Client().get(API).content.decode()
    for word in [*Member.objects.values_list("name", flat=True), *Document.objects.values_list("label", flat=True)]:
        assert word not in page


def test_it_is_for_everybody_to_keep(shown: Hamlet) -> None:
    reply = Client().get(URL)
    assert "public" in reply["Cache-Control"] and "Cookie" not in reply["Vary"] and not reply.cookies
    assert "public" in Client().get(API)["Cache-Control"]


def test_it_speaks_english_and_german(shown: Hamlet) -> None:
    shown.bill()
    english, german = (Client().get(f"{URL}?lang={lang}").content.decode() for lang in ("en", "de"))
    assert "Everything adds up" in english and "Alles geht auf" in german
    assert "Wir sind sieben." in german and "Wir sind sieben." not in english
    assert "März 2016" in german and re.search(r"\d,\d\d EUR", german)
    assert "Alles geht auf" in Client().get(URL, headers={"accept-language": "de"}).content.decode()


def test_cents_come_with_the_bills_and_energy_before(shown: Hamlet) -> None:
    before = Client().get(API).json()
    assert before["money"] is None and before["days"][0]["paid_minor"] is None
    assert all(day["residual_wh"] == 0 for day in before["days"])
    assert "not written yet" in Client().get(URL).content.decode()
    shown.bill()
    after = Client().get(API).json()  # what was kept before is not shown any more
    assert after["is_whole"] and after["money"]["billed_minor"] > 0


def test_the_same_month_shows_the_same_cents_everywhere(shown: Hamlet) -> None:
    """Public page and API, bill pages, PDF, bill API, ledger: one figure."""
    run = shown.bill()
    lines = DocumentLine.objects.filter(document__run=run)
    bills = list(Document.objects.filter(run=run, kind="bill").order_by("label"))
    local = sum(lines.filter(component=Component.LOCAL).values_list("net_minor", flat=True))
    assert local > 0
    auditor = User.objects.create_user("a@x.org")
    Membership.objects.create(user=auditor, cooperative=shown.cooperative, role=Role.AUDITOR)
    client = Client()
    client.force_login(auditor)

    public = Client().get(API).json()
    assert sum(day["paid_minor"] for day in public["days"]) == public["money"]["local_paid_minor"] == local
    assert sum(day["received_minor"] for day in public["days"]) == local

    clearing = LedgerEntry.objects.filter(account__code="local_clearing")
    assert sum(clearing.values_list("credit_minor", flat=True)) == sum(clearing.values_list("debit_minor", flat=True)) == local

    facts = paper_facts(bills)
    papers = {bill.pk: paper_content(bill, facts[bill.pk]) for bill in bills}
    for bill in bills:
        by_api = client.get(reverse("api-bill", args=[bill.public_id])).json()
        page = client.get(reverse("bill", args=[bill.public_id])).content.decode()
        paper = papers[bill.pk]
        gross = f"{Decimal(bill.gross_minor) / 100:,.2f}"
        assert by_api["gross_minor"] == bill.gross_minor == sum(row["net_minor"] for row in by_api["lines"]) + by_api["vat_minor"]
        assert paper["amount"] == gross and gross in page
    on_paper = sum(
        round(float(row["net"]) * 100)
        for bill in bills
        for row, line in zip(papers[bill.pk]["lines"], facts[bill.pk].lines, strict=True)
        if line.component == Component.LOCAL
    )
    assert on_paper == local
    assert public["money"]["billed_minor"] == sum(bill.gross_minor for bill in bills) == public["money"]["booked_minor"]
    assert f"{Decimal(local) / 100:,.2f}" in Client().get(f"{URL}?lang=en").content.decode()


def test_residuals_are_named_on_their_day(shown: Hamlet) -> None:
    run = shown.bill()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET session_replication_role = 'replica'")
        cursor.execute("UPDATE grid_balanceday SET losses_wh[1] = losses_wh[1] + 1000 WHERE day = %s", [run.first_day])
        cursor.execute(
            "UPDATE billing_documentline SET net_minor = net_minor - 2 WHERE id = (SELECT min(id) FROM billing_documentline WHERE component = 'local_delivered' AND net_minor > 5)"
        )
        cursor.execute(
            "UPDATE billing_documentline SET quantity = 0 WHERE id = (SELECT min(id) FROM billing_documentline WHERE component = 'grid' AND net_minor > 5)"
        )
        cursor.execute("SET session_replication_role = 'origin'")
    found = public_month(shown.microgrid, MARCH)
    assert [day.residual_wh for day in found.days] == [-1000, 0]
    assert sum(day.residual_minor or 0 for day in found.days) == found.money.residual_minor == 2
    assert found.lines_without_energy == 1 and not found.is_whole
    page = Client().get(f"{URL}?lang=en").content.decode()
    assert "Something does not add up" in page and "-1.000" in page and "1 lines have money and no energy" in page


def test_prices_below_zero_are_told_as_ordinary(shown: Hamlet) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = 'replica'")
        cursor.execute("UPDATE grid_priceday SET local_micro[3] = -20000, retail_micro[3] = -40000")
        cursor.execute("SET session_replication_role = 'origin'")
    shown.bill()
    found = public_month(shown.microgrid, MARCH)
    assert sum(day.negative_intervals for day in found.days) == 2 and found.is_whole
    assert "That is ordinary" in Client().get(f"{URL}?lang=en").content.decode()


def test_other_months_and_words_are_not_found(shown: Hamlet) -> None:
    for month in ("2016-02", "March", "2016-13"):
        assert Client().get(URL, {"month": month}).status_code == 404
