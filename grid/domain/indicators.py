"""How well a microgrid does: shares, shape of the load, losses, reliability, carbon. Each function names where it comes from."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Energy = NDArray[np.int64]
CO2_GRID_G_PER_KWH = 380
"""Of the public grid's mix; stated wherever a figure stands on it."""
SUSTAINED_MINUTES = 5.0


@dataclass(frozen=True, slots=True)
class Balance:
    """Energy of a microgrid by interval [Wh], import and export at the point of common coupling, all >= 0."""

    production_wh: Energy
    consumption_wh: Energy
    charge_wh: Energy
    discharge_wh: Energy
    import_wh: Energy
    export_wh: Energy
    interval_hours: float


@dataclass(frozen=True, slots=True)
class Indicators:
    """Indicators of a period; None where they have no meaning (nothing was produced, used, stored)."""

    production_wh: int
    consumption_wh: int
    import_wh: int
    export_wh: int
    self_consumption: float | None
    self_sufficiency: float | None
    renewable_fraction: float | None
    peak_w: float | None
    peak_to_average: float | None
    load_factor: float | None
    losses_wh: int
    loss_share: float | None
    round_trip_efficiency: float | None
    co2_avoided_g: float


def indicators_of(
    balance: Balance,
    *,
    stored_change_wh: int | None = None,
    local_used_wh: int | None = None,
    grid_renewable_share: float = 0.0,
    grams_per_kwh: float,
) -> Indicators:
    """All indicators of a period; `local_used_wh` is what was used of local origin, where storages were followed."""
    production, consumption, imported, exported = (
        int(values.sum()) for values in (balance.production_wh, balance.consumption_wh, balance.import_wh, balance.export_wh)
    )
    used = local_use_wh(balance.production_wh, balance.export_wh)
    lost = losses_wh(balance)
    peak = peak_w(balance.consumption_wh, balance.interval_hours)
    return Indicators(
        production,
        consumption,
        imported,
        exported,
        _share(used, production),
        _share(used, consumption),
        renewable_fraction(consumption, imported, exported, grid_renewable_share),
        peak,
        peak_to_average(balance.consumption_wh),
        load_factor(balance.consumption_wh),
        lost,
        _share(lost, production + imported),
        round_trip_efficiency(int(balance.charge_wh.sum()), int(balance.discharge_wh.sum()), stored_change_wh),
        co2_avoided_g(used if local_used_wh is None else local_used_wh, grams_per_kwh),
    )


def local_use_wh(production_wh: Energy, export_wh: Energy) -> int:
    """Local production that was used locally: what was produced and did not leave, interval by interval.

    Self-consumption is this over production, self-sufficiency this over consumption (Luthander et al. 2015, "Photovoltaic
    self-consumption in buildings", eq. 2 and 3, for a community instead of a building). What a battery gives to the public
    grid later counts where it leaves, so an interval may export more than it produces: then nothing of it was used.
    """
    return int(np.maximum(production_wh - export_wh, 0).sum())


def local_used_wh(balance: Balance, charged_local_wh: int, discharged_local_wh: int, export_not_local_wh: Energy) -> int:
    """What was used of local origin, batteries seen through: what they take counts when it comes out again, less what they lost."""
    left = np.maximum(balance.export_wh - export_not_local_wh, 0)
    return int(balance.production_wh.sum() - left.sum()) - charged_local_wh + discharged_local_wh


def renewable_fraction(consumption_wh: int, import_wh: int, export_wh: int, grid_renewable_share: float) -> float | None:
    """`1 - E_nonrenewable / E_served`, served being consumption and export (HOMER's renewable fraction).

    Of the import `grid_renewable_share` is renewable; all local production is. Losses in batteries and wires count as served.
    """
    served = consumption_wh + export_wh
    return None if served <= 0 else max(1.0 - import_wh * (1.0 - grid_renewable_share) / served, 0.0)


def peak_w(consumption_wh: Energy, interval_hours: float) -> float | None:
    """The highest mean power of an interval [W]."""
    return None if not len(consumption_wh) else float(consumption_wh.max()) / interval_hours


def peak_to_average(consumption_wh: Energy) -> float | None:
    """The highest over the mean demand (IEV 691-10-04, the reciprocal of the load factor)."""
    mean = float(consumption_wh.mean()) if len(consumption_wh) else 0.0
    return float(consumption_wh.max()) / mean if mean > 0 else None


