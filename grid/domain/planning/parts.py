"""The parts of a plan problem: storages, flexible loads, shared limits, as checked arrays. Powers [W], energies [Wh], prices per kWh.

What belongs to a storage's physics (its power and state of charge limits) always holds. What is a preference (a wanted state of charge,
the energy of a flexible load, a shared limit) is met as nearly as possible where it cannot be met in full.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
Places = NDArray[np.int64]
UNLIMITED = float("inf")


class CannotPlan(ValueError):
    """The problem contradicts itself; the message begins with the name of the quantity and says what to mend."""


@dataclass(frozen=True, slots=True)
class Storages:
    """n storages over T intervals. Powers are at the terminals, states of charge hold at the end of each interval.

    `soc' = soc (1 - self_discharge_per_h)^h + eta_charge charge h - discharge h / eta_discharge`; never both in one interval.

    Attributes:
        ids: n names.
        soc_start_wh: [n], before the first interval; may lie outside the limits where the first interval can bring it inside.
        soc_min_wh, soc_max_wh: [n], physics.
        charge_max_w, discharge_max_w: [n, T], physics; 0 while a car is away.
        eta_charge, eta_discharge: [n], in (0, 1].
        self_discharge_per_h: [n], in [0, 1].
        wear_per_kwh: [n], on what is discharged.
        soc_end_min_wh: [n], wanted at the end of the last interval.
        end_value_per_kwh: [n], of what the last state of charge holds above `soc_end_min_wh`.
        soc_wanted_wh: [n, T], wanted at the end of each interval (a car by its departure, a reserve); 0 where nothing is.
        discharge_most_wh: [n], wanted: no more than that over the horizon (a member's share of the cycling).
    """

    ids: tuple[str, ...]
    soc_start_wh: Array
    soc_min_wh: Array
    soc_max_wh: Array
    charge_max_w: Array
    discharge_max_w: Array
    eta_charge: Array
    eta_discharge: Array
    self_discharge_per_h: Array
    wear_per_kwh: Array
    soc_end_min_wh: Array
    end_value_per_kwh: Array
    soc_wanted_wh: Array
    discharge_most_wh: Array

    @classmethod
    def of(
        cls,
        intervals: int,
        ids: Sequence[str],
        *,
        soc_start_wh: ArrayLike,
        soc_max_wh: ArrayLike,
        charge_max_w: ArrayLike,
        discharge_max_w: ArrayLike,
        soc_min_wh: ArrayLike = 0.0,
        eta_charge: ArrayLike = 1.0,
        eta_discharge: ArrayLike = 1.0,
        self_discharge_per_h: ArrayLike = 0.0,
        wear_per_kwh: ArrayLike = 0.0,
        soc_end_min_wh: ArrayLike | None = None,
        end_value_per_kwh: ArrayLike = 0.0,
        soc_wanted_wh: ArrayLike = 0.0,
        discharge_most_wh: ArrayLike = UNLIMITED,
    ) -> Self:
        """Spread numbers or [n] values over storages and intervals; what is left out takes its default."""
        n = len(ids)
        each, by_interval = (n,), (n, intervals)
        least = spread("soc_min_wh", soc_min_wh, each)
        return cls(
            tuple(ids),
            spread("soc_start_wh", soc_start_wh, each),
            least,
            spread("soc_max_wh", soc_max_wh, each),
            spread("charge_max_w", charge_max_w, by_interval),
            spread("discharge_max_w", discharge_max_w, by_interval),
            spread("eta_charge", eta_charge, each),
            spread("eta_discharge", eta_discharge, each),
            spread("self_discharge_per_h", self_discharge_per_h, each),
            spread("wear_per_kwh", wear_per_kwh, each),
            least if soc_end_min_wh is None else spread("soc_end_min_wh", soc_end_min_wh, each),
            spread("end_value_per_kwh", end_value_per_kwh, each),
            spread("soc_wanted_wh", soc_wanted_wh, by_interval),
            spread("discharge_most_wh", discharge_most_wh, each),
        )

    def __len__(self) -> int:
        return len(self.ids)

    def kept(self, hours: float) -> Array:
        """Which share of a state of charge is left after `hours` [n]."""
        kept: Array = (1.0 - self.self_discharge_per_h) ** hours
        return kept


@dataclass(frozen=True, slots=True)
class FlexibleLoads:
    """m loads that may choose when to run inside a window of intervals `[earliest, latest)`.

    Interruptible: any power up to `power_max_w`, in sum `energy_wh`. Not interruptible: one run at `power_max_w`, its last interval with
    what is left, or not at all.
    """

    ids: tuple[str, ...]
    energy_wh: Array
    power_max_w: Array
    earliest: Places
    latest: Places
    interruptible: Flags

    @classmethod
    def of(
        cls,
        ids: Sequence[str],
        *,
        energy_wh: ArrayLike,
        power_max_w: ArrayLike,
        earliest: ArrayLike,
        latest: ArrayLike,
        interruptible: ArrayLike = True,
    ) -> Self:
        """Spread numbers or [m] values over the loads."""
        each = (len(ids),)
        return cls(
            tuple(ids),
            spread("energy_wh", energy_wh, each),
            spread("power_max_w", power_max_w, each),
            spread("earliest", earliest, each).astype(np.int64),
            spread("latest", latest, each).astype(np.int64),
            np.broadcast_to(np.asarray(interruptible, dtype=np.bool_), each),
        )

    @classmethod
    def none(cls) -> Self:
        return cls.of((), energy_wh=0.0, power_max_w=0.0, earliest=0, latest=0)

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, slots=True)
class SharedLimits:
    """r limits on sums of powers in each interval: of a line, of a group of storages, of a site's connection.

    `charge_per_w charge + discharge_per_w discharge + flexible_per_w flexible + curtailed_per_w curtailed <= most_w`

    Attributes:
        names: r names, for what is reported where a limit cannot be kept; several rows of one name are told as one.
        charge_per_w, discharge_per_w: [r, n].
        flexible_per_w: [r, m].
        curtailed_per_w: [r, T], for one W curtailed of all production, wherever it stands.
        most_w: [r, T], infinite where nothing is asked; what load and production already use is taken off. Rows in other units (a voltage) are scaled to W, so that what is
            above one limit compares with what is above another.
    """

    names: tuple[str, ...]
    charge_per_w: Array
    discharge_per_w: Array
    flexible_per_w: Array
    curtailed_per_w: Array
    most_w: Array

    @classmethod
    def none(cls, storages: int, flexible: int, intervals: int) -> Self:
        return cls(
            (),
            np.zeros((0, storages)),
            np.zeros((0, storages)),
            np.zeros((0, flexible)),
            np.zeros((0, intervals)),
            np.zeros((0, intervals)),
        )

    @classmethod
    def of_grid(
        cls,
        names: Sequence[str],
        *,
        sensitivity: ArrayLike,
        limit_w: ArrayLike,
        net_w: Array,
        storage_place: ArrayLike,
        flexible_place: ArrayLike = (),
        production_share: ArrayLike | None = None,
    ) -> Self:
        """Limits `sensitivity [r, p] x what the p places draw <= limit_w [r, T]`.

        Args:
            sensitivity: [r, p], per W that a place draws.
            limit_w: [r, T] or broadcast to it.
            net_w: [p, T], what each place draws without storages and flexible loads and with nothing curtailed; negative where it feeds in.
            storage_place, flexible_place: [n], [m], the place of each.
            production_share: [p, T] or [p, 1], which share of a curtailed W each place bears; none: nothing is curtailed.
        """
        weights = np.asarray(sensitivity, dtype=np.float64)
        charge = weights[:, np.asarray(storage_place, dtype=np.int64)]
        flexible = weights[:, np.asarray(flexible_place, dtype=np.int64)]
        shape = (len(weights), net_w.shape[1])
        share = np.zeros_like(net_w) if production_share is None else np.broadcast_to(production_share, net_w.shape)
        most = np.broadcast_to(np.asarray(limit_w, dtype=np.float64), shape) - weights @ net_w
        return cls(tuple(names), charge, -charge, flexible, weights @ share, most)

    @classmethod
    def of_groups(
        cls,
        names: Sequence[str],
        *,
        members: ArrayLike,
        charge_most_w: ArrayLike,
        discharge_most_w: ArrayLike,
        flexible: int,
        intervals: int,
    ) -> Self:
        """Limits on what groups of storages charge, and discharge, in sum: `members` [g, n] of 0 and 1, two rows a group."""
        inside = np.asarray(members, dtype=np.float64)
        g = len(inside)
        most = [np.broadcast_to(np.asarray(m, np.float64), (g, intervals)) for m in (charge_most_w, discharge_most_w)]
        return cls(
            tuple(f"{name}:{way}" for way in ("charge", "discharge") for name in names),
            np.vstack([inside, 0 * inside]),
            np.vstack([0 * inside, inside]),
            np.zeros((2 * g, flexible)),
            np.zeros((2 * g, intervals)),
            np.vstack(most),
        )

    def and_also(self, other: Self) -> Self:
        """Both sets of limits."""
        return type(self)(
            self.names + other.names,
            np.vstack([self.charge_per_w, other.charge_per_w]),
            np.vstack([self.discharge_per_w, other.discharge_per_w]),
            np.vstack([self.flexible_per_w, other.flexible_per_w]),
            np.vstack([self.curtailed_per_w, other.curtailed_per_w]),
            np.vstack([self.most_w, other.most_w]),
        )

    def __len__(self) -> int:
        return len(self.names)


def spread(name: str, values: ArrayLike, shape: tuple[int, ...]) -> Array:
    """Values in the shape, by repetition; [n] values for [n, T] count for each row.

    Raises:
        CannotPlan: they do not fit.
    """
    given = np.asarray(values, dtype=np.float64)
    if len(shape) == 2 and given.shape == (shape[0],):
        given = given[:, np.newaxis]
    try:
        return np.broadcast_to(given, shape)
    except ValueError:
        raise CannotPlan(f"{name}: has shape {given.shape} where {shape} is needed; give one value each") from None


def check_storages(storages: Storages, intervals: int) -> None:
    """Raise CannotPlan where storages contradict themselves."""
    each, by_interval = (len(storages),), (len(storages), intervals)
    for name in ("soc_start_wh", "soc_min_wh", "soc_max_wh", "wear_per_kwh", "soc_end_min_wh"):
        require(storages, name, each)
    for name in ("charge_max_w", "discharge_max_w", "soc_wanted_wh"):
        require(storages, name, by_interval)
    require(storages, "end_value_per_kwh", each, least=-UNLIMITED)
    require(storages, "self_discharge_per_h", each, most=1.0)
    require(storages, "discharge_most_wh", each, finite=False)
    for name in ("eta_charge", "eta_discharge"):
        require(storages, name, each, most=1.0)
        if np.any(getattr(storages, name) == 0):
            raise CannotPlan(f"{name}: is 0; must be above 0 and at most 1")
    above = np.flatnonzero(storages.soc_min_wh > storages.soc_max_wh)
    if len(above):
        raise CannotPlan(f"soc_min_wh: of {storages.ids[above[0]]} is above soc_max_wh; lower it")
    _unique("storages", storages.ids)


def check_flexible(flexible: FlexibleLoads, intervals: int) -> None:
    """Raise CannotPlan where a window or an amount makes no sense."""
    each = (len(flexible),)
    for name in ("energy_wh", "power_max_w"):
        require(flexible, name, each)
    for name, load in zip(("earliest", "latest"), (flexible.earliest, flexible.latest), strict=True):
        outside = np.flatnonzero((load < 0) | (load > intervals))
        if len(outside):
            raise CannotPlan(f"{name}: of {flexible.ids[outside[0]]} is {load[outside[0]]}, outside the {intervals} intervals")
    turned = np.flatnonzero(flexible.earliest > flexible.latest)
    if len(turned):
        raise CannotPlan(f"earliest: of {flexible.ids[turned[0]]} is after latest; swap them")
    _unique("flexible_loads", flexible.ids)


def check_shared(shared: SharedLimits, storages: int, flexible: int, intervals: int) -> None:
    """Raise CannotPlan where rows and columns do not fit."""
    r, t = len(shared), intervals
    columns = {"charge_per_w": storages, "discharge_per_w": storages, "flexible_per_w": flexible, "curtailed_per_w": t}
    for name, count in columns.items():
        require(shared, name, (r, count), least=-UNLIMITED)
    require(shared, "most_w", (r, t), least=-UNLIMITED, finite=False)


def require(owner: Any, name: str, shape: tuple[int, ...], *, least: float = 0.0, most: float = UNLIMITED, finite: bool = True) -> None:
    """Raise CannotPlan where an array has another shape, holds no numbers, or leaves its range."""
    values: Array = getattr(owner, name)
    if values.shape != shape:
        raise CannotPlan(f"{name}: has shape {values.shape} where {shape} is needed; give one value each")
    if np.isnan(values).any() or (finite and not np.isfinite(values).all()):
        raise CannotPlan(f"{name}: holds what is no finite number; replace it")
    if values.size and (values.min() < least or values.max() > most):
        raise CannotPlan(f"{name}: {values.min() if values.min() < least else values.max():g} lies outside {least:g} to {most:g}")


def _unique(what: str, names: tuple[str, ...]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise CannotPlan(f"{what}: id {twice[0]} stands twice; give each its own")
