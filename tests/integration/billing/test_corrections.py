"""Readings change after a month was billed: who is touched gets a reversal and a new document, everybody else keeps theirs."""

import io
from datetime import timedelta

import facturx
import pypdf
import pytest
from django.db import DatabaseError, connection, transaction

from benchmarks.e_invoice_rules import broken_rules
from billing.models import BillingRun, Document, LedgerEntry, PaymentRail
from billing.selectors.corrections import correction_of, newer_readings
from billing.selectors.run_summary import summarise, trial_balance
from billing.services.corrections import NothingToCorrect, correct_month, prepare_cancellation, prepare_correction, propose_corrections
from billing.services.differences import local_change
from billing.services.papers import pdf_of
from billing.services.payments import book_payment, credit_of
from billing.services.runs import CannotBill, draw_up_run, prepare_run, rate_and_finish, rate_chunk
from energy.models import Channel
from tests.integration.billing.conftest import DAYS, MARCH, NOW, Hamlet
from tests.integration.billing.late import measure_again, standing
from tests.integration.billing.test_money_pages import client_of

LATER = NOW + timedelta(days=20)


def correct(hamlet: Hamlet) -> BillingRun:
    return correct_month(microgrid=hamlet.microgrid, month=MARCH, now=LATER)


def numbers(hamlet: Hamlet, kind: str) -> list[int]:
    rows = Document.objects.filter(cooperative=hamlet.cooperative, kind=kind).order_by("number")
    return list(rows.values_list("number", flat=True))


def fresh_run(hamlet: Hamlet) -> dict:
    """What a first run would make of the readings as they are now."""
    with transaction.atomic():
        point = transaction.savepoint()
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
            cursor.execute("TRUNCATE billing_billingrun, billing_document RESTART IDENTITY CASCADE")
        hamlet.bill()
        found = standing(hamlet)
        transaction.savepoint_rollback(point)
    return found


def test_what_stands_is_what_a_first_run_would_have_made(hamlet: Hamlet) -> None:
    hamlet.bill()
    before = standing(hamlet)
    measure_again(hamlet, "b 10", DAYS[0], 60)
    run = correct(hamlet)
    after = standing(hamlet)
    assert after != before
    touched = {place for place in before.keys() | after.keys() if before.get(place) != after.get(place)}
    fresh = Document.objects.filter(run=run, cancels=None)
    assert {(d.site.code, d.kind) for d in fresh} == touched
    assert after == fresh_run(hamlet)


def test_each_touched_member_gets_one_reversal_and_one_new_document(hamlet: Hamlet) -> None:
    first = hamlet.bill()
    kept = {d.pk: (d.label, d.net_minor, d.gross_minor) for d in first.documents.all()}
    measure_again(hamlet, "b 10", DAYS[0], 60)
    run = correct(hamlet)
    assert (run.kind, run.revision, run.status) == ("correction", 1, "posted")
    reversals = Document.objects.filter(run=run, cancels__isnull=False)
    assert reversals.filter(kind="bill_reversal", cancels__site__code="b 10").count() == 1
    for reversal in reversals:
        assert reversal.cancels.run == first
        assert reversal.cancels.status == "cancelled"
        assert (reversal.net_minor, reversal.gross_minor) == (reversal.cancels.net_minor, reversal.cancels.gross_minor)
        assert reversal.cancels.replaced_by.run == run
    assert {d.pk: (d.label, d.net_minor, d.gross_minor) for d in first.documents.all()} == kept
    for kind in ("bill", "credit", "bill_reversal", "credit_reversal"):
        assert numbers(hamlet, kind) == list(range(1, len(numbers(hamlet, kind)) + 1))


def test_local_differences_sum_to_nothing_and_the_books_say_what_stands(hamlet: Hamlet) -> None:
    hamlet.bill()
    measure_again(hamlet, "a 2", DAYS[0], -90, channel=Channel.EXPORT)
    measure_again(hamlet, "Z 1", DAYS[1], 45)
    run = correct(hamlet)
    change = local_change(run)
    assert change.paid_minor == change.received_minor
    assert change.paid_minor != 0
    balance = trial_balance(hamlet.cooperative)
    bills = Document.objects.standing().filter(kind="bill")
    assert balance["receivable"] == sum(bills.values_list("gross_minor", flat=True))
    assert balance["vat"] == -sum(bills.values_list("vat_minor", flat=True))
    assert balance["payable"] == -sum(Document.objects.standing().filter(kind="credit").values_list("gross_minor", flat=True))
    assert balance["local_clearing"] == balance["rounding"] == 0
    assert summarise(run).residual_minor == 0
    sums = LedgerEntry.objects.values_list("debit_minor", "credit_minor")
    assert sum(debit - credit for debit, credit in sums) == 0


