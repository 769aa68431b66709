"""Payments: what a user may see, what each settled, and what a member owes."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import F, QuerySet

from billing.models import Allocation, Charge, Debit, Document, DocumentStatus, Payment
from members.models import Member, Role, User
from members.selectors.scope import visible_members


@dataclass(frozen=True, slots=True)
class PaymentRow:
    """A payment and the bills that stand settled by it."""

    payment: Payment
    documents: tuple[Document, ...]


@dataclass(frozen=True, slots=True)
class Owed:
    """What a member is to pay: bills, those that the bank is collecting, charges, and the sum [minor units]."""

    bills: tuple[Document, ...]
    collected: frozenset[int]
    charges: tuple[Charge, ...]

    @property
    def sum_minor(self) -> int:
        return sum(bill.rest_minor for bill in self.bills) + sum(charge.rest_minor for charge in self.charges)


def visible_payments(user: User) -> QuerySet[Payment]:
    """Payments of the user's own members, and of all members where the user is auditor, tariff admin or support."""
    return Payment.objects.filter(member__in=visible_members(user, Role.AUDITOR, Role.TARIFF_ADMIN, Role.SUPPORT))


def allocations_of(document: Document) -> QuerySet[Allocation]:
    """What settled a document, oldest first, without what was taken back."""
    return document.allocations.filter(reverses__isnull=True, reversed_by__isnull=True).select_related("payment").order_by("made_at", "pk")


def uses_of(credit: Document) -> QuerySet[Allocation]:
    """What a credit document was used for, oldest first, without what was taken back."""
    return (
        credit.spent.filter(reverses__isnull=True, reversed_by__isnull=True)
        .select_related("document", "charge", "payout")
        .order_by("made_at", "pk")
    )


def payment_rows(payments: Iterable[Payment]) -> list[PaymentRow]:
    """Payments with what they settle now."""
    listed = list(payments)
    settled: dict[int, list[Document]] = defaultdict(list)
    standing = Allocation.objects.filter(
        payment__in=listed, document__isnull=False, reverses__isnull=True, reversed_by__isnull=True
    ).select_related("document")
    for allocation in standing.order_by("pk"):
        if allocation.document and allocation.document not in settled[allocation.payment_id or 0]:
            settled[allocation.payment_id or 0].append(allocation.document)
    return [PaymentRow(payment, tuple(settled[payment.pk])) for payment in listed]


def owed_by(member: Member) -> Owed:
    """Open bills and charges of a member, the oldest first."""
    bills = Document.objects.filter(member=member, kind="bill", status=DocumentStatus.OPEN).order_by("due_date", "number")
    collected = Debit.objects.filter(document__member=member, status="released").values_list("document_id", flat=True)
    charges = Charge.objects.filter(member=member, taken_back_at__isnull=True, paid_minor__lt=F("amount_minor"))
    return Owed(tuple(bills), frozenset(collected), tuple(charges.order_by("charged_at")))
