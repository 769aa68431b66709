"""Who is owed what and can be paid out. Any model joins by a source: what is open, what happens when it is paid, and when it comes back."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from django.db.models import F
from django.utils.translation import gettext as _

from billing.models import AccountCode, Allocation, Document, DocumentKind, DocumentStatus, Payment, Payout, Refund, RefundWay
from billing.services.allocations import standing_allocations, take_back
from billing.services.claims import withdraw_claims
from billing.services.payments import credit_of
from members.language import amount
from members.models import Cooperative, Member


class CannotPayOut(ValueError):
    """A payable is no longer there, or not in that sum; the message says why."""


@dataclass(frozen=True, slots=True)
class Payable:
    """What one member is owed: `key` is unique in its source, `debit_account` is where the debt stands in the ledger."""

    source: str
    key: str
    member: Member
    amount_minor: int
    text: str
    iban: str
    debit_account: AccountCode


class PayableSource(Protocol):
    """Where payables come from. Both steps are part of the caller's transaction, with the member locked."""

    code: str

    def open(self, cooperative: Cooperative) -> list[Payable]:
        """What is owed and not on its way."""

    def settle(self, payout: Payout, now: datetime) -> None:
        """Mark as paid; raise CannotPayOut if that is no longer owed."""

    def reopen(self, payout: Payout, now: datetime) -> None:
        """The bank sent it back or refused it: it is owed again."""


class CreditDocuments:
    """Producers' open credit documents."""

    code = "credit"

    def open(self, cooperative: Cooperative) -> list[Payable]:
        rows = (
            Document.objects.filter(
                cooperative=cooperative, kind=DocumentKind.CREDIT, status=DocumentStatus.OPEN, gross_minor__gt=F("paid_minor")
            )
            .filter(member__is_cooperative=False)
            .select_related("member")
            .order_by("label")
        )
        return [Payable(self.code, self._key(d), d.member, d.rest_minor, d.label, d.member.iban, AccountCode.PAYABLE) for d in rows]

    @staticmethod
    def _key(document: Document) -> str:
        """A document that was paid in part is owed the rest under a key of its own."""
        return f"{document.public_id}:{document.paid_minor}" if document.paid_minor else str(document.public_id)

    def settle(self, payout: Payout, now: datetime) -> None:
        document = Document.objects.get(public_id=payout.source_key.split(":")[0])
        if payout.amount_minor > document.rest_minor:
            raise CannotPayOut(
                _("%(document)s is owed %(rest)s, not %(amount)s.")
                % {"document": document, "rest": amount(document.rest_minor), "amount": amount(payout.amount_minor)}
            )
        Allocation.objects.create(credit=document, payout=payout, amount_minor=payout.amount_minor, made_at=now, why="paid out")

    def reopen(self, payout: Payout, now: datetime) -> None:
        for allocation in standing_allocations(payout=payout):
            take_back(allocation=allocation, now=now, why=f"sent back {payout.code}".strip())
        withdraw_claims(payout=payout, now=now)


class Refunds:
    """Members' credit that somebody asked to pay back."""

    code = "refund"

    def open(self, cooperative: Cooperative) -> list[Payable]:
        settled = Payout.objects.filter(cooperative=cooperative, source=self.code, status__in=("prepared", "released", "done")).values_list(
            "source_key", flat=True
        )
        rows = Refund.objects.filter(cooperative=cooperative, way=RefundWay.BANK, withdrawn_at__isnull=True).select_related("member")
        done = set(settled)
        return [
            Payable(self.code, str(r.public_id), r.member, r.amount_minor, r.why, r.iban, AccountCode.RECEIVABLE)
            for r in rows.order_by("pk")
            if str(r.public_id) not in done
        ]

    def settle(self, payout: Payout, now: datetime) -> None:
        left = payout.amount_minor
        if credit_of(payout.member) < left:
            raise CannotPayOut(
                _("%(member)s has a credit of %(member2)s, not %(left)s.")
                % {"member": payout.member, "member2": amount(credit_of(payout.member)), "left": amount(left)}
            )
        for payment in Payment.objects.filter(member=payout.member, credit_minor__gt=0).order_by("received_at", "pk"):
            part = min(left, payment.credit_minor)
            if part:
                Allocation.objects.create(payment=payment, payout=payout, amount_minor=part, made_at=now, why="paid back")
            left -= part

    def reopen(self, payout: Payout, now: datetime) -> None:
        for allocation in standing_allocations(payout=payout):
            take_back(allocation=allocation, now=now, why=f"sent back {payout.code}".strip())


SOURCES: dict[str, PayableSource] = {source.code: source for source in (CreditDocuments(), Refunds())}


def join(source: PayableSource) -> None:
    """Let another kind of payable be paid out; called once when its module is loaded."""
    SOURCES[source.code] = source


def open_payables(cooperative: Cooperative) -> list[Payable]:
    """All that is owed and not on its way, source by source."""
    on_the_way = set(
        Payout.objects.filter(cooperative=cooperative, status__in=("prepared", "released")).values_list("source", "source_key")
    )
    return [
        payable for source in SOURCES.values() for payable in source.open(cooperative) if (payable.source, payable.key) not in on_the_way
    ]
