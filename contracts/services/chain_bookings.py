"""Bookings of payments on the chain: in whole cents, once, and taken back when a payment's block has vanished for good."""

import logging
from datetime import datetime
from functools import partial

from django.db import transaction
from django.db.models import QuerySet, Sum
from django.urls import reverse
from django.utils.translation import gettext as _

from billing.models import Document, Payment, PaymentRail, ReturnKind
from billing.services.allocations import lock_member
from billing.services.payments import CannotBook, Origin, book_payment, return_payment
from contracts.domain.coins import whole_minor
from contracts.models import ChainPayment
from contracts.selectors.coins import amount_in
from contracts.services.quotes import applied_wad_of
from members.language import say_kept
from members.models import Role
from members.services.notifications import notify_in_words, staff_of

KIND = "chain_payment"
RETURN_CODE = "CHAIN"
log = logging.getLogger(__name__)


def book_up(*, bill: Document, seen: ChainPayment, now: datetime) -> None:
    """Book what the chain has paid of a bill and the books do not have yet, under the payment that was seen last.

    Booked is all that was applied to the bill so far, whatever the coins, rounded down, less what was booked of it: so parts of a
    cent are never lost, the last part settles to the cent, and what is paid on the chain after the bank is booked in full and
    becomes the member's credit.
    """
    amount = whole_minor(applied_wad_of(bill)) - _booked_minor(bill)
    if amount <= 0:
        return
    place = f":{seen.position}" if seen.position else ""
    ref = f"{seen.chain_id}:{seen.transaction_hash}:{bill.chain_ref[:18]}{place}"
    before = Payment.objects.filter(rail=PaymentRail.CHAIN, external_ref__startswith=ref).count()
    shown = bill.run.microgrid.now(now)
    seen.payment, _created = book_payment(
        document=bill,
        amount_minor=amount,
        rail=PaymentRail.CHAIN,
        received_at=shown,
        now=shown,
        external_ref=f"{ref}:again{before}" if before else ref,
        origin=Origin(note=amount_in(seen.paid_units, seen.coin)),
    )
    seen.save(update_fields=["payment"])


def _standing(bill: Document) -> QuerySet[ChainPayment]:
    return ChainPayment.objects.filter(document=bill, vanished_at__isnull=True)


def _booked_minor(bill: Document) -> int:
    """What was booked of a bill's payments on the chain; what a person undid stays booked here: it is not booked again by itself."""
    return _standing(bill).aggregate(sum=Sum("payment__amount_minor"))["sum"] or 0


@transaction.atomic
def take_back_payment(pk: int, now: datetime) -> bool:
    """Undo the booking of a payment whose block has vanished, by a reversing entry, and tell who keeps the books."""
    bill = ChainPayment.objects.select_related("document__run__microgrid", "document__cooperative").get(pk=pk).document
    lock_member(bill.member_id)
    seen = ChainPayment.objects.select_for_update().get(pk=pk)
    if seen.vanished_at is not None:
        return False
    seen.vanished_at = now
    seen.save(update_fields=["vanished_at"])
    shown = bill.run.microgrid.now(now)
    stands = None
    try:
        _undo(bill, seen, shown, now)
    except CannotBook as why:
        stands = why
    log.error(
        "Payment %s of %s has vanished from the chain; its booking %s",
        seen.transaction_hash,
        bill.label,
        "was taken back" if stands is None else f"stands: {stands}",
    )
    notify_in_words(
        users=staff_of(bill.cooperative, Role.TARIFF_ADMIN, Role.AUDITOR),
        words=partial(_told, bill, seen, stands),
        kind=KIND,
        key=f"{KIND}:{seen.pk}:{seen.missing_since:%Y%m%dT%H%M%S}",
        path=reverse("bill", args=[bill.public_id]),
        by_mail=True,
        now=shown,
    )
    return True


def _told(bill: Document, seen: ChainPayment, stands: CannotBook | None) -> tuple[str, str]:
    subject = _("%(bill)s: a payment has vanished from the chain") % {"bill": bill.label}
    gone = _("%(amount)s in transaction %(transaction)s: the chain has other blocks now, without it.") % {
        "amount": amount_in(seen.paid_units, seen.coin),
        "transaction": seen.transaction_hash,
    }
    if stands is None:
        return subject, f"{gone} {_('Its booking was taken back, and the bill is open by as much.')}"
    kept = _("Its booking stands, because it could not be taken back: %(why)s") % {"why": say_kept(str(stands))}
    return subject, f"{gone} {kept}"


def _undo(bill: Document, seen: ChainPayment, shown: datetime, now: datetime) -> None:
    """Return what was booked for a vanished payment, and newer bookings that completed a cent with it; book those anew."""
    newest_first = [seen, *_standing(bill).filter(payment__isnull=False).order_by("-pk")]
    for one in newest_first:
        if one is not seen and _booked_minor(bill) <= whole_minor(applied_wad_of(bill)):
            break
        if one.payment is not None:
            return_payment(payment=one.payment, kind=ReturnKind.UNDONE, now=shown, code=RETURN_CODE)
            one.payment = None
            one.save(update_fields=["payment"])
        if one is not seen:
            book_up(bill=bill, seen=one, now=now)
