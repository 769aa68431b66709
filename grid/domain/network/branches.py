"""Lines and transformers as admittances between their ends: pi circuits, the transformer's on its low-voltage side behind an ideal ratio.

An end whose switch is open carries no current; what is left at the other end is the open branch's own charging.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grid.domain.network.powerflow import LEAST_REACTANCE_OHM, Array, TransformerData, Wire

Complex = NDArray[np.complex128]
Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Branches:
    """Admittances seen from the two ends of each branch [S]: `J_from = a U_from + b U_to`, `J_to = b U_from + d U_to`.

    Voltages are line to line [V], so J is a current times the square root of three [A].
    """

    first: Places
    second: Places
    a: Complex
    b: Complex
    d: Complex

    def currents(self, voltage: Complex) -> tuple[Array, Array]:
        """Magnitudes at both ends, times the square root of three [A]; [T, branches]."""
        at_first, at_second = voltage[:, self.first], voltage[:, self.second]
        return np.abs(self.a * at_first + self.b * at_second), np.abs(self.b * at_first + self.d * at_second)

    def switched(self, closed_first: NDArray[np.bool_], closed_second: NDArray[np.bool_]) -> "Branches":
        """The same branches with some ends open."""
        both = closed_first & closed_second
        if both.all():
            return self
        nothing = np.zeros_like(self.a)
        left_at_first = self.a - _quotient(self.b**2, self.d)
        left_at_second = self.d - _quotient(self.b**2, self.a)
        return Branches(
            self.first,
            self.second,
            np.where(both, self.a, np.where(closed_first, left_at_first, nothing)),
            np.where(both, self.b, nothing),
            np.where(both, self.d, np.where(closed_second, left_at_second, nothing)),
        )


def _quotient(above: Complex, below: Complex) -> Complex:
    return np.divide(above, below, out=np.zeros_like(above), where=below != 0)


def line_branches(wires: Sequence[Wire]) -> Branches:
    """Pi circuits with half of the susceptance at each end."""
    series = np.array(
        [1 / complex(w.resistance_ohm, w.reactance_ohm if w.resistance_ohm or w.reactance_ohm else LEAST_REACTANCE_OHM) for w in wires],
        dtype=np.complex128,
    )
    half = np.array([0.5j * w.susceptance_s for w in wires], dtype=np.complex128)
    closed = Branches(
        np.array([w.node_from for w in wires], dtype=np.int64),
        np.array([w.node_to for w in wires], dtype=np.int64),
        series + half,
        -series,
        series + half,
    )
    return closed.switched(np.array([w.closed_from for w in wires], dtype=bool), np.array([w.closed_to for w in wires], dtype=bool))


def transformer_branches(data: Sequence[TransformerData]) -> Branches:
    """Series impedance from short circuit voltage and copper loss, shunt from iron loss and no-load current, both at low voltage."""
    base = np.array([t.voltage_lv_v**2 / t.rated_va for t in data])
    resistance = np.array([t.copper_loss_w / t.rated_va for t in data]) * base
    impedance = np.maximum(np.array([t.short_circuit_percent / 100 for t in data]) * base, resistance)
    series = 1 / (resistance + 1j * np.sqrt(impedance**2 - resistance**2))
    conductance = np.array([t.iron_loss_w / t.voltage_lv_v**2 for t in data])
    no_load = np.maximum(np.array([t.no_load_current_percent / 100 for t in data]) / np.maximum(base, 1e-300), conductance)
    half = (conductance - 1j * np.sqrt(no_load**2 - conductance**2)) / 2
    ratio = np.array([t.voltage_hv_v * (1 + (t.tap_position - t.tap_neutral) * t.tap_step_percent / 100) / t.voltage_lv_v for t in data])
    closed = Branches(
        np.array([t.node_hv for t in data], dtype=np.int64),
        np.array([t.node_lv for t in data], dtype=np.int64),
        (series + half) / ratio**2,
        -series / ratio,
        series + half,
    )
    return closed.switched(np.array([t.closed_hv for t in data], dtype=bool), np.array([t.closed_lv for t in data], dtype=bool))


def admittance(nodes: int, *kinds: Branches) -> Complex:
    """The nodal admittance matrix [S], [nodes, nodes]."""
    matrix = np.zeros((nodes, nodes), dtype=np.complex128)
    for kind in kinds:
        np.add.at(matrix, (kind.first, kind.first), kind.a)
        np.add.at(matrix, (kind.second, kind.second), kind.d)
        np.add.at(matrix, (kind.first, kind.second), kind.b)
        np.add.at(matrix, (kind.second, kind.first), kind.b)
    return matrix
