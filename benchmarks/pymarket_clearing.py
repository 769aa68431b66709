"""The peer's side of `script/bench market --against pymarket`: run by the interpreter of its own environment, files in and out.

Only what finds price and volume is timed: demand and supply curve from the orders, and where they cross.
"""

import json
import sys
import time
from importlib.metadata import version
from pathlib import Path

import pymarket
from pymarket.bids.demand_curves import demand_curve_from_bids, intersect_stepwise, supply_curve_from_bids


def main(question: str, answer: str) -> None:
    market = pymarket.Market()
    for wh, price, buying in json.loads(Path(question).read_text()):
        market.accept_bid(wh, price, 0, buying)
    orders = market.bm.get_df()
    began = time.perf_counter()
    demand, _ = demand_curve_from_bids(orders)
    supply, _ = supply_curve_from_bids(orders)
    volume, last_bid, last_offer, price = intersect_stepwise(demand, supply)
    seconds = time.perf_counter() - began
    found = {
        "seconds": seconds,
        "version": version("pymarket"),
        "volume_wh": volume,
        "price": price,
        "last_bid": demand[last_bid, 1],
        "last_offer": supply[last_offer, 1],
    }
    Path(answer).write_text(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
