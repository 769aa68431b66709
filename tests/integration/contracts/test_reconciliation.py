"""Gaps planted on every part of the way from meter to chain are found, named and told."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from billing.domain.reconciliation import Link
from billing.models import BankStatementLine, BillingRun, Document, LedgerTransaction, Payment, PaymentRail
from billing.services.bank_statements import import_statement
from billing.services.ledger import account, post_transaction
from billing.services.payments import book_payment
from contracts.models import ChainPayment
from contracts.selectors.reconciliation import whole_chain
from contracts.services.reconciliation import compare_and_tell
from contracts.services.witness import witness
from kernel.intervals import Month
from members.models import Membership, Notification, Role, User
from tests.integration.grid.conftest import SHOWN_NOW

pytestmark = pytest.mark.django_db
JUNE = Month(2016, 6)
SOON = SHOWN_NOW + timedelta(hours=1)


@pytest.fixture
def past() -> Callable[..., None]:
    """Change rows past every trigger and constraint, as nobody should be able to."""

    def change(sql: str, *values: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET session_replication_role = 'replica'")
            cursor.execute(sql, values)
            assert cursor.rowcount >= 1
            cursor.execute("SET session_replication_role = 'origin'")

    return change


def links(run: BillingRun, month: Month = JUNE, now=SOON) -> dict[str, Link]:
    return {link.code: link for link in whole_chain(run.microgrid, month, now=now)}


def apart(run: BillingRun, month: Month = JUNE, now=SOON) -> set[str]:
    return {code for code, link in links(run, month, now).items() if not link.agrees}


def booked_month(run: BillingRun) -> Month:
    day = SHOWN_NOW.date()
    return Month(day.year, day.month)


def test_an_untouched_month_agrees_in_every_link(settled: BillingRun) -> None:
    found = links(settled)
    assert apart(settled) == set()
    assert found["energy-drawn"].left == found["energy-drawn"].right > 0
    assert found["ledger"].left == found["ledger"].right > 0
    assert found["anchored"].waiting == settled.documents.count()


def test_readings_that_changed_after_the_bill(settled: BillingRun, past: Callable[..., None]) -> None:
    bill = Document.objects.filter(run=settled, kind="bill").order_by("label")[0]
    past(
        """UPDATE energy_meterday SET values_wh[1] = values_wh[1] + 7 WHERE is_current AND channel = 1 AND day = %s
           AND meter_id = (SELECT id FROM energy_meter WHERE site_id = %s AND kind = 'site')""",
        settled.first_day,
        bill.site_id,
    )
    assert apart(settled) == {"energy-drawn"}
    (gap,) = links(settled)["energy-drawn"].gaps
    assert gap.key == str(bill.site.public_id) and gap.difference == 7 and "a correction is due" in gap.why


def test_money_without_energy(settled: BillingRun, past: Callable[..., None]) -> None:
    bill = Document.objects.filter(run=settled, kind="bill", gross_minor__gt=0).order_by("label")[0]
    past(
        "DELETE FROM energy_meterday WHERE channel = 1 AND meter_id = (SELECT id FROM energy_meter WHERE site_id = %s AND kind = 'site')",
        bill.site_id,
    )
    (gap,) = links(settled)["energy-drawn"].gaps
    assert gap.why.startswith("money without energy") and gap.left == 0 < gap.right
    past(
        "UPDATE billing_documentline SET quantity = 0 WHERE document_id = %s AND component IN ('grid', 'local') AND net_minor <> 0", bill.pk
    )
    assert "money-without-energy" in apart(settled)


def test_energy_without_money(settled: BillingRun, past: Callable[..., None]) -> None:
    bill = Document.objects.filter(run=settled, kind="bill", gross_minor__gt=0).order_by("label")[0]
    past("DELETE FROM billing_documentline WHERE document_id = %s AND component IN ('grid', 'local')", bill.pk)
    found = links(settled)
    assert "energy without money" in found["energy-drawn"].gaps[0].why
    assert found["lines"].gaps[0].key == str(bill.public_id)


def test_gaps_that_cancel_out_are_found_row_by_row(settled: BillingRun, past: Callable[..., None]) -> None:
    first, second = Document.objects.filter(run=settled, kind="bill", gross_minor__gt=9).order_by("label")[:2]
    for bill, by in ((first, 5), (second, -5)):
        past("UPDATE billing_document SET gross_minor = gross_minor + %s, net_minor = net_minor + %s WHERE id = %s", by, by, bill.pk)
    ledger = links(settled)["ledger"]
    assert ledger.difference == 0 and not ledger.agrees and len(ledger.gaps) == 2


def test_a_document_that_is_not_in_the_ledger(settled: BillingRun, past: Callable[..., None]) -> None:
    bill = Document.objects.filter(run=settled, kind="bill", gross_minor__gt=0).order_by("label")[0]
    past(
        "DELETE FROM billing_ledgerentry USING billing_ledgertransaction t WHERE t.id = transaction_id AND t.cause_ref = %s", bill.public_id
    )
    (gap,) = links(settled)["ledger"].gaps
    assert (gap.key, gap.left, gap.why) == (str(bill.public_id), bill.gross_minor, "not in the ledger")


def test_local_cents_that_were_lost(settled: BillingRun, past: Callable[..., None]) -> None:
    past(
        "UPDATE billing_documentline SET net_minor = net_minor - 1 WHERE id = (SELECT min(id) FROM billing_documentline WHERE component = 'local_delivered' AND net_minor > 0)"
    )
    assert {"local", "lines"} <= apart(settled)


def test_payments_that_ledger_and_bill_do_not_know(settled: BillingRun, bill: Document, past: Callable[..., None]) -> None:
    month = booked_month(settled)
    payment, _ = book_payment(
        document=bill, amount_minor=40, rail=PaymentRail.BANK, external_ref="x" * 150, received_at=SHOWN_NOW, now=SHOWN_NOW
    )
    assert not {"payments", "paid"} & apart(settled, month)
    past("UPDATE billing_payment SET amount_minor = 41 WHERE id = %s", payment.pk)
    found = links(settled, month)
    assert found["payments"].gaps[0].key == str(payment.public_id) and found["payments"].difference == 1
    past("DELETE FROM billing_payment WHERE id = %s", payment.pk)
    assert "not there" in links(settled, month)["payments"].gaps[0].why
    past("UPDATE billing_document SET paid_minor = paid_minor + 3 WHERE id = %s", bill.pk)
    assert "paid" in apart(settled, Month(bill.issue_date.year, bill.issue_date.month))


def test_money_of_the_bank_that_nobody_booked(settled: BillingRun, past: Callable[..., None]) -> None:
    csv = b"date,amount,payer,purpose\n2016-06-30,47.11,Somebody,no reference at all\n"
    import_statement(cooperative=settled.microgrid.cooperative, content=csv, file_name="june.csv", now=SHOWN_NOW)
    line = BankStatementLine.objects.get()
    found = links(settled)
    assert found["bank"].agrees and found["bank"].left == 4711
    assert (found["unclear"].difference, found["unclear"].gaps[0].key) == (4711, str(line.pk))
    past("UPDATE billing_ledgertransaction SET cause_ref = NULL WHERE cause_ref = %s", line.public_id)
    bank = links(settled)["bank"]
    assert bank.difference == 4711 and bank.gaps[0].key == str(line.pk)


def test_money_booked_into_the_bank_that_no_statement_tells(settled: BillingRun, bill: Document) -> None:
    book_payment(document=bill, amount_minor=40, rail=PaymentRail.BANK, external_ref="by hand", received_at=SHOWN_NOW, now=SHOWN_NOW)
    (gap,) = links(settled, booked_month(settled))["bank"].gaps
    assert gap.kind == "transaction" and gap.right == 40 and "on no statement" in gap.why


def test_what_the_chain_was_told_and_paid(chain, settled: BillingRun, bill: Document, past: Callable[..., None]) -> None:
    late = (settled.posted_at or SHOWN_NOW) + timedelta(days=2)
    assert "anchored" in apart(settled, now=late)  # a day was enough for a root
    witness(chain=chain, now=SHOWN_NOW)
    assert links(settled, now=late)["anchored"].agrees
    past("DELETE FROM contracts_anchorleaf WHERE document_id = %s", bill.pk)
    (gap,) = links(settled)["anchored"].gaps
    assert (gap.key, gap.why) == (str(bill.public_id), "not below the run's root")
    ChainPayment.objects.create(
        chain_id=1, transaction_hash="0x1", document=bill, payer="0x2", paid_units=Decimal(5 * 10**10), applied_wad=Decimal(5 * 10**18)
    )
    assert links(settled)["chain"].gaps[0].why == "paid on the chain and not booked"
    book_payment(document=bill, amount_minor=9, rail=PaymentRail.CHAIN, external_ref="none", received_at=SHOWN_NOW, now=SHOWN_NOW)
    assert "the chain has no such payment" in links(settled)["chain"].gaps[0].why


def staff(run: BillingRun, role: Role = Role.TARIFF_ADMIN) -> tuple[User, Client]:
    user = User.objects.create_user(f"{role}@x.org")
    Membership.objects.create(user=user, cooperative=run.microgrid.cooperative, role=role)
    client = Client()
    client.force_login(user)
    return user, client


def test_the_page_and_the_api_show_the_rows(settled: BillingRun, past: Callable[..., None]) -> None:
    settled.microgrid.clock_real_start, settled.microgrid.clock_shown_start = timezone.now(), SOON
    settled.microgrid.save()
    _, client = staff(settled)
    assert "Everything agrees" in client.get(reverse("reconciliation")).content.decode()
    bill = Document.objects.filter(run=settled, kind="bill", gross_minor__gt=0).order_by("label")[0]
    past("UPDATE billing_document SET gross_minor = gross_minor + 5, net_minor = net_minor + 5 WHERE id = %s", bill.pk)
    page = client.get(reverse("reconciliation")).content.decode()
    assert "2 comparisons of 18 do not agree" in page and reverse("bill", args=[bill.public_id]) in page
    url = reverse("api-reconciliation", args=[settled.microgrid.public_id])
    body = client.get(url + "?month=2016-06").json()
    assert body["agrees"] is False
    assert {link["code"] for link in body["links"] if not link["agrees"]} == {"lines", "ledger"}
    assert client.get(url + "?month=June").status_code == 400
    _, operator = staff(settled, Role.OPERATOR)
    assert operator.get(url + "?month=2016-06").status_code == 404
    assert operator.get(reverse("reconciliation")).status_code == 404


def test_the_night_tells_the_same_gap_once_and_another_one_again(settled: BillingRun, bill: Document, past: Callable[..., None]) -> None:
    user, _ = staff(settled)
    User.objects.filter(pk=user.pk).update(language="de")
    assert compare_and_tell(microgrid=settled.microgrid, now=SOON) == []
    for told, by in ((1, 5), (1, 0), (2, 1)):
        past("UPDATE billing_document SET gross_minor = gross_minor + %s, net_minor = net_minor + %s WHERE id = %s", by, by, bill.pk)
        assert [month for month, _ in compare_and_tell(microgrid=settled.microgrid, now=SOON)] == [JUNE]
        assert Notification.objects.filter(user=user, kind="reconciliation").count() == told
    said = Notification.objects.filter(user=user).latest("pk")
    assert "Juni 2016: Summen, die nicht übereinstimmen: " in said.subject and "abweichende Zeilen: " in said.text


def test_a_booking_past_the_payments_is_no_payment(settled: BillingRun, bill: Document) -> None:
    cooperative = settled.microgrid.cooperative
    post_transaction(
        cooperative=cooperative,
        idempotency_key="payment:bank:invented",
        cause="payment",
        booked_date=SHOWN_NOW.date(),
        now=SHOWN_NOW,
        amounts={account(cooperative, "bank"): 7, account(cooperative, "receivable", bill.member): -7},
    )
    (gap,) = links(settled, booked_month(settled))["payments"].gaps
    assert gap.kind == "transaction" and gap.right == 7
    assert LedgerTransaction.objects.get(public_id=gap.key) and not Payment.objects.exists()


def test_energy_that_came_from_nowhere(settled: BillingRun, past: Callable[..., None]) -> None:
    past("UPDATE grid_balanceday SET losses_wh[3] = losses_wh[3] + 11 WHERE is_current AND day = %s", settled.first_day)
    (gap,) = links(settled)["balance"].gaps
    assert (gap.key, gap.difference) == (str(settled.first_day), -11)
