"""A look at control from outside its process: whether ticks come at all. For a task, because a dead process raises no alarm about itself."""

from datetime import datetime

from django.conf import settings
from django.db import connection

from energy.models import Microgrid
from energy.selectors.heard import microgrids_that_speak
from grid.domain.findings import LATE_AFTER_PERIODS, stopped_finding
from grid.models import GridAlarm, GridState
from grid.services.alarms import raise_alarm
from grid.services.control import lock_name
from members.models import Role
from members.services.notifications import notify, staff_of

WRITING_TAKES_S = 2.0


def watch_all(*, real_now: datetime) -> int:
    """Look at each microgrid of which something may be heard; returns how many are without ticks."""
    grids = microgrids_that_speak().select_related("cooperative")
    return sum(watch_control(microgrid=grid, real_now=real_now) is not None for grid in grids)


def watch_control(*, microgrid: Microgrid, real_now: datetime) -> GridAlarm | None:
    """Raise the alarm where the newest tick is older than two periods; the ticks themselves clear it once they come again.

    A microgrid that was never controlled is none to watch.
    """
    now = microgrid.now(real_now)
    newest = GridState.objects.filter(microgrid=microgrid).order_by("-at").values_list("at", flat=True).first()
    if newest is None:
        return None
    age_s = (now - newest).total_seconds() / max(microgrid.clock_speed, 1.0)
    if age_s <= LATE_AFTER_PERIODS * settings.CONTROL_TICK_SECONDS + WRITING_TAKES_S:
        return None
    finding = stopped_finding(age_s, _has_owner(microgrid))
    row = raise_alarm(microgrid=microgrid, finding=finding, now=now)
    notify(
        users=staff_of(microgrid.cooperative, Role.OPERATOR),
        kind="alarm",
        key=f"control stopped {row.public_id} {row.count}",
        subject=f"Control of {microgrid.name} stands still",
        text=f"{finding.sentence}\n\nDevices fall back by themselves: batteries stand idle, sources and loads are free.",
        path=f"/alarms/{row.public_id}/",
        by_mail=True,
        now=real_now,
    )
    return row


def _has_owner(microgrid: Microgrid) -> bool:
    """Whether a process holds the microgrid's control; looked up among the locks, so that nobody is kept from taking it."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT EXISTS (SELECT FROM pg_locks, (SELECT hashtextextended(%s, 0) AS key) AS named
               WHERE locktype = 'advisory' AND granted AND objsubid = 1
               AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
               AND (classid::bigint << 32 | objid::bigint) = key)""",
            [lock_name(microgrid)],
        )
        [(found,)] = cursor.fetchall()
    return bool(found)
