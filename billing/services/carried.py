"""What goes from one piece of a month to the next: surplus of net metering, and what the year's minimum has seen so far."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from billing.domain.pricing.metered import YearSoFar
from billing.domain.rating import Rating, SiteHistory
from billing.models import BillingRun
from billing.services.surplus import keep_surplus

Ints = NDArray[np.int64]
Held = dict[str, int]


class Carried:
    """Of each site, while its pieces are rated one after another."""

    def __init__(self) -> None:
        self.before: dict[int, Held] = {}
        self.left: dict[int, Held] = {}
        self.billed: dict[int, tuple[int, int]] = {}

    def history(self, site_ids: Sequence[int], history: SiteHistory) -> SiteHistory:
        """What sites bring along from before the run, with what their earlier pieces left."""
        for row, site in enumerate(site_ids):
            self.before.setdefault(site, {name: int(wh[row]) for name, wh in history.held_wh.items()})
        held = _arrays([self.left.get(site, self.before[site]) for site in site_ids])
        year = history.year
        if year is not None:
            seen = np.array([self.billed.get(site, (0, 0)) for site in site_ids], dtype=np.int64)
            year = YearSoFar(year.net_minor + seen[:, 0], year.days + seen[:, 1])
        return replace(history, held_wh=held, year=year)

    def note(self, site_ids: Sequence[int], rating: Rating, days: int) -> None:
        """What a piece of so many days left, and what it came to."""
        net: Ints = sum((line.net_minor for line in rating.bills), np.zeros(len(site_ids), dtype=np.int64))
        for row, site in enumerate(site_ids):
            self.left[site] = {name: int(wh[row]) for name, wh in rating.left_wh.items()}
            billed, on = self.billed.get(site, (0, 0))
            self.billed[site] = billed + int(net[row]), on + days

    def keep(self, run: BillingRun) -> None:
        """Note the surplus before and after the run."""
        sites = [site for site, left in self.left.items() if left or self.before[site]]
        if sites:
            before, after = (_arrays([of[site] for site in sites]) for of in (self.before, self.left))
            keep_surplus(run=run, site_ids=sites, before=before, after=after)


def _arrays(rows: Sequence[Held]) -> dict[str, Ints]:
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: np.array([row.get(name, 0) for row in rows], dtype=np.int64) for name in names}
