"""Payments: what a user may see, and what a member is told of each."""

from django.db.models import QuerySet

from billing.models import Allocation, Document, Payment
from members.models import Role, User
from members.selectors.scope import visible_members


def visible_payments(user: User) -> QuerySet[Payment]:
    """Payments of the user's own members, and of all members where the user is auditor, tariff admin or support."""
    return Payment.objects.filter(
        member__in=visible_members(user, Role.AUDITOR, Role.TARIFF_ADMIN, Role.SUPPORT)
    )


def allocations_of(document: Document) -> QuerySet[Allocation]:
    """What settled a document, oldest first, without what was taken back."""
    return (
        document.allocations.filter(reverses__isnull=True, reversed_by__isnull=True)
        .select_related("payment")
        .order_by("made_at", "pk")
    )
