"""Published prices as arrays."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from grid.models import PriceDay


@dataclass(frozen=True, slots=True)
class PriceBlock:
    """Prices of many days in one axis of length T, in millionths of a currency unit per kWh; windows as names' indexes."""

    window_names: list[str]
    windows: NDArray[np.int64]
    retail_micro: NDArray[np.int64]
    feed_in_micro: NDArray[np.int64]
    local_micro: NDArray[np.int64]


class PricesMissing(LookupError):
    """No prices were published for some of the days; the message names them."""


def load_prices(*, microgrid_id: int, days: Sequence[date]) -> PriceBlock:
    """Load the prices of `days`, in their order of date.

    Raises:
        PricesMissing: a day has none.
    """
    rows = {row.day: row for row in PriceDay.objects.filter(microgrid_id=microgrid_id, day__in=days)}
    missing = [str(day) for day in sorted(days) if day not in rows]
    if missing:
        raise PricesMissing(f"No prices are published for {', '.join(missing[:5])}.")
    names: list[str] = []
    windows = []
    for day in sorted(days):
        row = rows[day]
        names.extend(name for name in row.window_names if name not in names)
        place = np.array([names.index(name) for name in row.window_names], dtype=np.int64)
        windows.append(place[np.array(row.windows, dtype=np.int64)])
    ordered = [rows[day] for day in sorted(days)]

    def column(name: str) -> NDArray[np.int64]:
        return np.concatenate([np.array(getattr(row, name), dtype=np.int64) for row in ordered])

    return PriceBlock(
        names, np.concatenate(windows), column("retail_micro"), column("feed_in_micro"), column("local_micro")
    )
