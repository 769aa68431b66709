"""What a user has been told and not yet seen."""

from django.db.models import QuerySet

from members.models import Notification, User


def waiting_for(user: User) -> QuerySet[Notification]:
    """What the user has not seen yet, the newest first."""
    return Notification.objects.filter(user=user, seen_at__isnull=True).order_by("-created_at", "-pk")
