"""Requests for devices: a member's own, and those that an operator decides."""

from django.db.models import QuerySet

from energy.models import AssetRequest, Consumer, RequestState, Site, StorageUnit
from energy.selectors.ownership import local_day_of, on_own_days
from energy.selectors.scope import operated_microgrids
from members.models import Membership, User
from members.selectors.scope import own_members

FIRST_STEERED_TIER = 3


def own_requests(user: User) -> QuerySet[AssetRequest]:
    """Those that own members asked for, at sites on days on which they were theirs, the latest first.

    The day alone is not enough: on the day of a move both have been there.
    """
    askers = Membership.objects.filter(member__in=own_members(user)).values("user")
    rows = AssetRequest.objects.filter(asked_by__in=askers).select_related("site__microgrid")
    rows = rows.order_by("-asked_at", "-pk")
    return on_own_days(rows, user, site="site", day=local_day_of("asked_at", "site__microgrid__time_zone"))


def served_requests(user: User) -> QuerySet[AssetRequest]:
    """Those of microgrids that the user operates, what waits first."""
    rows = AssetRequest.objects.filter(site__microgrid__in=operated_microgrids(user).order_by().values("pk"))
    rows = rows.select_related("site__microgrid", "site__member", "site__node", "asked_by", "decided_by")
    return rows.order_by("-asked_at", "-pk")


def waiting_for(user: User) -> int:
    """How many wait for a decision of the user's."""
    return served_requests(user).filter(state=RequestState.OPEN).count()


def devices_at(sites: list[Site]) -> list[Consumer | StorageUnit]:
    """Loads and storages that are entered at sites, as their owners call them."""
    ids = [site.pk for site in sites]
    consumers = Consumer.objects.filter(site__in=ids).select_related("site", "meter").order_by("site__code", "code")
    storages = StorageUnit.objects.filter(site__in=ids).select_related("site", "meter").order_by("site__code", "code")
    return [*consumers, *storages]


def unmetered_devices(user: User) -> QuerySet[Consumer]:
    """Loads that may wait, have no meter of their own, and stand at sites of microgrids that the user operates."""
    rows = Consumer.objects.filter(
        site__microgrid__in=operated_microgrids(user).order_by().values("pk"), meter__isnull=True, priority_tier__gte=FIRST_STEERED_TIER
    )
    return rows.select_related("site__microgrid").order_by("site__code", "code")