def test_a_correction_of_a_correction_and_back_again(hamlet: Hamlet) -> None:
    hamlet.bill()
    original = standing(hamlet)
    measure_again(hamlet, "b 10", DAYS[0], 60)
    first = correct(hamlet)
    measure_again(hamlet, "b 10", DAYS[0], -60)
    second = correct(hamlet)
    assert (first.revision, second.revision) == (1, 2)
    assert standing(hamlet) == original == fresh_run(hamlet)
    chain = Document.objects.standing().get(site__code="b 10", kind="bill")
    assert chain.replaces.replaces.run.revision == 0
    with pytest.raises(NothingToCorrect):
        correct(hamlet)


def test_nothing_to_correct_and_months_that_wait(hamlet: Hamlet) -> None:
    run = hamlet.bill()
    with pytest.raises(NothingToCorrect):
        correct(hamlet)
    assert propose_corrections(microgrid=hamlet.microgrid, now=LATER) == []
    measure_again(hamlet, "b 10", DAYS[0], 60)
    [newer] = newer_readings(run)
    assert (newer.meter.code, newer.day, newer.newest - newer.billed) == ("b 10", DAYS[0], 1)
    [proposed] = propose_corrections(microgrid=hamlet.microgrid, now=LATER)
    assert propose_corrections(microgrid=hamlet.microgrid, now=LATER) == []
    assert prepare_correction(microgrid=hamlet.microgrid, month=MARCH, now=LATER) == proposed
    assert "b 10" in proposed.reason
    assert str(DAYS[0]) in proposed.reason
    for chunk in proposed.chunks.all():
        rate_chunk(chunk_id=chunk.pk)
    draw_up_run(run_id=proposed.pk, now=LATER)
    [draft] = Document.objects.filter(run=proposed, site__code="b 10", kind="bill_reversal")
    member = client_of(hamlet, "member", draft.member)
    assert "taken back" not in member.get(f"/bills/{draft.cancels.public_id}/").content.decode()
    assert member.get(f"/bills/{draft.public_id}/").status_code == 404


def test_payments_go_on_to_the_new_bill_and_the_rest_stays_the_members(hamlet: Hamlet) -> None:
    hamlet.bill()
    bill = Document.objects.get(site__code="b 10", kind="bill")
    book_payment(document=bill, amount_minor=bill.gross_minor, rail=PaymentRail.BANK, external_ref="one", received_at=NOW, now=NOW)
    measure_again(hamlet, "b 10", DAYS[0], -150)
    correct(hamlet)
    bill.refresh_from_db()
    new = bill.replaced_by
    assert (bill.status, bill.paid_minor, bill.rest_minor) == ("cancelled", 0, 0)
    assert new.paid_minor == new.gross_minor < bill.gross_minor
    assert credit_of(bill.member) == bill.gross_minor - new.gross_minor
    assert (new.status, new.rest_minor) == ("settled", 0)
    assert [p.amount_minor for p in new.payments.all()] == [bill.gross_minor]
    balance = LedgerEntry.objects.filter(account__code="receivable", account__member=bill.member)
    rest = sum(debit - credit for debit, credit in balance.values_list("debit_minor", "credit_minor"))
    assert rest == new.gross_minor - bill.gross_minor < 0


def test_a_higher_bill_asks_for_the_rest(hamlet: Hamlet) -> None:
    hamlet.bill()
    bill = Document.objects.get(site__code="b 10", kind="bill")
    book_payment(document=bill, amount_minor=bill.gross_minor, rail=PaymentRail.BANK, external_ref="one", received_at=NOW, now=NOW)
    measure_again(hamlet, "b 10", DAYS[0], 60)
    correct(hamlet)
    new = Document.objects.standing().get(site__code="b 10", kind="bill")
    assert (new.status, new.rest_minor) == ("open", new.gross_minor - bill.gross_minor)


def test_each_line_that_changed_is_explained(hamlet: Hamlet) -> None:
    hamlet.bill()
    measure_again(hamlet, "b 10", DAYS[0], 60)
    run = correct(hamlet)
    own = correction_of(Document.objects.get(run=run, site__code="b 10", kind="bill"))
    assert own is not None
    assert own.intro.startswith(f"This document takes the place of {own.old.label}")
    assert any("your own meter on 26/03/2016" in reason for reason in own.reasons)
    changed = {line.difference.line.component for line in own.lines}
    assert "grid" in changed
    grid = next(line for line in own.lines if line.difference.line.component == "grid")
    assert "became" in grid.sentence
    assert "because your meter's readings were corrected" in grid.sentence
    assert sum(line.difference.net_minor for line in own.lines) == own.new.net_minor - own.old.net_minor
    neighbour = Document.objects.filter(run=run, kind="bill").exclude(site__code="b 10").first()
    told = correction_of(neighbour)
    assert told is not None
    assert any("Readings of others" in reason for reason in told.reasons)
    assert all("your own meter" not in reason for reason in told.reasons)
    reversal = correction_of(own.reversal)
    assert reversal is not None
    assert own.new.label in reversal.intro


