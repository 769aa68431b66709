"""From what was earned to what is paid: no member above the cap, nothing above the budget, every minor unit accounted for.

Amounts are whole minor units; what is cut is cut by largest remainder with ties by name as text, so that the order in which sites are
listed does not matter.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from kernel.apportionment import largest_remainder


class WhenShort(StrEnum):
    """Who goes short where the budget does not reach: all in proportion, or whoever earned later."""

    PRO_RATA = "pro_rata"
    FIRST_COME = "first_come"


@dataclass(frozen=True, slots=True)
class Earned:
    """What one site would get if there were no limits.

    Attributes:
        name: breaks ties; the site's code.
        member: whose cap counts.
        amount_minor: the whole of it.
        by_day: how much of it was earned on each day in order, as weights; what comes first is paid first where that is the rule.
    """

    name: str
    member: str
    amount_minor: int
    by_day: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Allotted:
    """What the cap leaves of it, and what the budget leaves of that [minor units]."""

    capped_minor: int
    paid_minor: int


def allot(
    earned: Sequence[Earned],
    *,
    budget_minor: int,
    member_cap_minor: int | None = None,
    when_short: WhenShort = WhenShort.PRO_RATA,
    member_had: dict[str, int] | None = None,
) -> list[Allotted]:
    """What each gets, in the order given: at most the budget together, at most the cap for each member.

    Args:
        member_had: what members got under the same cap before.
    """
    capped = _within_cap(earned, member_cap_minor, member_had or {})
    if sum(capped) <= budget_minor:
        return [Allotted(part, part) for part in capped]
    if when_short == WhenShort.PRO_RATA:
        paid = largest_remainder(max(budget_minor, 0), capped, [e.name for e in earned])
    else:
        paid = _first_come(earned, capped, budget_minor)
    return [Allotted(part, given) for part, given in zip(capped, paid, strict=True)]


def _within_cap(earned: Sequence[Earned], cap_minor: int | None, had: dict[str, int]) -> list[int]:
    """Each amount, or its part of the member's cap where the member's amounts together exceed it."""
    amounts = [e.amount_minor for e in earned]
    if cap_minor is None:
        return amounts
    of_member: dict[str, list[int]] = defaultdict(list)
    for i, one in enumerate(earned):
        of_member[one.member].append(i)
    for member, places in of_member.items():
        room = max(cap_minor - had.get(member, 0), 0)
        if sum(amounts[i] for i in places) > room:
            parts = largest_remainder(room, [amounts[i] for i in places], [earned[i].name for i in places])
            for i, part in zip(places, parts, strict=True):
                amounts[i] = part
    return amounts


def _first_come(earned: Sequence[Earned], capped: Sequence[int], budget_minor: int) -> list[int]:
    """Day after day in full, until a day that no longer fits: that one in proportion, and nothing after it."""
    names = [e.name for e in earned]
    days = max((len(e.by_day) for e in earned), default=0) or 1
    by_day = [_over_days(e, amount, days) for e, amount in zip(earned, capped, strict=True)]
    paid, left = [0] * len(earned), max(budget_minor, 0)
    for day in range(days):
        today = [row[day] for row in by_day]
        given = today if sum(today) <= left else largest_remainder(left, today, names)
        paid = [a + b for a, b in zip(paid, given, strict=True)]
        left -= sum(given)
    return paid


def _over_days(one: Earned, amount_minor: int, days: int) -> list[int]:
    """An amount over the days on which it was earned; all on the last where no day says anything."""
    weights = [*one.by_day, *[0] * (days - len(one.by_day))]
    if not any(weights):
        weights[-1] = 1
    return largest_remainder(amount_minor, weights, [f"{day:05d}" for day in range(days)])
