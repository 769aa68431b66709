"""What goes from one piece of a month to the next: surplus of net metering, and what the year's minimum has seen so far."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from billing.domain.pricing.metered import YearSoFar
from billing.domain.rating import Rating, SiteHistory
from billing.models import BillingRun
from billing.services.stays import Stay
from billing.services.surplus import keep_surplus

Ints = NDArray[np.int64]
Held = dict[str, int]
Key = tuple[int, int, int]


class Carried:
    """Of each stay, while its pieces are rated one after another."""

    def __init__(self) -> None:
        self.stays: dict[Key, Stay] = {}
        self.before: dict[Key, Held] = {}
        self.left: dict[Key, Held] = {}
        self.billed: dict[Key, tuple[int, int]] = {}

    def history(self, stays: Sequence[Stay], history: SiteHistory) -> SiteHistory:
        """What stays bring along from before the run, with what their earlier pieces left."""
        for row, stay in enumerate(stays):
            self.stays.setdefault(stay.key, stay)
            self.before.setdefault(stay.key, {name: int(wh[row]) for name, wh in history.held_wh.items()})
        held = _arrays([self.left.get(stay.key, self.before[stay.key]) for stay in stays])
        year = history.year
        if year is not None:
            seen = np.array([self.billed.get(stay.key, (0, 0)) for stay in stays], dtype=np.int64)
            year = YearSoFar(year.net_minor + seen[:, 0], year.days + seen[:, 1])
        return replace(history, held_wh=held, year=year)

    def note(self, stays: Sequence[Stay], rating: Rating, days: int) -> None:
        """What a piece of so many days left, and what it came to."""
        net: Ints = sum((line.net_minor for line in rating.bills), np.zeros(len(stays), dtype=np.int64))
        for row, stay in enumerate(stays):
            self.left[stay.key] = {name: int(wh[row]) for name, wh in rating.left_wh.items()}
            billed, on = self.billed.get(stay.key, (0, 0))
            self.billed[stay.key] = billed + int(net[row]), on + days

    def keep(self, run: BillingRun) -> None:
        """Note the surplus before and after the run."""
        keys = [key for key, left in self.left.items() if left or self.before[key]]
        if keys:
            before, after = (_arrays([of[key] for key in keys]) for of in (self.before, self.left))
            keep_surplus(run=run, stays=[self.stays[key] for key in keys], before=before, after=after)


def _arrays(rows: Sequence[Held]) -> dict[str, Ints]:
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: np.array([row.get(name, 0) for row in rows], dtype=np.int64) for name in names}
