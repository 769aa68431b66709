"""What is rated: energy of customers per interval, and the series that prices depend on."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from billing.domain.pricing.conventions import Conventions
from billing.domain.pricing.sums import Ints, Numbers


class CannotPrice(ValueError):
    """The tariff cannot be applied to what was metered; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Metered:
    """Energy of n customers over T intervals, int64 or (for SAM) float64, [n, T].

    Attributes:
        import_wh, export_wh: the public meter's two registers; for buy-all-sell-all the whole load and production.
        received_wh: part of the import that came from neighbours.
        gifted_wh: part of that which neighbours gave for nothing; None: nothing.
        reactive_varh: where metered.
        fuse_a: each customer's fuse [A]; [n].
    """

    import_wh: Numbers
    export_wh: Numbers
    received_wh: Numbers | None = None
    reactive_varh: Numbers | None = None
    fuse_a: Ints | None = None
    gifted_wh: Numbers | None = None

    @property
    def bought_wh(self) -> Numbers | None:
        """What came from neighbours and is paid for."""
        if self.received_wh is None or self.gifted_wh is None:
            return self.received_wh
        return self.received_wh - self.gifted_wh

    def by(self, conventions: Conventions) -> "Metered":
        """As conventions see it: with import and export of an interval set off against each other, or as metered."""
        if not conventions.nets_intervals or not self.export_wh.any():
            return self
        net = self.import_wh - self.export_wh
        return Metered(
            np.maximum(net, 0),
            np.maximum(-net, 0),
            self.received_wh,
            self.reactive_varh,
            self.fuse_a,
            self.gifted_wh,
        )

    def without_export(self) -> "Metered":
        """As if nothing was fed in."""
        nothing = np.broadcast_to(np.zeros((), self.import_wh.dtype), self.import_wh.shape)
        return replace(self, export_wh=nothing)


@dataclass(frozen=True, slots=True)
class PriceSeries:
    """Prices along the axis [millionths per kWh], int64 [T], and the interval of the system's peak in each month, [M]."""

    local_micro: Ints | None = None
    index_micro: Mapping[str, Ints] = field(default_factory=dict)
    system_peak_interval: Ints | None = None
