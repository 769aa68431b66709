"""Quantities for people: energy and power by size with three significant figures."""

_STEPS = ((1_000_000_000, "G"), (1_000_000, "M"), (1_000, "k"))


def _scaled(value: float, unit: str) -> tuple[str, str]:
    for size, prefix in _STEPS:
        if abs(value) >= size:
            scaled = value / size
            decimals = 2 if abs(scaled) < 10 else 1 if abs(scaled) < 100 else 0
            return f"{scaled:,.{decimals}f}", prefix + unit
    return f"{value:,.0f}", unit


def energy_for_people(energy_wh: float) -> tuple[str, str]:
    """Return number and unit, for example ("12.3", "kWh")."""
    return _scaled(energy_wh, "Wh")


def power_for_people(power_w: float) -> tuple[str, str]:
    """Return number and unit, for example ("4.20", "kW")."""
    return _scaled(power_w, "W")
