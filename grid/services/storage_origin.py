"""Keeping what the storages of a shared day took in, gave and hold, by origin and by producer."""

from datetime import UTC, date, datetime

from energy.models import Microgrid
from grid.domain.energy_origin import Course
from grid.domain.origin_sharing import SharedByOrigin
from grid.domain.stored_producers import ProducerCourse
from grid.models import StorageDay
from grid.selectors.storage_origin import StorageFacts


def store_storage_days(
    *,
    microgrid: Microgrid,
    day: date,
    revision: int,
    facts: StorageFacts,
    found: SharedByOrigin,
    produced: tuple[tuple[ProducerCourse, ...], ...],
) -> None:
    """Store a day's courses under the revision of its sharing; part of the caller's transaction."""
    StorageDay.objects.bulk_create(
        _row(microgrid, day, revision, storage_id, course, of_producers)
        for ids, courses, of_site in zip(facts.storages, found.courses, produced, strict=True)
        for storage_id, course, of_producers in zip(ids, courses, of_site, strict=True)
    )


def _row(microgrid: Microgrid, day: date, revision: int, storage_id: int, course: Course, produced: ProducerCourse) -> StorageDay:
    layers, parcels = course.after.layers, produced.parcels
    place = {producer: column for column, producer in enumerate(produced.producers)}
    return StorageDay(
        storage_id=storage_id,
        microgrid=microgrid,
        day=day,
        revision=revision,
        before_wh=list(course.before.by_origin),
        charged_wh=course.charged_wh.T.tolist(),
        discharged_wh=course.discharged_wh.T.tolist(),
        lost_wh=course.lost_wh.T.tolist(),
        emerged_wh=course.emerged_wh.tolist(),
        stored_wh=course.stored_wh.tolist(),
        layers_at=[_at(layer.at_s) for layer in layers],
        layers_wh=[list(layer.wh) for layer in layers],
        owed=course.after.owed,
        producers=list(produced.producers),
        produced_before_wh=produced.before_wh.tolist(),
        produced_charged_wh=produced.charged_wh.tolist(),
        produced_discharged_wh=produced.discharged_wh.tolist(),
        produced_lost_wh=produced.lost_wh.tolist(),
        parcels_at=[_at(parcel.at_s) for parcel in parcels],
        parcels_layer=[parcel.layer for parcel in parcels],
        parcels_wh=[_spread(parcel.wh, place) for parcel in parcels],
    )


def _spread(wh: tuple[tuple[int, int], ...], place: dict[int, int]) -> list[int]:
    """A parcel's energy by producer, in the places of all producers."""
    row = [0] * len(place)
    for producer, amount in wh:
        row[place[producer]] = amount
    return row


def _at(at_s: int) -> datetime:
    return datetime.fromtimestamp(at_s, UTC)
