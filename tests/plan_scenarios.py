"""Plan scenarios in the study's format: named ones, and random ones from a seed, also ugly."""

from typing import Any

import numpy as np

MINUTES = (5, 10, 15, 30, 60)


def random_scenario(seed: int, *, longest: int = 24) -> dict[str, Any]:
    """A scenario with any mixture of what can be hard: prices of any sign and order, tight limits, lossy and small storages, windows."""
    r = np.random.default_rng(seed)
    count = int(r.integers(1, longest + 1))
    minutes = int(r.choice(MINUTES))
    scale = float(r.choice([0.05, 1.0, 1.0, 1.0, 40.0]))
    scenario: dict[str, Any] = {
        "interval_minutes": minutes,
        **_prices(r, count),
        "load_w": _power(r, count, 4000 * scale),
        "production_w": _power(r, count, 7000 * scale),
        "storages": [_storage(r, i, scale) for i in range(int(r.integers(0, 4)))],
    }
    for key in ("import_limit_w", "export_limit_w"):
        limit = _limit(r, count, scale)
        if limit is not None:
            scenario[key] = limit
    if r.random() < 0.6:
        scenario["curtailable"] = bool(r.random() < 0.6)
    if r.random() < 0.4:
        scenario["peak_price_per_kw"] = float(r.choice([0.05, 1.0, 5.0, 0.0]))
    if r.random() < 0.6:
        scenario["flexible_loads"] = [_flexible(r, i, count, minutes / 60, scale) for i in range(int(r.integers(0, 4)))]
    return scenario


def _prices(r: np.random.Generator, count: int) -> dict[str, list[float]]:
    kind = r.integers(0, 7)
    bought = np.round(r.choice([0.2, 0.3, 0.38], count) if kind < 3 else r.normal(0.2, 0.2, count), int(r.integers(2, 6)))
    if kind == 0:
        sold = np.full(count, 0.08)
    elif kind == 1:
        sold = bought.copy()
    elif kind == 2:
        sold = bought + r.choice([-0.1, 0.0, 0.05], count)
    elif kind == 3:
        sold = bought - 0.05
    elif kind == 4:
        sold = np.round(r.normal(0.1, 0.2, count), 3)
    elif kind == 5:
        bought, sold = -np.abs(bought), -np.abs(bought) - 0.02
    else:
        bought, sold = np.full(count, 0.25), np.zeros(count)
    return {"import_price_per_kwh": bought.tolist(), "export_price_per_kwh": sold.tolist()}


def _power(r: np.random.Generator, count: int, most: float) -> list[float]:
    kind = r.integers(0, 4)
    if kind == 0:
        return [0.0] * count
    values = (
        r.random(count) * most
        if kind == 1
        else most * np.maximum(np.sin(np.arange(count) / max(count, 2) * np.pi * r.uniform(1, 4)), 0) * r.random()
    )
    return np.round(values, int(r.integers(0, 4))).tolist() if r.random() < 0.8 else values.tolist()


def _limit(r: np.random.Generator, count: int, scale: float) -> Any:
    kind = r.integers(0, 8)
    if kind < 3:
        return None
    if kind == 3:
        return 0
    if kind in (4, 5):
        return float(np.round(r.random() * 8000 * scale))
    values = np.round(r.random(count) * 9000 * scale)
    return np.where(r.random(count) < 0.2, 0.0, values).tolist()


def _storage(r: np.random.Generator, i: int, scale: float) -> dict[str, Any]:
    capacity = float(np.round(r.choice([0.0, 2000.0, 10_000.0, 10_000.0, 30_000.0]) * scale * r.choice([1.0, r.random()])))
    least = float(np.round(capacity * r.choice([0.0, 0.0, 0.1, 0.3])))
    most = float(np.round(capacity * r.choice([1.0, 1.0, 0.9, 0.6])))
    most = max(least, most)
    start = float(np.round(r.choice([least, most, r.uniform(least, most), r.uniform(0, capacity)], p=[0.15, 0.15, 0.6, 0.1])))
    found: dict[str, Any] = {
        "id": f"battery {i}",
        "capacity_wh": capacity,
        "soc_start_wh": start,
        "soc_min_wh": least,
        "soc_max_wh": most,
        "charge_max_w": float(np.round(r.choice([0.0, 3000.0, 5000.0, 11_000.0], p=[0.1, 0.3, 0.4, 0.2]) * scale)),
        "discharge_max_w": float(np.round(r.choice([0.0, 3000.0, 5000.0, 11_000.0], p=[0.1, 0.3, 0.4, 0.2]) * scale)),
        "eta_charge": float(r.choice([1.0, 0.95, 0.9, 0.6])),
        "eta_discharge": float(r.choice([1.0, 0.95, 0.9, 0.6])),
    }
    if r.random() < 0.4:
        found["self_discharge_per_h"] = float(r.choice([0.0, 0.0001, 0.01, 0.2]))
    if r.random() < 0.4:
        found["wear_per_kwh"] = float(r.choice([0.0, 0.02, 0.15]))
    if r.random() < 0.4:
        found["soc_end_min_wh"] = float(np.round(r.choice([least, most, r.uniform(0, capacity), start])))
    if r.random() < 0.4:
        found["end_value_per_kwh"] = float(r.choice([0.0, 0.1, 0.25, 0.5, -0.1]))
    return found