def test_what_is_taken_back_stays_and_only_a_reversal_cancels(hamlet: Hamlet) -> None:
    hamlet.bill()
    measure_again(hamlet, "b 10", DAYS[0], 60)
    correct(hamlet)
    old = Document.objects.get(site__code="b 10", kind="bill", status="cancelled")
    for change in ({"status": "open"}, {"net_minor": 1, "gross_minor": 1 + old.vat_minor}, {"replaces": None, "cancels": old}):
        with pytest.raises(DatabaseError), transaction.atomic():
            Document.objects.filter(pk=old.pk).update(**change)
    untouched = Document.objects.standing().first()
    with pytest.raises(DatabaseError, match="Only a reversal cancels"), transaction.atomic():
        Document.objects.filter(pk=untouched.pk).update(status="cancelled")


def test_an_interim_bill_is_taken_back_by_the_final_one(hamlet: Hamlet) -> None:
    interim = rate_and_finish(run=prepare_run(microgrid=hamlet.microgrid, month=MARCH, now=NOW, days=DAYS[:1], kind="interim"), now=NOW)
    assert interim.documents.filter(kind="bill").count() == 7
    with pytest.raises(CannotBill, match="billed by"):
        prepare_run(microgrid=hamlet.microgrid, month=MARCH, now=NOW, days=DAYS, kind="interim")
    final = hamlet.bill()
    assert final.documents.filter(kind="bill_reversal").count() == 7
    assert standing(hamlet) == fresh_run(hamlet)
    told = correction_of(final.documents.filter(kind="bill").first())
    assert told is not None
    assert "for a part of these days only" in told.reasons[0]
    assert trial_balance(hamlet.cooperative)["local_clearing"] == 0


def test_a_single_member_is_billed_ahead_and_the_month_leaves_it_as_it_is(hamlet: Hamlet) -> None:
    site = hamlet.microgrid.sites.get(code="b 10")
    alone = rate_and_finish(
        run=prepare_run(microgrid=hamlet.microgrid, month=MARCH, now=NOW, days=DAYS, only_sites=[site.pk], reason="moves out"), now=NOW
    )
    assert [d.site.code for d in alone.documents.all()] == ["b 10"]
    month = hamlet.bill()
    assert not month.documents.filter(site=site).exists()
    assert standing(hamlet) == fresh_run(hamlet)
    assert trial_balance(hamlet.cooperative)["local_clearing"] == 0


def test_a_document_is_cancelled_with_a_reason(hamlet: Hamlet) -> None:
    hamlet.bill()
    bill = Document.objects.get(site__code="b 10", kind="bill")
    with pytest.raises(CannotBill, match="Say why"):
        prepare_cancellation(document=bill, reason=" ", user=None, now=LATER)
    run = prepare_cancellation(document=bill, reason="Billed to the wrong person.", user=None, now=LATER)
    book_payment(document=bill, amount_minor=100, rail=PaymentRail.BANK, external_ref="one", received_at=NOW, now=NOW)
    rate_and_finish(run=run, now=LATER)
    bill.refresh_from_db()
    assert (bill.status, bill.paid_minor, credit_of(bill.member)) == ("cancelled", 0, 100)
    told = correction_of(bill.cancelled_by)
    assert told is not None
    assert (told.new, told.reasons) == (None, ["Billed to the wrong person."])
    member = LedgerEntry.objects.filter(account__code="receivable", account__member=bill.member)
    assert sum(debit - credit for debit, credit in member.values_list("debit_minor", "credit_minor")) == -100
    with pytest.raises(CannotBill, match="can be taken back"):
        prepare_cancellation(document=bill, reason="again", user=None, now=LATER)


def test_reversals_are_credit_notes_that_name_what_they_take_back(hamlet: Hamlet, settings, tmp_path) -> None:
    settings.DOCUMENT_DIR = tmp_path
    hamlet.bill()
    measure_again(hamlet, "b 10", DAYS[0], 60)
    measure_again(hamlet, "a 2", DAYS[0], 30, channel=Channel.EXPORT)
    run = correct(hamlet)
    codes = {"bill_reversal": "381", "credit_reversal": "261", "bill": "380", "credit": "389"}
    for kind, code in codes.items():
        document = Document.objects.filter(run=run, kind=kind).first()
        pdf = pdf_of(document=document).read_bytes()
        _, xml = facturx.get_xml_from_pdf(pdf, check_xsd=True)
        assert broken_rules(xml) == []
        assert f"<ram:TypeCode>{code}</ram:TypeCode>".encode() in xml
        named = f"<ram:IssuerAssignedID>{document.cancels.label if document.cancels else ''}</ram:IssuerAssignedID>"
        assert (named.encode() in xml) == (document.cancels is not None)
        text = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages)
        assert "What changed, and why" in text
