"""Clearing one interval's double auction in exact integers, from orders as they came to matched Wh per order and the uniform price.

`script/bench market [--orders 1000000] [--levels 0] [--seed 0] [--against pymarket] [--json]`. Half are bids, half offers; prices are whole
millionths, with `--levels` only so many different ones (whole cents: most orders tie). Volume and price are checked by a plain walk along
the curves. The peer, in an environment of its own, gets the same orders and must find the same volume, the same last bid and offer (so the
same mean of both) and, by its own rule, which takes the price of the order matched in part, what that rule makes of our margin.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.peers import peer_python
from benchmarks.sizes import at_least
from grid.domain.market.auction import Cleared, Orders, clear, trades, uniform_price_twice

ROOT = Path(__file__).resolve().parent.parent
PEER = ["pymarket==0.7.6", "numpy==1.26.4", "pandas==1.5.3"]
WINDOW_MICROSECONDS = 86_400_000_000
MICRO = 1_000_000
REPEATS = 5


def main(argv: list[str]) -> int:
    """Measure; print one JSON object last. Ends with 1 where price or volume differ."""
    parser = argparse.ArgumentParser(prog="script/bench market", description=__doc__)
    parser.add_argument("--orders", type=at_least(0), default=1_000_000)
    parser.add_argument("--levels", type=at_least(0), default=0)
    parser.add_argument("--seed", type=at_least(0), default=0)
    parser.add_argument("--against", choices=["pymarket"])
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(argv)
    if options.against and options.orders < 2:
        parser.error("the peer clears no book of one side: give --orders 2 or more")
    bids, offers = random_book(options.orders, options.levels, options.seed)
    clear(*random_book(1000, options.levels, options.seed + 1))
    measured = [_timed(clear, bids, offers) for _ in range(REPEATS)]
    cleared: Cleared = measured[0][0]
    seconds = sorted(wall for _, wall, _ in measured)[REPEATS // 2]
    pairs, pairs_s, _ = _timed(trades, bids, offers)
    twice = uniform_price_twice(bids, offers, cleared)
    summary: dict[str, Any] = {
        "name": "market",
        "seconds": round(seconds, 5),
        "items": options.orders,
        "items_per_s": round(options.orders / seconds),
        "peak_rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
        "processor_s": round(min(cpu for _, _, cpu in measured), 5),
        "levels": options.levels,
        "seed": options.seed,
        "volume_wh": cleared.volume_wh,
        "price_per_kwh": None if twice is None else twice / 2 / MICRO,
        "pairs": len(pairs.wh),
        "pairs_seconds": round(pairs_s, 5),
    }
    sound = (cleared.volume_wh, twice) == _walked(bids, offers) and int(pairs.wh.sum()) == cleared.volume_wh
    summary["equals_plain_walk"] = bool(sound)
    if options.against:
        answer = _ask_pymarket(bids, offers)
        mine = _as_the_peer_prices(bids, offers, cleared)
        same = answer["volume_wh"] == cleared.volume_wh and all(round(answer[key] * MICRO * 2) == value for key, value in mine.items())
        summary["against"] = {
            "name": "PyMarket",
            "version": answer["version"],
            "seconds": round(answer["seconds"], 3),
            "ratio": round(answer["seconds"] / seconds),
            "volume_wh": answer["volume_wh"],
            "price_per_kwh": round((answer["last_bid"] + answer["last_offer"]) / 2, 7),
            "price_by_its_own_rule": answer["price"],
            "last_bid": answer["last_bid"],
            "last_offer": answer["last_offer"],
            "same": bool(same),
        }
        sound = sound and same
    print(json.dumps(summary))
    return 0 if sound else 1


def random_book(orders: int, levels: int, seed: int) -> tuple[Orders, Orders]:
    """Bids around 0.24 and offers around 0.18 per kWh, 1 to 2,000 Wh, placed over a day, in no order."""
    random = np.random.default_rng(seed)

    def side(count: int, low: float, high: float) -> Orders:
        price = random.integers(int(low * MICRO), int(high * MICRO), count)
        if levels:
            step = max(int((high - low) * MICRO) // levels, 1)
            price = price // step * step
        return Orders(price, random.integers(1, 2001, count), random.integers(0, WINDOW_MICROSECONDS, count), random.permutation(count))

    return side(orders // 2, 0.1, 0.38), side(orders - orders // 2, 0.08, 0.28)


def _timed(work: Any, bids: Orders, offers: Orders) -> tuple[Any, float, float]:
    began, began_cpu = time.perf_counter(), time.process_time()
    result = work(bids, offers)
    return result, time.perf_counter() - began, time.process_time() - began_cpu


def _walked(bids: Orders, offers: Orders) -> tuple[int, int | None]:
    """Volume and twice the price, order by order."""
    buying = sorted(zip((-bids.price).tolist(), bids.wh.tolist(), strict=True))
    selling = sorted(zip(offers.price.tolist(), offers.wh.tolist(), strict=True))
    volume, twice, b, o = 0, None, 0, 0
    bid_left, offer_left = buying[0][1] if buying else 0, selling[0][1] if selling else 0
    while b < len(buying) and o < len(selling) and -buying[b][0] >= selling[o][0]:
        wh = min(bid_left, offer_left)
        volume, twice = volume + wh, selling[o][0] - buying[b][0]
        bid_left, offer_left = bid_left - wh, offer_left - wh
        if not bid_left:
            b += 1
            bid_left = buying[b][1] if b < len(buying) else 0
        if not offer_left:
            o += 1
            offer_left = selling[o][1] if o < len(selling) else 0
    return volume, twice


def _as_the_peer_prices(bids: Orders, offers: Orders, cleared: Cleared) -> dict[str, int]:
    """Twice the millionths of the last bid and offer, and of the price as PyMarket chooses it: that of the order matched in part."""
    last_bid, last_offer = int(bids.price[cleared.last_bid]), int(offers.price[cleared.last_offer])
    bid_in_full = cleared.bid_wh[cleared.last_bid] == bids.wh[cleared.last_bid]
    offer_in_full = cleared.offer_wh[cleared.last_offer] == offers.wh[cleared.last_offer]
    price = last_bid + last_offer if bid_in_full and offer_in_full else 2 * (last_offer if bid_in_full else last_bid)
    return {"last_bid": 2 * last_bid, "last_offer": 2 * last_offer, "price": price}


def _ask_pymarket(bids: Orders, offers: Orders) -> dict[str, Any]:
    python = peer_python("pymarket", PEER)
    rows = [
        [int(wh), int(price) / MICRO, buying]
        for side, buying in ((bids, True), (offers, False))
        for wh, price in zip(side.wh, side.price, strict=True)
    ]
    with tempfile.TemporaryDirectory(prefix="pymarket-") as name:
        question, answer = Path(name) / "orders.json", Path(name) / "answer.json"
        question.write_text(json.dumps(rows))
        subprocess.run(
            [str(python), str(ROOT / "benchmarks" / "pymarket_clearing.py"), str(question), str(answer)],
            check=True,
            stdout=sys.stderr,
            env={"PATH": "", "HOME": name},
        )
        found: dict[str, Any] = json.loads(answer.read_text())
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