def load_factor(consumption_wh: Energy) -> float | None:
    """The mean over the highest demand (IEC 60050, 691-10-02)."""
    ratio = peak_to_average(consumption_wh)
    return 1.0 / ratio if ratio else None


def losses_wh(balance: Balance) -> int:
    """`import + production + discharge - consumption - export - charge`: what wires and transformers took (domain rules, section 6).

    Where the balance was closed without losses it is nothing; where losses were taken into it, it is those.
    """
    gained = balance.import_wh + balance.production_wh + balance.discharge_wh
    spent = balance.consumption_wh + balance.export_wh + balance.charge_wh
    return int((gained - spent).sum())


def round_trip_efficiency(charge_wh: int, discharge_wh: int, stored_change_wh: int | None) -> float | None:
    """`(discharge + change of charge) / charge` over a period (IEC 62933-2-1, 6.2.3, for a period instead of a test cycle).

    Without a known change of charge it is left out of account, which long periods forgive. None where nothing was charged, or
    where what was given came from before the period and its change of charge is not known.
    """
    if charge_wh <= 0:
        return None
    ratio = (discharge_wh + (stored_change_wh or 0)) / charge_wh
    return ratio if 0.0 <= ratio <= 1.0 else None


def co2_avoided_g(local_use: int, grams_per_kwh: float) -> float:
    """What the public grid would have emitted for the local production used locally, at a stated factor [g]."""
    return local_use / 1000 * grams_per_kwh


@dataclass(frozen=True, slots=True)
class Outage:
    """One interruption of supply: by customer how long each was without it [min].

    Attributes:
        customer_minutes: of customers who were without altogether.
        load_minutes: how long, and how much connected load was without [min, W], of these customers and of those who lost a part.
    """

    customer_minutes: tuple[float, ...]
    is_planned: bool = False
    load_minutes: tuple[tuple[float, float], ...] = ()

    @property
    def is_sustained(self) -> bool:
        """Longer than five minutes for somebody (IEEE 1366-2022, 2.21)."""
        return any(minutes > SUSTAINED_MINUTES for minutes in self.customer_minutes)


@dataclass(frozen=True, slots=True)
class Reliability:
    """Indices of IEEE 1366-2022: minutes and interruptions per customer served.

    Attributes:
        saidi_minutes: system average interruption duration, eq. 2.
        saifi: system average interruption frequency, eq. 1.
        caidi_minutes: minutes of an interruption for who had one, eq. 3; None where nobody had any.
        asai: share of the customer-hours in which there was supply, eq. 6.
        maifi: momentary interruptions (five minutes at most) per customer, eq. 8.
        asidi_minutes, asifi: duration and frequency by connected load instead of customers, so that a load that was let go counts as
            much as it is of all; None where no load is known.
    """

    saidi_minutes: float
    saifi: float
    caidi_minutes: float | None
    asai: float
    maifi: float
    asidi_minutes: float | None = None
    asifi: float | None = None


def reliability(
    outages: Sequence[Outage], customers: int, period_minutes: float, *, with_planned: bool, connected_w: float = 0.0
) -> Reliability:
    """The indices of a period. Only sustained interruptions count for SAIDI, SAIFI, CAIDI, ASIDI and ASIFI.

    Args:
        connected_w: load of all customers.

    Raises:
        ValueError: nobody is served, or the period has no length.
    """
    if customers <= 0 or period_minutes <= 0:
        raise ValueError("Reliability needs customers and a period.")
    counted = [outage for outage in outages if with_planned or not outage.is_planned]
    minutes = [m for outage in counted for m in outage.customer_minutes]
    sustained = [m for m in minutes if m > SUSTAINED_MINUTES]
    saidi, saifi = sum(sustained) / customers, len(sustained) / customers
    return Reliability(
        saidi,
        saifi,
        saidi / saifi if sustained else None,
        1.0 - saidi / period_minutes,
        (len(minutes) - len(sustained)) / customers,
        *_of_load(counted, connected_w),
    )


def _of_load(outages: Sequence[Outage], connected_w: float) -> tuple[float | None, float | None]:
    """Minutes and interruptions by connected load."""
    if connected_w <= 0:
        return None, None
    loads = [(m, w) for outage in outages for m, w in outage.load_minutes if m > SUSTAINED_MINUTES]
    return sum(m * w for m, w in loads) / connected_w, sum(w for _, w in loads) / connected_w


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole > 0 else None
