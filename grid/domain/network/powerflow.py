"""What the wires carry: a steady-state power flow of the local network.

The network is described in its own plain terms here; the equations are solved by power-grid-model (Newton-Raphson). Loads are
constant power, the coupling point holds its voltage, the public grid behind it is taken as stiff.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from power_grid_model import BranchSide, LoadGenType, PowerGridModel, WindingType, initialize_array
from power_grid_model.errors import PowerGridError

Array = NDArray[np.float64]
FREQUENCY_HZ = 50.0
SHORT_CIRCUIT_POWER_VA = 1e12
LEAST_REACTANCE_OHM = 1e-6
DELTA_WYE_CLOCK = 5


class CannotSolve(ValueError):
    """The power flow has no solution, or the network no coupling point; the message says which."""


@dataclass(frozen=True, slots=True)
class Wire:
    """A line between two nodes: totals over its length [Ohm, S], and what it may carry [A]; whether the switches at its ends are closed.

    `zero_ohm` is its impedance for what the phases have in common, None where nobody told it; only unlike phases ask for it.
    """

    code: str
    node_from: int
    node_to: int
    resistance_ohm: float
    reactance_ohm: float
    susceptance_s: float
    max_current_a: float
    closed_from: bool = True
    closed_to: bool = True
    zero_ohm: complex | None = None


@dataclass(frozen=True, slots=True)
class TransformerData:
    """A two-winding transformer; the tap changer is on the high-voltage side."""

    code: str
    node_hv: int
    node_lv: int
    rated_va: float
    voltage_hv_v: float
    voltage_lv_v: float
    short_circuit_percent: float
    copper_loss_w: float
    iron_loss_w: float
    no_load_current_percent: float
    tap_position: int
    tap_neutral: int
    tap_min: int
    tap_max: int
    tap_step_percent: float
    closed_hv: bool = True
    closed_lv: bool = True


@dataclass(frozen=True, slots=True)
class Flow:
    """The solution for one instant.

    Attributes:
        voltage_pu: by node, per unit of its nominal voltage; NaN where no path leads to the public grid.
        line_loading: by line, share of its highest current (1.0 is full).
        line_power_w: by line, what flows from its first to its second node [W].
        transformer_loading: by transformer, share of its rating.
        transformer_power_w: by transformer, what flows from high to low voltage [W].
        import_w, export_w: at the point of common coupling [W].
        losses_w: what wires and transformers turn into heat [W].
    """

    voltage_pu: Array
    line_loading: Array
    line_power_w: Array
    transformer_loading: Array
    transformer_power_w: Array
    import_w: float
    export_w: float
    losses_w: float


@dataclass(frozen=True, slots=True)
class BranchFlows:
    """What enters each branch at both ends, by instant [W].

    Attributes:
        line_from_w, line_to_w: float64 [t, lines].
        transformer_hv_w, transformer_lv_w: float64 [t, transformers].
    """

    line_from_w: Array
    line_to_w: Array
    transformer_hv_w: Array
    transformer_lv_w: Array


@dataclass(frozen=True)
class Network:
    """Nodes by position, and what joins them.

    Attributes:
        nominal_voltage_v: by node.
        held_pu: by node, the voltage held there; NaN where none is (everywhere but at coupling points).
    """

    nominal_voltage_v: Array
    held_pu: Array
    wires: Sequence[Wire]
    transformers: Sequence[TransformerData]

    def solve(self, draw_w: Array, draw_var: Array) -> Flow:
        """Solve for what each node draws, active [W] and reactive [var], float64 by node; feeding in is negative.

        Raises:
            CannotSolve: no voltages carry these powers, or no node holds a voltage.
        """
        loads = initialize_array("update", "sym_load", len(draw_w))
        loads["id"] = self._first_load + np.arange(len(draw_w))
        loads["p_specified"], loads["q_specified"] = draw_w, draw_var
        try:
            result = self._model.calculate_power_flow(update_data={"sym_load": loads[None, :]}, error_tolerance=1e-8, max_iterations=30)
        except PowerGridError as problem:
            raise CannotSolve(f"The power flow has no solution: {str(problem).splitlines()[0]}") from None
        return self._read({name: rows[0] for name, rows in result.items()}, draw_w)

    def branch_flows(self, draw_w: Array, draw_var: Array) -> BranchFlows:
        """Solve many instants at once for what each node draws, float64 [t, nodes]; what enters each branch at its ends.

        Raises:
            CannotSolve: an instant has no solution, or no node holds a voltage.
        """
        loads = initialize_array("update", "sym_load", draw_w.shape)
        loads["id"] = self._first_load + np.arange(draw_w.shape[1])
        loads["p_specified"], loads["q_specified"] = draw_w, draw_var
        try:
            result = self._model.calculate_power_flow(
                update_data={"sym_load": loads}, error_tolerance=1e-8, max_iterations=30, output_component_types=["line", "transformer"]
            )
        except PowerGridError as problem:
            raise CannotSolve(f"The power flow has no solution: {str(problem).splitlines()[0]}") from None
        nothing = np.zeros((len(draw_w), 0))
        found: dict[str, NDArray[np.void]] = {name.value: rows for name, rows in result.items()}
        lines, transformers = found.get("line"), found.get("transformer")
        return BranchFlows(
            nothing if lines is None else lines["p_from"],
            nothing if lines is None else lines["p_to"],
            nothing if transformers is None else transformers["p_from"],
            nothing if transformers is None else transformers["p_to"],
        )

    def _read(self, result: dict[str, NDArray[np.void]], draw_w: Array) -> Flow:
        reached = result["node"]["energized"].astype(bool)
        lines, transformers = result.get("line"), result.get("transformer")
        nothing = np.zeros(0)
        fed_w = float(result["source"]["p"].sum())
        return Flow(
            voltage_pu=np.where(reached, result["node"]["u_pu"], np.nan),
            line_loading=nothing if lines is None else lines["loading"],
            line_power_w=nothing if lines is None else lines["p_from"],
            transformer_loading=nothing if transformers is None else transformers["loading"],
            transformer_power_w=nothing if transformers is None else transformers["p_from"],
            import_w=max(fed_w, 0.0),
            export_w=max(-fed_w, 0.0),
            losses_w=fed_w - float(draw_w[reached].sum()),
        )

    @property
    def _first_load(self) -> int:
        return len(self.nominal_voltage_v) + len(self.wires) + len(self.transformers) + len(self.held_pu)

    @cached_property
    def _model(self) -> PowerGridModel:
        """The network as power-grid-model wants it; built once, solved often."""
        nodes = len(self.nominal_voltage_v)
        held = np.flatnonzero(~np.isnan(self.held_pu))
        if not len(held):
            raise CannotSolve("No node holds a voltage: the network has no point of common coupling.")
        parts = {
            "node": initialize_array("input", "node", nodes),
            "source": initialize_array("input", "source", len(held)),
            "sym_load": initialize_array("input", "sym_load", nodes),
        }
        parts["node"]["id"], parts["node"]["u_rated"] = np.arange(nodes), self.nominal_voltage_v
        if self.wires:
            parts["line"] = self._lines(nodes)
        if self.transformers:
            parts["transformer"] = self._transformers(nodes + len(self.wires))
        source = parts["source"]
        source["id"] = nodes + len(self.wires) + len(self.transformers) + np.arange(len(held))
        source["node"], source["status"], source["u_ref"] = held, 1, self.held_pu[held]
        source["sk"] = SHORT_CIRCUIT_POWER_VA
        load = parts["sym_load"]
        load["id"], load["node"], load["status"] = self._first_load + np.arange(nodes), np.arange(nodes), 1
        load["type"], load["p_specified"], load["q_specified"] = LoadGenType.const_power, 0.0, 0.0
        return PowerGridModel(parts, system_frequency=FREQUENCY_HZ)

    def _lines(self, first_id: int) -> NDArray[np.void]:
        rows = initialize_array("input", "line", len(self.wires))
        rows["id"] = first_id + np.arange(len(self.wires))
        rows["from_node"] = [w.node_from for w in self.wires]
        rows["to_node"] = [w.node_to for w in self.wires]
        rows["from_status"] = [w.closed_from for w in self.wires]
        rows["to_status"] = [w.closed_to for w in self.wires]
        rows["r1"] = [w.resistance_ohm for w in self.wires]
        rows["x1"] = [max(w.reactance_ohm, LEAST_REACTANCE_OHM) for w in self.wires]
        rows["c1"] = [w.susceptance_s / (2 * np.pi * FREQUENCY_HZ) for w in self.wires]
        rows["tan1"] = 0.0
        rows["i_n"] = [w.max_current_a for w in self.wires]
        return rows

    def _transformers(self, first_id: int) -> NDArray[np.void]:
        rows = initialize_array("input", "transformer", len(self.transformers))
        rows["id"] = first_id + np.arange(len(self.transformers))
        rows["from_status"] = [t.closed_hv for t in self.transformers]
        rows["to_status"] = [t.closed_lv for t in self.transformers]
        rows["winding_from"], rows["winding_to"] = WindingType.delta, WindingType.wye_n
        rows["clock"], rows["tap_side"] = DELTA_WYE_CLOCK, BranchSide.from_side
        for row, t in zip(rows, self.transformers, strict=True):
            row["from_node"], row["to_node"] = t.node_hv, t.node_lv
            row["u1"], row["u2"], row["sn"] = t.voltage_hv_v, t.voltage_lv_v, t.rated_va
            row["pk"], row["p0"] = t.copper_loss_w, t.iron_loss_w
            row["uk"] = max(t.short_circuit_percent / 100, t.copper_loss_w / t.rated_va)
            row["i0"] = max(t.no_load_current_percent / 100, t.iron_loss_w / t.rated_va)
            row["tap_pos"], row["tap_nom"] = t.tap_position, t.tap_neutral
            row["tap_min"], row["tap_max"] = t.tap_min, t.tap_max
            row["tap_size"] = t.tap_step_percent / 100 * t.voltage_hv_v
        return rows
