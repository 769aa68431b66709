"""Joining the public grid again: when the breaker of the coupling may be told to close, and what is waited for otherwise.

The conditions are those of a synchronism check (IEEE 1547-2018, 4.10.4; ANSI device 25): difference of frequency, of voltage and of phase. An
order travels and lives for some seconds while the phase turns by the slip; so the phase must lie within its limit now, or come there
while the order stands. A breaker with a check of its own closes at that moment and at no other; one without is told only at it.
"""

import math
from dataclasses import dataclass

from grid.domain.control.state import ControlSettings, Coupling

FULL_TURN_DEG = 360.0


@dataclass(frozen=True, slots=True)
class Closing:
    """Whether the breaker may be told to close, and a sentence for an operator."""

    may: bool
    words: str


def closing(coupling: Coupling, settings: ControlSettings, life_s: float) -> Closing:
    """Judge the coupling; `life_s`: how long an order to close stands."""
    if not coupling.is_alive or not coupling.grid_is_sound or coupling.is_closed:
        return Closing(False, "")
    if abs(coupling.slip_hz) > settings.slip_most_hz:
        return Closing(False, f"Waits to join: frequencies differ by {abs(coupling.slip_hz):.2f} Hz, {settings.slip_most_hz:g} Hz at most.")
    if abs(coupling.voltage_gap_pu) > settings.voltage_gap_most_pu:
        return Closing(
            False, f"Waits to join: voltages differ by {abs(coupling.voltage_gap_pu):.1%}, {settings.voltage_gap_most_pu:.1%} at most."
        )
    if math.isnan(coupling.phase_deg):
        if settings.breaker_checks_itself:
            return Closing(True, "The breaker is told to close in step; by its own check, as nobody tells the phase.")
        return Closing(False, "Waits to join: nobody tells the phase, and the breaker does not check by itself.")
    wait_s = until_in_step_s(coupling.phase_deg, coupling.slip_hz, settings.phase_most_deg)
    if wait_s > (life_s if settings.breaker_checks_itself else 0.0):
        return Closing(False, f"Waits to join: {abs(_turned(coupling.phase_deg)):.0f}° apart, {settings.phase_most_deg:g}° at most.")
    return Closing(
        True,
        f"The breaker is told to close: {abs(coupling.slip_hz):.2f} Hz, {abs(_turned(coupling.phase_deg)):.0f}°, {abs(coupling.voltage_gap_pu):.1%} apart.",
    )


def until_in_step_s(phase_deg: float, slip_hz: float, most_deg: float) -> float:
    """After how long the phase lies within its limit at that slip [s]: 0 where it does, infinite where it never comes there.

    At the slip `s` the phase moves by 360 s degrees a second; ahead it comes nearer where the slip is negative.
    """
    phase = _turned(phase_deg)
    if abs(phase) <= most_deg:
        return 0.0
    if slip_hz == 0:
        return math.inf
    distance = (-phase if slip_hz > 0 else phase) % FULL_TURN_DEG - most_deg
    return distance / (FULL_TURN_DEG * abs(slip_hz))


def _turned(phase_deg: float) -> float:
    """The same angle between -180 and 180 degrees."""
    return (phase_deg + 180.0) % FULL_TURN_DEG - 180.0
