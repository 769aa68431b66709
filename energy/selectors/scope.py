"""Which sites and meters a user may see; every door of this room asks here."""

from collections.abc import Collection

from django.db.models import Q, QuerySet

from energy.models import Device, Meter, Microgrid, OwnAlarm, Sensor, Site, Source, StorageUnit, WorkOrder
from members.models import Member, Membership, Role, User
from members.selectors.scope import cooperatives_of, cooperatives_served, visible_members

READING_ROLES = (Role.OPERATOR, Role.AUDITOR, Role.SUPPORT)


def visible_sites(user: User) -> QuerySet[Site]:
    """Sites of the user's own members, and all of the cooperatives where the user is operator, auditor or support."""
    return (
        Site.objects.filter(member__in=visible_members(user, *READING_ROLES))
        .select_related("member", "microgrid")
        .order_by("microgrid", "code")
    )


def own_sites(member: Member) -> QuerySet[Site]:
    """The sites of one member."""
    return Site.objects.filter(member=member).select_related("microgrid").order_by("microgrid", "code")


def visible_meters(user: User) -> QuerySet[Meter]:
    """Meters of visible sites."""
    return (
        Meter.objects.filter(site__member__in=visible_members(user, *READING_ROLES))
        .select_related("site", "microgrid")
        .order_by("microgrid", "code")
    )


def visible_devices(user: User) -> QuerySet[Device]:
    """Devices of visible meters; those of sensors where the user is operator, auditor or support."""
    served = cooperatives_served(user, *READING_ROLES).values("pk")
    return Device.objects.filter(
        Q(meter__in=visible_meters(user).values("pk")) | Q(sensor__microgrid__cooperative__in=served)
    ).select_related("meter__site", "sensor")


def visible_sensors(user: User) -> QuerySet[Sensor]:
    """Sensors of the cooperatives where the user is operator, auditor or support."""
    served = cooperatives_served(user, *READING_ROLES).values("pk")
    return (
        Sensor.objects.filter(microgrid__cooperative__in=served).select_related("microgrid", "site", "node").order_by("microgrid", "code")
    )


def visible_microgrids(user: User) -> QuerySet[Microgrid]:
    """Microgrids whose totals the user may see: of every cooperative that the user belongs to in any role."""
    return (
        Microgrid.objects.filter(
            Q(cooperative__in=cooperatives_of(user).values("pk")) | Q(sites__member__in=visible_members(user).values("pk"))
        )
        .distinct()
        .order_by("name")
    )


def who_sees_totals(users: Collection[User], microgrids: Collection[Microgrid]) -> set[tuple[int, int]]:
    """Pairs of user and microgrid ids by the rule of `visible_microgrids`, for many at once."""
    rows = Membership.objects.filter(user__in=users).values_list("user_id", "cooperative_id", "member_id")
    belongs = {(user_id, cooperative_id) for user_id, cooperative_id, _ in rows}
    members = {(user_id, member_id) for user_id, _, member_id in rows if member_id is not None}
    sites = Site.objects.filter(member__in={m for _, m in members}, microgrid__in=microgrids)
    lives_in = {(m, g) for m, g in sites.values_list("member_id", "microgrid_id").distinct()}
    by_cooperative = {(user.pk, grid.pk) for user in users for grid in microgrids if (user.pk, grid.cooperative_id) in belongs}
    by_site = {(user_id, g) for user_id, member_id in members for m, g in lives_in if m == member_id}
    return by_cooperative | by_site


def operated_microgrids(user: User, *roles: Role) -> QuerySet[Microgrid]:
    """Microgrids of the cooperatives in which the user has one of `roles`; operator where none is named."""
    served = cooperatives_served(user, *(roles or (Role.OPERATOR,))).values("pk")
    return Microgrid.objects.filter(cooperative__in=served).select_related("cooperative").order_by("name")


def visible_sources(user: User) -> QuerySet[Source]:
    """Sources of the user's own members, and all of the cooperatives where the user is operator, auditor or support."""
    return (
        Source.objects.filter(site__member__in=visible_members(user, *READING_ROLES))
        .select_related("site__member", "site__microgrid__cooperative")
        .order_by("site__microgrid", "code")
    )


def visible_storages(user: User) -> QuerySet[StorageUnit]:
    """Storages of the user's own members, and all of the cooperatives where the user is operator, auditor or support."""
    return (
        StorageUnit.objects.filter(site__member__in=visible_members(user, *READING_ROLES))
        .select_related("site__member", "site__microgrid__cooperative")
        .order_by("site__microgrid", "code")
    )


def visible_orders(user: User) -> QuerySet[WorkOrder]:
    """Work orders of visible sources, what is due first on top."""
    return (
        WorkOrder.objects.filter(source__in=visible_sources(user).order_by().values("pk"))
        .select_related("source__site__microgrid__cooperative", "done_by", "plan")
        .order_by("due_date", "pk")
    )


def own_alarms(user: User) -> QuerySet[OwnAlarm]:
    """The alarms that the user set on sites of own members; nobody else sees them."""
    return (
        OwnAlarm.objects.filter(user=user, site__member__in=visible_members(user).values("pk"))
        .select_related("site__microgrid")
        .order_by("site__code", "kind", "limit")
    )
