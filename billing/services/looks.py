"""Opening a document: through its owner's scope, and a look by somebody else is written down."""

from datetime import datetime
from uuid import UUID

from billing.models import Document
from billing.models.deliveries import Letter
from billing.selectors.documents import visible_documents
from billing.services.deliveries import note_opened
from members.models import User
from members.selectors.scope import own_members
from members.services.access import record_look


def open_document(*, user: User, public_id: UUID, now: datetime) -> Document:
    """The document, if the user may see it.

    Raises:
        Document.DoesNotExist: there is none, or it is not theirs to see.
    """
    document = visible_documents(user).get(public_id=public_id)
    record_look(user=user, member=document.member, what=document.kind, subject=document.label, now=now)
    note_own_look(letter=document, user=user, now=now)
    return document


def note_own_look(*, letter: Letter, user: User, now: datetime) -> None:
    """Where the user acts for the member, the letter counts as opened by them."""
    member = letter.member
    if own_members(user).filter(pk=member.pk).exists():
        note_opened(letter=letter, emails=[user.email, member.email], now=now)
