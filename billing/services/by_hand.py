"""Payments that a person takes: cash, and mobile money read from a phone."""

from datetime import datetime

from django.utils.translation import gettext as _

from billing.models import Document, DocumentKind, Payment, PaymentRail
from billing.services.payments import CannotBook, Origin, book_member_payment
from members.language import amount
from members.models import Cooperative, Member, User

BY_HAND = (PaymentRail.CASH, PaymentRail.MOBILE)


class CannotTake(ValueError):
    """A payment cannot be taken that way; the message says what is wrong."""


def take_by_hand(
    *, cooperative: Cooperative, rail: str, what: str, amount_minor: int, receipt: str, note: str, user: User, now: datetime
) -> Payment:
    """Book what a member paid by hand: for a bill by its number, or on account by the member's number. Once per receipt.

    Raises:
        CannotTake: the way, the receipt's number, the bill or member, or the amount is wrong, or the receipt was used before.
    """
    if rail not in BY_HAND:
        raise CannotTake(_("Choose cash or mobile money."))
    if not receipt:
        raise CannotTake(_("Write the receipt's number: it keeps a payment from being entered twice."))
    bill = Document.objects.standing().filter(cooperative=cooperative, kind=DocumentKind.BILL, label__iexact=what).first()
    member = bill.member if bill else Member.objects.filter(cooperative=cooperative, number=what).first()
    if member is None:
        raise CannotTake(_("'%(what)s' is neither the number of a bill nor of a member.") % {"what": what})
    try:
        payment, fresh = book_member_payment(
            member=member,
            document=bill,
            amount_minor=amount_minor,
            rail=PaymentRail(rail),
            external_ref=receipt[:160],
            received_at=now,
            now=now,
            origin=Origin(taken_by=user, note=note),
        )
    except CannotBook as problem:
        raise CannotTake(str(problem)) from problem
    if not fresh:
        raise CannotTake(
            _("Receipt %(receipt)s was entered before: %(amount)s from %(member)s.")
            % {"receipt": receipt, "amount": amount(payment.amount_minor), "member": payment.member}
        )
    return payment
