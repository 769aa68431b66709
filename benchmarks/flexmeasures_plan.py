"""Runs in the peer's environment: FlexMeasures' own device scheduler on batteries handed in as JSON, powers and seconds back as JSON.

Nothing of this project is imported here. Usage: flexmeasures_plan.py IN.json OUT.json
"""

import json
import statistics
import sys
import time
from datetime import timedelta
from importlib.metadata import version

import numpy as np
import pandas as pd
from flask import Flask
from flexmeasures.data.models.planning import FlowCommitment
from flexmeasures.data.models.planning.linear_optimization import device_scheduler
from flexmeasures.data.models.planning.utils import initialize_df

COLUMNS = [
    "equals",
    "max",
    "min",
    "efficiency",
    "derivative equals",
    "derivative max",
    "derivative min",
    "derivative down efficiency",
    "derivative up efficiency",
    "stock delta",
]
START = pd.Timestamp("2020-01-01T00:00:00")


def build(case):
    """A battery and the rest of the site as two devices, their sum priced by direction; stocks in kW x interval."""
    hours = case["interval_minutes"] / 60
    count = len(case["load_w"])
    step = timedelta(minutes=case["interval_minutes"])
    end = START + count * step
    battery = initialize_df(COLUMNS, START, end, step)
    soc = {key: case[key] / 1000 / hours for key in ("soc_start_wh", "soc_min_wh", "soc_max_wh")}
    battery["max"], battery["min"] = (soc["soc_max_wh"] - soc["soc_start_wh"], soc["soc_min_wh"] - soc["soc_start_wh"])
    battery["derivative max"], battery["derivative min"] = (case["charge_max_w"] / 1000, -case["discharge_max_w"] / 1000)
    battery["derivative up efficiency"], battery["derivative down efficiency"] = (case["eta_charge"], case["eta_discharge"])
    site = initialize_df(COLUMNS, START, end, step)
    net = (np.array(case["load_w"]) - np.array(case["production_w"])) / 1000
    site["derivative equals"] = net
    site["derivative max"], site["derivative min"] = net, net
    index = battery.index
    price = FlowCommitment(
        name="energy",
        quantity=0,
        index=index,
        upwards_deviation_price=pd.Series(np.array(case["import_price_per_kwh"]) * hours, index=index),
        downwards_deviation_price=pd.Series(np.array(case["export_price_per_kwh"]) * hours, index=index),
    )
    return {
        "device_constraints": [battery, site],
        "ems_constraints": initialize_df(COLUMNS, START, end, step),
        "commitments": [price],
        "initial_stock": [soc["soc_start_wh"], 0],
    }


def solve(case, repeats):
    """The battery's power [kW], what the peer says it costs, and the median of the seconds of processor time and of the clock."""
    processor, clock = [], []
    power, cost = [], 0.0
    for _ in range(repeats + 1):
        given = build(case)
        began, spent = time.perf_counter(), time.process_time()
        powers, costs, results, _ = device_scheduler(**given)
        processor.append(time.process_time() - spent)
        clock.append(time.perf_counter() - began)
        if "optimal" not in str(results.solver.termination_condition):
            raise SystemExit(f"FlexMeasures found no optimum: {results.solver.termination_condition}")
        power, cost = powers[0].to_numpy().tolist(), float(costs)
    # What is loaded and compiled at the first call is not counted.
    return {"power_kw": power, "cost": cost, "processor_s": statistics.median(processor[1:]), "seconds": statistics.median(clock[1:])}


def main():
    with open(sys.argv[1]) as file:
        question = json.load(file)
    app = Flask("bench")
    app.config.update(FLEXMEASURES_LP_SOLVER=question["solver"], LOGGING_LEVEL="INFO", FLEXMEASURES_LP_SOLVER_OPTIONS={})
    with app.app_context():
        found = [solve(case, question["repeats"]) for case in question["cases"]]
    with open(sys.argv[2], "w") as file:
        json.dump({"version": version("flexmeasures"), "found": found}, file)


if __name__ == "__main__":
    main()
