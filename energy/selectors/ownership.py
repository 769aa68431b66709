"""Whose a site was on which day, and which days of its history a user may therefore see."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from typing import Any, TypeVar

from django.db.models import DateField, DateTimeField, Exists, F, Func, Model, OuterRef, Q, QuerySet, Subquery
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Coalesce

from energy.domain.ownership import EVERYTHING, NOTHING, SeenDays, Span
from energy.models import Meter, Site, SiteOwnership, StorageUnit
from members.models import Member, Role, User
from members.selectors.scope import cooperatives_served

READING_ROLES = (Role.OPERATOR, Role.AUDITOR, Role.SUPPORT)
Row = TypeVar("Row", bound=Model)


def own_ownerships(user: User) -> QuerySet[SiteOwnership]:
    """The stretches of days on which sites were, or are, the user's own members'; what has not begun gives no right yet."""
    return SiteOwnership.objects.filter(member__memberships__user=user, has_begun=True)


def sites_had(user: User) -> QuerySet[Site]:
    """Sites that are the user's own members' today, or were on some day."""
    own = own_ownerships(user).filter(site=OuterRef("pk"))
    return Site.objects.filter(Exists(own)).select_related("microgrid").order_by("code")


def readable_sites(user: User) -> QuerySet[Site]:
    """Sites of whose history the user may see some days: own ones of today or once, all where the user is operator, auditor or support."""
    served = cooperatives_served(user, *READING_ROLES).values("pk")
    own = own_ownerships(user).filter(site=OuterRef("pk"))
    return (
        Site.objects.filter(Exists(own) | Q(microgrid__cooperative__in=served))
        .select_related("member", "microgrid")
        .order_by("microgrid", "code")
    )


def readable_meters(user: User) -> QuerySet[Meter]:
    """Meters of readable sites."""
    served = cooperatives_served(user, *READING_ROLES).values("pk")
    own = own_ownerships(user).filter(site=OuterRef("site"))
    return (
        Meter.objects.filter(Exists(own) | Q(site__isnull=False, microgrid__cooperative__in=served))
        .select_related("site", "microgrid")
        .order_by("microgrid", "code")
    )


def readable_storages(user: User) -> QuerySet[StorageUnit]:
    """Storages behind readable sites."""
    sites = readable_sites(user).order_by().values("pk")
    return StorageUnit.objects.filter(site__in=sites).select_related("site__microgrid__cooperative")


def with_holder_number(sites: QuerySet[Site], user: User) -> QuerySet[Site]:
    """With the number of the member as whom the user sees each site, as `holder_number`: of who has it today, for staff."""
    own = own_ownerships(user).filter(site=OuterRef("pk")).order_by(F("valid_from").desc(nulls_last=True))
    served = cooperatives_served(user, *READING_ROLES).values("pk")
    today = Site.objects.filter(pk=OuterRef("pk"), microgrid__cooperative__in=served)
    return sites.annotate(holder_number=Coalesce(Subquery(today.values("member__number")), Subquery(own.values("member__number")[:1])))


def seen_days(user: User, sites: Collection[Site]) -> dict[int, SeenDays]:
    """By site, the days of its history that the user may see; sites with their microgrids."""
    served = set(cooperatives_served(user, *READING_ROLES).values_list("pk", flat=True))
    own = own_days(user, sites)
    return {site.pk: EVERYTHING if site.microgrid.cooperative_id in served else own[site.pk] for site in sites}


def own_days(user: User, sites: Collection[Site]) -> dict[int, SeenDays]:
    """By site, the days on which it is or was the user's own members'."""
    found: dict[int, list[Span]] = {}
    rows = own_ownerships(user).filter(site__in=sites).order_by(F("valid_from").asc(nulls_first=True))
    for site_id, first, after in rows.values_list("site_id", "valid_from", "valid_to").distinct():
        spans = found.setdefault(site_id, [])
        if spans and spans[-1][1] == first:
            spans[-1] = (spans[-1][0], after)  # two of the user's members, one after the other
        else:
            spans.append((first, after))
    return {site.pk: SeenDays(tuple(found[site.pk])) if site.pk in found else NOTHING for site in sites}


def days_seen(user: User, site: Site) -> SeenDays:
    """The days of one site's history that the user may see."""
    return seen_days(user, [site])[site.pk]


def holders(site: Site, first: date | None = None, after: date | None = None) -> QuerySet[Member]:
    """Who had a site on one of the days from `first` up to and without `after`."""
    rows = SiteOwnership.objects.filter(site=site, has_begun=True)
    if after is not None:
        rows = rows.filter(Q(valid_from__isnull=True) | Q(valid_from__lt=after))
    if first is not None:
        rows = rows.filter(Q(valid_to__isnull=True) | Q(valid_to__gt=first))
    return Member.objects.filter(pk__in=rows.values("member"))


def ownerships_along(site_ids: Iterable[int], first: date, last: date) -> dict[int, list[SiteOwnership]]:
    """By site, who has it on the days from `first` to `last`, in order, with the member."""
    rows = (
        SiteOwnership.objects.filter(site__in=set(site_ids))
        .filter(Q(valid_from__isnull=True) | Q(valid_from__lte=last))
        .filter(Q(valid_to__isnull=True) | Q(valid_to__gt=first))
        .select_related("member")
        .order_by("site", F("valid_from").asc(nulls_first=True))
    )
    found: dict[int, list[SiteOwnership]] = {}
    for row in rows:
        found.setdefault(row.site_id, []).append(row)
    return found


def members_on(site_ids: Sequence[int], day: date) -> dict[int, Member]:
    """By site, whose it is on a day."""
    return {site: rows[0].member for site, rows in ownerships_along(site_ids, day, day).items()}


def local_day_of(instant: str, zone: str) -> Combinable:
    """The local day of an instant's field; `zone` is the path to its microgrid's time zone."""
    local = Func(F(zone), F(instant), function="timezone", output_field=DateTimeField())
    return Cast(local, DateField())


def on_own_days(rows: QuerySet[Row], user: User, *, site: str, day: Combinable) -> QuerySet[Any, Row]:
    """Rows about a site on a day on which it was the user's own members'; `site` is the path to it."""
    own = (
        own_ownerships(user)
        .filter(site=OuterRef(site))
        .filter(Q(valid_from__isnull=True) | Q(valid_from__lte=OuterRef("own_day")))
        .filter(Q(valid_to__isnull=True) | Q(valid_to__gt=OuterRef("own_day")))
    )
    found: QuerySet[Any, Row] = rows.alias(own_day=day)
    return found.filter(Exists(own))


def theirs_since(site: Site) -> date | None:
    """From which day on a site is whose it is today; None: from the beginning. Habits and forecasts of who lives there rest on nothing older."""
    return theirs_since_of([site.pk]).get(site.pk)


def theirs_since_of(site_ids: Collection[int]) -> dict[int, date]:
    """By site that has changed hands, from which day on it is whose it is today."""
    rows = SiteOwnership.objects.filter(site__in=site_ids, has_begun=True, valid_from__isnull=False)
    days = rows.order_by("valid_from").values_list("site_id", "valid_from")
    return {site_id: day for site_id, day in days if day is not None}


def on_days(rows: QuerySet[Row], seen: SeenDays, field: str = "day") -> QuerySet[Row]:
    """Rows of days that may be seen."""
    if seen.spans is None or (None, None) in seen.spans:
        return rows
    wanted = Q(pk__in=[])
    for first, after in seen.spans:
        bounds = {f"{field}__gte": first, f"{field}__lt": after}
        wanted |= Q(**{name: day for name, day in bounds.items() if day is not None})
    return rows.filter(wanted)
