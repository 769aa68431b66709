"""A microgrid as physics has it, tenth of a second by tenth: what control is tried on before it is trusted.

Joined to the public grid it has the grid's frequency. Apart, generation and load make the frequency by the swing equation
`df/dt = -f0 (P_load - P_gen + D (f - f0)) / (2 H S)` (Kundur, Power System Stability and Control, 3.9), storages answer by droop within
tenths of a second, roofs give less above 50.2 Hz (VDE-AR-N 4105, 5.7.3), loads have under-frequency relays of their own. Devices obey
commands until these end, then fall back. Everything may fail: devices get stuck or deaf, meters lie, the grid goes and comes.
"""

from dataclasses import dataclass

import numpy as np

from grid.domain.control.dispatch import Power
from grid.domain.control.grid_states import may_close
from grid.domain.control.shedding import LOWEST_TIER
from grid.domain.control.state import ControlSettings, Coupling, Mask, Points
from grid.domain.control.tick import Places, Readings

NOMINAL_HZ = 50.0
DROOP_LAG_S = 0.1
SOURCE_SHARE_PER_S = 0.1
OVER_HZ, OVER_SHARE_PER_HZ = 50.2, 0.4
TRIP_HZ, TRIP_AFTER_S = (47.5, 52.0), 0.3
OPENS_AFTER_S = 0.2
RELAY_AFTER_S = 0.3
RELAY_HOLDS_S = 600.0
PICKUP, PICKUP_FADES_S = 1.0, 60.0
BLACK_START_S = 5.0
ROUGH_DEG, ROUGH_HZ = 15.0, 0.3


@dataclass(frozen=True, slots=True)
class Plant:
    """What the microgrid is made of.

    Attributes:
        points: what can be commanded.
        storage_site, source_site, load_site: behind which site each stands.
        sites: how many there are.
        source_lag_s: time constant with which a source comes down to what it was told; 0 at once.
        inertia_s, damping: H [s] on the storages' and sources' rating, D as share of the load per per-unit frequency.
    """

    points: Points
    storage_site: Places
    source_site: Places
    load_site: Places
    sites: int
    inertia_s: float = 3.0
    damping: float = 1.5
    source_lag_s: float = 0.0

    @property
    def rating_w(self) -> float:
        return float(self.points.limits.discharge_max_w.sum() + self.points.source_capacity_w.sum())


@dataclass(slots=True)
class Faults:
    """What is wrong with devices and meters; the tests write here.

    Attributes:
        stuck_w: by storage, the power it stays at; NaN where it obeys.
        storage_is_deaf, source_is_deaf, load_is_deaf: hear no command.
        storage_is_mute: its meter is silent.
        answers: whether storages acknowledge.
        site_offset_w: by site, added to what its meter says; NaN silences it.
        site_is_frozen: its meter repeats what it said first.
        coupling_offset_w: added to what the coupling's meter says.
        breaker_is_deaf: the coupling's breaker hears no order.
    """

    stuck_w: Power
    storage_is_deaf: Mask
    source_is_deaf: Mask
    load_is_deaf: Mask
    storage_is_mute: Mask
    answers: Mask
    site_offset_w: Power
    site_is_frozen: Mask
    coupling_offset_w: float = 0.0
    breaker_is_deaf: bool = False

    @classmethod
    def none(cls, plant: Plant) -> "Faults":
        m, s, loads = len(plant.storage_site), len(plant.source_site), len(plant.load_site)
        return cls(
            np.full(m, np.nan),
            np.zeros(m, bool),
            np.zeros(s, bool),
            np.zeros(loads, bool),
            np.zeros(m, bool),
            np.ones(m + s + loads, bool),
            np.zeros(plant.sites),
            np.zeros(plant.sites, bool),
        )


@dataclass(slots=True)
class PublicGrid:
    """What lies beyond the switch."""

    is_there: bool = True
    frequency_hz: float = NOMINAL_HZ
    phase_deg: float = 0.0
    voltage_gap_pu: float = 0.0
    refuses_to_close: bool = False


