"""Sending letters: a row first, the e-mail from it by whichever worker claims it, and what became of it kept for each recipient."""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from smtplib import SMTPException
from typing import Any

from django.db import transaction
from django.db.models import Exists, Max, OuterRef, Q
from django.utils.translation import gettext as _

from billing.domain.e_invoice import CannotInvoice
from billing.models import BillingRun, Delivery, DeliveryStatus, Document
from billing.models.deliveries import BEHIND, LETTERS, Letter
from billing.services.letters import NotToBeSent, check_counts, message_of
from billing.services.papers import NoYear
from members.models import Cooperative

log = logging.getLogger(__name__)
CLAIM_HOLDS = timedelta(minutes=15)
MOST_AT_ONCE = 100
INTERRUPTED = "The worker ended while it sent; nobody knows whether the e-mail went out. Send it again if it did not arrive."


class CannotSend(ValueError):
    """The letter cannot be sent; the message says why."""


def field_of(letter: Letter) -> str:
    """The delivery's field that names such a letter."""
    return next(name for name, model in LETTERS.items() if isinstance(letter, model))


def queue_run(*, run: BillingRun, now: datetime) -> int:
    """Queue every posted document of a run to its member's address, once; returns how many are new."""
    documents = Document.objects.posted().filter(run=run, deliveries=None).select_related("member")
    return queue_letters(letters=documents, now=now)


def queue_letters(*, letters: Iterable[Letter], now: datetime) -> int:
    """Queue letters to their members' addresses, each once; returns how many are new. Members without an address get none."""
    rows = [
        Delivery(**{field_of(letter): letter}, member=member, recipient=member.email, queued_at=now)
        for letter in letters
        if (member := letter.member).email and not member.is_cooperative
    ]
    return len(Delivery.objects.bulk_create(rows, ignore_conflicts=True))


@transaction.atomic
def send_again(*, letter: Letter, recipient: str, now: datetime) -> Delivery:
    """Queue a letter once more, to the same or another address; what waits to be sent to it is not doubled.

    Raises:
        CannotSend: it is not out yet or was taken back, or there is no address.
    """
    model: Any = LETTERS[field_of(letter)]
    letter = model.objects.select_for_update(of=("self",)).get(pk=letter.pk)
    try:
        check_counts(letter)
    except NotToBeSent as why:
        raise CannotSend(str(why)) from None
    if not recipient:
        raise CannotSend(_("Enter an e-mail address."))
    rows = Delivery.objects.filter(**{field_of(letter): letter}, recipient=recipient)
    waiting = rows.filter(status=DeliveryStatus.QUEUED).first()
    if waiting is not None:
        return waiting
    last = rows.aggregate(top=Max("sending"))["top"] or 0
    return Delivery.objects.create(**{field_of(letter): letter}, member=letter.member, recipient=recipient, sending=last + 1, queued_at=now)


def send_failed_again(*, cooperative: Cooperative, now: datetime, at_most: int = MOST_AT_ONCE) -> int:
    """Queue once more, to the same address, what failed and was not sent again since; returns how many. What does not count any more stays as it is."""
    queued = 0
    failed = Delivery.objects.filter(member__cooperative=cooperative, status=DeliveryStatus.FAILED)
    not_since = failed.exclude(
        Exists(Delivery.objects.filter(_same_letter(), recipient=OuterRef("recipient"), sending__gt=OuterRef("sending")))
    )
    for row in not_since.select_related(*BEHIND).order_by("pk").iterator(chunk_size=MOST_AT_ONCE):
        try:
            send_again(letter=row.letter, recipient=row.recipient, now=now)
        except CannotSend as why:
            log.info("%s stays as it is: %s", row, why)
        else:
            queued += 1
        if queued == at_most:
            break
    return queued


def _same_letter() -> Q:
    return reduce(or_, (Q(**{name: OuterRef(name)}) for name in LETTERS))


def withhold(*, letter: Letter, why: str) -> int:
    """Keep back what has not left yet of a letter that was taken back; returns how many."""
    rows = Delivery.objects.filter(**{field_of(letter): letter}, status=DeliveryStatus.QUEUED)
    return rows.update(status=DeliveryStatus.FAILED, problem=why[:300])


def send_queued(*, now: datetime, at_most: int = MOST_AT_ONCE) -> int:
    """Send what is queued, oldest first; returns how many e-mails left. Several workers share the rows.

    At most once: a claim comes before the e-mail and is never taken over, so nobody gets a bill twice without a person asking for it.
    """
    _give_up_on_interrupted(now)
    sent = 0
    queued = Delivery.objects.filter(status=DeliveryStatus.QUEUED).order_by("queued_at", "pk")
    for pk in list(queued.values_list("pk", flat=True)[:at_most]):
        if queued.filter(pk=pk).order_by().update(status=DeliveryStatus.SENDING, claimed_at=now):
            sent += _send(pk, now)
    return sent


def _give_up_on_interrupted(now: datetime) -> None:
    Delivery.objects.filter(status=DeliveryStatus.SENDING, claimed_at__lt=now - CLAIM_HOLDS).update(
        status=DeliveryStatus.FAILED, problem=INTERRUPTED
    )


def _send(pk: int, now: datetime) -> bool:
    row = Delivery.objects.select_related(*BEHIND).get(pk=pk)
    claimed = Delivery.objects.filter(pk=pk, status=DeliveryStatus.SENDING)
    try:
        message_of(row).send()
    except (SMTPException, OSError, NotToBeSent, CannotInvoice, NoYear) as problem:
        log.warning("%s could not be sent: %s", row, problem)
        claimed.update(status=DeliveryStatus.FAILED, problem=str(problem)[:300] or type(problem).__name__)
        return False
    claimed.update(status=DeliveryStatus.SENT, sent_at=now)
    return True


def note_opened(*, letter: Letter, emails: Iterable[str], now: datetime) -> int:
    """The member opened the letter's page or PDF: what was sent to them counts as opened. Returns how many rows that is new for."""
    return Delivery.objects.filter(**{field_of(letter): letter}, recipient__in=list(emails), status=DeliveryStatus.SENT).update(
        status=DeliveryStatus.OPENED, opened_at=now
    )
