"""Booking what was paid: the money first, then what it is for. What is not used up stays the member's credit."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import F, Sum
from django.utils.translation import gettext as _

from billing.models import (
    AccountCode,
    Allocation,
    BankStatementLine,
    Charge,
    CreditUse,
    Document,
    DocumentKind,
    DocumentStatus,
    Payment,
    PaymentRail,
    PaymentReturn,
    PaymentRules,
    ReturnKind,
)
from billing.selectors.documents import standing_in_for
from billing.services.allocations import allocate, lock_member, standing_allocations, take_back
from billing.services.ledger import account, post_transaction
from billing.services.prepaid import take_top_up
from members.language import amount
from members.models import Cooperative, Member, User

MONEY_ACCOUNT = {
    PaymentRail.BANK: AccountCode.BANK,
    PaymentRail.DEBIT: AccountCode.BANK,
    PaymentRail.CASH: AccountCode.CASH,
    PaymentRail.MOBILE: AccountCode.MOBILE_MONEY,
    PaymentRail.CHAIN: AccountCode.CHAIN_WALLET,
    PaymentRail.CARD: AccountCode.CARD,
}
LONGEST_KEY = 120


class CannotBook(ValueError):
    """A payment cannot be booked; the message says why."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a payment comes from, beyond its reference: a line of a statement, a person, words."""

    bank_line: BankStatementLine | None = None
    taken_by: User | None = None
    note: str = ""


BY_ITSELF = Origin()


def ledger_key(rail: str, external_ref: str) -> str:
    """The ledger's key of a payment; a reference too long for it is hashed, never cut, so that two keep apart."""
    key = f"payment:{rail}:{external_ref}"
    if len(key) <= LONGEST_KEY:
        return key
    return f"payment:{rail}:sha256:{hashlib.sha256(external_ref.encode()).hexdigest()}"


def rules_of(cooperative: Cooperative) -> PaymentRules:
    """The cooperative's rules, or the defaults."""
    return PaymentRules.objects.filter(cooperative=cooperative).first() or PaymentRules(cooperative=cooperative)


@transaction.atomic
def book_payment(
    *,
    document: Document,
    amount_minor: int,
    rail: PaymentRail,
    external_ref: str,
    received_at: datetime,
    now: datetime,
    origin: Origin = BY_ITSELF,
) -> tuple[Payment, bool]:
    """Book a payment of a bill once per `external_ref`; returns it and whether it is new.

    What is paid beyond the bill stays as the member's credit, and is used for other bills by the cooperative's rule. What comes for
    a bill that was taken back counts for the one in its place.

    Raises:
        CannotBook: the document is not a posted bill, or the amount is not positive.
    """
    if document.kind != DocumentKind.BILL or document.status == DocumentStatus.DRAFT:
        raise CannotBook(_("%(document)s is not a posted bill.") % {"document": document})
    named, document = document, standing_in_for(document)
    payment, created = book_member_payment(
        member=document.member,
        document=document,
        amount_minor=amount_minor,
        rail=rail,
        external_ref=external_ref,
        received_at=received_at,
        now=now,
        origin=origin,
    )
    named.refresh_from_db(fields=["paid_minor", "status"])
    return payment, created


@transaction.atomic
def book_member_payment(
    *,
    member: Member,
    amount_minor: int,
    rail: PaymentRail,
    external_ref: str,
    received_at: datetime,
    now: datetime,
    document: Document | None = None,
    origin: Origin = BY_ITSELF,
) -> tuple[Payment, bool]:
    """Book what a member paid, for a bill or on account, once per `external_ref`; returns it and whether it is new.

    Raises:
        CannotBook: the amount is not positive.
    """
    if amount_minor <= 0:
        raise CannotBook(_("The amount of a payment is positive."))
    member = lock_member(member.pk)
    payment, created = Payment.objects.get_or_create(
        cooperative=member.cooperative,
        rail=rail,
        external_ref=external_ref,
        defaults={
            "member": member,
            "document": document,
            "amount_minor": amount_minor,
            "received_at": received_at,
            "booked_at": now,
            "bank_line": origin.bank_line,
            "taken_by": origin.taken_by,
            "note": origin.note[:200],
        },
    )
    if not created:
        return payment, False
    money = AccountCode.SUSPENSE if origin.bank_line else MONEY_ACCOUNT[rail]
    post_transaction(
        cooperative=member.cooperative,
        idempotency_key=ledger_key(rail, external_ref),
        cause="payment",
        booked_date=now.date(),
        now=now,
        amounts={
            account(member.cooperative, money): amount_minor,
            account(member.cooperative, AccountCode.RECEIVABLE, member): -amount_minor,
        },
    )
    if document is not None:
        rest = Document.objects.get(pk=document.pk).rest_minor
        if rest:
            allocate(payment=payment, document=document, amount_minor=min(rest, amount_minor), now=now)
    use_credit(member=member, now=now)
    take_top_up(member=member)
    payment.refresh_from_db()
    return payment, True


