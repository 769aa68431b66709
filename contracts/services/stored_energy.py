"""What all storages of a microgrid hold by its settled balances: half full at first, never outside what they can."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from energy.models import Microgrid, StorageUnit
from grid.models import BalanceDay


@dataclass(frozen=True, slots=True)
class Stores:
    """All storages as one [Wh], with their mean efficiencies."""

    capacity_wh: float
    start_wh: float
    eta_charge: float
    eta_discharge: float

    @classmethod
    def of(cls, microgrid: Microgrid) -> "Stores":
        rows = list(StorageUnit.objects.filter(site__microgrid=microgrid))
        if not rows:
            return cls(0.0, 0.0, 1.0, 1.0)
        return cls(
            float(sum(row.capacity_wh for row in rows)),
            float(sum(row.capacity_wh // 2 for row in rows)),
            float(np.mean([float(row.eta_charge) for row in rows])),
            float(np.mean([float(row.eta_discharge) for row in rows])),
        )

    def after(self, stored_wh: float, row: BalanceDay, intervals: int | None = None) -> float:
        """What is stored after a day, or after its first `intervals`, from `stored_wh` at its beginning."""
        taken, given = sum(row.charge_wh[:intervals]), sum(row.discharge_wh[:intervals])
        changed = stored_wh + taken * self.eta_charge - given / self.eta_discharge
        return min(max(changed, 0.0), self.capacity_wh)

    def course(self, rows: Iterable[BalanceDay]) -> Iterator[tuple[BalanceDay, float]]:
        """Each day, the oldest first, and what was stored at its beginning."""
        stored = self.start_wh
        for row in rows:
            yield row, stored
            stored = self.after(stored, row)
