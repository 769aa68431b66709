"""Asking for a run of a device that can wait, and taking it back; the next plan counts with it. `now` is the microgrid's."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from energy.models import Consumer
from grid.domain.control.requests import STEERED_FROM_TIER
from grid.domain.planning.flexible_runs import CannotRun, check_run
from grid.models import FlexibleRun
from grid.selectors.plans import LONGEST
from members.models import User

MOST_OPEN = 20
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a device is to do: so much energy at most at that power, not before, ready by."""

    name: str
    energy_wh: int
    power_w: int
    start_at: datetime
    ready_at: datetime
    may_pause: bool = True


@transaction.atomic
def ask_for_run(*, consumer: Consumer, wanted: Wanted, by: User, now: datetime) -> FlexibleRun:
    """Ask for a run; a time that has passed begins now.

    Raises:
        CannotRun: the device cannot wait, has not the power or the time, or has a run in these hours already.
    """
    Consumer.objects.select_for_update(of=("self",)).get(pk=consumer.pk)
    start_at = max(wanted.start_at, now)
    if consumer.priority_tier < STEERED_FROM_TIER:
        raise CannotRun("{device} is no device that can wait; the cooperative sets what each is.", device=consumer)
    if not wanted.name.strip():
        raise CannotRun("Give it a name: a car, a wash.")
    if wanted.ready_at > now + LONGEST:
        raise CannotRun("Plans reach {hours} hours ahead; ask for what is to be ready by then.", hours=LONGEST // HOUR)
    if wanted.ready_at <= start_at:
        raise CannotRun("It must be ready after it may begin, and not in the past.")
    check_run(wanted.energy_wh, wanted.power_w, (wanted.ready_at - start_at) / HOUR, float(consumer.max_demand_w))
    open_ones = FlexibleRun.objects.filter(consumer=consumer, withdrawn_at__isnull=True, ready_at__gt=now)
    if open_ones.filter(start_at__lt=wanted.ready_at, ready_at__gt=start_at).exists():
        raise CannotRun("{device} has a run in these hours already; take that one back first.", device=consumer)
    if open_ones.count() >= MOST_OPEN:
        raise CannotRun("{device} has {most} runs ahead already.", device=consumer, most=MOST_OPEN)
    return FlexibleRun.objects.create(
        microgrid=consumer.site.microgrid,
        consumer=consumer,
        name=wanted.name.strip()[:60],
        energy_wh=wanted.energy_wh,
        power_w=wanted.power_w,
        start_at=start_at,
        ready_at=wanted.ready_at,
        may_pause=wanted.may_pause,
        asked_by=by,
        asked_at=now,
    )


def withdraw_run(*, run: FlexibleRun, now: datetime) -> bool:
    """Take a run back; its device is free again with the next tick. Returns whether it was still ahead or under way."""
    return bool(FlexibleRun.objects.filter(pk=run.pk, withdrawn_at__isnull=True, ready_at__gt=now).update(withdrawn_at=now))
