"""The microgrid's states (IEEE 2030.7: dispatch and transition) as a table, and the few lines that read it.

A row says: in one of these states, once this sign has been there for so long, go to that state. The first row that holds wins, so
what endangers people and devices stands above what is only good to know.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from grid.domain.control.state import ControlSettings, Coupling

JOINED = frozenset({"NORMAL", "SURPLUS", "DEFICIT", "PEAK", "CURTAILED", "EMERGENCY"})
APART = frozenset({"ISLANDED", "BLACKSTART", "RESYNC"})
ALL = JOINED | APART


@dataclass(frozen=True, slots=True)
class Row:
    """In one of the states `of`, once `sign` has been there for `after_s`, the state is `to`."""

    of: frozenset[str]
    sign: str
    after_s: float
    to: str
    why: str


def table(settings: ControlSettings) -> tuple[Row, ...]:
    """The transitions with this microgrid's times."""
    calm, at_once = settings.calm_after_s, 0.0
    return (
        Row(JOINED | {"ISLANDED", "RESYNC"}, "dead", at_once, "BLACKSTART", "The wires have no voltage."),
        Row(JOINED, "apart", at_once, "ISLANDED", "The switch to the public grid is open."),
        Row(APART, "joined", at_once, "NORMAL", "The switch to the public grid is closed again."),
        Row(frozenset({"BLACKSTART"}), "alive", settings.restore_pause_s, "ISLANDED", "The wires have voltage again."),
        Row(frozenset({"RESYNC"}), "grid away", at_once, "ISLANDED", "The public grid is not sound any more."),
        Row(frozenset({"RESYNC"}), "resync", settings.resync_gives_up_after_s, "ISLANDED", "No moment to join was found."),
        Row(frozenset({"ISLANDED"}), "grid sound", settings.resync_after_s, "RESYNC", "The public grid is back and steady."),
        Row(JOINED - {"EMERGENCY"}, "danger", at_once, "EMERGENCY", "A limit is broken."),
        Row(frozenset({"EMERGENCY"}), "no danger", calm, "NORMAL", "All limits are held again."),
        Row(frozenset({"NORMAL", "SURPLUS", "DEFICIT", "PEAK"}), "acting", at_once, "CURTAILED", "Sources or loads are held back."),
        Row(frozenset({"CURTAILED"}), "not acting", at_once, "NORMAL", "Nobody is held back any more."),
        Row(frozenset({"NORMAL", "SURPLUS", "DEFICIT"}), "peak", at_once, "PEAK", "The connection is nearly full."),
        Row(frozenset({"PEAK"}), "no peak", calm, "NORMAL", "The connection has room again."),
        Row(frozenset({"NORMAL", "DEFICIT"}), "surplus", at_once, "SURPLUS", "More is fed in than used."),
        Row(frozenset({"NORMAL", "SURPLUS"}), "deficit", at_once, "DEFICIT", "More is used than fed in."),
        Row(frozenset({"SURPLUS", "DEFICIT"}), "balance", calm, "NORMAL", "Supply and use are in balance."),
    )


@dataclass(frozen=True, slots=True)
class Evidence:
    """From what the signs are read: exchange with the public grid [W], import positive; whether somebody is held back."""

    coupling: Coupling
    exchange_w: float
    is_acting: bool
    is_in_danger: bool


def signs_of(status: str, seen: Evidence, settings: ControlSettings) -> frozenset[str]:
    """The signs that are there; thresholds are nearer to zero for leaving a state than for entering it."""
    coupling, signs = seen.coupling, set()
    signs.add("alive" if coupling.is_alive else "dead")
    signs.add("joined" if coupling.is_closed and coupling.is_alive else "apart")
    signs.add("grid sound" if coupling.grid_is_sound else "grid away")
    signs.add("danger" if seen.is_in_danger else "no danger")
    signs.add("acting" if seen.is_acting else "not acting")
    if status == "RESYNC":
        signs.add("resync")
    band = settings.exchange_deadband_w
    if seen.exchange_w < -band:
        signs.add("surplus")
    elif seen.exchange_w > band:
        signs.add("deficit")
    elif abs(seen.exchange_w) < 0.6 * band:
        signs.add("balance")
    signs |= _peak_signs(seen.exchange_w, settings)
    return frozenset(signs)


def _peak_signs(exchange_w: float, settings: ControlSettings) -> set[str]:
    used = max(
        exchange_w / settings.import_limit_w if settings.import_limit_w else 0.0,
        -exchange_w / settings.export_limit_w if settings.export_limit_w else 0.0,
    )
    if used >= settings.peak_share:
        return {"peak"}
    return {"no peak"} if used < 0.95 * settings.peak_share else set()


@dataclass(frozen=True, slots=True)
class StateStep:
    """The state after a tick, since when, and why it changed; empty where it did not."""

    status: str
    since_s: float
    signs_since_s: Mapping[str, float]
    why: str


def next_state(
    status: str, since_s: float, signs_since_s: Mapping[str, float], signs: frozenset[str], at_s: float, rows: tuple[Row, ...]
) -> StateStep:
    """Read the table until no row moves the state any more; at most once a row."""
    known = {sign: signs_since_s.get(sign, at_s) for sign in signs}
    why: list[str] = []
    for _ in rows:
        row = next((r for r in rows if _holds(r, status, known, at_s)), None)
        if row is None:
            break
        status, since_s = row.to, at_s
        known = dict.fromkeys(signs - {"resync"}, at_s)  # a sign counts from when its state began
        why.append(row.why)
    return StateStep(status, since_s, known, " ".join(why))


def _holds(row: Row, status: str, known: Mapping[str, float], at_s: float) -> bool:
    return status in row.of and status != row.to and row.sign in known and at_s - known[row.sign] >= row.after_s


def may_close(coupling: Coupling, settings: ControlSettings) -> bool:
    """Whether the two grids are near enough in frequency, phase and voltage to be joined (IEEE 1547, synchronisation)."""
    return (
        coupling.is_alive
        and coupling.grid_is_sound
        and abs(coupling.slip_hz) <= settings.slip_most_hz
        and abs((coupling.phase_deg + 180) % 360 - 180) <= settings.phase_most_deg
        and abs(coupling.voltage_gap_pu) <= settings.voltage_gap_most_pu
    )
