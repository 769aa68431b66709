"""Sending documents: a row first, the e-mail from it by whichever worker claims it, and what became of it kept for each recipient."""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import Max
from django.urls import reverse

from billing.domain.delivery_words import DELIVERY_WORDS
from billing.models import BillingRun, Delivery, DeliveryStatus, Document, DocumentStatus
from billing.services.papers import pdf_of

log = logging.getLogger(__name__)
CLAIM_HOLDS = timedelta(minutes=15)
MOST_AT_ONCE = 100
INTERRUPTED = "The worker ended while it sent; nobody knows whether the e-mail went out. Send it again if it did not arrive."


class CannotSend(ValueError):
    """The document cannot be sent; the message says why."""


def queue_run(*, run: BillingRun, now: datetime) -> int:
    """Queue every posted document of a run to its member's address, once; returns how many are new."""
    documents = (
        Document.objects.posted()
        .filter(run=run, deliveries=None, member__is_cooperative=False)
        .exclude(member__email="")
        .select_related("member")
    )
    rows = [Delivery(document=d, recipient=d.member.email, queued_at=now) for d in documents]
    return len(Delivery.objects.bulk_create(rows, ignore_conflicts=True))


@transaction.atomic
def send_again(*, document: Document, recipient: str, now: datetime) -> Delivery:
    """Queue a document once more, to the same or another address; what waits to be sent to it is not doubled.

    Raises:
        CannotSend: it is a draft, or there is no address.
    """
    document = Document.objects.select_for_update(of=("self",)).get(pk=document.pk)
    if document.status == DocumentStatus.DRAFT:
        raise CannotSend("A draft is not sent; it goes out when its run is posted.")
    if not recipient:
        raise CannotSend("Enter an e-mail address.")
    rows = document.deliveries.filter(recipient=recipient)
    waiting = rows.filter(status=DeliveryStatus.QUEUED).first()
    if waiting is not None:
        return waiting
    last = rows.aggregate(top=Max("sending"))["top"] or 0
    return Delivery.objects.create(document=document, recipient=recipient, sending=last + 1, queued_at=now)


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
    row = Delivery.objects.select_related(
        "document__member", "document__site__microgrid", "document__cooperative", "document__run__microgrid",
        "document__cancels__run", "document__replaces__run",
    ).get(pk=pk)  # fmt: skip
    claimed = Delivery.objects.filter(pk=pk, status=DeliveryStatus.SENDING)
    try:
        _message(row).send()
    except (SMTPException, OSError) as problem:
        log.warning("%s could not be sent: %s", row, problem)
        claimed.update(status=DeliveryStatus.FAILED, problem=str(problem)[:300] or type(problem).__name__)
        return False
    claimed.update(status=DeliveryStatus.SENT, sent_at=now)
    return True


def _message(row: Delivery) -> EmailMessage:
    document = row.document
    words = DELIVERY_WORDS.get(document.member.language, DELIVERY_WORDS["en"])
    address = settings.SITE_URL.rstrip("/") + reverse("bill", args=[document.public_id])
    message = EmailMessage(
        words.subject[document.kind].format(number=document.label, name=document.cooperative.name),
        words.text.format(
            member=document.member.name, what=words.what[document.kind], number=document.label, address=address,
            name=document.cooperative.name, email=document.cooperative.email, phone=document.cooperative.phone,
        ),
        to=[row.recipient],
        reply_to=[document.cooperative.email] if document.cooperative.email else None,
    )  # fmt: skip
    message.attach(f"{document.label}.pdf", pdf_of(document=document).read_bytes(), "application/pdf")
    return message


def note_opened(*, document: Document, emails: Iterable[str], now: datetime) -> int:
    """The member opened the document's page or PDF: what was sent to them counts as opened. Returns how many rows that is new for."""
    return Delivery.objects.filter(
        document=document, recipient__in=list(emails), status=DeliveryStatus.SENT
    ).update(status=DeliveryStatus.OPENED, opened_at=now)
