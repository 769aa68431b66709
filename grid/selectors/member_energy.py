"""What members are shown: their sites' energy with what came from and went to neighbours, and the village beside it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from energy.domain.ownership import SeenDays
from energy.models import Microgrid, Site
from energy.selectors.site_energy import SiteEnergy, site_energy
from grid.models import BalanceDay, SharingDay
from grid.selectors.sharing import load_shares


@dataclass(frozen=True, slots=True)
class MemberEnergy:
    """Energy of some sites over some days, with shares; arrays int64 [T] as in SiteEnergy."""

    energy: SiteEnergy
    received_wh: NDArray[np.int64]
    delivered_wh: NDArray[np.int64]

    @property
    def from_grid_wh(self) -> NDArray[np.int64]:
        """Drawn from the public grid: what was drawn beyond what neighbours gave."""
        return self.energy.import_wh - self.received_wh

    def day_picture(self, microgrid: Microgrid, day: date) -> dict[str, Any]:
        """The signature picture's data for one of the days."""
        d = self.energy.days.index(day)
        span = slice(int(self.energy.offsets[d]), int(self.energy.offsets[d + 1]))
        return {
            "starts": [start.isoformat() for start in microgrid.local_day(day).local_starts()],
            "production": self.energy.production_wh[span].tolist(),
            "consumption": np.maximum(self.energy.consumption_wh[span], 0).tolist(),
            "received": self.received_wh[span].tolist(),
            "delivered": self.delivered_wh[span].tolist(),
        }

    def month_picture(self) -> dict[str, Any]:
        """Use per day by where it came from."""
        per_day = self.energy.per_day
        return {
            "days": [day.isoformat() for day in self.energy.days],
            "received": per_day(self.received_wh).tolist(),
            "grid": per_day(self.from_grid_wh).tolist(),
            "own": per_day(self.energy.own_use_wh).tolist(),
            "production": per_day(self.energy.production_wh).tolist(),
            "consumption": per_day(self.energy.consumption_wh).tolist(),
        }


def stretches(sites: Sequence[Site], seen: Mapping[int, SeenDays], days: Sequence[date]) -> list[tuple[list[date], list[Site]]]:
    """Days in order, cut where another of the sites comes or goes: the days of each stretch, and the sites that may be seen on them."""
    found: list[tuple[list[date], list[Site]]] = []
    for day in sorted(days):
        here = [site for site in sites if day in seen[site.pk]]
        if found and found[-1][1] == here:
            found[-1][0].append(day)
        else:
            found.append(([day], here))
    return found


def joined(parts: Sequence[MemberEnergy]) -> MemberEnergy:
    """Stretches that follow each other, as one."""
    if len(parts) == 1:
        return parts[0]
    energies = [part.energy for part in parts]
    begins = np.cumsum([0, *(energy.offsets[-1] for energy in energies)])
    offsets = [energy.offsets[:-1] + begin for energy, begin in zip(energies, begins, strict=False)]
    along = {
        name: np.concatenate([getattr(energy, name) for energy in energies])
        for name in ("import_wh", "export_wh", "production_wh", "charge_wh", "discharge_wh", "measured", "complete", "final")
    }
    days = [day for energy in energies for day in energy.days]
    return MemberEnergy(
        SiteEnergy(days=days, offsets=np.concatenate([*offsets, begins[-1:]]), **along),
        np.concatenate([part.received_wh for part in parts]),
        np.concatenate([part.delivered_wh for part in parts]),
    )


def member_energy(*, microgrid: Microgrid, sites: Sequence[Site], days: Sequence[date]) -> MemberEnergy:
    """Load the energy and shares of sites of one microgrid."""
    ids = [site.pk for site in sites]
    shares = load_shares(microgrid=microgrid, days=days, site_ids=ids)
    return MemberEnergy(
        site_energy(microgrid=microgrid, site_ids=ids, days=days), shares.received_wh.sum(axis=0), shares.delivered_wh.sum(axis=0)
    )


@dataclass(frozen=True, slots=True)
class VillageSums:
    """Sums of a microgrid over closed days [Wh], and the shares that people ask for."""

    production_wh: int
    consumption_wh: int
    import_wh: int
    export_wh: int
    shared_wh: int
    sites: int

    @property
    def self_sufficiency(self) -> float | None:
        """Local production used locally, as a share of consumption."""
        return self._local_use / self.consumption_wh if self.consumption_wh else None

    @property
    def self_consumption(self) -> float | None:
        """Local production used locally, as a share of production."""
        return self._local_use / self.production_wh if self.production_wh else None

    @property
    def _local_use(self) -> int:
        return max(self.production_wh - self.export_wh, 0)


def village_sums(microgrid: Microgrid, days: Sequence[date]) -> VillageSums:
    """Sum up closed days."""
    balances = list(BalanceDay.objects.filter(microgrid=microgrid, day__in=list(days), is_current=True))
    shared = SharingDay.objects.filter(microgrid=microgrid, day__in=list(days), is_current=True)

    def total(name: str) -> int:
        return sum(sum(getattr(row, name)) for row in balances)

    return VillageSums(
        total("production_wh"),
        total("consumption_wh"),
        total("import_wh"),
        total("export_wh"),
        sum(sum(row.shared_wh) for row in shared),
        microgrid.sites.count(),
    )


def village_day(microgrid: Microgrid, day: date) -> dict[str, Any] | None:
    """The signature picture of the whole village; None where the day is not closed."""
    balance = BalanceDay.objects.filter(microgrid=microgrid, day=day, is_current=True).first()
    sharing = SharingDay.objects.filter(microgrid=microgrid, day=day, is_current=True).first()
    if balance is None or sharing is None:
        return None
    return {
        "starts": [start.isoformat() for start in microgrid.local_day(day).local_starts()],
        "production": balance.production_wh,
        "consumption": balance.consumption_wh,
        "received": sharing.shared_wh,
        "delivered": sharing.shared_wh,
    }


def last_closed_day(microgrid: Microgrid) -> date | None:
    """The newest closed day."""
    row = BalanceDay.objects.filter(microgrid=microgrid, is_current=True).order_by("-day").first()
    return row.day if row else None
