"""Doors of the workers: day close and what follows from it."""

from datetime import date, timedelta
from pathlib import Path

from celery import shared_task
from django.conf import settings
from django.db.models import Max
from django.utils import timezone

from energy.models import MeterDay, Microgrid
from energy.selectors.reviews import days_in_review
from grid.models import BypassCheck, DayClosing, DeviceLink, LinkProtocol, NetworkStudy, OutageState, SharingKey
from grid.services import (
    bypass,
    control_watch,
    day_close,
    demand_measurement,
    device_links,
    market_agent,
    market_clearing,
    network_study,
    openadr_events,
    outage_course,
    planning,
    votes,
)
from grid.services.emergencies import call_waiting
from grid.services.order_books import forget_orders

DAYS_LOOKED_BACK = 45


@shared_task(queue="default", time_limit=600)
def close_day(*, microgrid_id: int, day: str) -> str:
    """Close one day of one microgrid, and those that waited for it."""
    microgrid = Microgrid.objects.get(pk=microgrid_id)
    try:
        closing = day_close.close_in_turn(microgrid=microgrid, day=date.fromisoformat(day), now=microgrid.now(timezone.now()))
    except day_close.CannotClose as reason:  # it is asked for again every minute
        return str(reason)
    return f"{closing.day} revision {closing.revision}"


@shared_task(queue="default", time_limit=600)
def close_finished_days() -> int:
    """Ask for the closing of each day that is over, has readings, and is not closed yet or has new versions."""
    asked = 0
    for microgrid in Microgrid.objects.all():
        for day in days_to_close(microgrid):
            close_day.delay(microgrid_id=microgrid.pk, day=day.isoformat())
            asked += 1
    return asked


@shared_task(queue="default", time_limit=300)
def run_markets() -> int:
    """Clear what is closed and let the agent order for what is open, in each microgrid that trades; returns how many were cleared."""
    cleared = 0
    for microgrid in Microgrid.objects.filter(sharing_rules__key=SharingKey.MARKET).distinct():
        now = microgrid.now(timezone.now())
        cleared += market_clearing.clear_due(microgrid=microgrid, now=now)
        market_agent.order_for_members(microgrid=microgrid, now=now)
    return cleared


@shared_task(queue="default", time_limit=1800)
def forget_old_orders() -> int:
    """Forget months of market orders as the settings say; returns how many months."""
    archive = Path(settings.ORDER_ARCHIVE) if settings.ORDER_ARCHIVE else None
    looked = forget_orders(now=timezone.now(), keep_months=settings.ORDER_MONTHS, archive=archive)
    return sum(not month.kept_because for month in looked)


@shared_task(queue="default", time_limit=300)
def close_votes() -> int:
    """Count and decide the votes on sharing that are over."""
    return sum(len(votes.close_votes(microgrid=microgrid, now=microgrid.now(timezone.now()))) for microgrid in Microgrid.objects.all())


@shared_task(queue="default", time_limit=900)
def look_for_bypass() -> int:
    """Compare metered lines and transformers with the meters below them, once for each newest closed day."""
    compared = 0
    for microgrid in Microgrid.objects.all():
        last = DayClosing.objects.filter(microgrid=microgrid).aggregate(last=Max("day"))["last"]
        done = BypassCheck.objects.filter(microgrid=microgrid, last_day=last).exists()
        if last is not None and not done:
            now = microgrid.now(timezone.now())
            compared += len(bypass.check_bypass(microgrid=microgrid, last_day=last, now=now))
    return compared


@shared_task(queue="default", time_limit=900)
def study_network(*, microgrid_id: int) -> str:
    """Compute hosting capacity and the loss of each element for one microgrid."""
    microgrid = Microgrid.objects.get(pk=microgrid_id)
    try:
        study = network_study.study_network(microgrid=microgrid, now=microgrid.now(timezone.now()))
    except network_study.CannotStudyNetwork as reason:  # it is asked for again tomorrow
        return str(reason)
    return f"{study.intervals} intervals up to {study.last_day}"


