"""Emergencies as people see them."""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from energy.models import Microgrid
from energy.selectors.scope import READING_ROLES, operated_microgrids
from grid.models import Emergency, EmergencyContact
from grid.selectors.overrides import standing_overrides
from members.models import User

MOST_STEPS = 40


def read_emergencies(user: User) -> QuerySet[Emergency]:
    """Emergencies and drills of the microgrids that the user operates, audits or supports."""
    return (
        Emergency.objects.filter(microgrid__in=operated_microgrids(user, *READING_ROLES).values("pk"))
        .select_related("microgrid", "called_by")
        .order_by("-began_at", "-pk")
    )


def emergency_story(microgrid: Microgrid, now: datetime) -> dict[str, Any]:
    """What is open, what was done, whom to call and what stands by hand: all the emergency page needs, as plain values."""
    zone = microgrid.zone
    rows = Emergency.objects.filter(microgrid=microgrid, ended_at__isnull=True).prefetch_related("steps", "calls")
    answered = {call.user_id for row in rows for call in row.calls.all() if call.answered_at}
    called = {call.user_id for row in rows for call in row.calls.all()}
    return {
        "name": microgrid.name,
        "time_zone": microgrid.time_zone,
        "written_at": now.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S"),
        "open": [
            {
                "is_drill": row.is_drill,
                "cause": row.cause,
                "status": row.get_status_display(),
                "began_at": row.began_at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S"),
                "steps": [
                    {"at": step.at.astimezone(zone).strftime("%H:%M:%S"), "text": step.text}
                    for step in sorted(row.steps.all(), key=lambda s: (s.at, s.pk), reverse=True)[:MOST_STEPS]
                ],
            }
            for row in rows
        ],
        "contacts": [
            {
                "position": c.position,
                "name": str(c.user),
                "phone": c.phone,
                "word": "answered, acts" if c.user_id in answered else "called" if c.user_id in called else "",
            }
            for c in EmergencyContact.objects.filter(microgrid=microgrid).select_related("user").order_by("position")
        ],
        "overrides": [
            {
                "order": row.order,
                "ends_at": row.ends_at.astimezone(zone).strftime("%H:%M") if row.ends_at else "",
                "by": str(row.confirmed_by),
                "reason": row.reason,
            }
            for row in standing_overrides(microgrid, now)
        ],
    }
