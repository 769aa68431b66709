"""Faults of each kind, planted with a seed in a year of the demo network: how many are found, and what sound readings pay for it.

`script/bench vee [--seeds 101 102 103] [--json]`: profiles times nominal power, in whole Wh, nine days in ten with registers. Limits are learned
from benchmarks.sizes import at_least
from the very readings that hold the faults; nothing was chosen on the seeds scored here. `elsewhere` are villages that are not the
demo's: one meter of each profile, noise on every value, half of the meters, a season, four weeks, no registers at all.
"""

import argparse
import json
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from benchmarks.planted_faults import Planted, Score, Village, plant, score
from benchmarks.sizes import at_least
from energy.adapters.simbench_folder import read_network
from energy.domain.day_axis import DayAxis, day_axis
from energy.domain.gap_estimates import Estimates
from energy.domain.public_holidays import holiday_test
from energy.domain.quality import Method
from energy.domain.sun import sun_over
from energy.domain.validation import Readings
from energy.domain.validation_rules import Registers
from energy.domain.vee import Validated, validate_and_estimate

NETWORK = Path(__file__).resolve().parent.parent / "energy" / "data" / "simbench_lv_rural3"
BERLIN = ZoneInfo("Europe/Berlin")
PLACE = (53.65, 11.41)
ROLLOVER_WH = 1e8
WITHOUT_REGISTERS = "no registers"
FIRST_S = 1_451_602_800  # 2016-01-01T00:00+01:00


def main(argv: list[str]) -> int:
    """Plant, check, compare; print tables on stderr and one JSON object last on stdout."""
    parser = argparse.ArgumentParser(prog="script/bench vee", description=__doc__)
    parser.add_argument("--seeds", type=at_least(0), nargs="+", default=[101, 102, 103])
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(argv)
    result = measure(options.seeds)
    _tell(result)
    if options.json:
        print(json.dumps(result))
    return 0


def measure(seeds: list[int]) -> dict[str, Any]:
    """The demo network by seed, then the villages elsewhere with the first seed; `days_per_s` is that of the fastest run."""
    village, profiles = demo_village()
    rows = np.arange(len(profiles))
    runs = [_run(village, seed, rows) for seed in seeds]
    scores = [one for one, _, _ in runs]
    taken = [one for _, one, _ in runs]
    days = village.registers.start_wh.size
    found = _found(scores)
    elsewhere, estimated = {}, [outcome for _, _, outcome in runs]
    for name, make in _villages(village, profiles).items():
        other, chosen, share = make()
        one, _, outcome = _run(other, seeds[0], chosen, share)
        elsewhere[name] = _summary([one])
        if name == WITHOUT_REGISTERS:
            estimated.append(outcome)
    return {
        "name": "vee",
        "seconds": round(sum(taken), 3),
        "items": days * len(runs),
        "items_per_s": round(days * len(runs) / sum(taken), 1),
        "peak_rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
        "days_per_s": round(days / min(taken), 1),
        **_summary(scores),
        "counts": _counts(scores),
        "found_kinds": found,
        "found_by_size": _sizes(scores),
        "false_days_by_check": {
            check: round(float(np.mean([one.false_by_check[check] for one in scores])), 5) for check in scores[0].false_by_check
        },
        "estimates": _estimate_errors(village, estimated),
        "elsewhere": elsewhere,
    }


def demo_village() -> tuple[Village, list[str]]:
    """A year of the demo network's loads and plants, and the name of each meter's profile."""
    network = read_network(NETWORK, lambda text: None)
    assert network.source_profiles is not None
    power_w, profiles, connection_w = [], [], []
    for rows, shares, nominal in ((network.loads, network.load_profiles, "pLoad"), (network.sources, network.source_profiles, "pRES")):
        for row in rows:
            name = row.text("profile")
            power_w.append(shares.shares[:, shares.names.index(name)] * row.number_of(nominal) * 1e6)
            profiles.append(name)
            connection_w.append(row.number_of("sR") * 1e6)
    is_production = np.arange(len(profiles)) >= len(network.loads)
    truth = np.rint(np.array(power_w) * 0.25)
    return village_of(truth, np.array(connection_w) * 0.25, is_production, FIRST_S), profiles


