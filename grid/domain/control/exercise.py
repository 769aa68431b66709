"""Control and a simulated microgrid in one loop: for tests of emergencies, and for drills of people.

Commands live as they do outside: they have an id, travel for a moment, are acknowledged or not, and end.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from grid.domain.alarms import Names, network_alarms
from grid.domain.control.command_life import Told, acknowledge, due, tell, unanswered
from grid.domain.control.dispatch import Power
from grid.domain.control.physical_microgrid import PhysicalMicrogrid
from grid.domain.control.rule import control
from grid.domain.control.state import Choice, ControlSettings, Memory, Seen, Watched
from grid.domain.control.watching import watched_limits
from grid.domain.network.powerflow import CannotSolve, Flow, Network
from grid.domain.network.sensitivities import linearise

STEP_S, CALM_STEP_S = 0.1, 0.5
ESCALATE_AFTER = 4


@dataclass(frozen=True, slots=True)
class Wires:
    """The network of the simulated microgrid, and at which node each site hangs."""

    network: Network
    names: Names
    site_node: np.ndarray


@dataclass(frozen=True, slots=True)
class Moment:
    """What was true at the end of a tick."""

    at_s: float
    status: str
    frequency_hz: float
    exchange_w: float
    is_alive: bool
    storage_w: Power
    source_limit_w: Power
    load_is_off: np.ndarray
    highest_loading: float
    highest_voltage_pu: float
    lowest_voltage_pu: float
    commands: int
    reasons: tuple[str, ...]
    unanswered: int


@dataclass(slots=True)
class Exercise:
    """A run: the world, the controller's memory, and what was seen of both.

    Attributes:
        tick_s: from one tick to the next.
        clock_jump_s: added to what the controller's clock shows.
        platform_is_silent: no tick runs.
    """

    world: PhysicalMicrogrid
    settings: ControlSettings
    wires: Wires | None = None
    tick_s: float = 1.0
    clock_jump_s: float = 0.0
    platform_is_silent: bool = False
    lowest_hz: float = 50.0
    moments: list[Moment] = field(default_factory=list)
    memory: Memory | None = None
    told: Told | None = None
    _count: int = 0

    def run(self, seconds: float, each_tick: Callable[["Exercise"], None] | None = None) -> "Exercise":
        """Let it go on; `each_tick` may change the world."""
        for _ in range(round(seconds / self.tick_s)):
            if each_tick:
                each_tick(self)
            step_s = CALM_STEP_S if self.world.is_closed and self.world.grid.is_there else STEP_S
            for _ in range(round(self.tick_s / step_s)):
                self.world.step(step_s)
                if self.world.is_alive:
                    self.lowest_hz = min(self.lowest_hz, self.world.frequency_hz)
            self._tick()
        return self

    def _tick(self) -> None:
        world, plant = self.world, self.world.plant
        flow, watched, danger = self._flow()
        if self.memory is None or self.told is None:
            limited = len(plant.source_site) + len(plant.load_site) + 1  # the breaker
            self.memory = Memory.fresh(plant.points, plant.sites, self._now())
            self.told = Told.nothing(len(plant.storage_site), limited)
        sent, status = 0, self.memory.status
        reasons: tuple[str, ...] = ()
        if not self.platform_is_silent:
            seen = Seen(
                self._now(),
                world.readings(),
                world.source_w.copy(),
                world.load_w.copy(),
                world.frequency_hz if world.is_alive else float("nan"),
                world.coupling(),
                watched,
                danger,
                world.load_is_off.copy(),
            )
            choice = control(seen, None, plant.points, self.settings, self.memory, np.full(plant.sites, 1e5))
            self.memory, reasons, status = choice.memory, choice.reasons, choice.status
            sent = self._send(choice)
        self.moments.append(
            Moment(
                world.at_s,
                status,
                world.frequency_hz,
                world.need_w if world.is_closed else 0.0,
                world.is_alive,
                world.storage_w.copy(),
                self.memory.source_limit_w.copy(),
                world.load_is_off.copy(),
                float(max(flow.line_loading.max(initial=0), flow.transformer_loading.max(initial=0))) if flow else 0.0,
                float(np.nanmax(flow.voltage_pu)) if flow else 1.0,
                float(np.nanmin(flow.voltage_pu)) if flow else 1.0,
                sent,
                reasons,
                int(unanswered(self.told, world.at_s, ESCALATE_AFTER).sum()),
            )
        )

    def _now(self) -> float:
        return self.world.at_s + self.clock_jump_s

    def _send(self, choice: Choice) -> int:
        assert self.told is not None
        breaker = [1.0 if choice.closes_coupling else np.inf]
        loads = np.where(choice.load_is_shed, 0.0, np.inf)
        wanted = np.concatenate([choice.storage_w, choice.source_limit_w, loads, breaker])
        may = np.concatenate([choice.storage_is_told, np.ones(len(wanted) - len(choice.storage_w), bool)])
        now, hold_s = self.world.at_s, self.settings.hold_hours * 3600
        who = due(self.told, wanted, may, now, 2 * self.tick_s)
        places = np.flatnonzero(who)
        ids = [f"{self._count + i}" for i in range(len(places))]
        self._count += len(places)
        self.told = tell(self.told, who, wanted, ids, now + hold_s)
        heard = {
            name for name, place in zip(ids, places, strict=True) if self.world.take(int(place), float(wanted[place]), now, now + hold_s)
        }
        self.told = acknowledge(self.told, heard)
        return len(places)

    def _flow(self) -> tuple[Flow | None, Watched, tuple[str, ...]]:
        """The power flow of what is true now; measuring it is another matter."""
        wires = self.wires
        if wires is None or not self.world.is_alive:
            return None, Watched.nothing(_nodes(self)), ()
        draw = np.zeros(len(wires.names.nodes))
        np.add.at(draw, wires.site_node, self.world.draw_by_site())
        nothing = np.zeros_like(draw)
        try:
            flow = wires.network.solve(draw, nothing)
            watched = watched_limits(flow, wires.names, lambda: linearise(wires.network, draw, nothing))
        except CannotSolve as problem:
            return None, Watched.nothing(_nodes(self)), (str(problem),)
        danger = tuple(a.sentence for a in network_alarms(flow, wires.names) if a.is_emergency)
        return flow, watched, danger


def _nodes(exercise: Exercise) -> int:
    points = exercise.world.plant.points
    places = np.concatenate([points.storage_node, points.source_node, points.load_node, np.array([-1])])
    return int(places.max()) + 1
