"""The one scope through which every door reaches rows: what a user may see."""

from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from rest_framework.request import Request

from members.models import Cooperative, Member, Membership, Role, User

STAFF_ROLES = (Role.TARIFF_ADMIN, Role.OPERATOR, Role.AUDITOR, Role.SUPPORT)


def user_of(request: HttpRequest | Request) -> User:
    """Who asks. Raises PermissionDenied where nobody is signed in: a door that needs to know goes on for nobody."""
    user = request.user
    if not isinstance(user, User):
        raise PermissionDenied
    return user


def own_members(user: User) -> QuerySet[Member]:
    """The members for whom `user` acts."""
    return Member.objects.filter(memberships__user=user).distinct()


def cooperatives_served(user: User, *roles: Role) -> QuerySet[Cooperative]:
    """The cooperatives in which `user` has one of the staff `roles`."""
    wanted = [role for role in roles if role in STAFF_ROLES]
    return Cooperative.objects.filter(memberships__user=user, memberships__role__in=wanted).distinct()


def cooperatives_of(user: User) -> QuerySet[Cooperative]:
    """The cooperatives to which `user` belongs in any role."""
    return Cooperative.objects.filter(memberships__user=user).distinct()


def visible_members(user: User, *roles: Role) -> QuerySet[Member]:
    """Own members, and all of the cooperatives where `user` has one of the staff `roles`."""
    served = cooperatives_served(user, *roles).values("pk")
    own = Membership.objects.filter(user=user, member__isnull=False).values("member")
    return Member.objects.filter(Q(pk__in=own) | Q(cooperative__in=served))


def has_role(user: User, cooperative: Cooperative, *roles: Role) -> bool:
    """Whether `user` has one of `roles` in `cooperative`."""
    return Membership.objects.filter(user=user, cooperative=cooperative, role__in=roles).exists()
