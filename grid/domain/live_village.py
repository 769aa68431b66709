"""The virtual village as it lives from moment to moment: inverters obey what they were told, registers go on."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from grid.domain.control.dispatch import StorageLimits
from grid.domain.village import Flows, VillagePlan, VillageState, flows, read, step

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Orders:
    """What each storage was told last [W], and until when that stands [s since 1970, the microgrid's clock]."""

    charge_w: Array
    discharge_w: Array
    expires_s: Array

    @classmethod
    def none(cls, storages: int) -> "Orders":
        """Nobody was told anything."""
        return cls(np.zeros(storages), np.zeros(storages), np.zeros(storages))

    def with_order(self, place: int, charge_w: float, discharge_w: float, expires_s: float) -> "Orders":
        """The same, but for one storage."""
        changed = Orders(self.charge_w.copy(), self.discharge_w.copy(), self.expires_s.copy())
        changed.charge_w[place], changed.discharge_w[place] = charge_w, discharge_w
        changed.expires_s[place] = expires_s
        return changed


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that each source may give or each load may draw [W], and until when that stands [s since 1970]."""

    most_w: Array
    expires_s: Array

    @classmethod
    def none(cls, count: int) -> "Limits":
        """Nobody is limited."""
        return cls(np.full(count, np.inf), np.zeros(count))

    def with_limit(self, place: int, limit_w: float | None, expires_s: float) -> "Limits":
        """The same, but for one; without a limit it is free."""
        changed = Limits(self.most_w.copy(), self.expires_s.copy())
        changed.most_w[place] = np.inf if limit_w is None else limit_w
        changed.expires_s[place] = expires_s
        return changed

    def kept(self, power_w: Array, at_s: float) -> Array:
        """The powers as far as they are allowed."""
        return np.minimum(power_w, np.where(self.expires_s > at_s, self.most_w, np.inf))


def obey(orders: Orders, soc_wh: Array, limits: StorageLimits, at_s: float, hours: float) -> tuple[Array, Array]:
    """Charge and discharge [W] of inverters for the next `hours`: as told, inside their limits; idle when the order has expired."""
    stands = orders.expires_s > at_s
    room = np.maximum(limits.soc_max_wh - soc_wh, 0.0) / (limits.eta_charge * hours)
    stored = np.maximum(soc_wh * limits.kept_per_hour**hours - limits.soc_min_wh, 0.0)
    charge = np.minimum(np.minimum(orders.charge_w, limits.charge_max_w), room)
    discharge = np.minimum(np.minimum(orders.discharge_w, limits.discharge_max_w), stored * limits.eta_discharge / hours)
    both = (charge > 0) & (discharge > 0)
    return np.where(stands & ~both, charge, 0.0), np.where(stands & ~both, discharge, 0.0)


@dataclass(frozen=True, slots=True)
class Moment:
    """The village at an instant: exact state, present powers, and the state at the beginning of the running interval."""

    at: datetime
    state: VillageState
    powers: Flows
    interval_start: datetime
    at_interval_start: VillageState


@dataclass(frozen=True, slots=True)
class IntervalEnd:
    """An interval that has ended: register readings [Wh] at both of its ends, by name of the channel."""

    start_at: datetime
    before: dict[str, NDArray[np.int64]]
    after: dict[str, NDArray[np.int64]]


CHANNELS = ("import", "export", "production", "charge", "discharge")


def registers_of(state: VillageState) -> dict[str, NDArray[np.int64]]:
    """What the registers show, by channel."""
    return {name: read(getattr(state, f"{name}_wh")) for name in CHANNELS}


def begin(plan: VillagePlan, state: VillageState, at: datetime) -> Moment:
    """The village at the beginning of an interval."""
    storages = len(plan.storage_site)
    still = flows(plan, np.zeros(len(plan.load_site)), np.zeros(len(plan.source_site)), np.zeros(storages), np.zeros(storages))
    return Moment(at, state, still, at, state)


def advance(plan: VillagePlan, moment: Moment, load_w: Array, source_w: Array, orders: Orders, until: datetime) -> Moment:
    """Let time go on to `until` with constant powers; the caller cuts at interval ends."""
    hours = (until - moment.at) / timedelta(hours=1)
    if hours <= 0:
        return moment
    charge, discharge = obey(orders, moment.state.soc_wh, plan.limits, moment.at.timestamp(), hours)
    now = flows(plan, load_w, source_w, charge, discharge)
    return replace(moment, at=until, state=step(plan, moment.state, now, hours), powers=now)


def ends_between(expires_s: Array, start_at: datetime, end_at: datetime) -> list[datetime]:
    """The instants between two others at which something that stands ends: from there on each device takes its fallback."""
    within = expires_s[(expires_s > start_at.timestamp()) & (expires_s < end_at.timestamp())]
    return [datetime.fromtimestamp(float(at), start_at.tzinfo) for at in np.unique(within)]


def end_interval(moment: Moment) -> tuple[Moment, IntervalEnd]:
    """Read the registers at the end of an interval and begin the next one."""
    ended = IntervalEnd(moment.interval_start, registers_of(moment.at_interval_start), registers_of(moment.state))
    return replace(moment, interval_start=moment.at, at_interval_start=moment.state), ended


def cut(start_at: datetime, end_at: datetime, interval: timedelta) -> Iterator[datetime]:
    """The instants at which to stop between two instants: each interval's end on the way, then `end_at`.

    Intervals begin at whole multiples of their length since 1970.
    """
    length_s = interval.total_seconds()
    first = (start_at.timestamp() // length_s + 1) * length_s
    stop = datetime.fromtimestamp(first, start_at.tzinfo)
    while stop < end_at:
        yield stop
        stop += interval
    yield end_at
