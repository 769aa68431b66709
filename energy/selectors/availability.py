"""How much of each source is there: planned work as a factor for forecasts."""

from collections.abc import Sequence
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from energy.domain.maintenance import Window, availability
from energy.models import Microgrid, Source, WorkOrder, WorkState
from energy.models.assets import AssetStatus

OUT_OF_SERVICE = (AssetStatus.FAULTY, AssetStatus.RETIRED)


def source_availability(
    *, microgrid: Microgrid, source_ids: Sequence[int], starts_s: NDArray[np.int64], now: datetime
) -> NDArray[np.float64]:
    """The share of each source that is available in the intervals that begin at `starts_s` [s since 1970], 0 to 1; float64 [sources, T].

    Work that is planned or under way counts with its window; work under way without an end holds on until it is done. A source
    that is faulty or retired gives nothing from `now` on, unless work is planned that ends: then it is back after that.
    """
    place_of = {source: place for place, source in enumerate(source_ids)}
    orders = list(WorkOrder.objects.filter(source__in=place_of, state__in=(WorkState.PLANNED, WorkState.STARTED), start_at__isnull=False))
    windows = [
        Window(place_of[order.source_id], order.start_at, order.end_at, order.available_percent / 100)
        for order in orders
        if order.start_at is not None
    ]
    broken = Source.objects.filter(pk__in=place_of, status__in=OUT_OF_SERVICE).values_list("pk", "status")
    for source_id, status in broken:
        ends = [o.end_at for o in orders if o.source_id == source_id and o.end_at is not None and status == AssetStatus.FAULTY]
        windows.append(Window(place_of[source_id], now, min(ends) if ends else None, 0.0))
    return availability(windows, len(source_ids), starts_s, microgrid.interval_minutes)