@transaction.atomic
def use_credit(*, member: Member, now: datetime, even_by_hand: bool = False) -> int:
    """Use a member's credit for their open bills and charges, the oldest first, where the cooperative's rule says so.

    Bills that are being collected are left to the bank. Returns how much was used [minor units].
    """
    member = lock_member(member.pk)
    if rules_of(member.cooperative).credit_use == CreditUse.BY_HAND and not even_by_hand:
        return 0
    sources = list(Payment.objects.filter(member=member, credit_minor__gt=0).order_by("received_at", "pk"))
    if not sources:
        return 0
    used, left = 0, {payment.pk: payment.credit_minor for payment in sources}
    for target in open_targets(member):
        rest = target.rest_minor
        for payment in sources:
            part = min(rest, left[payment.pk])
            if part <= 0:
                continue
            words = {"document": target} if isinstance(target, Document) else {"charge": target}
            Allocation.objects.create(payment=payment, amount_minor=part, made_at=now, why="credit", **words)
            left[payment.pk] -= part
            rest -= part
            used += part
    return used


def open_targets(member: Member) -> list[Document | Charge]:
    """What a member is to pay, the oldest first, without what the bank is collecting."""
    bills = (
        Document.objects.filter(member=member, kind=DocumentKind.BILL, status=DocumentStatus.OPEN, gross_minor__gt=F("paid_minor"))
        .exclude(debits__status__in=("prepared", "released"))
        .order_by("due_date", "number")
    )
    charges = Charge.objects.filter(member=member, taken_back_at__isnull=True, paid_minor__lt=F("amount_minor")).order_by(
        "charged_at", "pk"
    )
    return [*bills, *charges]


def credit_of(member: Member) -> int:
    """What a member has paid and nothing has used up [minor units]."""
    return Payment.objects.filter(member=member).aggregate(sum=Sum("credit_minor"))["sum"] or 0


@transaction.atomic
def return_payment(
    *,
    payment: Payment,
    kind: ReturnKind,
    now: datetime,
    code: str = "",
    fee_minor: int = 0,
    line: BankStatementLine | None = None,
    user: User | None = None,
) -> tuple[PaymentReturn, bool]:
    """Undo a payment wholly, once: its allocations are taken back, its bills are open again, the ledger has the reverse.

    Of a card payment the part stays out that was given back to the card already.

    Raises:
        CannotBook: part of it was paid back to the member already.
    """
    lock_member(payment.member_id)
    payment.refresh_from_db()
    existing = PaymentReturn.objects.filter(payment=payment).first()
    if existing is not None:
        return existing, False
    left = payment.amount_minor - payment.refunded_minor
    if payment.refunded_minor and (kind != ReturnKind.CARD or not left):
        raise CannotBook(
            _("%(refunded)s of %(payment)s were paid back to the member already.")
            % {"refunded": amount(payment.refunded_minor), "payment": payment}
        )
    for allocation in standing_allocations(payment=payment, payout=None, refund=None):
        take_back(allocation=allocation, now=now, user=user, why=f"payment returned {code}".strip())
    made = PaymentReturn.objects.create(
        payment=payment, kind=kind, amount_minor=left, code=code, fee_minor=fee_minor, bank_line=line, returned_at=now, made_by=user
    )
    cooperative = payment.cooperative
    by_bank = line is not None or payment.bank_line_id is not None
    money = AccountCode.SUSPENSE if by_bank else MONEY_ACCOUNT[PaymentRail(payment.rail)]
    post_transaction(
        cooperative=cooperative,
        idempotency_key=f"return:{payment.public_id}",
        cause="payment return",
        booked_date=now.date(),
        now=now,
        amounts={account(cooperative, AccountCode.RECEIVABLE, payment.member): left, account(cooperative, money): -left},
    )
    return made, True
