"""What of the wires must worry an operator: thresholds of the domain rules, section 5 (EN 50160, IEEE 2030.7)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grid.domain.network.powerflow import Flow

Array = NDArray[np.float64]
LOADING_ALARM = 0.8
LOADING_LIMIT = 1.0
FREQUENCY_ALARM_HZ = (49.5, 50.5)


@dataclass(frozen=True, slots=True)
class Alarm:
    """A sentence for an operator; `is_emergency` where something must be done at once."""

    sentence: str
    is_emergency: bool


@dataclass(frozen=True, slots=True)
class Names:
    """Codes of nodes, lines and transformers by position, each node's voltage band [p.u.], and which were switched off on purpose."""

    nodes: Sequence[str]
    lines: Sequence[str]
    transformers: Sequence[str]
    vm_min_pu: Array
    vm_max_pu: Array
    off_on_purpose: NDArray[np.bool_] | None = None

    def cut_off(self, voltage_pu: Array) -> NDArray[np.int64]:
        """Places of nodes without a path to the public grid that nobody switched off on purpose."""
        dark = np.isnan(voltage_pu)
        return np.flatnonzero(dark if self.off_on_purpose is None else dark & ~self.off_on_purpose)


def network_alarms(flow: Flow, names: Names) -> list[Alarm]:
    """Lines and transformers near or above their rating, voltages outside their band; the worst of each kind speaks."""
    return [
        *_loading_alarms(flow.line_loading, names.lines, "Line"),
        *_loading_alarms(flow.transformer_loading, names.transformers, "Transformer"),
        *_voltage_alarms(flow.voltage_pu, names),
    ]


def _loading_alarms(loading: Array, codes: Sequence[str], kind: str) -> list[Alarm]:
    if not len(loading) or loading.max() < LOADING_ALARM:
        return []
    worst = int(loading.argmax())
    others = int((loading >= LOADING_ALARM).sum()) - 1
    more = f"; {others} more above {LOADING_ALARM:.0%}" if others else ""
    return [Alarm(f"{kind} {codes[worst]} carries {loading[worst]:.0%} of its rating{more}.", bool(loading[worst] >= LOADING_LIMIT))]


def _voltage_alarms(voltage_pu: Array, names: Names) -> list[Alarm]:
    alarms = []
    cut_off = len(names.cut_off(voltage_pu))
    if cut_off:
        alarms.append(Alarm(f"{cut_off} nodes have no path to the public grid.", True))
    on_purpose = int(np.isnan(voltage_pu).sum()) - cut_off
    if on_purpose:
        noun = "nodes are" if on_purpose > 1 else "node is"
        alarms.append(Alarm(f"{on_purpose} {noun} switched off on purpose.", False))
    below = np.nan_to_num(names.vm_min_pu - voltage_pu, nan=-1.0)
    above = np.nan_to_num(voltage_pu - names.vm_max_pu, nan=-1.0)
    for distance, word in ((below, "below"), (above, "above")):
        if len(distance) and distance.max() > 0:
            worst = int(distance.argmax())
            alarms.append(Alarm(f"Voltage at {names.nodes[worst]} is {voltage_pu[worst]:.3f} p.u., {word} its band.", True))
    return alarms


def frequency_alarms(frequency_hz: Array) -> list[Alarm]:
    """A frequency outside 49.5 to 50.5 Hz, as the meters' median tells it; silent where no meter measures it."""
    told = frequency_hz[~np.isnan(frequency_hz)]
    if not len(told):
        return []
    median = float(np.median(told))
    low, high = FREQUENCY_ALARM_HZ
    if low <= median <= high:
        return []
    return [Alarm(f"Frequency is {median:.2f} Hz, outside {low} to {high} Hz.", True)]
