"""Alarms as an operator sees them; every door of theirs asks here."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q, QuerySet

from energy.models import DeviceAlarm, Microgrid
from energy.selectors.devices import served_alarms
from energy.selectors.scope import READING_ROLES, operated_microgrids
from energy.selectors.silences import open_silences
from grid.models import AlarmPriority, GridAlarm
from members.models import User

MOST_LISTED = 200
MOST_PAST = 100


def read_alarms(user: User) -> QuerySet[GridAlarm]:
    """Alarms of the microgrids that the user operates, audits or supports."""
    return GridAlarm.objects.filter(microgrid__in=operated_microgrids(user, *READING_ROLES).values("pk"))


def own_alarms_to_change(user: User) -> QuerySet[GridAlarm]:
    """Alarms that the user, as an operator, may acknowledge and shelve."""
    return GridAlarm.objects.filter(microgrid__in=operated_microgrids(user).values("pk"), raised_at__isnull=False)


@dataclass(frozen=True, slots=True)
class AlarmBoard:
    """What one microgrid's operator has before the eyes: open, shelved, past, and the devices' alarms beside them."""

    open: Sequence[GridAlarm]
    shelved: Sequence[GridAlarm]
    devices: Sequence[DeviceAlarm]
    silences: int
    unseen: int
    version: str

    @property
    def is_quiet(self) -> bool:
        return not self.open and not self.devices and not self.silences


def alarm_board(microgrid: Microgrid, user: User, now: datetime) -> AlarmBoard:
    """The board at the microgrid's `now`; `version` changes when anything on it does."""
    rows = GridAlarm.objects.filter(microgrid=microgrid).select_related("acknowledged_by", "shelved_by", "microgrid")
    shown = list(rows.listed(now).urgent_first()[:MOST_LISTED])
    shelved = list(rows.shelved(now).order_by("shelved_until")[:MOST_LISTED])
    devices = list(served_alarms(user).filter(device__microgrid=microgrid, cleared_at__isnull=True)[:MOST_LISTED])
    unseen = sum(alarm.acknowledged_at is None for alarm in shown) + sum(alarm.acknowledged_at is None for alarm in devices)
    silences = open_silences(microgrid)
    return AlarmBoard(shown, shelved, devices, silences, unseen, _version(shown, shelved, devices, silences))


def past_alarms(microgrid: Microgrid) -> Sequence[GridAlarm]:
    """Alarms at their end, the newest first."""
    rows = GridAlarm.objects.filter(microgrid=microgrid, cleared_at__isnull=False, acknowledged_at__isnull=False)
    return list(rows.select_related("acknowledged_by", "microgrid").order_by("-raised_at", "-pk")[:MOST_PAST])


def unseen_counts(microgrid: Microgrid, now: datetime) -> list[int]:
    """How many listed alarms nobody has acknowledged, by priority from critical to low."""
    rows = GridAlarm.objects.filter(microgrid=microgrid).listed(now).filter(acknowledged_at=None)
    found = dict(rows.order_by().values_list("priority").annotate(number=Count("pk")))
    return [found.get(priority, 0) for priority in AlarmPriority.values]


def unseen_alarms(user: User, microgrids: Sequence[Microgrid], real_now: datetime) -> int:
    """How many alarms of the grid and of devices nobody has acknowledged, over some microgrids."""
    listed = Q(pk__in=[])
    for microgrid in microgrids:
        listed |= Q(microgrid=microgrid) & ~Q(shelved_until__gt=microgrid.now(real_now))
    grid = GridAlarm.objects.filter(listed, acknowledged_at=None, raised_at__isnull=False).count()
    devices = served_alarms(user).filter(device__microgrid__in=microgrids, acknowledged_at=None, cleared_at=None)
    return grid + devices.order_by().count()


def _version(shown: Sequence[GridAlarm], shelved: Sequence[GridAlarm], devices: Sequence[DeviceAlarm], silences: int) -> str:
    parts = [
        *(f"{r.pk}.{r.priority}.{r.count}.{int(r.is_active)}.{int(r.acknowledged_at is not None)}" for r in shown),
        "s",
        *(f"{r.pk}" for r in shelved),
        "d",
        *(f"{r.pk}.{int(r.acknowledged_at is not None)}" for r in devices),
        f"q{silences}",
    ]
    return hashlib.blake2b("-".join(parts).encode(), digest_size=8).hexdigest()
