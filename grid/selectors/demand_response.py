"""Demand response as its people may see it: members their own sites, operators their microgrids."""

from django.db.models import Count, Q, QuerySet, Sum

from energy.models import Site
from energy.selectors.ownership import local_day_of, on_own_days
from energy.selectors.scope import READING_ROLES, operated_microgrids, visible_microgrids
from grid.models import DemandConsent, DemandEvent, DemandProgramme, DemandResponse
from members.models import User
from members.selectors.scope import visible_members


def offered_programmes(user: User) -> QuerySet[DemandProgramme]:
    """Programmes that go on, of microgrids whose totals the user may see."""
    return (
        DemandProgramme.objects.filter(microgrid__in=visible_microgrids(user).order_by().values("pk"), ended_at=None)
        .select_related("microgrid__cooperative")
        .order_by("microgrid", "name")
    )


def own_demand_sites(user: User) -> QuerySet[Site]:
    """Sites for which the user may consent: those of the user's own members."""
    return Site.objects.filter(member__in=visible_members(user).values("pk")).order_by("code")


def own_consents(user: User) -> QuerySet[DemandConsent]:
    """Consents in force of the user's own sites."""
    return DemandConsent.objects.filter(site__in=own_demand_sites(user).order_by().values("pk"), withdrawn_at=None)


def own_responses(user: User) -> QuerySet[DemandResponse]:
    """The part of sites in events on days on which they were the user's own, the newest first."""
    day = local_day_of("event__start_at", "event__programme__microgrid__time_zone")
    return (
        on_own_days(DemandResponse.objects.all(), user, site="site", day=day)
        .select_related("event__programme__microgrid__cooperative", "site")
        .order_by("-event__start_at", "site__code")
    )


def operated_programmes(user: User) -> QuerySet[DemandProgramme]:
    """Programmes of the microgrids that the user operates."""
    return (
        DemandProgramme.objects.filter(microgrid__in=operated_microgrids(user).order_by().values("pk"))
        .select_related("microgrid__cooperative")
        .order_by("ended_at", "name")
    )


def operated_events(user: User) -> QuerySet[DemandEvent]:
    """Events that the user may cancel."""
    return DemandEvent.objects.filter(programme__in=operated_programmes(user).order_by().values("pk"))


def read_events(user: User) -> QuerySet[DemandEvent]:
    """Events of the cooperatives where the user is operator, auditor or support, with what all sites together brought."""
    microgrids = operated_microgrids(user, *READING_ROLES).order_by().values("pk")
    taking_part = Q(responses__opted_out_at=None)
    return (
        DemandEvent.objects.filter(programme__microgrid__in=microgrids)
        .select_related("programme__microgrid__cooperative", "called_by")
        .annotate(
            asked=Count("responses"),
            taking_part=Count("responses", filter=taking_part),
            without_result=Count("responses", filter=~Q(responses__why_not="")),
            delivered_wh=Sum("responses__delivered_wh"),
            incentive_minor=Sum("responses__incentive_minor"),
        )
        .order_by("-start_at", "-pk")
    )
