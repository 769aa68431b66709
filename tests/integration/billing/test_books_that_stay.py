"""What the database itself refuses, whoever asks."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from billing.models import Account, AccountCode, Document, DocumentLine, LedgerEntry, LedgerTransaction, TariffVersion
from billing.services.ledger import CannotPost, account, post_transaction
from billing.services.tariffs import CannotPublishVersion, draft_from, publish_version
from tests.integration.billing.conftest import DAYS, NOW, Hamlet


def bill_of(code: str) -> Document:
    return Document.objects.get(site__code=code, kind="bill")


def add_line() -> None:
    DocumentLine.objects.create(
        document=bill_of("B 9"), position=90, component="grid", quantity=1, unit="Wh", price=Decimal(1), exact_micro=1, net_minor=0
    )


FORBIDDEN: dict[str, Callable[[], object]] = {
    "another sum": lambda: Document.objects.filter(pk=bill_of("B 9").pk).update(net_minor=1, gross_minor=1, vat_minor=0),
    "another VAT rate": lambda: Document.objects.filter(pk=bill_of("B 9").pk).update(vat_rate=Decimal("0.07")),
    "another reference": lambda: Document.objects.filter(pk=bill_of("B 9").pk).update(payment_reference="X"),
    "another number": lambda: Document.objects.filter(pk=bill_of("B 9").pk).update(number=77),
    "back to draft": lambda: Document.objects.filter(pk=bill_of("B 9").pk).update(status="draft"),
    "no document": lambda: Document.objects.filter(pk=bill_of("B 9").pk)._raw_delete("default"),
    "another line": lambda: bill_of("B 9").lines.update(net_minor=1),
    "no line": lambda: bill_of("B 9").lines.all()._raw_delete("default"),
    "a further line": add_line,
    "another entry": lambda: LedgerEntry.objects.update(debit_minor=1),
    "no entry": lambda: LedgerEntry.objects.all()._raw_delete("default"),
    "another transaction": lambda: LedgerTransaction.objects.update(cause="x"),
    "another price": lambda: TariffVersion.objects.update(energy_per_kwh=Decimal("0.5")),
    "no version": lambda: TariffVersion.objects.all()._raw_delete("default"),
}

REFUSALS = "entries stay|cannot change|cannot be deleted|takes no further line|posted_documents_are_numbered"


@pytest.mark.parametrize("what", FORBIDDEN)
def test_what_is_posted_stays(hamlet: Hamlet, what: str) -> None:
    hamlet.bill()
    with pytest.raises(DatabaseError, match=REFUSALS), transaction.atomic():
        FORBIDDEN[what]()


def test_a_window_of_a_billed_version_stays(hamlet: Hamlet) -> None:
    hamlet.bill()
    with pytest.raises(DatabaseError, match="make a new version"), transaction.atomic():
        hamlet.version.windows.update(multiplier=Decimal(3))


def test_only_a_draft_may_still_change(hamlet: Hamlet) -> None:
    free = draft(hamlet, date(2016, 5, 1))
    assert TariffVersion.objects.filter(pk=free.pk).update(energy_per_kwh=Decimal("0.5")) == 1
    with pytest.raises(DatabaseError, match="make a new version"), transaction.atomic():
        TariffVersion.objects.filter(pk=hamlet.version.pk).update(energy_per_kwh=Decimal("0.5"))


def test_the_database_refuses_entries_that_do_not_balance(hamlet: Hamlet) -> None:
    posted = LedgerTransaction.objects.create(
        cooperative=hamlet.cooperative, idempotency_key="crooked", cause="test", currency="EUR", booked_date=NOW.date(), posted_at=NOW
    )
    bank, fees = (account(hamlet.cooperative, code) for code in (AccountCode.BANK, AccountCode.FEES))
    with pytest.raises(DatabaseError, match="does not balance: debits - credits = 3"), transaction.atomic():
        LedgerEntry.objects.bulk_create(
            [LedgerEntry(transaction=posted, account=bank, debit_minor=10), LedgerEntry(transaction=posted, account=fees, credit_minor=7)]
        )
    with pytest.raises(DatabaseError, match="does not balance: debits - credits = 10"), transaction.atomic():
        LedgerEntry.objects.create(transaction=posted, account=bank, debit_minor=10)


def test_entries_refer_to_what_is_there_and_stays(hamlet: Hamlet) -> None:
    bank, fees = (account(hamlet.cooperative, code) for code in (AccountCode.BANK, AccountCode.FEES))
    words = {"cooperative": hamlet.cooperative, "cause": "test", "booked_date": NOW.date(), "now": NOW}
    posted = post_transaction(idempotency_key="b", amounts={bank: 5, fees: -5}, **words)

    def sides(transaction_id: int, account_id: int) -> list[LedgerEntry]:
        ids = {"transaction_id": transaction_id, "account_id": account_id}
        return [LedgerEntry(**ids, debit_minor=5), LedgerEntry(**ids, credit_minor=5)]

    for entries, said in (
        (sides(posted.pk, bank.pk + 10_000), "no account"),
        (sides(posted.pk + 10_000, bank.pk), "no ledger transaction"),
    ):
        with pytest.raises(IntegrityError, match=said), transaction.atomic():
            LedgerEntry.objects.bulk_create(entries)
    with pytest.raises(DatabaseError, match="An account stays"), transaction.atomic():
        Account.objects.filter(pk=fees.pk)._raw_delete("default")
    with pytest.raises(DatabaseError, match="An account stays"), transaction.atomic():
        Account.objects.filter(pk=fees.pk).update(id=fees.pk + 10_000)


def test_a_transaction_is_posted_once_per_key_and_only_in_balance(hamlet: Hamlet) -> None:
    bank, fees = (account(hamlet.cooperative, code) for code in (AccountCode.BANK, AccountCode.FEES))
    words = {"cooperative": hamlet.cooperative, "cause": "test", "booked_date": NOW.date(), "now": NOW}
    with pytest.raises(CannotPost, match="debits - credits = 1"):
        post_transaction(idempotency_key="a", amounts={bank: 5, fees: -4}, **words)
    first = post_transaction(idempotency_key="a", amounts={bank: 5, fees: -5}, **words)
    assert post_transaction(idempotency_key="a", amounts={bank: 5, fees: -5}, **words) == first
    assert LedgerEntry.objects.filter(transaction=first).count() == 2


def draft(hamlet: Hamlet, first_day: date) -> TariffVersion:
    version = draft_from(version=hamlet.version, now=NOW)
    version.valid_from = first_day
    version.save()
    return version


def test_publishing_ends_the_version_before_and_never_twice(hamlet: Hamlet) -> None:
    version = draft(hamlet, date(2016, 4, 1))
    published = publish_version(version=version, user=None, now=NOW)
    assert publish_version(version=version, user=None, now=NOW).published_at == published.published_at
    hamlet.version.refresh_from_db()
    assert hamlet.version.valid_to == date(2016, 4, 1)
    assert version.windows.count() == hamlet.version.windows.count() == 1


def test_a_version_does_not_begin_on_days_that_were_billed(hamlet: Hamlet) -> None:
    hamlet.bill()
    with pytest.raises(CannotPublishVersion, match=r"billed up to 27 Mar 2016; choose a first day after it"):
        publish_version(version=draft(hamlet, DAYS[1]), user=None, now=NOW)
    hamlet.version.refresh_from_db()
    assert hamlet.version.valid_to is None
    assert publish_version(version=draft(hamlet, date(2016, 3, 28)), user=None, now=NOW).status == "published"


def test_two_versions_are_never_valid_on_one_day(hamlet: Hamlet) -> None:
    with pytest.raises(CannotPublishVersion, match="choose a later first day"):
        publish_version(version=draft(hamlet, hamlet.version.valid_from), user=None, now=NOW)
    with pytest.raises(DatabaseError, match="published_versions_do_not_overlap"), transaction.atomic():
        TariffVersion.objects.filter(pk=draft(hamlet, date(2016, 5, 1)).pk).update(status="published", submitted_at=NOW, published_at=NOW)
