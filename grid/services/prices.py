"""Publishing prices: from then on they stand."""

from collections.abc import Sequence
from datetime import date, datetime

from energy.models import Microgrid
from grid.models import PriceDay


class CannotPublish(ValueError):
    """Prices of a day cannot be published; the message says why."""


def publish_prices(
    *,
    microgrid: Microgrid,
    day: date,
    window_names: Sequence[str],
    windows: Sequence[int],
    retail_micro: Sequence[int],
    feed_in_micro: Sequence[int],
    local_micro: Sequence[int],
    now: datetime,
    peak_micro_per_kw: int | None = None,
) -> PriceDay:
    """Publish the prices of a day once; a day that is published already stays as it is.

    `peak_micro_per_kw` is what the month's highest import costs by the prices that hold that day; None where it costs nothing.

    Raises:
        CannotPublish: the lists do not fit the day.
    """
    count = microgrid.local_day(day).interval_count
    if {len(windows), len(retail_micro), len(feed_in_micro), len(local_micro)} != {count}:
        raise CannotPublish(f"{day} has {count} intervals; each list needs one value for each of them")
    published, _ = PriceDay.objects.get_or_create(
        microgrid=microgrid,
        day=day,
        defaults={
            "window_names": list(window_names),
            "windows": list(windows),
            "retail_micro": list(retail_micro),
            "feed_in_micro": list(feed_in_micro),
            "local_micro": list(local_micro),
            "published_at": now,
            "peak_micro_per_kw": peak_micro_per_kw,
        },
    )
    return published
