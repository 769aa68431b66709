"""Small simulated microgrids for tests of control: a feeder behind a transformer, with batteries, roofs and loads of every tier."""

from dataclasses import replace

import numpy as np

from grid.domain.alarms import Names
from grid.domain.control.dispatch import StorageLimits
from grid.domain.control.exercise import Exercise, Wires
from grid.domain.control.physical_microgrid import PhysicalMicrogrid, Plant
from grid.domain.control.state import ControlSettings, Points
from grid.domain.network.powerflow import Network, TransformerData, Wire

TIERS = np.array([0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4])
DEMAND_W = np.array([1e3] * 2 + [1e3] * 4 + [1.2e3] * 8 + [2e3] * 4 + [4e3] * 4)
STORAGES, SOURCES = 4, 6
SETTINGS = ControlSettings(
    hold_hours=20 / 3600,
    restore_hold_s=20,
    restore_pause_s=5,
    release_hold_s=10,
    calm_after_s=10,
    resync_after_s=20,
    patience_s=5,
    rotate_after_s=120,
    trust_again_s=30,
)


def plant(*, storages: int = STORAGES, sources: int = SOURCES, tiers: np.ndarray = TIERS, demand_w: np.ndarray = DEMAND_W) -> Plant:
    """Each device behind a site of its own; sites stand in turns at the ten nodes of the feeder."""
    ones, loads = np.ones(storages), len(tiers)
    sites = storages + sources + loads
    node = 2 + np.arange(sites) % 10
    first = storages + sources
    points = Points(
        StorageLimits(1e3 * ones, 20e3 * ones, 10e3 * ones, 10e3 * ones, 0.95 * ones, 0.95 * ones, ones),
        node[:storages],
        5e3 * ones,
        10e3 * np.ones(sources),
        node[storages:first],
        demand_w * 1.5,
        tiers,
        node[first:],
    )
    return Plant(points, np.arange(storages), np.arange(storages, first), np.arange(first, sites), sites)


def wires(*, sites: int, line_a: float = 270.0, rated_va: float = 160e3, resistance_ohm: float = 0.01) -> Wires:
    """20 kV busbar, transformer, ten nodes in a row at 0.4 kV."""
    lines = [Wire(f"L{i}", i, i + 1, resistance_ohm, 0.4 * resistance_ohm, 0.0, line_a) for i in range(1, 11)]
    transformer = TransformerData("T1", 0, 1, rated_va, 20e3, 400.0, 4.0, 2e3, 300.0, 0.3, 0, 0, 0, 0, 0.0)
    nominal = np.array([20e3] + [400.0] * 11)
    held = np.full(12, np.nan)
    held[0] = 1.0
    names = Names([f"N{i}" for i in range(12)], [line.code for line in lines], ["T1"], np.full(12, 0.9), np.full(12, 1.1))
    return Wires(Network(nominal, held, lines, [transformer]), names, 2 + np.arange(sites) % 10)


def hamlet(
    *,
    sun: float = 0.3,
    soc: float = 0.5,
    demand: float = 0.7,
    settings: ControlSettings = SETTINGS,
    tick_s: float = 1.0,
    built: Plant | None = None,
    network: Wires | None = None,
    **limits: float,
) -> Exercise:
    """An exercise at rest; `sun` and `demand` as shares of what is installed, `soc` of what is stored."""
    built = built or plant()
    world = PhysicalMicrogrid(
        built,
        replace(settings, **limits),
        soc * built.points.limits.soc_max_wh,
        np.full(len(built.source_site), sun),
        demand * built.points.load_most_w / 1.5,
    )
    return Exercise(world, world.settings, network, tick_s)
