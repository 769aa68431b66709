"""Doors of the workers: reading files, hearing silence; once a day, what is due on sources and which alarms of members go off."""

from datetime import timedelta

from celery import shared_task
from django.core.cache import cache
from django.utils import timezone

from energy.models import Microgrid, ReadingImport
from energy.services import limits, maintenance, own_alarms
from energy.services.broker_files import refresh_broker_files
from energy.services.firmware import refresh_firmware
from energy.services.import_staging import stage_import
from energy.services.silence import check_silence
from energy.services.tampering import look_for_tampering

PROGRESS_KEPT_S = 900


def progress_key(reading_import_id: int) -> str:
    """Where the progress of an import is told; it may be lost."""
    return f"import-progress-{reading_import_id}"


@shared_task(queue="default", time_limit=900)
def stage_readings(*, reading_import_id: int) -> str:
    """Read one file into staging. Safe to run twice."""
    reading_import = ReadingImport.objects.select_related("microgrid", "file").get(pk=reading_import_id)
    now = reading_import.microgrid.now(timezone.now())
    staged = stage_import(
        reading_import=reading_import, now=now,
        tell=lambda step, percent: cache.set(progress_key(reading_import_id), (step, percent), PROGRESS_KEPT_S),
    )  # fmt: skip
    return staged.status


@shared_task(queue="default", time_limit=300)
def hear_silence() -> str:
    """Look who should have been heard and was not, by each microgrid's clock."""
    reports = [
        check_silence(microgrid=microgrid, now=microgrid.now(timezone.now()))
        for microgrid in Microgrid.objects.all()
    ]
    return f"{sum(r.opened for r in reports)} fell silent, {sum(r.ended for r in reports)} are heard again"


@shared_task(queue="default", time_limit=900)
def look_after_sources() -> str:
    """Make work orders that are due, remind of those that are late, begin those whose time has come."""
    made = begun = 0
    for microgrid in Microgrid.objects.select_related("cooperative"):
        now = microgrid.now(timezone.now())
        begun += maintenance.start_planned(microgrid=microgrid, now=now)
        made += len(maintenance.open_due_orders(microgrid=microgrid, now=now))
        maintenance.remind_of_overdue(microgrid=microgrid, now=now)
    return f"{made} work orders made, {begun} begun"


@shared_task(queue="default", time_limit=900)
def judge_own_alarms() -> int:
    """Look at the alarms that members set, on the newest final day of each microgrid."""
    return sum(
        own_alarms.judge_alarms(microgrid=microgrid, now=microgrid.now(timezone.now()))
        for microgrid in Microgrid.objects.all()
    )


@shared_task(queue="default", time_limit=900)
def look_for_signs_of_tampering() -> int:
    """Judge the last day that is over, of each microgrid. Safe to repeat."""
    found = 0
    for microgrid in Microgrid.objects.all():
        shown = microgrid.now(timezone.now()) - timedelta(hours=1)
        day = shown.astimezone(microgrid.zone).date() - timedelta(days=1)
        found += look_for_tampering(microgrid=microgrid, day=day, now=timezone.now())
    return found


@shared_task(queue="default", time_limit=300)
def renew_what_runs_out() -> None:
    """Sign revocation lists, the broker's certificate and the update repository anew, before they run out."""
    refresh_broker_files(now=timezone.now())
    refresh_firmware(now=timezone.now())


@shared_task(queue="default", time_limit=3600)
def learn_limits() -> int:
    """Learn once a night what is usual for each meter; the close of days checks against it."""
    return sum(
        limits.learn(microgrid=microgrid, now=microgrid.now(timezone.now()))
        for microgrid in Microgrid.objects.all()
    )
