"""Where stored energy came from: layers that a storage takes in and gives out again, by origin, in whole watt-hours.

Losses stay with the energy that bears them: what charging loses is of what is charged, what discharging loses of what leaves, what standing
loses of all that is stored, in proportion. What leaves although it was never seen going in (the ledger's first day, efficiencies that
are better than stated) comes to light with the origin *unknown*. In every interval and for every origin

    stored before + charged + come to light = stored after + discharged + lost.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum

import numpy as np
from numpy.typing import NDArray

Wh = NDArray[np.int64]
PARTS = 100_000
STANDING_PARTS = 10**12


class Origin(IntEnum):
    """Where energy came from; the place in every array by origin."""

    OWN = 0
    LOCAL = 1
    PUBLIC = 2
    UNKNOWN = 3


ORIGINS = len(Origin)


class Order(StrEnum):
    """Which stored energy leaves first."""

    FIRST_IN = "first_in"
    PRO_RATA = "pro_rata"


class Move(IntEnum):
    """What happens to local energy in a layer."""

    LOST = 0
    TAKEN_OUT = 1
    LAID = 2


@dataclass(frozen=True, slots=True)
class LocalMove:
    """Local energy on its way into a layer or out of it, from which it can be followed to who produced it.

    Attributes:
        layer: layers that were there when the day began are numbered from 0, those that came in go on.
        charged_wh: at the terminals, of energy that was laid.
    """

    interval: int
    move: Move
    layer: int
    wh: int
    charged_wh: int = 0


@dataclass(frozen=True, slots=True)
class Layer:
    """Energy that came in together.

    Attributes:
        at_s: start of the interval in which the oldest of it came in, seconds since 1970.
        wh: by origin.
    """

    at_s: int
    wh: tuple[int, ...]

    @property
    def total_wh(self) -> int:
        return sum(self.wh)


@dataclass(frozen=True, slots=True)
class Parcel:
    """Local energy of a layer that came in together, by who produced it (`stored_producers`).

    Attributes:
        layer: place of its layer in the stock.
        at_s: start of the interval in which it came in, seconds since 1970.
        wh: producer's id and Wh, ascending.
    """

    layer: int
    at_s: int
    wh: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Stock:
    """What is stored, the oldest first; `owed` is standing loss below a whole Wh that is still to be taken, in 10^-12 Wh."""

    layers: tuple[Layer, ...] = ()
    owed: int = 0
    parcels: tuple[Parcel, ...] = ()

    @property
    def by_origin(self) -> tuple[int, ...]:
        return tuple(sum(layer.wh[o] for layer in self.layers) for o in range(ORIGINS))


@dataclass(frozen=True, slots=True)
class Vessel:
    """What a storage loses and holds.

    Attributes:
        eta_charge, eta_discharge: efficiencies in hundred-thousandths.
        standing_loss: what an interval takes of what is stored, in 10^-12.
        capacity_wh: more than this cannot be in it; what the ledger has beyond was lost on the way.
    """

    eta_charge: int
    eta_discharge: int
    standing_loss: int
    capacity_wh: int


@dataclass(frozen=True, slots=True)
class Course:
    """What a day did to a storage; rows are intervals, columns origins.

    Attributes:
        charged_wh, discharged_wh, lost_wh: [T, o], the first two at the terminals.
        emerged_wh: what came to light, of origin unknown [T].
        stored_wh: after each interval [T].
        before, after: the stock at both ends.
        moves: of local energy, in their order.
        layers_after: numbers, as in `moves`, of the layers of `after`.
    """

    charged_wh: Wh
    discharged_wh: Wh
    lost_wh: Wh
    emerged_wh: Wh
    stored_wh: Wh
    before: Stock
    after: Stock
    moves: tuple[LocalMove, ...] = ()
    layers_after: tuple[int, ...] = ()


def follow(stock: Stock, vessel: Vessel, starts_s: Sequence[int], charged_wh: Wh, discharged_wh: Wh, order: Order) -> Course:
    """Follow energy through a storage. In an interval that charges and discharges, what leaves is of what was there before.

    Args:
        starts_s: start of each interval, seconds since 1970 [T].
        charged_wh: by origin, at the terminals [T, o].
        discharged_wh: at the terminals [T].
    """
    ledger = _Ledger(stock, vessel, order)
    intervals = len(starts_s)
    given, lost = np.zeros((2, intervals, ORIGINS), dtype=np.int64)
    emerged, stored = np.zeros((2, intervals), dtype=np.int64)
    rows = zip(starts_s, charged_wh.tolist(), discharged_wh.tolist(), strict=True)
    for t, (at_s, charge, discharge) in enumerate(rows):
        bare = [0] * ORIGINS
        ledger.interval = t
        ledger.stand(bare)
        if discharge:
            given[t], emerged[t] = ledger.give(discharge, bare)
        if any(charge):
            ledger.take_in(at_s, charge, bare)
        lost[t], stored[t] = bare, ledger.total_wh
    course = Course(charged_wh, given, lost, emerged, stored, stock, ledger.stock(), tuple(ledger.moves), ledger.numbers())
    assert_conserved(course)
    return course


def assert_conserved(course: Course) -> None:
    """Raise if a Wh of any origin was lost from sight, or the layers are not what the balance says is stored."""
    came = np.array(course.before.by_origin) + course.charged_wh.sum(axis=0)
    came[Origin.UNKNOWN] += course.emerged_wh.sum()
    went = course.discharged_wh.sum(axis=0) + course.lost_wh.sum(axis=0)
    if (came != went + np.array(course.after.by_origin)).any():
        raise AssertionError("stored energy is not conserved by origin")
    change = (course.charged_wh - course.discharged_wh - course.lost_wh).sum(axis=1) + course.emerged_wh
    if (np.cumsum(change) + sum(course.before.by_origin) != course.stored_wh).any():
        raise AssertionError("layers do not sum to what is stored")
    if min(int(a.min(initial=0)) for a in (course.discharged_wh, course.lost_wh, course.stored_wh)) < 0:
        raise AssertionError("a storage gave or lost less than nothing")


class _Ledger:
    """The layers of one storage while a day runs; plain integers, because a day has few of them and many steps."""

    def __init__(self, stock: Stock, vessel: Vessel, order: Order) -> None:
        self._layers = [(layer.at_s, list(layer.wh), number) for number, layer in enumerate(stock.layers)]
        self._next = len(stock.layers)
        self._owed, self._vessel, self._order = stock.owed, vessel, order
        self.total_wh = sum(stock.by_origin)
        self.interval = 0
        self.moves: list[LocalMove] = []

    def stock(self) -> Stock:
        return Stock(tuple(Layer(at_s, tuple(wh)) for at_s, wh, _ in self._layers), self._owed)

    def numbers(self) -> tuple[int, ...]:
        return tuple(number for _, _, number in self._layers)

    def stand(self, lost: list[int]) -> None:
        """Standing takes of all layers alike."""
        self._owed += self.total_wh * self._vessel.standing_loss
        whole, self._owed = divmod(self._owed, STANDING_PARTS)
        if whole:
            _add(lost, self._take(min(whole, self.total_wh), Order.PRO_RATA, Move.LOST))

    def give(self, discharge: int, lost: list[int]) -> tuple[list[int], int]:
        """Give energy at the terminals; what left by origin, and what came to light for it."""
        eta = self._vessel.eta_discharge
        needed = (discharge * PARTS + eta // 2) // eta
        taken = self._take(min(needed, self.total_wh), self._order, Move.TAKEN_OUT)
        emerged = needed - sum(taken)
        taken[Origin.UNKNOWN] += emerged
        given = split(discharge, taken)
        _add(lost, [a - b for a, b in zip(taken, given, strict=True)])
        return given, emerged

    def take_in(self, at_s: int, charge: list[int], lost: list[int]) -> None:
        """Take energy in as the newest layer; where the vessel cannot hold all, all layers lose alike."""
        whole = sum(charge)
        kept = split((whole * self._vessel.eta_charge + PARTS // 2) // PARTS, charge)
        _add(lost, [a - b for a, b in zip(charge, kept, strict=True)])
        number = self._lay(at_s, kept)
        if charge[Origin.LOCAL]:
            local = kept[Origin.LOCAL]
            self.moves.append(LocalMove(self.interval, Move.LAID, number, local, charge[Origin.LOCAL]))
        over = self.total_wh - self._vessel.capacity_wh
        if over > 0:
            _add(lost, self._take(over, Order.PRO_RATA, Move.LOST))

    def _lay(self, at_s: int, wh: list[int]) -> int:
        """Add a layer and give its number; energies that nothing tells apart, or that leave in proportion, lie in one."""
        self.total_wh += sum(wh)
        if self._layers:
            _, newest, number = self._layers[-1]
            of_one = sum(1 for a, b in zip(newest, wh, strict=True) if a or b) == 1
            if of_one or self._order == Order.PRO_RATA:
                _add(newest, wh)
                return number
        number = self._next
        if any(wh):
            self._layers.append((at_s, wh, number))
            self._next += 1
        return number

    def _take(self, wanted: int, order: Order, move: Move) -> list[int]:
        """Take energy out of layers, of which there is enough; what was taken by origin."""
        taken = [0] * ORIGINS
        if wanted <= 0:
            return taken
        totals = [sum(wh) for _, wh, _ in self._layers]
        amounts = split(wanted, totals) if order == Order.PRO_RATA else first(wanted, totals)
        for (_, wh, number), amount in zip(self._layers, amounts, strict=True):
            if amount:
                part = split(amount, wh)
                if part[Origin.LOCAL]:
                    self.moves.append(LocalMove(self.interval, move, number, part[Origin.LOCAL]))
                _add(taken, part)
                _add(wh, [-p for p in part])
        self.total_wh -= wanted
        self._layers = [layer for layer in self._layers if any(layer[1])]
        return taken


def first(wanted: int, totals: Sequence[int]) -> list[int]:
    """What each layer gives when the oldest goes first."""
    amounts = []
    for total in totals:
        amount = min(total, wanted)
        wanted -= amount
        amounts.append(amount)
    return amounts


def _add(to: list[int], more: Sequence[int]) -> None:
    for place, value in enumerate(more):
        to[place] += value


def split(amount: int, weights: Sequence[int]) -> list[int]:
    """Divide whole Wh in proportion, remainders to the largest fractions, ties to the first; none gets more than its weight."""
    total = sum(weights)
    if amount >= total:
        return list(weights)
    parts = [amount * weight // total for weight in weights]
    missing = amount - sum(parts)
    if missing:
        by_remainder = sorted(range(len(parts)), key=lambda i: (-(amount * weights[i] % total), i))
        for i in by_remainder[:missing]:
            parts[i] += 1
    return parts
