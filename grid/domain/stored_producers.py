"""Who produced the local energy in storages: neighbours' energy keeps their names while it lies in a battery, Wh by Wh.

What a storage takes in of local origin in an interval is made of what sites delivered to its own then. It lies there as a *parcel* of that
composition, within the layer that `energy_origin` follows, and leaves as the layer does: the oldest parcel first, or all in proportion; what
is lost is of all parcels of the layer alike. What one battery gives and another takes at that moment stays with whoever produced it.
Per storage, day and producer

    before + charged = discharged + lost + after.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

from grid.domain.energy_origin import Course, LocalMove, Move, Order, Origin, Parcel, Stock, first, split
from grid.domain.origin_sharing import OriginRule, SharedByOrigin, SiteMeter, StorageSite, read_meter
from grid.domain.sharing.splitting import LARGEST_PRODUCT

Wh = NDArray[np.int64]
NOT_KNOWN = 0
"""The producer of local energy whose way in was not followed to a roof."""


@dataclass(frozen=True, slots=True)
class ProducerCourse:
    """What a day did to one storage's local energy, by who produced it.

    Attributes:
        producers: ids of sites, ascending; `NOT_KNOWN` among them where there is such energy.
        before_wh, charged_wh, discharged_wh, lost_wh: [n], charged and discharged at the terminals.
        parcels: what lies in it in the end.
    """

    producers: tuple[int, ...]
    before_wh: Wh
    charged_wh: Wh
    discharged_wh: Wh
    lost_wh: Wh
    parcels: tuple[Parcel, ...]


def follow_producers(
    found: SharedByOrigin,
    sites: Sequence[StorageSite],
    drawn_wh: Wh,
    fed_in_wh: Wh,
    site_ids: Sequence[int],
    ranks: Wh,
    starts_s: Sequence[int],
    rule: OriginRule,
) -> tuple[tuple[ProducerCourse, ...], ...]:
    """Follow a shared day's local energy through its storages, all of them interval by interval; by site and storage.

    Args:
        drawn_wh, fed_in_wh: by interval and site [T, n].
        site_ids, ranks: of those sites; ties go by rank.
    """
    axis = _Axis(site_ids, ranks, sites)
    books = [
        [_Book(axis, flow.stock, course, rule.order) for flow, course in zip(site.storages, courses, strict=True)]
        for site, courses in zip(sites, found.courses, strict=True)
    ]
    pool = _Pool(found, sites, drawn_wh, fed_in_wh, axis, rule, books)
    for t in sorted({move.interval for own in books for book in own for move in book.moves}):
        for own in books:
            for book in own:
                book.give(t)
        for site, own in zip(sites, books, strict=True):
            if any(book.takes(t) for book in own):
                received = pool.received(t, site.column)
                for book in own:
                    book.take(t, starts_s[t], received)
        for own in books:
            for book in own:
                book.end(t)
    return tuple(tuple(book.course() for book in own) for own in books)


def split_whole(amount: int, weights: Wh, total: int | None = None) -> Wh:
    """Divide whole Wh in proportion, remainders to the largest fractions, ties to the first; none gets more than its weight.

    Args:
        total: sum of the weights, where it is known.
    """
    total = int(weights.sum()) if total is None else total
    if amount >= total:
        return weights.copy()
    if amount == 1:  # standing losses: the largest weight has the largest remainder
        one = np.zeros_like(weights)
        one[np.argmax(weights)] = 1
        return one
    product = weights * amount if amount * total < LARGEST_PRODUCT else weights.astype(object) * amount
    parts = (product // total).astype(np.int64)
    missing = amount - int(parts.sum())
    if missing:
        remainders = product - parts.astype(product.dtype) * total
        parts[np.argsort(-remainders, kind="stable")[:missing]] += 1
    return parts


class _Axis:
    """Producers in the order in which ties go: sites by code, then those that only lie in stocks, then who is not known."""

    def __init__(self, site_ids: Sequence[int], ranks: Wh, sites: Sequence[StorageSite]) -> None:
        order = np.argsort(ranks)
        here = [int(site_ids[column]) for column in order]
        lying = {producer for site in sites for flow in site.storages for parcel in flow.stock.parcels for producer, _ in parcel.wh}
        self.ids = [*here, *sorted(lying - set(here) - {NOT_KNOWN}), NOT_KNOWN]
        self.place = {producer: place for place, producer in enumerate(self.ids)}
        self.of_column = np.empty(len(here), dtype=np.int64)
        self.of_column[order] = np.arange(len(here))
        self.not_known = len(self.ids) - 1

    def nothing(self) -> Wh:
        return np.zeros(len(self.ids), dtype=np.int64)

    def named(self, wh: Wh) -> tuple[tuple[int, int], ...]:
        return tuple(sorted((self.ids[place], int(wh[place])) for place in np.flatnonzero(wh)))


@dataclass(slots=True)
class _Lying:
    """A parcel while the day runs."""

    at_s: int
    wh: Wh
    total_wh: int


class _Book:
    """One storage's parcels while the day runs."""

    def __init__(self, axis: _Axis, stock: Stock, course: Course, order: Order) -> None:
        self._axis, self._of_day, self._order = axis, course, order
        self.moves = course.moves
        self._by_interval = {t: list(found) for t, found in groupby(course.moves, attrgetter("interval"))}
        self._lying = self._from(stock)
        self.before = self._sum()
        self.charged, self.discharged, self.lost = axis.nothing(), axis.nothing(), axis.nothing()
        self._nothing = axis.nothing()
        self.given_now = self._nothing

    def _from(self, stock: Stock) -> dict[int, list[_Lying]]:
        """What a stock's parcels tell, by layer; the rest of a layer's local energy is nobody known's."""
        lying: dict[int, list[_Lying]] = {}
        for parcel in stock.parcels:
            wh = self._axis.nothing()
            for producer, amount in parcel.wh:
                wh[self._axis.place[producer]] += amount
            lying.setdefault(parcel.layer, []).append(_Lying(parcel.at_s, wh, int(wh.sum())))
        for number, layer in enumerate(stock.layers):
            rest = layer.wh[Origin.LOCAL] - sum(one.total_wh for one in lying.get(number, ()))
            if rest < 0:
                raise AssertionError("parcels hold more local energy than their layer")
            if rest:
                wh = self._axis.nothing()
                wh[self._axis.not_known] = rest
                lying.setdefault(number, []).insert(0, _Lying(layer.at_s, wh, rest))
        return lying

    def _sum(self) -> Wh:
        total = self._axis.nothing()
        for own in self._lying.values():
            for one in own:
                total += one.wh
        return total

    def takes(self, t: int) -> bool:
        return any(move.move == Move.LAID for move in self._by_interval.get(t, ()))

    def give(self, t: int) -> None:
        """What stands and what leaves, before anything comes in."""
        taken = self._axis.nothing()
        for move in self._until_laid(t):
            part = self._out(move)
            if move.move == Move.TAKEN_OUT:
                taken += part
            else:
                self.lost += part
        given = int(self._of_day.discharged_wh[t, Origin.LOCAL])
        self.given_now = split_whole(given, taken)
        self.discharged += self.given_now
        self.lost += taken - self.given_now

    def take(self, t: int, at_s: int, received: Wh) -> None:
        """What comes in, composed as what its site received."""
        for move in self._by_interval.get(t, ()):
            if move.move == Move.LAID:
                charged = split_whole(move.charged_wh, received)
                kept = split_whole(move.wh, charged)
                self.charged += charged
                self.lost += charged - kept
                self._lay(move, at_s, kept)

    def end(self, t: int) -> None:
        """What did not find room is lost."""
        for move in self._by_interval.get(t, ())[len(self._until_laid(t)) :]:
            if move.move != Move.LAID:
                self.lost += self._out(move)

    def _until_laid(self, t: int) -> list[LocalMove]:
        moves = self._by_interval.get(t, [])
        laid = next((place for place, move in enumerate(moves) if move.move == Move.LAID), len(moves))
        return moves[:laid]

    def _lay(self, move: LocalMove, at_s: int, kept: Wh) -> None:
        if not move.wh:
            return
        own = self._lying.setdefault(move.layer, [])
        if own and self._order == Order.PRO_RATA:
            own[-1].wh += kept
            own[-1].total_wh += move.wh
            return
        own.append(_Lying(at_s, kept, move.wh))

    def _out(self, move: LocalMove) -> Wh:
        """Take a move's energy out of its layer's parcels."""
        own = self._lying[move.layer]
        taken = self._axis.nothing()
        for one, amount in zip(own, self._amounts(move, [one.total_wh for one in own]), strict=True):
            if amount:
                part = split_whole(amount, one.wh, one.total_wh)
                one.wh -= part
                one.total_wh -= amount
                taken += part
        self._lying[move.layer] = [one for one in own if one.total_wh]
        return taken

    def _amounts(self, move: LocalMove, totals: list[int]) -> list[int]:
        """What each parcel gives: the oldest first, or all in proportion."""
        if move.wh > sum(totals):
            raise AssertionError("more local energy leaves a layer than its parcels hold")
        if move.move == Move.TAKEN_OUT and self._order == Order.FIRST_IN:
            return first(move.wh, totals)
        return split(move.wh, totals)

    def course(self) -> ProducerCourse:
        """The day as it was; raises where a Wh of a producer was lost from sight."""
        place_of = {number: place for place, number in enumerate(self._of_day.layers_after)}
        after = self._sum()
        if (self.before + self.charged != self.discharged + self.lost + after).any():
            raise AssertionError("stored energy is not conserved by producer")
        whole = self._of_day
        for mine, all_of_it in ((self.charged, whole.charged_wh), (self.discharged, whole.discharged_wh), (self.lost, whole.lost_wh)):
            if int(mine.sum()) != int(all_of_it[:, Origin.LOCAL].sum()):
                raise AssertionError("producers do not sum to local energy")
        present = np.flatnonzero(self.before + self.charged)
        chosen = present[np.argsort([self._axis.ids[place] for place in present], kind="stable")]
        parcels = [Parcel(place_of[layer], one.at_s, self._axis.named(one.wh)) for layer, own in self._lying.items() for one in own]
        return ProducerCourse(
            tuple(self._axis.ids[place] for place in chosen),
            self.before[chosen],
            self.charged[chosen],
            self.discharged[chosen],
            self.lost[chosen],
            tuple(sorted(parcels, key=lambda parcel: (parcel.layer, parcel.at_s))),
        )


