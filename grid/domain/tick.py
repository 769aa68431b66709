"""One control tick: from what the meters say to set-points, a status and its reasons. Domain rules, section 5."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grid.domain.alarms import Alarm
from grid.domain.dispatch import Dispatch, Power, Situation, StorageLimits, after_rest, dispatch, status_of

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


@dataclass(frozen=True, slots=True)
class Decision:
    """Set-points for the storages, the status, and the reasons as sentences."""

    set_points: Dispatch
    status: str
    reasons: list[str]


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


def decide(
    seen: Readings,
    limits: StorageLimits,
    hold_hours: float,
    *,
    import_limit_w: int | None,
    export_limit_w: int | None,
    alarms: list[Alarm],
) -> Decision:
    """Choose set-points that may stand for `hold_hours`, and name the state.

    The storages' own present powers are taken out of the balance first: what is to be shared among them is what homes and roofs
    leave over or lack. Storages that are silent or not ready get nothing to do.
    """
    heard = seen.storage_reports & seen.site_reports[seen.storage_site]
    own = float(np.where(heard, seen.charge_w - seen.discharge_w, 0.0).sum())
    surplus_w = -float(net_draw(seen).sum()) + own
    able = seen.storage_reports & seen.storage_is_ready
    chosen = dispatch(surplus_w, _soc(seen, limits, hold_hours), _only(able, limits), hold_hours)
    set_points = Dispatch(
        np.floor(chosen.charge_w), np.floor(chosen.discharge_w), chosen.import_w, chosen.export_w
    )
    now = totals(seen)
    status, reasons = status_of(
        Situation(
            now.import_w, now.export_w, now.charge_w, now.discharge_w, import_limit_w, export_limit_w,
            int(seen.site_reports.sum()), len(seen.import_w),
        )
    )  # fmt: skip
    if any(alarm.is_emergency for alarm in alarms):
        status = "EMERGENCY"
    reasons = [alarm.sentence for alarm in alarms] + reasons + _of_storages(seen, set_points)
    return Decision(set_points, status, reasons)


def _soc(seen: Readings, limits: StorageLimits, hours: float) -> Power:
    return after_rest(np.nan_to_num(seen.soc_wh), limits, hours)


def _only(able: NDArray[np.bool_], limits: StorageLimits) -> StorageLimits:
    """The limits with no power for storages that cannot be commanded."""
    return StorageLimits(
        limits.soc_min_wh, limits.soc_max_wh, np.where(able, limits.charge_max_w, 0.0),
        np.where(able, limits.discharge_max_w, 0.0), limits.eta_charge, limits.eta_discharge, limits.kept_per_hour,
    )  # fmt: skip


def _of_storages(seen: Readings, set_points: Dispatch) -> list[str]:
    reasons = []
    silent = int((~seen.storage_reports).sum())
    if silent:
        reasons.append(f"{silent} of {len(seen.soc_wh)} storages are silent and stay idle.")
    charge, discharge = float(set_points.charge_w.sum()), float(set_points.discharge_w.sum())
    if charge:
        reasons.append(f"The storages are told to take {charge / 1000:.1f} kW.")
    if discharge:
        reasons.append(f"The storages are told to give {discharge / 1000:.1f} kW.")
    return reasons


@dataclass(frozen=True, slots=True)
class SetPoint:
    """What a storage is told or was told last [W], and for how long that still holds [s]; `is_known` once it acknowledged."""

    charge_w: int
    discharge_w: int
    holds_s: float
    is_known: bool


WORTH_A_CHANGE = 0.02
LEAST_CHANGE_W = 20


def needs_command(before: SetPoint | None, charge_w: int, discharge_w: int, renew_below_s: float) -> bool:
    """Whether a storage must be told anew: the set-point moved, or what it was told runs out before the next ticks.

    A storage that is to be idle and was told nothing that still holds is idle by itself.
    """
    if before is None or before.holds_s <= 0:
        return bool(charge_w or discharge_w)
    moved = abs((charge_w - discharge_w) - (before.charge_w - before.discharge_w))
    band = max(LEAST_CHANGE_W, WORTH_A_CHANGE * max(before.charge_w, before.discharge_w))
    runs_out = before.holds_s < renew_below_s and bool(charge_w or discharge_w)
    return moved > band or runs_out or not before.is_known
