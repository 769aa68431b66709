"""What the meters say at one instant, and what follows for each site and for the whole microgrid. Domain rules, section 5."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grid.domain.control.dispatch import Power

Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Readings:
    """What n sites and m storages say [W, Wh]; NaN where a meter is silent.

    Attributes:
        import_w, export_w: by site.
        production_w: by site, of all its sources that report; 0 where it has none.
        charge_w, discharge_w, soc_wh: by storage.
        storage_site: position of each storage's site.
        storage_is_ready: by storage, whether it may be commanded.
    """

    import_w: Power
    export_w: Power
    production_w: Power
    charge_w: Power
    discharge_w: Power
    soc_wh: Power
    storage_site: Places
    storage_is_ready: NDArray[np.bool_]

    @property
    def site_reports(self) -> NDArray[np.bool_]:
        return ~np.isnan(self.import_w) & ~np.isnan(self.export_w)

    @property
    def storage_reports(self) -> NDArray[np.bool_]:
        return ~(np.isnan(self.charge_w) | np.isnan(self.discharge_w) | np.isnan(self.soc_wh))


@dataclass(frozen=True, slots=True)
class Totals:
    """The microgrid at one instant [W, Wh]; import and export at the point of common coupling, by the meters."""

    production_w: float
    consumption_w: float
    charge_w: float
    discharge_w: float
    import_w: float
    export_w: float
    storage_wh: float


def net_draw(seen: Readings) -> Power:
    """What each site draws from the wires [W], negative where it feeds in; a silent site counts as nothing."""
    return np.nan_to_num(seen.import_w) - np.nan_to_num(seen.export_w)


def consumption_by_site(seen: Readings) -> Power:
    """`consumption = import - export + production + discharge - charge` of each site [W], not below nothing."""
    use = net_draw(seen) + np.where(seen.site_reports, np.nan_to_num(seen.production_w), 0.0)
    heard = seen.storage_reports & seen.site_reports[seen.storage_site]
    np.add.at(use, seen.storage_site, np.where(heard, seen.discharge_w - seen.charge_w, 0.0))
    return np.maximum(use, 0.0)


def totals(seen: Readings) -> Totals:
    """Sums over what reports."""
    net = float(net_draw(seen).sum())
    return Totals(
        production_w=float(np.nansum(seen.production_w)),
        consumption_w=float(consumption_by_site(seen).sum()),
        charge_w=float(np.nansum(seen.charge_w)),
        discharge_w=float(np.nansum(seen.discharge_w)),
        import_w=max(net, 0.0),
        export_w=max(-net, 0.0),
        storage_wh=float(np.nansum(seen.soc_wh)),
    )
