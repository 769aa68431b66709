"""Whose bills somebody may compare, and with which tariff versions."""

from collections.abc import Sequence
from datetime import date

from django.db.models import QuerySet

from billing.models import TariffVersion, VersionStatus
from energy.models import Site
from energy.models.meters import MeterKind
from energy.selectors.ownership import theirs_since_of
from members.models import Role, User
from members.selectors.scope import cooperatives_of, cooperatives_served, visible_members

COMPARING_ROLES = (Role.TARIFF_ADMIN, Role.AUDITOR)


def compares_for_all(user: User) -> bool:
    """Whether the user sees what a tariff does to every member."""
    return cooperatives_served(user, *COMPARING_ROLES).exists()


def comparable_sites(user: User) -> QuerySet[Site]:
    """Metered sites of own members; of all members that are not the cooperative itself for those who make or audit tariffs."""
    members = visible_members(user, *COMPARING_ROLES).filter(is_cooperative=False)
    return (
        Site.objects.filter(member__in=members, meters__kind=MeterKind.SITE, meters__removed_at__isnull=True)
        .select_related("member", "microgrid__cooperative")
        .order_by("microgrid", "code")
        .distinct()
    )


def compared_since(user: User, sites: Sequence[Site]) -> date | None:
    """From which day on the sites may be compared: members by days alone on which all of them were theirs."""
    if compares_for_all(user):
        return None
    return max(theirs_since_of({site.pk for site in sites}).values(), default=None)


def comparable_versions(user: User) -> QuerySet[TariffVersion]:
    """Published versions of the user's cooperatives, drafts too for those who make or audit tariffs."""
    versions = TariffVersion.objects.select_related("tariff").order_by("tariff__name", "-number")
    if compares_for_all(user):
        return versions.filter(tariff__cooperative__in=cooperatives_served(user, *COMPARING_ROLES).values("pk"))
    own = cooperatives_of(user).values("pk")
    return versions.filter(tariff__cooperative__in=own, status=VersionStatus.PUBLISHED)
