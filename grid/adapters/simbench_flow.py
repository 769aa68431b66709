"""A folder in SimBench's format as a power flow wants it: the wires, and what each node draws in each interval. Nothing is stored."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from energy.adapters.simbench_folder import CannotReadNetwork, Profiles, Row, SimbenchNetwork, read_network
from energy.adapters.simbench_topology import impedance_and_tap, read_simbench_topology
from energy.domain.topology_figures import wrong_figures
from grid.domain.network.powerflow import Network, TransformerData, Wire
from kernel.intervals import Month

MEGA = 1e6
STEP = timedelta(minutes=15)
NOT_HELD = 0.0  # what an empty set-point is read as


class CannotChooseDays(ValueError):
    """The folder's profiles do not hold the month that was asked for."""


@dataclass(frozen=True)
class FlowFolder:
    """The network of a folder and its profiles.

    Attributes:
        network: busbars by position.
        node_codes: the ids of the busbars, and of joints that are none.
        is_busbar: by node.
        starts: first instants of the intervals, UTC, consecutive.
        load_shares, source_shares: float64 [T, profiles].
        load_w, load_var: [load profiles, nodes], nominal powers by profile and node; source_w, source_var likewise.
    """

    network: Network
    node_codes: list[str]
    is_busbar: list[bool]
    starts: list[datetime]
    load_shares: NDArray[np.float64]
    source_shares: NDArray[np.float64]
    load_w: NDArray[np.float64]
    load_var: NDArray[np.float64]
    source_w: NDArray[np.float64]
    source_var: NDArray[np.float64]

    def rows_of(self, month: Month, zone: ZoneInfo) -> slice:
        """The intervals of a calendar month in that zone.

        Raises:
            CannotChooseDays: the profiles do not hold the whole month.
        """
        begin = datetime.combine(month.first_day, datetime.min.time(), zone).astimezone(UTC)
        end = datetime.combine(month.next.first_day, datetime.min.time(), zone).astimezone(UTC)
        first, after = (round((instant - self.starts[0]) / STEP) for instant in (begin, end))
        if first < 0 or after > len(self.starts):
            held = [self.starts[i].astimezone(zone).date() for i in (0, -1)]
            raise CannotChooseDays(f"{month} is not in the profiles, which hold {held[0]} to {held[1]}; choose a whole month among them")
        return slice(first, after)

    def draw(self, rows: slice) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """What each node draws, active [W] and reactive [var], [T, nodes]; feeding in is negative."""
        loads, sources = self.load_shares[rows], self.source_shares[rows]
        return (loads @ self.load_w - sources @ self.source_w, loads @ self.load_var - sources @ self.source_var)

    def fed_in_w(self, rows: slice) -> NDArray[np.float64]:
        """What all sources feed in [W], [T]."""
        total: NDArray[np.float64] = self.source_shares[rows] @ self.source_w.sum(axis=1)
        return total

    def loads_w(self, rows: slice) -> NDArray[np.float64]:
        """What all loads take [W], [T]."""
        total: NDArray[np.float64] = self.load_shares[rows] @ self.load_w.sum(axis=1)
        return total


def read_flow_folder(folder: Path, zone: ZoneInfo) -> FlowFolder:
    """Read a folder; storages stand idle, switches are closed.

    Raises:
        CannotReadNetwork: the message names file, row and column.
    """
    found = read_network(folder, lambda _: None)
    for place, what in wrong_figures(read_simbench_topology(folder)):
        raise CannotReadNetwork(f"{place}: {what}")
    points = [row for row in found.nodes if found.busbar_of[row.text("id")] == row.text("id")]
    codes = [row.text("id") for row in points]
    position = {code: i for i, code in enumerate(codes)}
    at = {code: position[busbar] for code, busbar in found.busbar_of.items()}
    loads = _by_profile(found.loads, found.load_profiles.names, at, "pLoad", "qLoad")
    no_profiles = Profiles(found.load_profiles.first_label, [], np.zeros((len(found.load_profiles.shares), 0)))
    sources_profiles = found.source_profiles or no_profiles
    sources = _by_profile(found.sources, sources_profiles.names, at, "pRES", "qRES")
    count = min(len(found.load_profiles.shares), len(sources_profiles.shares))
    first = found.load_profiles.first_label.replace(tzinfo=zone).astimezone(UTC)
    return FlowFolder(
        _network(found, points, at),
        codes,
        [row.text("type") == "busbar" for row in points],
        [first + i * STEP for i in range(count)],
        found.load_profiles.shares[:count],
        sources_profiles.shares[:count],
        *loads,
        *sources,
    )


def _by_profile(
    rows: list[Row], profiles: list[str], at: dict[str, int], active: str, reactive: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Nominal powers summed by profile and node, [profiles, nodes]."""
    profile = {name: i for i, name in enumerate(profiles)}
    shape = (len(profiles), max(at.values()) + 1)
    power_w, power_var = np.zeros(shape), np.zeros(shape)
    for row in rows:
        where = profile[row.text("profile")], at[row.text("node")]
        power_w[where] += row.number_of(active) * MEGA
        power_var[where] += row.number_of(reactive, 0.0) * MEGA
    return power_w, power_var


def _network(found: SimbenchNetwork, points: list[Row], at: dict[str, int]) -> Network:
    nominal, held = np.zeros(len(points)), np.full(len(points), np.nan)
    for row in points:
        nominal[at[row.text("id")]] = row.number_of("vmR", least=0.0) * 1000
        set_point = row.number_of("vmSetp", NOT_HELD)
        if set_point > 0:
            held[at[row.text("id")]] = set_point
    return Network(
        nominal,
        held,
        [_wire(row, found.line_types[row.text("type")], at) for row in found.lines],
        [_transformer(row, found.transformer_types[row.text("type")], at) for row in found.transformers],
    )


def _wire(row: Row, kind: Row, at: dict[str, int]) -> Wire:
    length_km = row.number_of("length", least=0.0)
    return Wire(
        row.text("id"),
        at[row.text("nodeA")],
        at[row.text("nodeB")],
        kind.number_of("r") * length_km,
        kind.number_of("x") * length_km,
        kind.number_of("b", 0.0) * length_km * 1e-6,
        kind.number_of("iMax", 0.0, least=0.0),
    )


def _transformer(row: Row, kind: Row, at: dict[str, int]) -> TransformerData:
    return TransformerData(
        row.text("id"),
        at[row.text("nodeHV")],
        at[row.text("nodeLV")],
        kind.number_of("sR") * MEGA,
        kind.number_of("vmHV") * 1000,
        kind.number_of("vmLV") * 1000,
        *impedance_and_tap(row, kind),
    )