def _flexible(r: np.random.Generator, i: int, count: int, hours: float, scale: float) -> dict[str, Any]:
    first, last = sorted(int(v) for v in r.integers(0, count + 1, 2))
    power = float(np.round(r.choice([0.0, 2000.0, 3700.0, 11_000.0], p=[0.05, 0.4, 0.35, 0.2]) * scale))
    window = power * hours * (last - first)
    share = r.choice([0.0, 0.3, 0.7, 1.0, 1.2], p=[0.05, 0.4, 0.3, 0.15, 0.1])
    return {
        "id": f"load {i}",
        "energy_wh": float(np.round(window * share, int(r.integers(0, 3)))) if share != 1.0 else window,
        "power_max_w": power,
        "earliest": first,
        "latest": last,
        "interruptible": bool(r.random() < 0.5),
    }


def surplus_day(seed: int, *, batteries: int, count: int, minutes: int) -> dict[str, Any]:
    """A day whose surplus can hardly be sold and never given up: batteries that lose by cycling would burn it."""
    r = np.random.default_rng(31_000 + seed)
    hour = np.arange(count) * minutes / 60 % 24
    load = np.round(r.uniform(100, 500, count))
    capacity = r.choice([5000.0, 10_000.0, 13_500.0, 7000.0, 20_000.0], batteries)
    power = np.round(r.choice([0.3, 0.5, 1.0], batteries) * capacity)
    sun = np.maximum(np.sin((hour - 6) / 12 * np.pi), 0) * r.uniform(0.5, 1.2) * power.sum()
    return {
        "interval_minutes": minutes,
        "load_w": load.tolist(),
        "production_w": np.round(sun * r.uniform(0.5, 1.0, count)).tolist(),
        "import_price_per_kwh": [0.3] * count,
        "export_price_per_kwh": [0.08] * count,
        "export_limit_w": float(r.choice([0, 500, 1500])),
        "storages": [
            {
                "id": f"battery {i}",
                "capacity_wh": capacity[i],
                "soc_start_wh": float(np.round(capacity[i] * r.uniform(0.1, 0.9))),
                "soc_min_wh": 0,
                "soc_max_wh": capacity[i],
                "charge_max_w": power[i],
                "discharge_max_w": power[i],
                "eta_charge": float(r.choice([0.85, 0.9, 0.95, 0.97])),
                "eta_discharge": float(r.choice([0.85, 0.9, 0.95, 0.97])),
            }
            for i in range(batteries)
        ],
    }


def _day(count: int = 24, minutes: int = 60, **changes: Any) -> dict[str, Any]:
    """A home with a roof and one battery over a day, its tariff with a peak; `changes` replace keys, `battery` those of the battery."""
    hour = np.arange(count) * minutes / 60 % 24
    battery = {
        "id": "battery",
        "capacity_wh": 10_000,
        "soc_start_wh": 2000,
        "soc_min_wh": 500,
        "soc_max_wh": 9500,
        "charge_max_w": 5000,
        "discharge_max_w": 5000,
        "eta_charge": 0.95,
        "eta_discharge": 0.95,
    }
    scenario: dict[str, Any] = {
        "interval_minutes": minutes,
        "load_w": np.round(400 + 2600 * np.exp(-(((hour - 19) / 2.5) ** 2)), 1).tolist(),
        "production_w": np.round(6000 * np.maximum(np.sin((hour - 6) / 12 * np.pi), 0), 1).tolist(),
        "import_price_per_kwh": np.where((hour >= 17) & (hour < 21), 0.38, np.where((hour < 6) | (hour >= 22), 0.2, 0.3)).tolist(),
        "export_price_per_kwh": [0.08] * count,
        "storages": [battery | changes.pop("battery", {})],
    }
    return scenario | changes


