"""What movements are compared with: open bills, members, and the accounts they are known to pay from."""

from collections import defaultdict
from collections.abc import Iterable

from billing.domain.banking.matching import Bill, Ledger, Party, index
from billing.domain.banking.references import plain, references_in
from billing.domain.banking.statements import BankEntry
from billing.models import BankStatementLine, Document, DocumentKind, DocumentStatus, Mandate, PrepaidAgreement
from members.models import Cooperative, Member


def named_references(entries: Iterable[BankEntry]) -> set[str]:
    """All payment references that the entries name in any way."""
    found: set[str] = set()
    for entry in entries:
        found.update(references_in(f"{entry.purpose} {entry.end_to_end_id}"))
        found.update(plain(text) for text in (entry.reference, entry.end_to_end_id) if text)
    return found


def open_ledger(cooperative: Cooperative, entries: Iterable[BankEntry]) -> Ledger:
    """Open bills and members for matching, and those settled bills that the entries name."""
    rows = Document.objects.filter(cooperative=cooperative, kind=DocumentKind.BILL).exclude(status=DocumentStatus.DRAFT)
    fields = ("pk", "label", "payment_reference", "gross_minor", "paid_minor", "member_id")
    still_open = rows.filter(status=DocumentStatus.OPEN).order_by("due_date", "number").values_list(*fields)
    named = rows.exclude(status=DocumentStatus.OPEN).filter(payment_reference__in=named_references(entries)).values_list(*fields)
    bills = [
        Bill(pk, label, reference, max(gross - paid, 0), member) for pk, label, reference, gross, paid, member in [*named, *still_open]
    ]
    # Also of an agreement that ended: whoever uses the reference again means the same account.
    top_ups = PrepaidAgreement.objects.filter(cooperative=cooperative).values_list("reference", "member_id")
    return index(bills, _parties(cooperative), dict(top_ups))


def _parties(cooperative: Cooperative) -> list[Party]:
    """Members with the account they gave, their mandates', and those they paid from before."""
    accounts: dict[int, set[str]] = defaultdict(set)
    for member, iban in Mandate.objects.filter(cooperative=cooperative).values_list("member_id", "iban"):
        accounts[member].add(iban)
    paid_from = BankStatementLine.objects.filter(
        cooperative=cooperative, payments__isnull=False, payments__taken_back__isnull=True
    ).exclude(payer_iban="")
    for member, iban in paid_from.values_list("payments__member_id", "payer_iban").distinct():
        accounts[member].add(iban)
    members = Member.objects.filter(cooperative=cooperative, is_cooperative=False)
    return [
        Party(pk, name, frozenset(accounts[pk] | ({iban.replace(" ", "")} if iban else set())))
        for pk, name, iban in members.values_list("pk", "name", "iban")
    ]


def entry_of(line: BankStatementLine) -> BankEntry:
    """A stored movement as rules see it."""
    return BankEntry(
        row=line.row,
        booked_date=line.booked_date,
        amount_minor=line.amount_minor,
        payer=line.payer,
        purpose=line.purpose,
        value_date=line.value_date,
        payer_iban=line.payer_iban,
        reference=line.reference,
        end_to_end_id=line.end_to_end_id,
        mandate_ref=line.mandate_ref,
        batch_ref=line.batch_ref,
        batch_count=line.batch_count,
        bank_ref=line.bank_ref,
        entry_ref=line.entry_ref,
        bank_code=line.bank_code,
        is_reversal=line.is_reversal,
        return_code=line.return_code,
        original_minor=line.original_minor,
        charges_minor=line.charges_minor,
    )
