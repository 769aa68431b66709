"""What wires and transformers turn into heat, in whole watt-hours, and who supplies it: the cooperative's own use."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Energy = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Exchange:
    """What crosses the point of common coupling when losses count [Wh per interval].

    Attributes:
        import_wh, export_wh: int64 [T]; at most one of them is above 0.
        losses_from_grid_wh: what of the losses the public grid brings.
        losses_from_surplus_wh: what of them is taken from local surplus before it is exported; together they are the losses.
    """

    import_wh: Energy
    export_wh: Energy
    losses_from_grid_wh: Energy
    losses_from_surplus_wh: Energy


def whole_losses(losses_w: NDArray[np.float64], minutes: int) -> Energy:
    """Losses by interval in whole Wh [T], such that the sum up to each interval is right to half a watt-hour."""
    running = np.cumsum(np.maximum(losses_w, 0.0) * minutes / 60)
    return np.diff(np.floor(running + 0.5), prepend=0.0).astype(np.int64)


def exchange(drawn_wh: Energy, fed_in_wh: Energy, losses_wh: Energy) -> Exchange:
    """The net of all sites and the losses; what sites draw and feed in, and so what they share and pay, is as before."""
    net = drawn_wh - fed_in_wh
    crossing = net + losses_wh
    surplus_before = np.maximum(-net, 0)
    from_surplus = np.minimum(losses_wh, surplus_before)
    return Exchange(np.maximum(crossing, 0), np.maximum(-crossing, 0), losses_wh - from_surplus, from_surplus)
