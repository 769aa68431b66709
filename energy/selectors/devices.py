"""Devices as those who look after them see them."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Sum

from energy.models import Device, DeviceAlarm, EnrolmentCode, Meter, Microgrid, RefusalCount, Sensor
from energy.selectors.scope import READING_ROLES
from members.models import Role, User
from members.selectors.scope import cooperatives_served

REFUSALS_SHOWN = timedelta(days=7)


def served_devices(user: User, *roles: Role) -> QuerySet[Device]:
    """Devices of the cooperatives in which the user has one of `roles`; without roles: operator, auditor or support."""
    served = cooperatives_served(user, *(roles or READING_ROLES)).values("pk")
    return (
        Device.objects.filter(microgrid__cooperative__in=served)
        .select_related("meter__site", "sensor__site", "microgrid__cooperative")
        .order_by("microgrid", "meter__code", "sensor__code", "pk")
    )


def served_microgrids(user: User, *roles: Role) -> QuerySet[Microgrid]:
    """Microgrids of the cooperatives in which the user has one of `roles`; without roles: operator, auditor or support."""
    served = cooperatives_served(user, *(roles or READING_ROLES)).values("pk")
    return Microgrid.objects.filter(cooperative__in=served).select_related("cooperative").order_by("name")


def served_meters(user: User, *roles: Role) -> QuerySet[Meter]:
    """Meters in service of those microgrids."""
    return (
        Meter.objects.filter(microgrid__in=served_microgrids(user, *roles), removed_at__isnull=True)
        .select_related("site", "microgrid")
        .order_by("microgrid", "code")
    )


def served_sensors(user: User, *roles: Role) -> QuerySet[Sensor]:
    """Sensors in service of those microgrids."""
    return (
        Sensor.objects.filter(microgrid__in=served_microgrids(user, *roles), removed_at__isnull=True)
        .select_related("site", "node", "microgrid")
        .order_by("microgrid", "code")
    )


def served_alarms(user: User, *roles: Role) -> QuerySet[DeviceAlarm]:
    """Alarms of those devices, what needs somebody first."""
    return (
        DeviceAlarm.objects.filter(device__in=served_devices(user, *roles).order_by().values("pk"))
        .select_related("device__meter__site", "device__sensor", "device__microgrid", "acknowledged_by", "cleared_by")
        .order_by(F("cleared_at").desc(nulls_first=True), F("acknowledged_at").desc(nulls_first=True), "-last_at")
    )


def with_signs(devices: QuerySet[Device], *, now: datetime) -> QuerySet[Device]:
    """Devices with `open_alarms`, `unseen_alarms` (nobody took care yet) and `refused` of the last days; `now` is real."""
    refusals = (
        RefusalCount.objects.filter(device=OuterRef("pk"), hour_at__gte=now - REFUSALS_SHOWN)
        .order_by()
        .values("device")
        .annotate(sum=Sum("count"))
        .values("sum")
    )
    is_open = Q(alarms__cleared_at__isnull=True, alarms__isnull=False)
    return devices.annotate(
        open_alarms=Count("alarms", filter=is_open, distinct=True),
        unseen_alarms=Count("alarms", filter=is_open & Q(alarms__acknowledged_at__isnull=True), distinct=True),
        refused=refusals,
    )


def refusals_by_reason(device: Device, *, now: datetime) -> list[tuple[str, int]]:
    """What was refused within the last days, by reason, the most frequent first."""
    rows = RefusalCount.objects.filter(device=device, hour_at__gte=now - REFUSALS_SHOWN)
    return list(rows.values_list("reason").annotate(sum=Sum("count")).order_by("-sum", "reason"))


def open_codes(user: User, *, now: datetime) -> QuerySet[EnrolmentCode]:
    """Codes that a device may still use."""
    return (
        EnrolmentCode.objects.filter(microgrid__in=served_microgrids(user), used_at__isnull=True, expires_at__gt=now)
        .select_related("meter", "sensor", "made_by", "microgrid")
        .order_by("expires_at")
    )


def unserved_meters(user: User) -> QuerySet[Meter]:
    """Meters in service that no enrolled device serves."""
    enrolled = Device.objects.filter(meter=OuterRef("pk"), status="enrolled")
    return served_meters(user).filter(~Exists(enrolled))


@dataclass(frozen=True, slots=True)
class DeviceSums:
    """How many devices there are of each kind of trouble."""

    enrolled: int
    silent: int
    alarmed: int
    refused: int


def device_sums(user: User, *, now: datetime, silent_after: timedelta) -> DeviceSums:
    """Sums over all devices that the user looks after; silent by their microgrid's clock."""
    devices = served_devices(user).filter(status="enrolled").order_by()
    silent = 0
    for microgrid in served_microgrids(user):
        last = microgrid.now(now) - silent_after
        own = devices.filter(microgrid=microgrid)
        silent += own.filter(Q(last_seen_at__lt=last) | Q(last_seen_at__isnull=True)).count()
    refused = RefusalCount.objects.filter(
        device__in=served_devices(user).order_by().values("pk"), hour_at__gte=now - REFUSALS_SHOWN
    ).aggregate(sum=Sum("count"))["sum"]
    alarmed = served_alarms(user).filter(cleared_at__isnull=True).values("device").distinct().count()
    return DeviceSums(devices.count(), silent, alarmed, refused or 0)