class _Pool:
    """What sites delivered, batteries seen through."""

    def __init__(
        self,
        found: SharedByOrigin,
        sites: Sequence[StorageSite],
        drawn_wh: Wh,
        fed_in_wh: Wh,
        axis: _Axis,
        rule: OriginRule,
        books: Sequence[Sequence[_Book]],
    ) -> None:
        self._levels, self._axis, self._rule, self._books = found.shared.among(), axis, rule, books
        self._found, self._fed_in, self._sites = found, fed_in_wh, sites
        self._meters: list[SiteMeter] = [read_meter(s, drawn_wh[:, s.column], fed_in_wh[:, s.column]) for s in sites]

    def received(self, t: int, column: int) -> Wh:
        """Who produced what a site received in an interval."""
        total = self._axis.nothing()
        for level in self._levels:
            amount = int(level.received_wh[t, column])
            if amount:
                delivered = np.where(level.group == level.group[column], level.delivered_wh[t], 0).astype(np.int64)
                total += split_whole(amount, self._produced(t, delivered))
        return total

    def _produced(self, t: int, delivered: Wh) -> Wh:
        """Who produced what sites delivered [n]: what a battery gave is its own site's only where its own roof gave it."""
        produced = self._axis.nothing()
        rest = delivered.copy()
        for place, site in enumerate(self._sites):
            amount = int(rest[site.column])
            if amount and self._meters[place].storage_export_wh[t]:
                produced += split_whole(amount, self._made_of(t, place, site))
                rest[site.column] = 0
        produced[self._axis.of_column] += rest
        return produced

    def _made_of(self, t: int, place: int, site: StorageSite) -> Wh:
        """Weights of what a storage site fed in of local origin: directly from its roof, and what its batteries gave."""
        stored = int(self._meters[place].storage_export_wh[t] - self._found.not_local_wh[t, place])
        direct = int(self._fed_in[t, site.column] - self._meters[place].storage_export_wh[t])
        gave = np.sum([course.discharged_wh[t] for course in self._found.courses[place]], axis=0)
        unknown = int(gave[Origin.UNKNOWN]) if self._rule.unknown_is_local else 0
        own = int(gave[Origin.OWN])
        whole = own + int(gave[Origin.LOCAL]) + unknown
        weights: Wh = stored * np.sum([book.given_now for book in self._books[place]], axis=0)
        weights[self._axis.of_column[site.column]] += direct * max(whole, 1) + stored * own
        weights[self._axis.not_known] += stored * (unknown if whole else 1)
        return weights
