"""What other rules of sharing would have meant for a member's last months, and for all members beside."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from billing.models import BillingRun, RuleReplay, RunStatus
from energy.models import Microgrid, Site
from energy.selectors.ownership import theirs_since_of

MOST_MONTHS = 3


@dataclass(frozen=True, slots=True)
class RuleOutcome:
    """What a rule would have meant over some months; money in minor units, what is paid less what is earned.

    Attributes:
        difference_minor: to the months as they were; below zero the rule would have been cheaper.
        better, worse: members, of whom none is named, that would have paid less or more.
    """

    key: str
    price_rule: str
    own_minor: int
    difference_minor: int
    better: int
    worse: int
    shared_wh: int

    @property
    def earned_minor(self) -> int:
        """The same with the sign of an income."""
        return -self.own_minor


@dataclass(frozen=True, slots=True)
class RuleComparison:
    """The months looked at, what they were, and what each rule would have made of them, best first; empty without months."""

    periods: list[str]
    own_minor: int
    shared_wh: int
    members: int
    outcomes: list[RuleOutcome]


def compare_rules(*, microgrid: Microgrid, sites: Sequence[Site]) -> RuleComparison:
    """Compare for the sites of one member, over the last months that were billed and replayed."""
    runs = [run for run in _runs(microgrid) if _had_all(sites, run)]
    rows = RuleReplay.objects.filter(run__in=runs)
    by_rule: dict[tuple[str, str], list[RuleReplay]] = {}
    for row in rows:
        by_rule.setdefault((row.key, row.price_rule), []).append(row)
    months = by_rule.pop(("", ""), [])
    if not months:
        return RuleComparison([], 0, 0, 0, [])
    told = {row.run_id for row in months}
    member_of = dict(Site.objects.filter(microgrid=microgrid, member__is_cooperative=False).values_list("pk", "member_id"))
    mine = {site.pk for site in sites}
    me = {site.member_id for site in sites}
    was = _balances(months, member_of)
    own = _own(months, mine, me)
    outcomes = []
    for (key, price_rule), replays in by_rule.items():
        if {row.run_id for row in replays} != told:
            continue
        would = _balances(replays, member_of)
        difference = np.array([would[member] - was[member] for member in was], dtype=np.int64)
        mine_now = _own(replays, mine, me)
        outcomes.append(
            RuleOutcome(
                key,
                price_rule,
                mine_now,
                mine_now - own,
                int((difference < 0).sum()),
                int((difference > 0).sum()),
                sum(row.shared_wh for row in replays),
            )
        )
    outcomes.sort(key=lambda outcome: (outcome.own_minor, outcome.key, outcome.price_rule))
    periods = sorted(f"{run.period // 100}-{run.period % 100:02}" for run in runs if run.pk in told)
    return RuleComparison(periods, own, sum(row.shared_wh for row in months), len(was), outcomes)


def _had_all(sites: Sequence[Site], run: BillingRun) -> bool:
    """Whether the sites were whose they are today for all of a run's days: a replay knows one sum of a site's month."""
    since = theirs_since_of({site.pk for site in sites})
    return all(day <= run.first_day for day in since.values())


def _runs(microgrid: Microgrid) -> list[BillingRun]:
    """The newest revision of the last posted months."""
    posted = BillingRun.objects.filter(microgrid=microgrid, status=RunStatus.POSTED)
    newest: dict[int, BillingRun] = {}
    for run in posted.order_by("-period", "-revision")[: 4 * MOST_MONTHS]:
        newest.setdefault(run.period, run)
    return list(newest.values())[:MOST_MONTHS]


def _balances(rows: Sequence[RuleReplay], member_of: dict[int, int]) -> dict[int, int]:
    """What each member pays less what it earns, parts of common plants among it."""
    members = set(member_of.values())
    sums: dict[int, int] = {}
    for row in rows:
        for site, bill, credit in zip(row.site_ids, row.bill_minor, row.credit_minor, strict=True):
            if site in member_of:
                sums[member_of[site]] = sums.get(member_of[site], 0) + bill - credit
        for member, credit in zip(row.part_member_ids, row.part_credit_minor, strict=True):
            if member in members:
                sums[member] = sums.get(member, 0) - credit
    return sums


def _own(rows: Sequence[RuleReplay], mine: set[int], me: set[int]) -> int:
    """What the sites pay less what they earn, and less what their members earn by parts of common plants."""
    parts = sum(credit for row in rows for member, credit in zip(row.part_member_ids, row.part_credit_minor, strict=True) if member in me)
    return -parts + sum(
        bill - credit
        for row in rows
        for site, bill, credit in zip(row.site_ids, row.bill_minor, row.credit_minor, strict=True)
        if site in mine
    )
