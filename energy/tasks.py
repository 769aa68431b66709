"""Doors of the workers: reading files, hearing silence, looking ahead; once a day, what is due on sources and which alarms of members go off."""

from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.core.cache import cache
from django.utils import timezone

from energy.adapters.weather_services import weather_service
from energy.models import Microgrid, ReadingImport
from energy.services import forecasts, limits, maintenance, own_alarms, weather
from energy.services.broker_files import refresh_broker_files
from energy.services.firmware import refresh_firmware
from energy.services.import_staging import stage_import
from energy.services.silence import check_silence
from energy.services.sole_hand import sole_hand
from energy.services.tampering import look_for_tampering

PROGRESS_KEPT_S = 900
LOOK_AHEAD_S = 1800


def progress_key(reading_import_id: int) -> str:
    """Where the progress of an import is told; it may be lost."""
    return f"import-progress-{reading_import_id}"


@shared_task(queue="default", time_limit=900)
def stage_readings(*, reading_import_id: int) -> str:
    """Read one file into staging. Safe to run twice."""
    reading_import = ReadingImport.objects.select_related("microgrid", "file").get(pk=reading_import_id)
    now = reading_import.microgrid.now(timezone.now())
    staged = stage_import(
        reading_import=reading_import,
        now=now,
        tell=lambda step, percent: cache.set(progress_key(reading_import_id), (step, percent), PROGRESS_KEPT_S),
    )
    return staged.status


@shared_task(queue="default", time_limit=300)
def hear_silence() -> str:
    """Look who should have been heard and was not, by each microgrid's clock."""
    reports = [check_silence(microgrid=microgrid, now=microgrid.now(timezone.now())) for microgrid in Microgrid.objects.all()]
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
    return sum(own_alarms.judge_alarms(microgrid=microgrid, now=microgrid.now(timezone.now())) for microgrid in Microgrid.objects.all())


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
    return sum(limits.learn(microgrid=microgrid, now=microgrid.now(timezone.now())) for microgrid in Microgrid.objects.all())


@shared_task(queue="default", time_limit=1800)
def look_ahead() -> str:
    """Ask for what is due of each microgrid's forecasts."""
    ids = list(Microgrid.objects.values_list("pk", flat=True))
    for microgrid_id in ids:
        look_ahead_in.apply_async(kwargs={"microgrid_id": microgrid_id}, expires=LOOK_AHEAD_S)
    return f"{len(ids)} asked"


@shared_task(queue="default", time_limit=1800)
def look_ahead_in(*, microgrid_id: int) -> str:
    """Train where it is due, foresee this day and from this quarter hour on, score what is over. One at a time per microgrid; safe to run twice."""
    microgrid = Microgrid.objects.get(pk=microgrid_id)
    with sole_hand(f"looking ahead {microgrid_id}") as is_mine:
        if not is_mine:
            return "under way"
        done = forecasts.look_ahead(microgrid=microgrid, now=microgrid.now(timezone.now()))
    return f"{done.trained} models, {done.runs} runs, {done.days_scored} days scored"


@shared_task(queue="default", time_limit=300)
def take_weather() -> int:
    """Ask the weather service for each microgrid; none where no service is set."""
    service = weather_service(settings.WEATHER_SOURCE)
    if service is None:
        return 0
    return sum(
        weather.take_weather(microgrid=microgrid, service=service, now=microgrid.now(timezone.now()))
        for microgrid in Microgrid.objects.all()
    )
