"""What an e-mail to a member says and carries, whatever the letter: bill, reminder, part of what was shared out, year, alarm."""

from dataclasses import dataclass

from django.conf import settings
from django.core.mail import EmailMessage
from django.urls import reverse
from django.utils.translation import gettext as _

from billing.domain.delivery_words import DELIVERY_WORDS, DeliveryWords
from billing.models import Delivery, DistributionPart, DistributionStatus, Document, DocumentStatus, PrepaidAlarm, Reminder, YearStatement
from billing.models.deliveries import Letter
from billing.selectors.prepaid_notices import notice_of
from billing.services.papers import pdf_of, pdf_of_part, pdf_of_reminder, pdf_of_year
from members.models import Cooperative

EXPLAINED = ("bill", "credit", "bill_reversal", "credit_reversal")


@dataclass(frozen=True, slots=True)
class Contents:
    """What is filled into an e-mail's words, and what is attached."""

    what: str
    number: str
    path: str
    file_name: str
    pdf: bytes


class NotToBeSent(ValueError):
    """The letter does not count, or not yet; the message says why."""


def check_counts(letter: Letter) -> None:
    """Refuse a letter that is not out yet, or was taken back.

    Raises:
        NotToBeSent: it is.
    """
    if isinstance(letter, Document) and letter.status == DocumentStatus.DRAFT:
        raise NotToBeSent(_("A draft is not sent; it goes out when its run is posted."))
    if isinstance(letter, Reminder) and letter.taken_back_at is not None:
        raise NotToBeSent(_("It was taken back."))
    if isinstance(letter, DistributionPart) and letter.distribution.status != DistributionStatus.RELEASED:
        raise NotToBeSent(_("It is not released."))


def message_of(row: Delivery) -> EmailMessage:
    """The e-mail of a delivery, in the member's language.

    Raises:
        NotToBeSent: the letter was taken back meanwhile.
        CannotInvoice: the cooperative shows VAT without a VAT id.
    """
    letter, member = row.letter, row.member
    check_counts(letter)
    cooperative = member.cooperative
    if isinstance(letter, PrepaidAlarm):
        subject, text = notice_of(letter)
        return _email(row, subject, text, cooperative)
    words = DELIVERY_WORDS.get(member.language, DELIVERY_WORDS["en"])
    found = _contents(letter)
    message = _email(
        row, words.subject[found.what].format(number=found.number, name=cooperative.name), _text(row, words, found), cooperative
    )
    message.attach(found.file_name, found.pdf, "application/pdf")
    return message


def _email(row: Delivery, subject: str, text: str, cooperative: Cooperative) -> EmailMessage:
    reply_to = [cooperative.email] if cooperative.email else None
    return EmailMessage(subject, text, to=[row.recipient], reply_to=reply_to)


def _text(row: Delivery, words: DeliveryWords, found: Contents) -> str:
    cooperative = row.member.cooperative
    form = (words.explained if found.what in EXPLAINED else words.plain) + words.close
    return form.format(
        member=row.member.name,
        what=words.what[found.what].format(number=found.number),
        address=settings.SITE_URL.rstrip("/") + found.path,
        name=cooperative.name,
        email=cooperative.email,
        phone=cooperative.phone,
    )


def _contents(letter: Document | Reminder | DistributionPart | YearStatement) -> Contents:
    if isinstance(letter, Document):
        path = reverse("bill", args=[letter.public_id])
        return Contents(letter.kind, letter.label, path, f"{letter.label}.pdf", pdf_of(document=letter).read_bytes())
    if isinstance(letter, Reminder):
        label, what = letter.document.label, "reminder_1" if letter.level == 1 else "reminder"
        return Contents(what, label, reverse("open-bills"), f"{label}-{letter.level}.pdf", pdf_of_reminder(letter))
    if isinstance(letter, DistributionPart):
        name = letter.distribution.name
        return Contents("part", name, reverse("shared-out"), f"{letter.member.number}.pdf", pdf_of_part(letter))
    path = reverse("annual", args=[letter.site.public_id, letter.year])
    return Contents("statement", str(letter.year), path, f"{letter.site.code}-{letter.year}.pdf", pdf_of_year(letter))
