"""Awarding incentives: worked out for a month, cut to caps and budget under a lock, held where somebody should look, decided by a person."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from billing.domain.incentive_budget import Allotted, Earned, WhenShort, allot
from billing.domain.incentive_rules import DemandResponse, LocalUse, LowIncome, Rule, ShiftOffPeak
from billing.domain.pricing.parts import Incentive
from billing.domain.rating import MICRO_PER_MINOR
from billing.models import (
    AwardStatus,
    BillingRun,
    BudgetSpan,
    Component,
    IncentiveAward,
    IncentiveBudget,
    IncentiveStatus,
    IncentiveVersion,
    RunKind,
)
from billing.selectors.tariffs import group_by_tariffs
from billing.services.flexibility import Flexibility, note_flexibility
from billing.services.incentive_measures import WorkedOut, work_out
from billing.services.rate_plans import terms_along
from energy.models import Microgrid, Site
from members.models import Member, User

COMPONENT_OF = {LocalUse: Component.LOCAL_USE, ShiftOffPeak: Component.SHIFTED, LowIncome: Component.LOW_INCOME}
# What a tariff's own incentive pays for already.
BASIS_OF = {LocalUse: "local", ShiftOffPeak: "off_peak"}


class CannotDecide(ValueError):
    """An award cannot be decided so; the message says why."""


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What a version would give for some days: who earned what, what is left of it, and of which budget."""

    rows: list[tuple[WorkedOut, Allotted]]
    left_minor: int

    @property
    def earned_minor(self) -> int:
        return sum(one.amount_minor for one, _ in self.rows)

    @property
    def paid_minor(self) -> int:
        return sum(part.paid_minor for _, part in self.rows)


def versions_in_force(microgrid: Microgrid, day: date) -> list[IncentiveVersion]:
    """Each programme's newest approved version on a day, those without a budget left out."""
    rows = IncentiveVersion.objects.filter(programme__microgrid=microgrid, status=IncentiveStatus.APPROVED, valid_from__lte=day)
    newest = rows.select_related("programme__microgrid__cooperative").order_by("programme", "-valid_from").distinct("programme")
    return [version for version in newest if version.budget_minor]


def foresee(*, version: IncentiveVersion, days: Sequence[date]) -> Foreseen:
    """What a version would have given on these days with its whole budget; writes nothing."""
    found = _worked_out(version, days)
    parts = allot(
        _earned(found),
        budget_minor=version.budget_minor,
        member_cap_minor=version.member_cap_minor,
        when_short=WhenShort(version.when_short),
    )
    rows = list(zip(found, parts, strict=True))
    return Foreseen(rows, version.budget_minor - sum(part.paid_minor for part in parts))


def _worked_out(version: IncentiveVersion, days: Sequence[date]) -> list[WorkedOut]:
    microgrid, rule = version.programme.microgrid, version.parsed
    return work_out(microgrid=microgrid, rule=rule, days=days, paid_by_tariff=_paid_by_tariff(microgrid, rule, days))


def _paid_by_tariff(microgrid: Microgrid, rule: Rule, days: Sequence[date]) -> frozenset[int]:
    """Sites whose tariff has an incentive for the same energy on one of the days."""
    basis = BASIS_OF.get(type(rule))
    if basis is None:
        return frozenset()
    sites = list(Site.objects.filter(microgrid=microgrid, meters__kind="site").distinct().values_list("pk", flat=True))
    found: set[int] = set()
    for assignments, members in group_by_tariffs(sites, days).items():
        parts = [part for terms in set(terms_along(assignments, days)) for part in terms.priced().of_kind(Incentive)]
        if any(part.basis == basis and part.price for part in parts):
            found.update(members)
    return frozenset(found)


def _earned(found: Sequence[WorkedOut]) -> list[Earned]:
    return [Earned(f"{w.stay.site.code}\0{w.stay.first:03d}", w.stay.member.number, w.amount_minor, w.by_day) for w in found]


