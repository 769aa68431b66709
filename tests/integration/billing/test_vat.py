"""Several VAT rates on a document, and who shows none: printed, as e-invoice, in the ledger, by the API and on the page alike."""

import random
from collections import Counter, defaultdict
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import Sum
from django.db.utils import DatabaseError
from django.test import Client

from benchmarks.e_invoice_rules import broken_rules
from billing.adapters.documents.e_invoice import invoice_xml
from billing.domain.e_invoice import business_terms
from billing.domain.vat_return import Treatment
from billing.models import Document, DocumentVat, LedgerEntry, VatStatus
from billing.selectors.documents import published_fields
from billing.selectors.e_invoice import invoice_of
from billing.selectors.paper import paper_content
from billing.selectors.paper_facts import paper_facts
from billing.selectors.run_summary import trial_balance
from billing.selectors.vat_return import vat_return
from billing.services.corrections import correct_month, prepare_cancellation
from billing.services.runs import rate_and_finish
from billing.services.tariffs import draft_from, publish_version
from kernel.money import round_half_away
from members.models import Cooperative, Member, Membership, Role, User
from tests.integration.billing.conftest import CODES, DAYS, MARCH, NOW, Hamlet
from tests.integration.billing.late import measure_again

JANUARY = date(2016, 1, 1)
APRIL = date(2016, 4, 1), date(2016, 4, 30)


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
    code = "vat" if document.kind == "bill" else "input_vat"
    booked = LedgerEntry.objects.filter(transaction__idempotency_key=f"document:{document.public_id}", account__code=code).aggregate(
        credit=Sum("credit_minor"), debit=Sum("debit_minor")
    )
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


def test_a_rate_that_changes_within_the_month_stands_beside_the_one_before(hamlet: Hamlet, auditor: Client) -> None:
    change_rate(hamlet, "0.16")
    hamlet.bill()
    bill = Document.objects.get(site__code="b 10", kind="bill")
    assert bill.vat_rate is None
    assert list(bill.vat_sums.order_by("-rate").values_list("category", "rate")) == [("S", Decimal("0.1900")), ("S", Decimal("0.1600"))]
    assert list(bill.lines.filter(component="standing").values_list("quantity", flat=True)) == [1, 1]
    for document in Document.objects.all():
        check_everywhere(document, auditor)


def test_documents_of_one_rate_publish_what_they_always_did(hamlet: Hamlet) -> None:
    hamlet.bill()
    for document in Document.objects.all():
        assert document.vat_sums.count() == 1
        assert document.vat_sums.get().rate == document.vat_rate
        assert not [f.path for f in published_fields(document) if f.path.startswith("vat/")]


def test_a_producer_who_becomes_liable_on_a_day_shows_vat_from_then_on(hamlet: Hamlet, auditor: Client) -> None:
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


def test_a_cooperative_that_is_a_small_business_shows_none_and_says_why(hamlet: Hamlet, auditor: Client) -> None:
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
    stand(hamlet, "b 10", scheme="standard", rate=Decimal("0.19"), vat_id="DE222222222", owes_as_recipient=True)
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
        "UPDATE billing_document SET first_day = first_day - 1 WHERE id = (SELECT document_id FROM billing_documentvat WHERE id = %s)",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, [part.pk])


def test_two_statuses_on_one_day_are_refused(hamlet: Hamlet) -> None:
    stand(hamlet, None, scheme="small_business")
    with pytest.raises(IntegrityError), transaction.atomic():
        stand(hamlet, None, scheme="exempt", valid_from=DAYS[0])


def booked_by_code(document: Document) -> Counter[str]:
    """Debits less credits of a document's transaction."""
    found: Counter[str] = Counter()
    for entry in LedgerEntry.objects.filter(transaction__cause_ref=document.public_id).select_related("account"):
        found[entry.account.code] += entry.debit_minor - entry.credit_minor
    return found


REVERSE = {"scheme": "standard", "rate": Decimal("0.19"), "vat_id": "DE111111111", "recipient_owes": True}


def test_a_producer_under_reverse_charge_is_paid_net_and_the_cooperative_owes_and_deducts(hamlet: Hamlet, auditor: Client) -> None:
    stand(hamlet, "a 2", **REVERSE)
    hamlet.bill()
    credit = Document.objects.get(site__code="a 2", kind="credit")
    part = credit.vat_sums.get()
    owed = round_half_away(credit.net_minor * Decimal("0.19"))
    assert (credit.vat_minor, part.category, part.recipient_vat_minor) == (0, "AE", owed) and owed > 0
    assert "the recipient owes the VAT" in part.reason
    booked = booked_by_code(credit)
    assert (booked["payable"], booked["reverse_vat"], booked["reverse_input_vat"]) == (-credit.net_minor, -owed, owed)
    check_everywhere(credit, auditor)
    report = vat_return(hamlet.cooperative, *APRIL)
    (row,) = [row for row in report.rows if row.key.is_received]
    assert (row.base_minor, row.tax_minor, row.deducted_minor) == (credit.net_minor, owed, owed)
    assert report.agrees


