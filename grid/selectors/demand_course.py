"""One event of demand response as it went: what each site did, and what its devices were told and took."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from energy.models import Consumer
from grid.domain.control.requests import STEERED_FROM_TIER
from grid.models import CommandStatus, DemandEvent, DemandResponse, DeviceCommand
from kernel.units import power_for_people


@dataclass(frozen=True, slots=True)
class SteeredLoad:
    """A load that the event was meant for: what it was told, how often, and how many of these commands it took.

    Attributes:
        limit_w: the most it might draw; None where it was told nothing.
    """

    load: Consumer
    limit_w: int | None
    told: int
    taken: int

    @property
    def words(self) -> str:
        """What happened, in a sentence."""
        if not self.told:
            return "not told: no device is in reach"
        most = " ".join(power_for_people(self.limit_w or 0))
        if not self.taken:
            return f"told at most {most}, no answer"
        return f"told at most {most}, answered {self.taken} of {self.told} times"


@dataclass(frozen=True, slots=True)
class SiteCourse:
    """One site's part in an event."""

    response: DemandResponse
    loads: Sequence[SteeredLoad]


def course_of(event: DemandEvent, now: datetime) -> list[SiteCourse]:
    """By site in the order of their codes; commands are those given while the event went on, as long as they are kept."""
    responses = list(event.responses.select_related("site").order_by("site__code"))
    if event.programme.load_limit_percent is None or event.cancelled_at is not None or now < event.start_at:
        return [SiteCourse(row, ()) for row in responses]
    steered = [row.site_id for row in responses if row.opted_out_at is None]
    loads = Consumer.objects.filter(site__in=steered, priority_tier__gte=STEERED_FROM_TIER).order_by("code")
    by_site: dict[int, list[SteeredLoad]] = {}
    commands = _commands(event, [load.pk for load in loads])
    for load in loads:
        rows = commands.get(load.pk, [])
        taken = sum(row.status == CommandStatus.ACKNOWLEDGED for row in rows)
        limit_w = rows[-1].limit_w if rows else None
        by_site.setdefault(load.site_id, []).append(SteeredLoad(load, limit_w, len(rows), taken))
    return [SiteCourse(row, by_site.get(row.site_id, [])) for row in responses]


def _commands(event: DemandEvent, load_ids: Sequence[int]) -> dict[int, list[DeviceCommand]]:
    found: dict[int, list[DeviceCommand]] = {}
    rows = DeviceCommand.objects.filter(
        microgrid=event.programme.microgrid,
        consumer__in=load_ids,
        issued_at__gte=event.start_at,
        issued_at__lt=event.end_at,
        limit_w__isnull=False,
    )
    for row in rows.order_by("issued_at", "pk"):
        assert row.consumer_id is not None
        found.setdefault(row.consumer_id, []).append(row)
    return found