class PhysicalMicrogrid:
    """The state of everything, and how it goes on. `sun` and `demand_w` are set by who plays the weather and the people."""

    def __init__(self, plant: Plant, settings: ControlSettings, soc_wh: Power, sun: Power, demand_w: Power) -> None:
        storages, sources, loads = len(plant.storage_site), len(plant.source_site), len(plant.load_site)
        self.plant, self.settings, self.faults, self.grid = plant, settings, Faults.none(plant), PublicGrid()
        self.at_s, self.frequency_hz, self.phase_deg = 0.0, NOMINAL_HZ, 0.0
        self.is_alive = self.is_closed = True
        self.soc_wh, self.sun, self.demand_w = soc_wh.copy(), sun.copy(), demand_w.copy()
        self.storage_w = np.zeros(storages)
        self.source_w = sun * plant.points.source_capacity_w
        self.value_w = np.concatenate([np.zeros(storages), np.full(sources + loads, np.inf)])
        self.ends_s = np.full(storages + sources + loads, -np.inf)
        self.issued_s = np.full(storages + sources + loads, -np.inf)
        self.closes_until_s = -np.inf
        self.load_is_off = np.zeros(loads, bool)
        self.relay_until_s = np.full(loads, -np.inf)
        self._setpoint_w = np.zeros(storages)
        self._pickup = np.zeros(loads)
        self._below_s = np.zeros(loads)
        self._off_s = self._outside_s = self._dead_s = 0.0
        self._frozen: dict[int, tuple[float, float]] = {}
        self.rough_closings = 0
        self.collapses = 0

    @property
    def load_w(self) -> Power:
        """What each load draws now."""
        drawn = np.where(self.load_is_off, 0.0, self.demand_w * (1 + self._pickup))
        return drawn if self.is_alive else np.zeros_like(drawn)

    @property
    def need_w(self) -> float:
        """Draw less generation: what comes from the public grid while the switch is closed."""
        return float(self.load_w.sum() + self.storage_w.sum() - self.source_w.sum())

    def take(self, place: int, value_w: float, issued_s: float, ends_s: float) -> bool:
        """Hand a command to a device (storages, sources, loads in a row, the coupling's breaker last); returns whether it acknowledges.

        One that has ended, or is older than what was obeyed last, is neither obeyed nor acknowledged.
        """
        m, s = len(self.plant.storage_site), len(self.plant.source_site)
        deaf = np.concatenate([self.faults.storage_is_deaf, self.faults.source_is_deaf, self.faults.load_is_deaf])
        if place == len(deaf):
            return self._take_breaker(value_w, ends_s)
        if deaf[place] or ends_s <= self.at_s or issued_s < self.issued_s[place]:
            return False
        self.value_w[place], self.ends_s[place], self.issued_s[place] = value_w, ends_s, issued_s
        if place >= m + s and value_w > 0:
            self.relay_until_s[place - m - s] = -np.inf
        return bool(self.faults.answers[place])

    def _take_breaker(self, value: float, ends_s: float) -> bool:
        """A finite value lets it close in step until the order ends; none takes that back."""
        if self.faults.breaker_is_deaf or ends_s <= self.at_s:
            return False
        self.closes_until_s = ends_s if np.isfinite(value) else -np.inf
        return True

    def step(self, dt_s: float) -> None:
        """Let `dt_s` go by."""
        self.at_s += dt_s
        told = np.where(self.ends_s > self.at_s, self.value_w, np.nan)
        m, s = len(self.plant.storage_site), len(self.plant.source_site)
        self._move_loads(told[m + s :], dt_s)
        self._move_sources(told[m : m + s], dt_s)
        self._move_storages(told[:m], dt_s)
        self._move_frequency(dt_s)
        self._move_switch(dt_s)
        hours, limits = dt_s / 3600, self.plant.points.limits
        charge, discharge = np.maximum(self.storage_w, 0), np.maximum(-self.storage_w, 0)
        moved = (limits.eta_charge * charge - discharge / limits.eta_discharge) * hours
        self.soc_wh = np.clip(self.soc_wh + moved, limits.soc_min_wh, limits.soc_max_wh)

    def _move_loads(self, told: Power, dt_s: float) -> None:
        tier = self.plant.points.load_tier
        stage_hz = np.array([*self.settings.shed_below_hz])
        below = np.zeros(len(tier), bool)
        relays = tier >= 1
        below[relays] = self.frequency_hz < stage_hz[LOWEST_TIER - tier[relays]]
        self._below_s = np.where(below & (not self.is_closed), self._below_s + dt_s, 0.0)
        trips = (self._below_s > RELAY_AFTER_S) & self.is_alive
        self.relay_until_s = np.where(trips, self.at_s + RELAY_HOLDS_S, self.relay_until_s)
        off = (told <= 0) | (self.relay_until_s > self.at_s)
        comes_back = (self.load_is_off & ~off) | ((self._dead_s > 0) & self.is_alive)
        fading = self._pickup * np.exp(-dt_s / PICKUP_FADES_S)
        self._pickup = np.where(comes_back, PICKUP, fading)
        self.load_is_off = off

    def _move_sources(self, told: Power, dt_s: float) -> None:
        capacity = self.plant.points.source_capacity_w
        could = self.sun * capacity * (1 - np.clip((self.frequency_hz - OVER_HZ) * OVER_SHARE_PER_HZ, 0, 1))
        told = np.where(np.isnan(told), np.inf, told)
        if self.plant.source_lag_s > 0:
            told = np.maximum(told, self.source_w - (self.source_w - told) * (1 - np.exp(-dt_s / self.plant.source_lag_s)))
        could = np.minimum(could, told) if self.is_alive else could * 0
        self.source_w = np.minimum(could, self.source_w + SOURCE_SHARE_PER_S * capacity * dt_s)

    def _move_storages(self, told: Power, dt_s: float) -> None:
        points, limits = self.plant.points, self.plant.points.limits
        step = points.storage_ramp_w_per_s * dt_s
        wanted = np.nan_to_num(told)
        self._setpoint_w = np.clip(wanted, self._setpoint_w - step, self._setpoint_w + step)
        droop = np.zeros_like(wanted)
        if not self.is_closed and self.is_alive:
            share = np.clip((self.frequency_hz - NOMINAL_HZ) / (NOMINAL_HZ * self.settings.droop), -1, 1)
            droop = share * np.where(share > 0, limits.charge_max_w, limits.discharge_max_w)
        target = np.clip(self._setpoint_w + droop, -limits.discharge_max_w, limits.charge_max_w)
        target = np.where((target > 0) & (self.soc_wh >= limits.soc_max_wh), 0.0, target)
        target = np.where((target < 0) & (self.soc_wh <= limits.soc_min_wh), 0.0, target)
        target = np.where(np.isnan(self.faults.stuck_w), target, self.faults.stuck_w)
        lag = 1 - np.exp(-dt_s / DROOP_LAG_S)
        self.storage_w = (self.storage_w + (target - self.storage_w) * lag) * self.is_alive

    def _move_frequency(self, dt_s: float) -> None:
        if self.is_closed and self.grid.is_there:
            self.frequency_hz, self._outside_s = self.grid.frequency_hz, 0.0
            self.phase_deg = self.grid.phase_deg
            return
        if not self.is_alive:
            return
        deviation = self.frequency_hz - NOMINAL_HZ
        damping_w = self.plant.damping * float(self.load_w.sum()) * deviation / NOMINAL_HZ
        stored = 2 * self.plant.inertia_s * max(self.plant.rating_w, 1.0)
        self.frequency_hz -= NOMINAL_HZ * (self.need_w + damping_w) / stored * dt_s
        self.phase_deg += 360 * (self.frequency_hz - self.grid.frequency_hz) * dt_s
        outside = not TRIP_HZ[0] < self.frequency_hz < TRIP_HZ[1]
        self._outside_s = self._outside_s + dt_s if outside else 0.0
        if self._outside_s > TRIP_AFTER_S:
            self.is_alive, self._dead_s, self.collapses = False, 0.0, self.collapses + 1
            self.is_closed = False

    def _move_switch(self, dt_s: float) -> None:
        """The coupling's own protection opens without the grid; a synchronism check closes it, where it is let."""
        if self.is_closed:
            self._off_s = 0.0 if self.grid.is_there else self._off_s + dt_s
            self.is_closed = self._off_s <= OPENS_AFTER_S
        elif (
            self.is_alive
            and self.closes_until_s > self.at_s
            and may_close(self.coupling(), self.settings)
            and not self.grid.refuses_to_close
        ):
            self.close()
        if not self.is_alive:
            self._start_black(dt_s)
        else:
            self._dead_s = 0.0

    def close(self) -> None:
        """Join the grids, in step or not; out of step is counted as what it would break."""
        apart_deg = abs((self.phase_deg - self.grid.phase_deg + 180) % 360 - 180)
        if self.is_alive and (apart_deg > ROUGH_DEG or abs(self.frequency_hz - self.grid.frequency_hz) > ROUGH_HZ):
            self.rough_closings += 1
        self.is_closed, self.closes_until_s, self._off_s = True, -np.inf, 0.0

    def _start_black(self, dt_s: float) -> None:
        """Storages bring the wires up again once little hangs on them and one of them has energy."""
        self._dead_s += dt_s
        limits = self.plant.points.limits
        ready = (self.soc_wh > limits.soc_min_wh) & np.isnan(self.faults.stuck_w)
        hanging = float((self.demand_w * (1 + PICKUP))[~self.load_is_off].sum())
        enough = hanging < 0.8 * float(limits.discharge_max_w[ready].sum())
        if self._dead_s > BLACK_START_S and enough:
            self.is_alive, self.frequency_hz, self._outside_s = True, NOMINAL_HZ, 0.0
            self._setpoint_w = np.zeros_like(self._setpoint_w)
            self._pickup = np.where(self.load_is_off, self._pickup, PICKUP)

    def coupling(self) -> Coupling:
        """What the switch's device tells."""
        return Coupling(
            self.is_closed,
            self.is_alive and (not self.is_closed or self.grid.is_there),
            self.grid.is_there,
            self.need_w + self.faults.coupling_offset_w if self.is_closed else float("nan"),
            self.frequency_hz - self.grid.frequency_hz,
            self.phase_deg - self.grid.phase_deg,
            self.grid.voltage_gap_pu,
        )

    def draw_by_site(self) -> Power:
        """What each site draws from the wires [W], negative where it feeds in."""
        net = np.zeros(self.plant.sites)
        np.add.at(net, self.plant.load_site, self.load_w)
        np.add.at(net, self.plant.storage_site, self.storage_w)
        np.subtract.at(net, self.plant.source_site, self.source_w)
        return net

    def readings(self) -> Readings:
        """What the meters say, true or not."""
        net = self.draw_by_site() + self.faults.site_offset_w
        for place in np.flatnonzero(self.faults.site_is_frozen):
            net[place] = self._frozen.setdefault(int(place), (float(net[place]), self.at_s))[0]
        mute = np.where(self.faults.storage_is_mute, np.nan, 0.0)
        return Readings(
            np.where(np.isnan(net), np.nan, np.maximum(net, 0.0)),
            np.where(np.isnan(net), np.nan, np.maximum(-net, 0.0)),
            np.zeros(self.plant.sites),
            np.maximum(self.storage_w, 0.0) + mute,
            np.maximum(-self.storage_w, 0.0) + mute,
            self.soc_wh + mute,
            self.plant.storage_site,
            np.ones(len(self.storage_w), bool),
        )
