"""Runs in the peer's environment: pandapower's own time series over networks handed in as JSON, voltages back as JSON.

Nothing of this project is imported here. Usage: pandapower_series.py IN.json OUT.json
"""

import json
import sys
import time

import pandapower as pp
import pandas as pd
from pandapower.control import ConstControl
from pandapower.timeseries import DFData, OutputWriter, run_timeseries


def build(case):
    net = pp.create_empty_network(f_hz=50.0)
    for volts, held in zip(case["nominal_voltage_v"], case["held_pu"], strict=True):
        bus = pp.create_bus(net, vn_kv=volts / 1000)
        if held is not None:
            pp.create_ext_grid(net, bus, vm_pu=held)
    for w in case["wires"]:
        pp.create_line_from_parameters(
            net,
            w["node_from"],
            w["node_to"],
            1.0,
            r_ohm_per_km=w["resistance_ohm"],
            x_ohm_per_km=w["reactance_ohm"],
            c_nf_per_km=w["susceptance_s"] / (2 * 3.141592653589793 * 50.0) * 1e9,
            max_i_ka=w["max_current_a"] / 1000,
        )
    for t in case["transformers"]:
        pp.create_transformer_from_parameters(
            net,
            t["node_hv"],
            t["node_lv"],
            sn_mva=t["rated_va"] / 1e6,
            vn_hv_kv=t["voltage_hv_v"] / 1000,
            vn_lv_kv=t["voltage_lv_v"] / 1000,
            vkr_percent=t["copper_loss_w"] / t["rated_va"] * 100,
            vk_percent=t["short_circuit_percent"],
            pfe_kw=t["iron_loss_w"] / 1000,
            i0_percent=t["no_load_current_percent"],
            shift_degree=0,
            tap_side="hv",
            tap_neutral=t["tap_neutral"],
            tap_min=t["tap_min"],
            tap_max=t["tap_max"],
            tap_step_percent=t["tap_step_percent"],
            tap_step_degree=0,
            tap_pos=t["tap_position"],
            tap_changer_type="Ratio",
        )
    for bus in range(len(case["nominal_voltage_v"])):
        pp.create_load(net, bus, p_mw=0.0, q_mvar=0.0)
    return net


def prepare(case, steps):
    """A network whose loads follow the case's first `steps` rows, and the writer that keeps its voltages."""
    net = build(case)
    columns = [f"p{i}" for i in net.load.index] + [f"q{i}" for i in net.load.index]
    rows = [[x / 1e6 for x in [*p, *q]] for p, q in zip(case["draw_w"][:steps], case["draw_var"][:steps], strict=True)]
    data = DFData(pd.DataFrame(rows, columns=columns))
    for letter, variable in (("p", "p_mw"), ("q", "q_mvar")):
        names = [f"{letter}{i}" for i in net.load.index]
        ConstControl(net, "load", variable, net.load.index, names, data)
    writer = OutputWriter(net, range(steps), output_path=None, log_variables=[("res_bus", "vm_pu")])
    return net, writer


def solve(case):
    """Voltages [steps][nodes] by pandapower's time series, and the seconds it took."""
    options = {"trafo_model": "pi", "tolerance_mva": 1e-10, "verbose": False}
    run_timeseries(prepare(case, 1)[0], range(1), **options)  # what is compiled at the first call is not counted
    steps = len(case["draw_w"])
    net, writer = prepare(case, steps)
    began = time.perf_counter()
    run_timeseries(net, range(steps), **options)
    seconds = time.perf_counter() - began
    return writer.output["res_bus.vm_pu"].to_numpy().tolist(), seconds


def main():
    with open(sys.argv[1]) as file:
        cases = json.load(file)
    found = [solve(case) for case in cases]
    with open(sys.argv[2], "w") as file:
        json.dump({"version": pp.__version__, "voltages": [v for v, _ in found], "seconds": [s for _, s in found]}, file)


if __name__ == "__main__":
    main()
