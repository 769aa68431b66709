"""What a run of a device that can wait drew by the meter, and what waiting saved the village against running as soon as it might.

Where a device has a meter of its own, what it drew is what that says while it was let draw. Else it is what its site used while the device was let
draw, beyond what the site usually used in the same run while the device was held; never more than it was let draw, nor than its charge point's
register says where there is one. Had nobody moved it, it
would have drawn the same energy at full power from the first interval on. Energy that a demand response event pays for is left out on both sides:
nothing is paid twice. The saving is the difference in the cost of what crosses the coupling point, by the rule for storages
(`flexibility.savings`): at once less as it ran is what a run gave.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grid.domain.energy_origin import split
from grid.domain.flexibility import Ints, Pay, Terms, owed, savings

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class RunFacts:
    """A run as it went, by interval of whole local days [T].

    Attributes:
        let_wh: what it was let draw by commands that were acknowledged.
        commanded: where such a command stood, whether it let it draw or not.
        others_wh: what other devices behind the same meter were let draw.
        use_wh: of the whole site, by its meters.
        first, last: the intervals in which it might run, `last` exclusive.
        most_wh: what it draws in an interval at full power.
        in_event: where demand response pays the site for drawing less.
        register_wh: what its charge point counted; None where there is none.
        own_wh: what its own meter measured [T]; None where it has none, or not throughout the run.
    """

    let_wh: Ints
    commanded: Flags
    others_wh: Ints
    use_wh: Ints
    first: int
    last: int
    most_wh: int
    in_event: Flags
    register_wh: int | None = None
    own_wh: Ints | None = None


@dataclass(frozen=True, slots=True)
class RunWeighed:
    """What a run did and saved, by interval [T].

    Attributes:
        drawn_wh: by the meter.
        at_once_wh: what it would have drawn otherwise, without event hours.
        saved_micro: Wh x millionths of the currency per kWh.
        event_wh: energy that it would have drawn in event hours, paid by demand response.
        moved_wh: drawn at another time than it would have been.
    """

    drawn_wh: Ints
    at_once_wh: Ints
    saved_micro: Ints
    event_wh: int
    moved_wh: int


def drawn_by_meter(facts: RunFacts) -> Ints:
    """What the device drew, never more than the meters allow to say."""
    if facts.own_wh is not None:
        metered: Ints = np.minimum(facts.let_wh, facts.own_wh)
        metered[: facts.first] = metered[facts.last :] = 0
        return metered
    held = facts.commanded & (facts.let_wh == 0)
    held[: facts.first] = held[facts.last :] = False
    usual = int(np.median(facts.use_wh[held])) if held.any() else 0
    beyond = np.maximum(facts.use_wh - usual, 0)
    own = beyond * facts.let_wh // np.maximum(facts.let_wh + facts.others_wh, 1)
    drawn: Ints = np.minimum(facts.let_wh, own)
    drawn[: facts.first] = drawn[facts.last :] = 0
    total = int(drawn.sum())
    if facts.register_wh is not None and facts.register_wh < total:
        drawn = np.array(split(facts.register_wh, drawn.tolist()), dtype=np.int64)
    return drawn


def at_once(energy_wh: int, facts: RunFacts) -> Ints:
    """The same energy at full power from the first interval on."""
    shape = np.zeros_like(facts.let_wh)
    places = np.arange(facts.last - facts.first)
    shape[facts.first : facts.last] = np.clip(energy_wh - places * facts.most_wh, 0, facts.most_wh)
    shape[facts.last - 1] += energy_wh - int(shape.sum())  # what a meter shows beyond full power
    return shape


def weigh_run(facts: RunFacts, net_wh: Ints, retail_micro: Ints, feed_in_micro: Ints) -> RunWeighed:
    """Weigh a run.

    Args:
        net_wh: import less export at the point of common coupling, as it was [T].
        retail_micro, feed_in_micro: published prices [T].
    """
    drawn = drawn_by_meter(facts)
    otherwise = at_once(int(drawn.sum()), facts)
    in_event = np.where(facts.in_event, np.maximum(otherwise - drawn, 0), 0)
    event_wh = int(in_event.sum())
    otherwise = otherwise - in_event
    later = np.maximum(drawn - otherwise, 0)
    unpaid = np.array(split(int(later.sum()) - event_wh, later.tolist()), dtype=np.int64)
    gave = np.maximum(otherwise - drawn, 0) - unpaid
    if gave.sum():
        raise AssertionError("a run was moved, not made larger or smaller")
    saved = savings(net_wh, gave[:, None], retail_micro, feed_in_micro)[:, 0]
    return RunWeighed(drawn, otherwise, saved, event_wh, int(np.maximum(gave, 0).sum()))


def owed_for_run(terms: Terms, weighed: RunWeighed) -> int:
    """What its owner is owed: a share of what was saved, or the price for each kWh moved [Wh x millionths per kWh]."""
    if terms.pay == Pay.PER_KWH:
        return weighed.moved_wh * terms.price_micro
    return owed(terms, int(weighed.saved_micro.sum()), 0)


def mean_price(saved_micro: Sequence[int], moved_wh: int) -> int:
    """What each kWh that was moved saved [millionths per kWh], rounded down."""
    return sum(saved_micro) // moved_wh if moved_wh else 0
