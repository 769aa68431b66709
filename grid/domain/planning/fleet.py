"""All storages of a microgrid counted as one."""

from dataclasses import dataclass

from grid.domain.control.dispatch import StorageLimits


@dataclass(frozen=True, slots=True)
class Fleet:
    """All storages as one [Wh above the least charge, W at the terminals]; wear per kWh discharged."""

    capacity_wh: float
    charge_max_w: float
    discharge_max_w: float
    eta_charge: float
    eta_discharge: float
    kept_per_hour: float
    wear_per_kwh: float

    @classmethod
    def of(cls, limits: StorageLimits, wear_per_kwh: float) -> "Fleet":
        """Sums; efficiencies are means weighted by capacity."""
        room = limits.soc_max_wh - limits.soc_min_wh
        weight = room / max(float(room.sum()), 1e-9)
        return cls(
            float(room.sum()),
            float(limits.charge_max_w.sum()),
            float(limits.discharge_max_w.sum()),
            float(weight @ limits.eta_charge),
            float(weight @ limits.eta_discharge),
            float(weight @ limits.kept_per_hour),
            wear_per_kwh,
        )
