"""What control works on: the points that can be commanded, what is seen of them, its settings, and what it remembers."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from grid.domain.control.dispatch import Power, StorageLimits
from grid.domain.control.tick import Places, Readings

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Points:
    """What can be commanded, and where it hangs: m storages, s sources, l loads; a node of -1 is not known.

    Attributes:
        limits: of the storages.
        storage_ramp_w_per_s: by storage, how fast its power may change.
        source_capacity_w: by source.
        load_most_w: by load, its highest demand.
        load_tier: by load, 0 (never shed) to 4 (shed first).
    """

    limits: StorageLimits
    storage_node: Places
    storage_ramp_w_per_s: Power
    source_capacity_w: Power
    source_node: Places
    load_most_w: Power
    load_tier: Places
    load_node: Places


@dataclass(frozen=True, slots=True)
class Coupling:
    """The switch between the microgrid and the public grid, as its device tells it.

    Attributes:
        is_closed: whether the two are joined.
        is_alive: whether our side has voltage.
        grid_is_sound: whether the public grid has voltage and frequency inside their bands.
        exchange_w: what comes in through it [W], negative where we feed out; NaN where no meter sits there.
        slip_hz, phase_deg, voltage_gap_pu: ours less theirs, while the switch is open; a phase of NaN is not told.
    """

    is_closed: bool = True
    is_alive: bool = True
    grid_is_sound: bool = True
    exchange_w: float = float("nan")
    slip_hz: float = 0.0
    phase_deg: float = 0.0
    voltage_gap_pu: float = 0.0


@dataclass(frozen=True, slots=True)
class Watched:
    """Limits that may bind, in the form `value <= limit`; k of them.

    Attributes:
        names: what an operator calls them.
        value, limit: per unit for lines and voltages (a lower bound with both signs turned), watts for the connection.
        band: how far below its limit a value is brought once it must be moved.
        effect: what one watt more drawn at each node does to the value, [k, nodes + 1]; the last column is for unknown nodes.
    """

    names: tuple[str, ...]
    value: Power
    limit: Power
    band: Power
    effect: Power

    @classmethod
    def nothing(cls, nodes: int) -> "Watched":
        """No limit is near."""
        return cls((), np.zeros(0), np.zeros(0), np.zeros(0), np.zeros((0, nodes + 1)))

    def joined(self, other: "Watched") -> "Watched":
        """Both together."""
        return Watched(
            self.names + other.names,
            np.concatenate([self.value, other.value]),
            np.concatenate([self.limit, other.limit]),
            np.concatenate([self.band, other.band]),
            np.concatenate([self.effect, other.effect]),
        )


@dataclass(frozen=True, slots=True)
class Astray:
    """Devices behind links whose last conversation ended in a problem: refused, read back differently, no answer.

    Attributes:
        storages, sources, loads: by position. A set-point that did not arrive is not obeyed either.
    """

    storages: Mask
    sources: Mask
    loads: Mask


@dataclass(frozen=True, slots=True)
class Seen:
    """What a tick sees.

    Attributes:
        at_s: by a clock that only this controller uses; jumps are understood.
        readings: of sites and storages.
        source_w, load_w: by source and load [W]; NaN where nothing is known.
        frequency_hz: NaN where no meter tells it.
        coupling: the switch to the public grid.
        watched: limits of the wires that are near; those of the connection are added by control.
        danger: sentences of what is wrong with the network now.
        load_is_off: loads that a relay of their own let go; None where no load tells.
        astray: devices behind links that do not do as told by their own word; None where nobody has a link.
        estimated_w: by site, what state estimation says that it draws [W]; NaN where it is measured; None where nothing is estimated.
    """

    at_s: float
    readings: Readings
    source_w: Power
    load_w: Power
    frequency_hz: float
    coupling: Coupling
    watched: Watched
    danger: tuple[str, ...] = ()
    load_is_off: Mask | None = None
    estimated_w: Power | None = None
    astray: Astray | None = None


@dataclass(frozen=True, slots=True)
class ControlSettings:
    """Thresholds of the domain rules, section 5, and times; each can be set for a microgrid.

    Attributes:
        hold_hours, hold_s: how long a command stands, by the microgrid's clock [h] and by the real one [s].
        autonomy_hours: while islanded the storages' energy must last this long at the power they give.
        patience_s: how long a device may take to do as it was told before it is no longer counted on.
        trust_again_s: how long a device that strayed must follow before it is counted on again.
        keep_s: how long the last reading of a silent meter still counts.
        restore_hold_s: how long all must be well before a shed load comes back.
        restore_pause_s: between one restored load and the next.
        release_hold_s: how long all must be well before a curtailed source may give more.
        release_share_per_s: of its capacity, how fast it may.
        rotate_after_s: after that long another load of the same tier takes its turn.
        pickup: how much more than before a load takes when it comes back.
        droop: relative change of frequency that calls for a storage's whole power.
        resync_slip_hz: how much faster than the public grid the island runs while it looks for the moment to join.
        slip_most_hz, phase_most_deg, voltage_gap_most_pu: how far apart both sides may be when they are joined.
        breaker_checks_itself: whether the coupling's breaker closes by a synchronism check of its own once it is told to.
    """

    import_limit_w: float | None = None
    export_limit_w: float | None = None
    hold_hours: float = 20 / 3600
    hold_s: float = 20.0
    connection_band: float = 0.02
    exchange_deadband_w: float = 500.0
    peak_share: float = 0.8
    frequency_alarm_hz: tuple[float, float] = (49.5, 50.5)
    frequency_normal_hz: tuple[float, float] = (49.8, 50.2)
    shed_below_hz: tuple[float, ...] = (49.0, 48.8, 48.6, 48.4)
    autonomy_hours: float = 0.25
    island_margin_w: float = 100.0
    patience_s: float = 12.0
    trust_again_s: float = 60.0
    keep_s: float = 20.0
    restore_hold_s: float = 60.0
    restore_pause_s: float = 10.0
    release_hold_s: float = 30.0
    release_share_per_s: float = 0.01
    rotate_after_s: float = 900.0
    pickup: float = 2.0
    droop: float = 0.02
    calm_after_s: float = 30.0
    resync_after_s: float = 60.0
    resync_gives_up_after_s: float = 300.0
    slip_most_hz: float = 0.1
    phase_most_deg: float = 10.0
    voltage_gap_most_pu: float = 0.03
    resync_slip_hz: float = 0.05
    breaker_checks_itself: bool = True


@dataclass(frozen=True, slots=True)
class Memory:
    """What control carries from one tick to the next.

    Attributes:
        at_s: when it was written.
        status, status_since_s: the grid's state.
        signs_since_s: since when each sign of the state machine has been there.
        told_w: by storage, its set-point, charging positive.
        strayed_s, followed_s: by storage, for how long it has not done, or done again, what it was told.
        is_distrusted: by storage.
        net_w, heard_s: by site, the last believable net draw [W] and when it was heard.
        source_limit_w: by source; infinite where it may give what it can.
        source_since_s: by source, when its limit was last lowered.
        source_before_w: by source, what it gave before it was limited.
        source_disobeys_s: by source, for how long it has given more than it may.
        curtailed_wh: by source, what was held back so far: whose turn it is.
        load_is_shed, load_since_s: by load; since when it is shed or back.
        load_before_w: by load, what it draws, or drew before it was shed.
        load_disobeys_s: by load, for how long it has drawn although shed.
        shed_wh: by load, what was held back so far.
        well_since_s: since when nobody had to give way and the frequency is normal; infinite where that never was.
        restored_s: when a load came back last.
    """

    at_s: float
    status: str
    status_since_s: float
    signs_since_s: Mapping[str, float]
    told_w: Power
    strayed_s: Power
    followed_s: Power
    is_distrusted: Mask
    net_w: Power
    heard_s: Power
    source_limit_w: Power
    source_since_s: Power
    source_before_w: Power
    source_disobeys_s: Power
    curtailed_wh: Power
    load_is_shed: Mask
    load_since_s: Power
    load_before_w: Power
    load_disobeys_s: Power
    shed_wh: Power
    well_since_s: float = float("inf")
    restored_s: float = float("-inf")

    @classmethod
    def fresh(cls, points: Points, sites: int, at_s: float) -> "Memory":
        """Nothing was ever told."""
        storages, sources, loads = len(points.storage_node), len(points.source_node), len(points.load_node)
        return cls(
            at_s,
            "NORMAL",
            at_s,
            {},
            np.zeros(storages),
            np.zeros(storages),
            np.zeros(storages),
            np.zeros(storages, bool),
            np.full(sites, np.nan),
            np.full(sites, -np.inf),
            np.full(sources, np.inf),
            np.full(sources, -np.inf),
            np.zeros(sources),
            np.zeros(sources),
            np.zeros(sources),
            np.zeros(loads, bool),
            np.full(loads, -np.inf),
            np.zeros(loads),
            np.zeros(loads),
            np.zeros(loads),
        )

    def moved(self, jump_s: float) -> "Memory":
        """The same with all instants `jump_s` later: what a jump of the clock must not count as time gone by."""
        return replace(
            self,
            at_s=self.at_s + jump_s,
            status_since_s=self.status_since_s + jump_s,
            signs_since_s={name: at + jump_s for name, at in self.signs_since_s.items()},
            heard_s=self.heard_s + jump_s,
            source_since_s=self.source_since_s + jump_s,
            load_since_s=self.load_since_s + jump_s,
            well_since_s=self.well_since_s + jump_s,
            restored_s=self.restored_s + jump_s,
        )


@dataclass(frozen=True, slots=True)
class Choice:
    """What the devices are to do, the grid's state, the reasons, and what to remember.

    Attributes:
        storage_w: by storage, charging positive.
        storage_is_told: which storages may be told anything.
        source_limit_w: by source; infinite without a limit.
        load_is_shed: by load.
        load_limit_w: by load, the most it may draw by what its member agreed to; infinite without; empty where nobody asks.
        limit_reasons: by load, where each has its own; else `limit_reason` is that of all.
        closes_coupling: whether the coupling's breaker is told to close; it does so once both sides are in step.
    """

    status: str
    reasons: tuple[str, ...]
    storage_w: Power
    storage_is_told: Mask
    source_limit_w: Power
    load_is_shed: Mask
    closes_coupling: bool
    memory: Memory
    storage_reason: str = ""
    source_reason: str = ""
    load_reason: str = ""
    alarms: tuple[str, ...] = field(default=())
    load_limit_w: Power = field(default_factory=lambda: np.zeros(0))
    limit_reason: str = ""
    limit_reasons: tuple[str, ...] = ()

    @property
    def load_most_w(self) -> Power:
        """By load, the most it may draw: nothing where it is shed, what was agreed, or infinite."""
        agreed = self.load_limit_w if len(self.load_limit_w) else np.full(len(self.load_is_shed), np.inf)
        return np.where(self.load_is_shed, 0.0, agreed)
