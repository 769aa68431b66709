"""What a member agrees to."""

from members.models import Member


def set_usage_consent(*, member: Member, consents: bool) -> None:
    """Whether the member's own monthly total may stand on the chain under a random id."""
    Member.objects.filter(pk=member.pk).update(publishes_usage=consents)