def award_month(*, run: BillingRun, now: datetime) -> int:
    """Award what members earned in a month that is about to be billed; once, however often it is asked for. Returns how many awards are new.

    Part of the caller's transaction. A month that is corrected later keeps what was awarded.
    """
    if run.kind != RunKind.FINAL or not run.is_whole:
        return 0
    made = 0
    for version in versions_in_force(run.microgrid, run.first_day):
        if not isinstance(version.parsed, DemandResponse):
            made += _award(version, run, now)
    return made


def _award(version: IncentiveVersion, run: BillingRun, now: datetime) -> int:
    budget = open_budget(version, run.first_day)
    found = _worked_out(version, run.days())
    causes = [_cause(version, run, w) for w in found]
    # By days, not by cause: a run that was withdrawn may come again with other days, or after somebody moved.
    days = [run.microgrid.local_day(day) for day in (run.first_day, run.last_day)]
    there = IncentiveAward.objects.filter(version__programme=version.programme, start_at__lt=days[1].end_at, end_at__gt=days[0].start_at)
    known = set(there.values_list("site_id", flat=True))
    fresh = [(w, cause) for w, cause in zip(found, causes, strict=True) if w.stay.site.pk not in known]
    parts = _allot(version, budget, run.period, _earned([w for w, _ in fresh]))
    awards = []
    for (w, cause), part in zip(fresh, parts, strict=True):
        held = bool(w.concerns) and part.paid_minor > 0
        first, last = (run.first_day + timedelta(days=w.stay.first), run.first_day + timedelta(days=w.stay.after - 1))
        awards.append(
            IncentiveAward(
                version=version,
                budget=budget,
                site=w.stay.site,
                member=w.stay.member,
                period=run.period,
                cause_ref=cause,
                start_at=run.microgrid.local_day(first).start_at,
                end_at=run.microgrid.local_day(last).end_at,
                quantity=w.quantity,
                unit=w.unit,
                baseline_wh=w.baseline_wh,
                measured_wh=w.measured_wh,
                earned_minor=w.amount_minor,
                capped_minor=part.capped_minor,
                awarded_minor=part.paid_minor,
                status=AwardStatus.HELD if held else AwardStatus.GRANTED,
                concerns=[str(c) for c in w.concerns] if held else [],
                made_at=now,
            )
        )
    IncentiveAward.objects.bulk_create(awards)
    note_flexibility(items=[item for award in awards if award.status == AwardStatus.GRANTED for item in _credit(award)], now=now)
    return len(awards)


def _cause(version: IncentiveVersion, run: BillingRun, one: WorkedOut) -> str:
    first = run.first_day + timedelta(days=one.stay.first)
    return f"incentive:{version.programme.public_id}:{one.stay.site.public_id}:{first:%Y%m%d}"


def open_budget(version: IncentiveVersion, day: date) -> IncentiveBudget:
    """The budget of the month or year of a day, held until the caller's transaction ends.

    A version that began meanwhile with less leaves what was given; nothing more comes then.
    """
    month = version.budget_span == BudgetSpan.MONTH
    first = date(day.year, day.month if month else 1, 1)
    key = {"programme": version.programme, "first_day": first, "span": version.budget_span}
    IncentiveBudget.objects.get_or_create(**key, defaults={"budget_minor": version.budget_minor})
    budget = IncentiveBudget.objects.select_for_update().get(**key)
    budget.budget_minor = max(version.budget_minor, budget.spent_minor)
    return budget


def _allot(version: IncentiveVersion, budget: IncentiveBudget, period: int, earned: Sequence[Earned]) -> list[Allotted]:
    """Cut to what the cap and the held budget leave, and take it off the budget."""
    before = IncentiveAward.objects.filter(version__programme=version.programme, period=period).exclude(status=AwardStatus.DECLINED)
    had = dict(before.order_by().values_list("member__number").annotate(sum=Sum("awarded_minor")))
    parts = allot(
        earned,
        budget_minor=budget.budget_minor - budget.spent_minor,
        member_cap_minor=version.member_cap_minor,
        when_short=WhenShort(version.when_short),
        member_had=had,
    )
    budget.spent_minor += sum(part.paid_minor for part in parts)
    budget.save(update_fields=["budget_minor", "spent_minor"])
    return parts