def _load(**changes: Any) -> dict[str, Any]:
    return {"id": "car", "energy_wh": 12_000, "power_max_w": 3700, "earliest": 6, "latest": 20, "interruptible": True} | changes


def named_scenarios() -> dict[str, dict[str, Any]]:
    """Scenarios with a name for what is hard about them."""
    night = [0.0] * 24
    second = {
        "id": "second",
        "capacity_wh": 4000,
        "soc_start_wh": 4000,
        "soc_min_wh": 0,
        "soc_max_wh": 4000,
        "charge_max_w": 1000,
        "discharge_max_w": 4000,
        "eta_charge": 0.8,
        "eta_discharge": 0.99,
        "wear_per_kwh": 0.05,
    }
    valley = np.where((np.arange(24) > 9) & (np.arange(24) < 15), -0.12, 0.25).tolist()
    first = _day()["storages"][0]
    return {
        "an ordinary day": _day(),
        "no storage at all": _day(storages=[]),
        "a single interval": _day(count=1),
        "five minutes": _day(count=36, minutes=5),
        "a quarter of an hour": _day(count=48, minutes=15),
        "half an hour": _day(count=48, minutes=30),
        "negative prices at noon": _day(import_price_per_kwh=valley, export_price_per_kwh=[p - 0.05 for p in valley]),
        "negative prices all day": _day(import_price_per_kwh=[-0.1] * 24, export_price_per_kwh=[-0.2] * 24),
        "negative prices, a full battery, no roof to curtail": _day(
            import_price_per_kwh=valley, export_price_per_kwh=[p - 0.05 for p in valley], battery={"soc_start_wh": 9500}
        ),
        "negative prices with curtailment": _day(import_price_per_kwh=valley, export_price_per_kwh=valley, curtailable=True),
        "export dearer than import": _day(export_price_per_kwh=[0.35] * 24, import_limit_w=6000, export_limit_w=6000),
        "export dearer in the evening": _day(export_price_per_kwh=[0.08] * 16 + [0.5] * 4 + [0.08] * 4),
        "export dearer without limits": _day(count=12, export_price_per_kwh=[0.4] * 12, battery={"wear_per_kwh": 0.02}),
        "import and export at one price": _day(export_price_per_kwh=_day()["import_price_per_kwh"]),
        "everything costs the same": _day(import_price_per_kwh=[0.2] * 24, export_price_per_kwh=[0.2] * 24),
        "nothing costs anything": _day(import_price_per_kwh=[0.0] * 24, export_price_per_kwh=[0.0] * 24),
        "a full battery": _day(battery={"soc_start_wh": 9500}),
        "an empty battery": _day(battery={"soc_start_wh": 500}),
        "a battery that may not move": _day(battery={"soc_min_wh": 3000, "soc_max_wh": 3000, "soc_start_wh": 3000}),
        "no capacity": _day(battery={"capacity_wh": 0, "soc_start_wh": 0, "soc_min_wh": 0, "soc_max_wh": 0}),
        "no power": _day(battery={"charge_max_w": 0, "discharge_max_w": 0}),
        "island with enough": _day(
            import_limit_w=0,
            export_limit_w=0,
            curtailable=True,
            battery={"capacity_wh": 60_000, "soc_max_wh": 60_000, "soc_start_wh": 30_000},
        ),
        "island with too little": _day(import_limit_w=0, export_limit_w=0, curtailable=True),
        "island that cannot curtail": _day(import_limit_w=0, export_limit_w=0),
        "island without a roof": _day(production_w=night, import_limit_w=0, export_limit_w=0),
        "tight import limit": _day(import_limit_w=1200),
        "import limit too low": _day(import_limit_w=300, production_w=night),
        "import limit by interval": _day(import_limit_w=[0.0] * 6 + [5000.0] * 10 + [800.0] * 8),
        "tight export limit": _day(export_limit_w=1500),
        "tight export limit with curtailment": _day(export_limit_w=1500, curtailable=True),
        "no export at all": _day(export_limit_w=0),
        "feed-in costs money": _day(export_price_per_kwh=[-0.04] * 24, curtailable=True),
        "feed-in costs money, no curtailment": _day(export_price_per_kwh=[-0.04] * 24),
        "car leaves early": _day(flexible_loads=[_load(latest=9, energy_wh=14_000)]),
        "car fills its window exactly": _day(flexible_loads=[_load(earliest=6, latest=9, energy_wh=11_100)]),
        "car and limit": _day(flexible_loads=[_load()], import_limit_w=2000),
        "car with an empty window": _day(flexible_loads=[_load(earliest=5, latest=5)]),
        "washing in one run": _day(flexible_loads=[_load(interruptible=False, energy_wh=5000, power_max_w=2200)]),
        "washing fills its window exactly": _day(
            flexible_loads=[_load(interruptible=False, energy_wh=6600, power_max_w=2200, earliest=12, latest=15)]
        ),
        "washing does not fit its window": _day(
            flexible_loads=[_load(interruptible=False, energy_wh=6700, power_max_w=2200, earliest=12, latest=15)]
        ),
        "washing against a limit": _day(
            count=15,
            import_limit_w=1000,
            export_limit_w=1000,
            flexible_loads=[_load(interruptible=False, energy_wh=5000, power_max_w=4000, latest=15)],
        ),
        "three runs and a peak price": _day(
            peak_price_per_kw=2.0,
            flexible_loads=[
                _load(id=str(i), interruptible=False, energy_wh=4000, power_max_w=2000, earliest=0, latest=24) for i in range(3)
            ],
        ),
        "a load without energy": _day(flexible_loads=[_load(energy_wh=0), _load(id="idle", energy_wh=0, interruptible=False)]),
        "a load without power": _day(flexible_loads=[_load(power_max_w=0), _load(id="idle", power_max_w=0, interruptible=False)]),
        "start below the minimum, within reach": _day(battery={"soc_start_wh": 0, "soc_min_wh": 3000}),
        "start below the minimum, out of reach": _day(battery={"soc_start_wh": 0, "soc_min_wh": 6000}),
        "start above the maximum, within reach": _day(battery={"soc_start_wh": 10_000, "soc_max_wh": 8000}),
        "start above the maximum, out of reach": _day(battery={"soc_start_wh": 10_000, "soc_max_wh": 2000}),
        "self-discharge": _day(battery={"self_discharge_per_h": 0.03}),
        "self-discharge below the minimum": _day(battery={"self_discharge_per_h": 0.2, "charge_max_w": 100, "soc_min_wh": 2000}),
        "self-discharge held by charging": _day(
            battery={"self_discharge_per_h": 0.2, "charge_max_w": 1500, "soc_min_wh": 1500, "soc_start_wh": 1500}
        ),
        "lossy both ways": _day(battery={"eta_charge": 0.6, "eta_discharge": 0.7}),
        "lossy and negative": _day(
            import_price_per_kwh=valley, export_price_per_kwh=valley, battery={"eta_charge": 0.6, "eta_discharge": 0.7}
        ),
        "without losses": _day(battery={"eta_charge": 1.0, "eta_discharge": 1.0}),
        "wear above every spread": _day(battery={"wear_per_kwh": 0.5}),
        "wear below some spreads": _day(battery={"wear_per_kwh": 0.1}),
        "peak price": _day(peak_price_per_kw=5.0),
        "peak price and negative prices": _day(
            peak_price_per_kw=0.4, import_price_per_kwh=valley, export_price_per_kwh=[p - 0.05 for p in valley]
        ),
        "a full battery at the end": _day(battery={"soc_end_min_wh": 9500}),
        "a full battery at the end, out of reach": _day(
            count=4, production_w=[0.0] * 4, import_limit_w=1000, battery={"soc_end_min_wh": 9500}
        ),
        "an end above the maximum": _day(battery={"soc_end_min_wh": 9900}),
        "end value above the price": _day(battery={"end_value_per_kwh": 0.5}),
        "end value below the price": _day(battery={"end_value_per_kwh": 0.15}),
        "end value below zero": _day(battery={"end_value_per_kwh": -0.1, "soc_start_wh": 9000}, production_w=night),
        "two unlike storages": _day(storages=[first, second]),
        "two storages of one kind": _day(storages=[first, first | {"id": "twin"}]),
        "two storages and negative prices": _day(
            storages=[first, second], import_price_per_kwh=valley, export_price_per_kwh=[p - 0.05 for p in valley]
        ),
        "end wish and car compete": _day(
            production_w=night, import_limit_w=1100, battery={"soc_end_min_wh": 9000}, flexible_loads=[_load()]
        ),
        "a town": _day(
            load_w=[4e6] * 24,
            production_w=[1e6] * 24,
            battery={"capacity_wh": 2e7, "soc_max_wh": 2e7, "charge_max_w": 5e6, "discharge_max_w": 5e6},
        ),
        "a lamp": _day(
            load_w=[0.4] * 24,
            production_w=[0.1, 1.5] * 12,
            battery={"capacity_wh": 6, "soc_start_wh": 1, "soc_min_wh": 0, "soc_max_wh": 6, "charge_max_w": 1, "discharge_max_w": 1},
        ),
    }
