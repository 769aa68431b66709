"""Several VAT rates on a document, and who shows none: printed, as e-invoice, in the ledger, by the API and on the page alike."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import Sum
from django.db.utils import DatabaseError
from django.test import Client

from benchmarks.e_invoice_rules import broken_rules
from billing.adapters.documents.e_invoice import invoice_xml
from billing.domain.e_invoice import business_terms
from billing.models import Document, DocumentVat, LedgerEntry, VatStatus
from billing.selectors.documents import published_fields
from billing.selectors.e_invoice import invoice_of
from billing.selectors.paper import paper_content
from billing.selectors.paper_facts import paper_facts
from billing.selectors.run_summary import trial_balance
from billing.services.tariffs import draft_from, publish_version
from kernel.money import round_half_away
from members.models import Member, Membership, Role, User
from tests.integration.billing.conftest import DAYS, NOW, Hamlet

JANUARY = date(2016, 1, 1)


def change_rate(hamlet: Hamlet, rate: str) -> None:
    draft = draft_from(version=hamlet.version, now=NOW)
    draft.valid_from, draft.vat_rate = DAYS[1], Decimal(rate)
    draft.save()
    publish_version(version=draft, user=None, now=NOW)


def stand(hamlet: Hamlet, code: str | None, **fields: object) -> VatStatus:
    member = Member.objects.get(sites__code=code, cooperative=hamlet.cooperative) if code else None
    chosen = {"valid_from": JANUARY, "cooperative": hamlet.cooperative, "member": member} | fields
    return VatStatus.objects.create(**chosen)


def check_everywhere(document: Document, client: Client) -> None:
    """The same VAT in every view, each rate on the sum of its lines."""
    sums = {(part.category, part.rate): part for part in document.vat_sums.all()}
    for (category, rate), part in sums.items():
        lines = document.lines.filter(vat_category=category, vat_rate=rate)
        assert part.net_minor == lines.aggregate(net=Sum("net_minor"))["net"]
        assert part.vat_minor == round_half_away(part.net_minor * rate)
    assert document.vat_minor == sum(part.vat_minor for part in sums.values())
    assert document.net_minor == sum(part.net_minor for part in sums.values())
    terms = business_terms(invoice_of(document, document.lines.order_by("position")))
    assert broken_rules(invoice_xml(terms)) == [], document.label
    assert len(terms["BG-23"]) == len(sums)
    printed = paper_content(document, paper_facts([document])[document.pk])["sums"]
    assert len(printed) == 1 + len(sums)
    booked = LedgerEntry.objects.filter(
        transaction__idempotency_key=f"document:{document.public_id}", account__code="vat"
    ).aggregate(credit=Sum("credit_minor"), debit=Sum("debit_minor"))
    signed = document.vat_minor if document.kind == "bill" else -document.vat_minor
    assert (booked["credit"] or 0) - (booked["debit"] or 0) == signed
    told = client.get(f"/api/v1/bills/{document.public_id}/").json()
    assert {(row["category"], Decimal(row["rate"])): row["vat_minor"] for row in told["vat_sums"]} == {
        key: part.vat_minor for key, part in sums.items()
    }
    page = client.get(f"/bills/{document.public_id}/").content.decode()
    for field in published_fields(document):
        assert f'data-field="{field.path}"' in page, field.path


@pytest.fixture
def auditor(hamlet: Hamlet, client: Client) -> Client:
    user = User.objects.create_user("audit@x.example", "p")
    Membership.objects.create(user=user, cooperative=hamlet.cooperative, role=Role.AUDITOR)
    client.force_login(user)
    return client


def test_a_rate_that_changes_within_the_month_stands_beside_the_one_before(
    hamlet: Hamlet, auditor: Client
) -> None:
    change_rate(hamlet, "0.16")
    hamlet.bill()
    bill = Document.objects.get(site__code="b 10", kind="bill")
    assert bill.vat_rate is None
    assert list(bill.vat_sums.order_by("-rate").values_list("category", "rate")) == [
        ("S", Decimal("0.1900")), ("S", Decimal("0.1600")),
    ]  # fmt: skip
    assert list(bill.lines.filter(component="standing").values_list("quantity", flat=True)) == [1, 1]
    for document in Document.objects.all():
        check_everywhere(document, auditor)


def test_documents_of_one_rate_publish_what_they_always_did(hamlet: Hamlet) -> None:
    hamlet.bill()
    for document in Document.objects.all():
        assert document.vat_sums.count() == 1
        assert document.vat_sums.get().rate == document.vat_rate
        assert not [f.path for f in published_fields(document) if f.path.startswith("vat/")]


def test_a_producer_who_becomes_liable_on_a_day_shows_vat_from_then_on(
    hamlet: Hamlet, auditor: Client
) -> None:
    stand(hamlet, "a 2", scheme="standard", rate=Decimal("0.19"), vat_id="DE111111111", valid_from=DAYS[1])
    hamlet.bill()
    credit = Document.objects.get(site__code="a 2", kind="credit")
    assert credit.vat_minor > 0
    assert set(credit.vat_sums.values_list("category", flat=True)) == {"S", "E"}
    check_everywhere(credit, auditor)
    other = Document.objects.get(site__code="B 9", kind="credit")
    assert list(other.vat_sums.values_list("category", "vat_minor")) == [("O", 0)]
    balance = trial_balance(hamlet.cooperative)
    assert sum(balance.values()) == 0
    assert balance["local_clearing"] == 0


def test_a_cooperative_that_is_a_small_business_shows_none_and_says_why(
    hamlet: Hamlet, auditor: Client
) -> None:
    hamlet.cooperative.vat_id = ""
    hamlet.cooperative.save()
    stand(hamlet, None, scheme="small_business", tax_number="079/123/12347")
    Member.objects.update(language="de")
    hamlet.bill()
    assert Document.objects.aggregate(vat=Sum("vat_minor"))["vat"] == 0
    bill = Document.objects.get(site__code="b 10", kind="bill")
    assert "§ 19 UStG" in bill.vat_sums.get().reason
    assert "§ 19 UStG" in paper_content(bill, paper_facts([bill])[bill.pk])["sums"][1][0]
    check_everywhere(bill, auditor)


def test_a_member_who_resells_owes_the_vat_in_our_place(hamlet: Hamlet, auditor: Client) -> None:
    stand(hamlet, "b 10", scheme="standard", rate=Decimal("0.19"), vat_id="DE222222222", owes_as_recipient=True)  # fmt: skip
    hamlet.bill()
    bill = Document.objects.get(site__code="b 10", kind="bill")
    assert (bill.vat_minor, bill.vat_sums.get().category) == (0, "AE")
    check_everywhere(bill, auditor)


def test_a_tariff_may_name_another_rate_for_some_lines(hamlet: Hamlet, auditor: Client) -> None:
    draft = draft_from(version=hamlet.version, now=NOW)
    draft.valid_from = DAYS[0]
    draft.parts = [{"kind": "vat", "rate": "0.07", "on": ["standing"]}]
    draft.save()
    publish_version(version=draft, user=None, now=NOW)
    hamlet.bill()
    bill = Document.objects.get(site__code="b 10", kind="bill")
    assert bill.lines.get(component="standing").vat_rate == Decimal("0.07")
    assert bill.vat_sums.count() == 2
    check_everywhere(bill, auditor)


def test_vat_of_a_posted_document_stays(hamlet: Hamlet) -> None:
    hamlet.bill()
    part = DocumentVat.objects.filter(category="S").first()
    assert part is not None
    for statement in (
        "UPDATE billing_documentvat SET vat_minor = vat_minor + 1 WHERE id = %s",
        "DELETE FROM billing_documentvat WHERE id = %s",
        "INSERT INTO billing_documentvat (document_id, category, rate, net_minor, vat_minor, reason)"
        " SELECT document_id, 'S', 0.07, 1, 0, '' FROM billing_documentvat WHERE id = %s",
        "UPDATE billing_document SET first_day = first_day - 1 WHERE id ="
        " (SELECT document_id FROM billing_documentvat WHERE id = %s)",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, [part.pk])


def test_two_statuses_on_one_day_are_refused(hamlet: Hamlet) -> None:
    stand(hamlet, None, scheme="small_business")
    with pytest.raises(IntegrityError), transaction.atomic():
        stand(hamlet, None, scheme="exempt", valid_from=DAYS[0])
