"""The power flow against arithmetic by hand and against a fixed point on the same feeder; alarms at their thresholds."""

import numpy as np
import pytest

from grid.domain.alarms import Names, frequency_alarms, network_alarms
from grid.domain.network.powerflow import CannotSolve, Flow, Network, TransformerData, Wire

NAN = float("nan")


def feeder(lengths: int = 3, held: float = 1.0) -> Network:
    """Node 0 holds its voltage; a cable of 0.05 + j0.02 Ohm to each next node."""
    nodes = lengths + 1
    return Network(
        np.full(nodes, 400.0),
        np.array([held] + [NAN] * lengths),
        [Wire(f"L{i}", i, i + 1, 0.05, 0.02, 0.0, 270.0) for i in range(lengths)],
        [],
    )


def fixed_point(draw_va: np.ndarray, held: float) -> np.ndarray:
    """Voltages [p.u.] of the feeder by plain iteration: currents from loads, drops along the cable."""
    voltage = np.full(len(draw_va), 400.0 / np.sqrt(3) * held, dtype=complex)
    source = voltage[0]
    for _ in range(200):
        current = np.conj(draw_va / 3 / voltage)
        for i in range(1, len(voltage)):
            voltage[i] = (voltage[i - 1] if i > 1 else source) - (0.05 + 0.02j) * current[i:].sum()
    return np.abs(voltage) / (400.0 / np.sqrt(3))


def test_agrees_with_a_fixed_point_in_plain_arithmetic():
    active, reactive = np.array([0.0, 4000.0, -9000.0, 12_000.0]), np.array([0.0, 900.0, 0.0, 3000.0])
    flow = feeder().solve(active, reactive)
    assert flow.voltage_pu == pytest.approx(fixed_point(active + 1j * reactive, 1.0), abs=1e-7)


def test_losses_are_what_the_coupling_point_brings_beyond_the_loads():
    active = np.array([0.0, 4000.0, 0.0, 12_000.0])
    flow = feeder().solve(active, np.zeros(4))
    assert flow.losses_w > 0
    assert flow.import_w == pytest.approx(16_000 + flow.losses_w)
    assert flow.export_w == 0
    current = flow.line_loading * 270.0
    assert (3 * current**2 * 0.05).sum() == pytest.approx(flow.losses_w, rel=1e-4)


def test_a_feeder_that_feeds_in_exports_and_lifts_the_voltage():
    flow = feeder().solve(np.array([0.0, 0.0, 0.0, -20_000.0]), np.zeros(4))
    assert flow.export_w == pytest.approx(20_000 - flow.losses_w)
    assert flow.import_w == 0
    assert flow.voltage_pu[3] > 1.0
    assert (flow.line_power_w < 0).all()


def test_a_transformer_lifts_with_its_tap():
    def low_side(tap: int) -> float:
        network = Network(
            np.array([20_000.0, 400.0]),
            np.array([1.0, NAN]),
            [],
            [TransformerData("T", 0, 1, 4e5, 2e4, 400.0, 6.0, 4800.0, 1200.0, 0.30001, tap, 0, -2, 2, 2.5)],
        )
        flow = network.solve(np.array([0.0, 200_000.0]), np.zeros(2))
        assert flow.transformer_loading[0] == pytest.approx(0.5, abs=0.02)
        assert flow.losses_w == pytest.approx(1200 + 4800 * 0.25, rel=0.05)
        return float(flow.voltage_pu[1])

    assert low_side(-1) == pytest.approx(low_side(0) / 0.975, rel=2e-3)


def test_a_node_without_a_path_has_no_voltage():
    network = Network(np.full(3, 400.0), np.array([1.0, NAN, NAN]), [Wire("L", 0, 1, 0.05, 0.02, 0.0, 270.0)], [])
    flow = network.solve(np.array([0.0, 1000.0, 1000.0]), np.zeros(3))
    assert np.isnan(flow.voltage_pu).tolist() == [False, False, True]
    assert flow.losses_w < 10


def test_what_cannot_be_carried_is_said():
    with pytest.raises(CannotSolve, match="no solution"):
        feeder().solve(np.array([0.0, 0.0, 0.0, 5e6]), np.zeros(4))
    with pytest.raises(CannotSolve, match="coupling"):
        Network(np.full(2, 400.0), np.full(2, NAN), [], []).solve(np.zeros(2), np.zeros(2))


NAMES = Names(["A", "B"], ["L 1", "L 2"], ["T"], np.full(2, 0.9), np.full(2, 1.1))


def flow_with(*, lines=(0.1, 0.1), transformer=0.1, voltages=(1.0, 1.0)) -> Flow:
    return Flow(np.array(voltages), np.array(lines), np.zeros(2), np.array([transformer]), np.zeros(1), 0.0, 0.0, 0.0)


def test_a_quiet_network_raises_no_alarm():
    assert network_alarms(flow_with(), NAMES) == []


@pytest.mark.parametrize(
    ("changes", "word", "is_emergency"),
    [
        ({"lines": (0.79, 0.80)}, "Line L 2 carries 80%", False),
        ({"lines": (1.0, 0.9)}, "Line L 1 carries 100% of its rating; 1 more above 80%", True),
        ({"transformer": 1.2}, "Transformer T carries 120%", True),
        ({"voltages": (1.0, 0.89)}, "Voltage at B is 0.890 p.u., below", True),
        ({"voltages": (1.11, 1.0)}, "Voltage at A is 1.110 p.u., above", True),
        ({"voltages": (1.0, NAN)}, "1 nodes have no path", True),
    ],
)
def test_alarms_name_the_worst(changes, word, is_emergency):
    [alarm] = network_alarms(flow_with(**changes), NAMES)
    assert word in alarm.sentence
    assert alarm.is_emergency is is_emergency


def test_frequency_alarm_only_when_meters_tell():
    assert frequency_alarms(np.array([NAN, NAN])) == []
    assert frequency_alarms(np.array([50.0, 49.6])) == []
    [alarm] = frequency_alarms(np.array([49.4, NAN]))
    assert "49.40 Hz" in alarm.sentence
