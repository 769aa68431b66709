"""What is rated: energy of customers per interval, and the series that prices depend on."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from billing.domain.pricing.axis import TimeAxis
from billing.domain.pricing.conventions import Conventions
from billing.domain.pricing.parts import Reactive
from billing.domain.pricing.sums import Ints, Numbers


class CannotPrice(ValueError):
    """The tariff cannot be applied to what was metered; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """Energy drawn in whole months before the axis, int64 [n, T0]: what ratchets look back on."""

    axis: TimeAxis
    import_wh: Numbers


@dataclass(frozen=True, slots=True)
class YearSoFar:
    """What was billed in the calendar year before the axis [minor units], and on how many days; int64 [n] each."""

    net_minor: Ints
    days: Ints


@dataclass(frozen=True, slots=True)
class Metered:
    """Energy of n customers over T intervals, int64 or (for SAM) float64, [n, T].

    Attributes:
        import_wh, export_wh: the public meter's two registers; for buy-all-sell-all the whole load and production.
        received_wh: part of the import that came from neighbours.
        gifted_wh: part of that which neighbours gave for nothing; None: nothing.
        reactive_varh: where metered.
        above_varh: of parts whose month is longer than the axis, what is charged on its days; [n, M] each.
        fuse_a: each customer's fuse [A], 0 where unknown; [n].
        earlier: the months before, where they are not on the axis themselves.
        held_wh: surplus of net metering that waits from months before, by period; [n, P].
        year: set where the axis ends a calendar year that began before it.
        leaves: who is gone after the axis, so that no surplus can wait; bool [n].
    """

    import_wh: Numbers
    export_wh: Numbers
    received_wh: Numbers | None = None
    reactive_varh: Numbers | None = None
    fuse_a: Ints | None = None
    gifted_wh: Numbers | None = None
    earlier: Earlier | None = None
    held_wh: Numbers | None = None
    year: YearSoFar | None = None
    leaves: NDArray[np.bool_] | None = None
    above_varh: Mapping[Reactive, Ints] = field(default_factory=dict)

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
        return replace(self, import_wh=np.maximum(net, 0), export_wh=np.maximum(-net, 0))

    def without_export(self) -> "Metered":
        """As if nothing was fed in."""
        nothing = np.broadcast_to(np.zeros((), self.import_wh.dtype), self.import_wh.shape)
        return replace(self, export_wh=nothing)


@dataclass(frozen=True, slots=True)
class PriceSeries:
    """Prices along the axis [millionths per kWh], int64 [T], and the interval of the system's peak in each month, [M].

    `spot_micro` are prices published by a spot part, index and all; `substituted` says in which intervals a fallback made them.
    """

    local_micro: Ints | None = None
    index_micro: Mapping[str, Ints] = field(default_factory=dict)
    system_peak_interval: Ints | None = None
    spot_micro: Ints | None = None
    substituted: NDArray[np.bool_] | None = None