def _credit(award: IncentiveAward) -> list[Flexibility]:
    """What goes on the site's next credit document; nothing where cap or budget left nothing."""
    component = COMPONENT_OF.get(type(award.version.parsed))
    if component is None or not award.awarded_minor:
        return []
    return [
        Flexibility(
            award.site,
            component,
            award.cause_ref,
            award.start_at,
            award.end_at,
            award.version.programme.name[:40],
            award.quantity,
            award.awarded_minor * MICRO_PER_MINOR,
            award.baseline_wh,
            award.measured_wh,
            award.unit,
        )
    ]


@transaction.atomic
def decide_award(*, award: IncentiveAward, grant: bool, why: str, by: User, now: datetime) -> IncentiveAward:
    """Grant what was held, so that it stands on the next credit document, or decline it, so that the budget has it back.

    Raises:
        CannotDecide: it was decided before, or no reason is given.
    """
    if not why.strip():
        raise CannotDecide(_("Say why; the member reads it."))
    # The budget first, as whoever awards does.
    budget = IncentiveBudget.objects.select_for_update().get(pk=award.budget_id)
    row = IncentiveAward.objects.select_for_update(of=("self",)).select_related("site", "member", "version__programme").get(pk=award.pk)
    if row.status != AwardStatus.HELD:
        raise CannotDecide(_("It is %(state)s already.") % {"state": row.get_status_display()})
    row.status = AwardStatus.GRANTED if grant else AwardStatus.DECLINED
    row.decided_at, row.decided_by, row.why = now, by, why.strip()[:200]
    row.save(update_fields=["status", "decided_at", "decided_by", "why"])
    if grant:
        note_flexibility(items=_credit(row), now=now)
    else:
        budget.spent_minor -= row.awarded_minor
        budget.save(update_fields=["spent_minor"])
    return row


@dataclass(frozen=True, slots=True)
class EventAmount:
    """What a site earned at a demand response event."""

    key: int
    cause_ref: str
    site: Site
    member: Member
    delivered_wh: int
    baseline_wh: int | None
    measured_wh: int | None
    amount_minor: int


def limit_event(
    *, microgrid: Microgrid, day: date, start_at: datetime, end_at: datetime, amounts: Sequence[EventAmount], now: datetime
) -> dict[int, int]:
    """By key, what cap and budget of the microgrid's demand response incentive leave of an event's amounts; all of it where there is none.

    Events are credited one after the other, so that the first comes first; within one that is short everybody gets a part. Part of the
    caller's transaction.
    """
    version = next((v for v in versions_in_force(microgrid, day) if isinstance(v.parsed, DemandResponse)), None)
    if version is None:
        return {one.key: one.amount_minor for one in amounts}
    budget, period = open_budget(version, day), day.year * 100 + day.month
    known = dict(IncentiveAward.objects.filter(cause_ref__in=[a.cause_ref for a in amounts]).values_list("cause_ref", "awarded_minor"))
    fresh = [a for a in amounts if a.cause_ref not in known and a.amount_minor]
    parts = _allot(version, budget, period, [Earned(a.site.code, a.member.number, a.amount_minor) for a in fresh])
    IncentiveAward.objects.bulk_create(
        IncentiveAward(
            version=version,
            budget=budget,
            site=a.site,
            member=a.member,
            period=period,
            cause_ref=a.cause_ref,
            start_at=start_at,
            end_at=end_at,
            quantity=a.delivered_wh,
            unit="Wh",
            baseline_wh=a.baseline_wh,
            measured_wh=a.measured_wh,
            earned_minor=a.amount_minor,
            capped_minor=part.capped_minor,
            awarded_minor=part.paid_minor,
            status=AwardStatus.GRANTED,
            made_at=now,
        )
        for a, part in zip(fresh, parts, strict=True)
    )
    given: Mapping[str, int] = defaultdict(int, known | {a.cause_ref: part.paid_minor for a, part in zip(fresh, parts, strict=True)})
    return {a.key: given[a.cause_ref] for a in amounts}