def village_of(
    truth_wh: NDArray[np.float64], connection_wh: NDArray[np.float64], is_production: NDArray[np.bool_], first_s: int
) -> Village:
    """Sound readings with registers that roll over now and then."""
    start_s = first_s + np.arange(truth_wh.shape[1]) * 900
    axis = day_axis(start_s=start_s, zone=BERLIN, interval_minutes=15, is_holiday=holiday_test("DE", "MV"))
    night = np.zeros(truth_wh.shape, dtype=bool)
    night[is_production] = sun_over(start_s, 15, *PLACE).is_night
    return Village(axis, truth_wh, is_production, connection_wh, night, _registers(truth_wh, axis))


def _registers(truth_wh: NDArray[np.float64], axis: DayAxis) -> Registers:
    counted = axis.per_day(np.add, truth_wh).cumsum(axis=1)
    first = ROLLOVER_WH - counted[:, -1] / 2  # all of them roll over in the middle
    ends = np.rint(first)[:, None] + np.concatenate([np.zeros((len(truth_wh), 1)), counted], axis=1)
    rolled = np.mod(ends, ROLLOVER_WH)
    return Registers(rolled[:, :-1], rolled[:, 1:], np.full(len(truth_wh), ROLLOVER_WH))


def _villages(village: Village, profiles: list[str]) -> dict[str, Callable[[], tuple[Village, NDArray[np.int64], float]]]:
    """Villages elsewhere: readings, the meters that are scored, and the share of days on which a kind is planted."""
    every = np.arange(len(profiles))
    _, single = np.unique(profiles, return_index=True)
    rng = np.random.default_rng(7)
    noise = np.exp(rng.normal(0, 0.15, village.truth_wh.shape))

    def part(
        rows: NDArray[np.int64], days: slice = slice(None), truth: NDArray[np.float64] = village.truth_wh, spare: float = 1.0
    ) -> Village:
        chosen = truth[rows].reshape(len(rows), -1, 96)[:, days].reshape(len(rows), -1)
        first = FIRST_S + (days.start or 0) * 86_400
        return village_of(chosen, village.connection_wh[rows] * spare, village.is_production[rows], first)

    noisy = np.rint(village.truth_wh * noise)
    return {
        "one meter per profile": lambda: (part(single), np.arange(len(single)), 0.005),
        "noise of 15 % on every value": lambda: (part(every, truth=noisy, spare=2.0), every, 0.0025),
        "half of the meters, connection four times as large": lambda: (part(every[::2], spare=4.0), np.arange(len(every[::2])), 0.0025),
        "July and August": lambda: (part(every, slice(182, 244)), every, 0.0025),
        "four weeks of November": lambda: (part(every, slice(306, 334)), every, 0.004),
        WITHOUT_REGISTERS: lambda: (replace(village, registers=_unread(village.registers)), every, 0.0025),
    }


def _unread(registers: Registers) -> Registers:
    nothing = np.full_like(registers.start_wh, np.nan)
    return Registers(nothing, nothing, registers.limit_wh)


def _run(village: Village, seed: int, rows: NDArray[np.int64], share: float = 0.0025) -> tuple[Score, float, tuple[Planted, Validated]]:
    planted = plant(village, seed=seed, share=share)
    readings = Readings(
        village.axis,
        planted.values_wh.astype(np.float32),
        village.is_production,
        village.connection_wh,
        village.is_night,
        planted.registers,
    )
    sky = sun_over(village.axis.start_s, 15, *PLACE).clear_sky_w_m2[None, :]
    began = time.perf_counter()
    result = validate_and_estimate(readings, sky)
    taken = time.perf_counter() - began
    return score(village, planted, result.findings.intervals, result.findings.days, rows), taken, (planted, result)


def _counts(scores: list[Score]) -> dict[str, int]:
    return {kind: sum(one.counts.get(kind, 0) for one in scores) for kind in scores[0].counts}


