"""Keeping what the storages of a shared day took in, gave and hold, by origin."""

from datetime import UTC, date, datetime

from energy.models import Microgrid
from grid.domain.energy_origin import Course
from grid.domain.origin_sharing import SharedByOrigin
from grid.models import StorageDay
from grid.selectors.storage_origin import StorageFacts


def store_storage_days(
    *, microgrid: Microgrid, day: date, revision: int, facts: StorageFacts, found: SharedByOrigin
) -> None:
    """Store a day's courses under the revision of its sharing; part of the caller's transaction."""
    StorageDay.objects.bulk_create(
        _row(microgrid, day, revision, storage_id, course)
        for ids, courses in zip(facts.storages, found.courses, strict=True)
        for storage_id, course in zip(ids, courses, strict=True)
    )


def _row(microgrid: Microgrid, day: date, revision: int, storage_id: int, course: Course) -> StorageDay:
    layers = course.after.layers
    return StorageDay(
        storage_id=storage_id, microgrid=microgrid, day=day, revision=revision, before_wh=list(course.before.by_origin),
        charged_wh=course.charged_wh.T.tolist(), discharged_wh=course.discharged_wh.T.tolist(), lost_wh=course.lost_wh.T.tolist(),
        emerged_wh=course.emerged_wh.tolist(), stored_wh=course.stored_wh.tolist(),
        layers_at=[datetime.fromtimestamp(layer.at_s, UTC) for layer in layers], layers_wh=[list(layer.wh) for layer in layers],
        owed=course.after.owed,
    )  # fmt: skip
