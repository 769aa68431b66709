"""Writing down who looked at whose data."""

from datetime import datetime

from django.db.models import QuerySet

from members.models import AccessRecord, Member, User
from members.selectors.scope import own_members


def record_look(*, user: User, member: Member, what: str, subject: str, now: datetime) -> None:
    """Record that `user` saw personal data of `member`; looking at one's own leaves no record."""
    if own_members(user).filter(pk=member.pk).exists():
        return
    AccessRecord.objects.create(member=member, user=user, looked_at=now, what=what, subject=subject[:80])


def record_looks(*, user: User, members: QuerySet[Member], what: str, subject: str, now: datetime) -> None:
    """Record that `user` saw personal data of each of `members`, own ones left out, in one statement."""
    others = members.exclude(pk__in=own_members(user).values("pk")).distinct()
    AccessRecord.objects.bulk_create(
        AccessRecord(member=member, user=user, looked_at=now, what=what, subject=subject[:80]) for member in others
    )
