"""What a newcomer sees of the grid being steered: a car asked for, an event called, and for a moment the village under control."""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from energy.models import Microgrid
from energy.models.assets import ConsumerKind
from grid.domain.demand_response import CannotCall
from grid.models import CommandStatus, DemandEvent, DemandProgramme, DeviceCommand, FlexibleRun
from grid.selectors.flexible_runs import steered_consumers
from grid.selectors.village import profile_days
from grid.services.demand_response import call_event
from grid.services.flexible_runs import Wanted, ask_for_run
from members.models import Membership, Role, User
from microgrid_site.demo.processes import running, steering

HOURS_OF_CHARGE = 3
READY_HOUR, EVENT_HOUR = 17, 10
LONGEST_MOMENT_S = 40.0
LOOK_EVERY_S = 0.25


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for in this pass."""

    run: FlexibleRun | None
    event: DemandEvent | None

    @property
    def text(self) -> str:
        told = []
        if self.run is not None:
            told.append(f"{self.run.name} asked for")
        if self.event is not None:
            told.append("an event called")
        return ", ".join(told) or "asked for already"


def ask_for_steering(microgrid: Microgrid, programme: DemandProgramme, now: datetime) -> Asked:
    """A car that is to be full in the afternoon after the month, and an event in the morning; each once."""
    run = None if FlexibleRun.objects.filter(microgrid=microgrid).exists() else _ask_for_car(microgrid, now)
    known = DemandEvent.objects.filter(programme__microgrid=microgrid).exists()
    return Asked(run, None if known else _call(programme, now))


def _ask_for_car(microgrid: Microgrid, now: datetime) -> FlexibleRun | None:
    """The first car of somebody who can log in; None where nobody has one, as in small networks."""
    people = Membership.objects.filter(cooperative=microgrid.cooperative, member__isnull=False)
    for person in people.select_related("user").order_by("pk"):
        cars = steered_consumers(person.user).filter(kind=ConsumerKind.CAR_CHARGER, site__microgrid=microgrid)
        car = cars.exclude(max_demand_w=0).first()
        if car is not None:
            ready_at = _at(microgrid, now, READY_HOUR)
            energy_wh = car.max_demand_w * HOURS_OF_CHARGE
            wanted = Wanted("Car for the evening", energy_wh, car.max_demand_w, now, ready_at)
            return ask_for_run(consumer=car, wanted=wanted, by=person.user, now=now)
    return None


def _call(programme: DemandProgramme, now: datetime) -> DemandEvent | None:
    """An hour of the morning in which loads that can wait are held down; None where nobody takes part or it is too late."""
    by = User.objects.filter(memberships__cooperative=programme.microgrid.cooperative, memberships__role=Role.OPERATOR).first()
    start_at = _at(programme.microgrid, now, EVENT_HOUR)
    if by is None:
        return None
    try:
        return call_event(
            programme=programme,
            start_at=start_at,
            end_at=start_at + timedelta(hours=1),
            reason="To show how loads that can wait are held down.",
            by=by,
            now=now,
        )
    except CannotCall:
        return None


def _at(microgrid: Microgrid, now: datetime, hour: int) -> datetime:
    """That hour of the local day that runs, or of the next one."""
    local = now.astimezone(microgrid.zone)
    at = local.replace(hour=hour, minute=0, second=0, microsecond=0)
    return at if at > local + timedelta(hours=3) else at + timedelta(days=1)


def commands_of(microgrid: Microgrid) -> tuple[int, int]:
    """How many commands to storages there are, and how many of them were acknowledged."""
    rows = DeviceCommand.objects.filter(microgrid=microgrid, storage__isnull=False)
    return rows.count(), rows.filter(status=CommandStatus.ACKNOWLEDGED).count()


def steer_for_a_moment(microgrid: Microgrid, real_now: datetime, var: Path) -> int:
    """Let the village live under control, in the sun and while the event goes on, until storages have acknowledged commands; returns how many.

    Nothing is waited for where there are no profiles to live by.
    """
    shown = microgrid.now(real_now)
    if shown.astimezone(microgrid.zone).date() not in profile_days(microgrid):
        return 0
    _let_it_be(microgrid, shown.astimezone(microgrid.zone).replace(hour=EVENT_HOUR, minute=5), real_now)
    with running(steering(microgrid.slug), var):
        ends = time.monotonic() + LONGEST_MOMENT_S
        while not commands_of(microgrid)[1] and time.monotonic() < ends:
            time.sleep(LOOK_EVERY_S)
    return commands_of(microgrid)[1]


def _let_it_be(microgrid: Microgrid, wanted: datetime, real_now: datetime) -> None:
    """Let the microgrid's clock show that, unless it is later already."""
    if microgrid.now(real_now) < wanted:
        microgrid.clock_real_start, microgrid.clock_shown_start = real_now, wanted
        microgrid.save(update_fields=["clock_real_start", "clock_shown_start"])
