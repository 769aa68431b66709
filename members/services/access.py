"""Writing down who looked at whose data."""

from datetime import datetime

from members.models import AccessRecord, Member, User
from members.selectors.scope import own_members


def record_look(*, user: User, member: Member, what: str, subject: str, now: datetime) -> None:
    """Record that `user` saw personal data of `member`; looking at one's own leaves no record."""
    if own_members(user).filter(pk=member.pk).exists():
        return
    AccessRecord.objects.create(member=member, user=user, looked_at=now, what=what, subject=subject[:80])
