"""The cooperative as one of its own members."""

from members.models import Cooperative, Member

OWN_NUMBER = "0"


def cooperative_as_member(cooperative: Cooperative) -> Member:
    """The cooperative taking part like a member, made at its first use."""
    member, _ = Member.objects.get_or_create(
        cooperative=cooperative,
        is_cooperative=True,
        defaults={
            "number": OWN_NUMBER,
            "name": cooperative.name,
            "street": cooperative.street,
            "city": cooperative.city,
            "postal_code": cooperative.postal_code,
            "country": cooperative.country,
            "email": cooperative.email,
        },
    )
    return member