def test_a_small_business_owes_as_recipient_and_gets_nothing_back(hamlet: Hamlet) -> None:
    stand(hamlet, None, scheme="small_business", tax_number="079/123/12347")
    stand(hamlet, "a 2", **REVERSE)
    stand(hamlet, "B 9", scheme="standard", rate=Decimal("0.19"), vat_id="DE111111112")
    hamlet.bill()
    credit = Document.objects.get(site__code="a 2", kind="credit")
    booked = booked_by_code(credit)
    assert booked["vat_cost"] == -booked["reverse_vat"] > 0 and not booked["reverse_input_vat"]
    charged = Document.objects.get(site__code="B 9", kind="credit")
    assert booked_by_code(charged)["vat_cost"] == charged.vat_minor > 0
    report = vat_return(hamlet.cooperative, *APRIL)
    assert report.agrees and report.owed_minor == booked["vat_cost"]
    assert {row.key.treatment for row in report.rows if row.key.side == "output"} == {Treatment.SMALL_BUSINESS, Treatment.OWN_SUPPLY}


STATUSES: list[dict[str, object]] = [
    {},
    {"scheme": "small_business", "tax_number": "1"},
    {"scheme": "exempt", "tax_number": "2"},
    {"scheme": "standard", "rate": Decimal("0.19"), "vat_id": "DE3"},
    {"scheme": "standard", "rate": Decimal("0.07"), "vat_id": "DE4"},
    REVERSE,
    {"scheme": "standard", "rate": Decimal("0.19"), "vat_id": "DE5", "owes_as_recipient": True},
]
PARTS: list[dict[str, object]] = [
    {"kind": "vat", "rate": "0.07", "on": ["standing"]},
    {"kind": "vat", "rate": "0", "on": ["incentive"], "treatment": "exempt"},
    {"kind": "vat", "rate": "0", "on": ["energy"]},
]


def plain_sums(cooperative: Cooperative) -> dict[str, tuple[int, int, int, int]]:
    """Net, owed, deducted and not deducted by key, added up one document after another."""
    found: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for part in DocumentVat.objects.filter(document__cooperative=cooperative).select_related("document"):
        sign = -1 if part.document.kind.endswith("reversal") else 1
        is_output = part.document.kind.startswith("bill")
        rate = part.recipient_rate or part.rate
        sums = found[f"{'output' if is_output else 'input'}/{part.category}/{rate:.4f}/{part.ground}"]
        sums[0] += sign * part.net_minor
        owed = sign * part.recipient_vat_minor
        sums[1] += sign * part.vat_minor if is_output else owed
        if not is_output:
            sums[2 if part.is_deducted else 3] += sign * part.vat_minor + owed
    return {key: tuple(sums) for key, sums in found.items() if any(sums)}  # type: ignore[misc]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_random_month_with_corrections_and_cancellations_reports_what_its_documents_say(hamlet: Hamlet, seed: int) -> None:
    chance = random.Random(seed)
    if seed == 3:
        stand(hamlet, None, scheme="small_business", tax_number="9", valid_from=DAYS[1])
    for code in CODES[:-1]:
        if status := chance.choice(STATUSES):
            stand(hamlet, code, **status, valid_from=chance.choice([JANUARY, DAYS[1]]))
    stand(hamlet, "C-own", **REVERSE)
    draft = draft_from(version=hamlet.version, now=NOW)
    draft.valid_from, draft.parts = chance.choice(DAYS), chance.sample(PARTS, chance.randint(0, 3))
    draft.save()
    publish_version(version=draft, user=None, now=NOW)
    hamlet.bill()
    for step in range(2):
        measure_again(hamlet, chance.choice(CODES), chance.choice(DAYS), chance.randint(20, 90))
        correct_month(microgrid=hamlet.microgrid, month=MARCH, now=NOW + timedelta(days=step + 1))
    standing = list(Document.objects.standing().filter(kind="bill").order_by("pk"))
    cancelled = prepare_cancellation(document=chance.choice(standing), reason="a mistake", user=None, now=NOW)
    rate_and_finish(run=cancelled, now=NOW)
    report = vat_return(hamlet.cooperative, *APRIL)
    told = {str(row.key): (row.base_minor, row.tax_minor, row.deducted_minor, row.cost_minor) for row in report.rows}
    assert {key: sums for key, sums in told.items() if any(sums)} == plain_sums(hamlet.cooperative)
    assert report.agrees and len(told) >= 4
    assert all(value == 0 for value in [sum(trial_balance(hamlet.cooperative).values())])