def _found(scores: list[Score]) -> dict[str, float]:
    counts = _counts(scores)
    return {
        kind: round(sum(one.found.get(kind, 0) * one.counts.get(kind, 0) for one in scores) / count, 4)
        for kind, count in counts.items()
        if count
    }


def _overall(scores: list[Score]) -> float:
    counts, found = _counts(scores), _found(scores)
    return sum(found[kind] * counts[kind] for kind in found) / sum(counts[kind] for kind in found)


def _summary(scores: list[Score]) -> dict[str, Any]:
    """The least share found of any kind, and the shares of sound values and sound meter days that were flagged."""
    found = _found(scores)
    worst = min(found, key=lambda kind: found[kind])
    return {
        "found_share": found[worst],
        "hardest_kind": worst,
        "found_all_share": round(_overall(scores), 4),
        "false_share": round(float(np.mean([one.false_values for one in scores])), 6),
        "false_day_share": round(float(np.mean([one.false_days for one in scores])), 5),
    }


def _sizes(scores: list[Score]) -> dict[str, dict[str, float]]:
    tables: dict[str, dict[str, list[float]]] = {}
    for one in scores:
        for kind, sizes in one.by_size.items():
            for size, share in sizes.items():
                tables.setdefault(kind, {}).setdefault(f"{size:g}", []).append(share)
    return {kind: {size: round(float(np.mean(shares)), 3) for size, shares in sizes.items()} for kind, sizes in tables.items()}


def _estimate_errors(village: Village, runs: list[tuple[Planted, Validated]]) -> list[dict[str, Any]]:
    """Mean error per value and error of the gap's energy, as shares of the meter's mean, by method and length of the gap."""
    rows: dict[tuple[str, int], list[tuple[float, float]]] = {}
    for planted, result in runs:
        place = _place_of(result.estimates, village.truth_wh.shape)
        for kind, meter, first, last, _ in planted.events:
            if kind != "gap" or not village.truth_wh[meter].any():
                continue
            at = place[meter, first:last]
            error = result.estimates.wh[at] - village.truth_wh[meter, first:last]
            method = Method(int(result.estimates.methods[at[0]])).label
            mean = village.truth_wh[meter].mean() * (last - first)
            rows.setdefault((method, last - first), []).append((np.abs(error).sum() / mean, abs(error.sum()) / mean))
    return [
        {
            "method": method,
            "intervals": length,
            "gaps": len(found),
            "mean_error": round(float(np.mean([one[0] for one in found])), 3),
            "energy_error": round(float(np.mean([one[1] for one in found])), 3),
        }
        for (method, length), found in sorted(rows.items())
        if len(found) >= 5
    ]


def _place_of(estimates: Estimates, shape: tuple[int, ...]) -> NDArray[np.int64]:
    place = np.full(shape, -1, dtype=np.int64)
    place[estimates.meters, estimates.intervals] = np.arange(len(estimates.wh))
    return place


def _tell(result: dict[str, Any]) -> None:
    print(
        f"{result['days_per_s']:.0f} meter days/s; false: {result['false_share']:.4%} of values, "
        f"{result['false_day_share']:.2%} of meter days",
        file=sys.stderr,
    )
    for kind, share in result["found_kinds"].items():
        print(f"  {kind:<18}{share:>7.1%} of {result['counts'][kind]}", file=sys.stderr)
    for row in result["estimates"]:
        print(
            f"  {row['method']:<14}{row['intervals']:>4} intervals: {row['mean_error']:.2f} of the mean per value, "
            f"{row['energy_error']:.3f} of the energy ({row['gaps']} gaps)",
            file=sys.stderr,
        )
    for name, one in result["elsewhere"].items():
        print(
            f"  {name}: {one['found_all_share']:.1%} found ({one['hardest_kind']} {one['found_share']:.1%}), false "
            f"{one['false_share']:.4%} of values, {one['false_day_share']:.2%} of days",
            file=sys.stderr,
        )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