@shared_task(queue="default", time_limit=60)
def study_networks() -> int:
    """Ask for the study of each microgrid that has closed days since its last one."""
    asked = 0
    for microgrid in Microgrid.objects.all():
        last = DayClosing.objects.filter(microgrid=microgrid).aggregate(last=Max("day"))["last"]
        if last is not None and not NetworkStudy.objects.filter(microgrid=microgrid, last_day__gte=last).exists():
            study_network.delay(microgrid_id=microgrid.pk)
            asked += 1
    return asked


@shared_task(queue="default", time_limit=120, soft_time_limit=100)
def make_plans() -> int:
    """A plan for each microgrid with storages, once per interval of its clock; asked for again it changes nothing."""
    made = 0
    for microgrid in Microgrid.objects.filter(sites__storages__isnull=False).distinct():
        made += planning.make_plan(microgrid=microgrid, now=microgrid.now(timezone.now())) is not None
    return made


def days_to_close(microgrid: Microgrid) -> list[date]:
    """Days over for an hour, with provisional readings or none closed; those that wait for a review are not asked for."""
    now = microgrid.now(timezone.now())
    last = (now - timedelta(hours=1)).astimezone(microgrid.zone).date() - timedelta(days=1)
    first = last - timedelta(days=DAYS_LOOKED_BACK)
    rows = MeterDay.objects.filter(microgrid_id=microgrid.pk, day__lte=last)
    with_readings = set(rows.filter(day__gte=first).values_list("day", flat=True).distinct())
    # However old: an import may bring or correct last year's days.
    provisional = set(rows.filter(status=0, is_current=True).values_list("day", flat=True).distinct())
    closed = set(DayClosing.objects.filter(microgrid=microgrid, day__gte=first).values_list("day", flat=True))
    return sorted(((with_readings - closed) | provisional) - days_in_review(microgrid=microgrid, now=now))


@shared_task(queue="default", time_limit=300)
def measure_demand_events() -> int:
    """Measure the demand response events whose day is closed."""
    measured = 0
    for microgrid in Microgrid.objects.all():
        now = microgrid.now(timezone.now())
        for event in demand_measurement.due_events(microgrid):
            demand_measurement.measure_event(event=event, now=now)
            measured += 1
    return measured


@shared_task(queue="default", time_limit=60)
def read_device_links() -> int:
    """Ask each device that we call what it does."""
    ids = DeviceLink.objects.filter(is_enabled=True, protocol=LinkProtocol.SUNSPEC).values("microgrid")
    grids = Microgrid.objects.filter(pk__in=ids)
    return sum(device_links.read_links(microgrid=grid, now=timezone.now()) for grid in grids)


@shared_task(queue="default", time_limit=120)
def tell_openadr_clients() -> int:
    """Make events of published prices and of demand response, and call those who subscribed to what is new or changed."""
    ids = DeviceLink.objects.filter(is_enabled=True, protocol=LinkProtocol.OPENADR).values("microgrid")
    called = 0
    for grid in Microgrid.objects.filter(pk__in=ids):
        now = grid.now(timezone.now())
        openadr_events.publish_price_events(microgrid=grid, now=now)
        openadr_events.publish_demand_events(microgrid=grid, now=now)
        called += openadr_events.call_subscribers(microgrid=grid, now=now)
    return called


@shared_task(queue="default", time_limit=60)
def call_emergency_contacts() -> int:
    """Call the next contact in each open emergency that nobody has answered."""
    return call_waiting(real_now=timezone.now())


@shared_task(queue="default", time_limit=30)
def watch_control() -> int:
    """Raise the alarm where control ticks do not come."""
    return control_watch.watch_all(real_now=timezone.now())


@shared_task(queue="default", time_limit=60)
def run_planned_outages() -> int:
    """Begin planned outages that are due, put back what is over, remind members of what is near."""
    standing = (OutageState.APPROVED, OutageState.RUNNING)
    grids = Microgrid.objects.filter(planned_outages__state__in=standing).distinct()
    return sum(outage_course.run_outages(microgrid=grid, now=grid.now(timezone.now())) for grid in grids)
