"""Doors of the workers: reading files."""

from celery import shared_task
from django.core.cache import cache
from django.utils import timezone

from energy.models import ReadingImport
from energy.services.import_staging import stage_import

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
