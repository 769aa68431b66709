"""Sharing out: worked out by one person, released by another, then owed to members and paid out with all else that is owed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from billing.domain.distribution import CannotShareOut, Claim, dividend_minor, reserve_of, share_out, used_for, weights_of, withheld_minor
from billing.models import (
    Account,
    AccountCode,
    Distribution,
    DistributionKind,
    DistributionPart,
    DistributionRule,
    DistributionStatus,
    Payout,
)
from billing.selectors.distributions import MarginLine, claims_of, left_of_years, margin_lines, rule_on, standing, used_of
from billing.services.deliveries import queue_letters
from billing.services.ledger import account, post_transaction
from billing.services.payables import CannotPayOut, Payable, join
from billing.services.release import policy_of
from kernel.intervals import Month
from members.language import amount, month_in_words
from members.models import Cooperative, Member, User


class CannotDistribute(ValueError):
    """The sum cannot be shared out, or not so; the message says why."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a treasurer wants to share out.

    Attributes:
        used_minor: what is taken from the margin, for revenue.
        energy_percent: of it, by Wh delivered; the rest by shares.
        dividend_rate: a year's rate on capital, for a dividend; the sum follows from it.
        other_costs_minor: of these months and not in the books; they lessen what there is.
    """

    kind: DistributionKind
    name: str
    first_day: date
    last_day: date
    used_minor: int = 0
    energy_percent: int = 100
    dividend_rate: Decimal | None = None
    other_costs_minor: int = 0
    other_costs_why: str = ""


@dataclass(frozen=True, slots=True)
class PlannedPart:
    """What one member would get."""

    member: Member
    claim: Claim
    gross_minor: int
    withheld_minor: int

    @property
    def net_minor(self) -> int:
        return self.gross_minor - self.withheld_minor


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be shared out, from what, to whom, and what is in the way (empty where nothing is)."""

    wanted: Wanted
    margin: list[MarginLine]
    used_before_minor: int
    other_costs_minor: int
    rule: DistributionRule
    used_minor: int
    reserve_minor: int
    left_by_cap_minor: int
    parts: list[PlannedPart]
    obstacles: list[str]
    left_of_years_minor: int | None = None

    @property
    def margin_minor(self) -> int:
        return sum(line.amount_minor for line in self.margin)

    @property
    def available_minor(self) -> int:
        """What is left of the margin to be shared out."""
        left = self.margin_minor - self.other_costs_minor - self.used_before_minor
        return left if self.left_of_years_minor is None else min(left, self.left_of_years_minor - self.other_costs_minor)

    @property
    def shared_minor(self) -> int:
        return sum(part.gross_minor for part in self.parts)


def plan_distribution(*, cooperative: Cooperative, wanted: Wanted, but: Distribution | None = None) -> Plan:
    """Work out who would get what; writes nothing. `but` is left out of what was used before."""
    first, last = wanted.first_day, wanted.last_day
    rule = rule_on(cooperative, last) or DistributionRule(cooperative=cooperative, valid_from=first)
    margin = margin_lines(cooperative, first, last)
    same = standing(cooperative).filter(first_day=first, last_day=last).exclude(pk=but.pk if but else 0)
    costs = max([wanted.other_costs_minor, *same.filter(counters=None).values_list("other_costs_minor", flat=True)])
    used_before = used_of(cooperative, first, last) - (but.used_minor if but else 0)
    rows = claims_of(cooperative, first, last)
    obstacles = _obstacles(cooperative, wanted, rule, but)
    used, reserve, left, parts = _divided(wanted, rule, rows, obstacles)
    of_years = left_of_years(cooperative, first, last, but=but)
    plan = Plan(wanted, margin, used_before, costs, rule, used, reserve, left, parts, obstacles, of_years)
    _check_margin(plan)
    return plan


def _obstacles(cooperative: Cooperative, wanted: Wanted, rule: DistributionRule, but: Distribution | None) -> list[str]:
    first, last = wanted.first_day, wanted.last_day
    found = []
    if first > last or first.day != 1 or Month(last.year, last.month).last_day != last:
        found.append(_("A distribution is of whole months: from the first day of one to the last day of one."))
    if not wanted.name.strip():
        found.append(_("Give it a name; it stands on the statements."))
    others = standing(cooperative).filter(counters=None).exclude(countered_by__status=DistributionStatus.RELEASED)
    others = others.exclude(pk=but.pk if but else 0)
    if _named(cooperative, wanted.name, but):
        found.append(_("There is a distribution “%(name)s” already; give this one another name.") % {"name": wanted.name.strip()})
    crossing = others.filter(first_day__lte=last, last_day__gte=first).exclude(first_day=first, last_day=last)
    other = crossing.first()
    if other is not None:
        found.append(
            _("“%(other)s” is of %(first)s to %(last)s: months that overlap would be shared out twice. Take the same months, or others.")
            % {"other": other, "first": month_in_words(other.first_day), "last": month_in_words(other.last_day)}
        )
    if wanted.kind == DistributionKind.DIVIDEND:
        if wanted.dividend_rate is None or wanted.dividend_rate <= 0:
            found.append(_("Give the dividend's rate; it is more than nothing."))
        elif wanted.dividend_rate > rule.highest_dividend:
            found.append(
                _("The bylaws allow a dividend of at most %(most)s %% a year, not %(wanted)s %%.")
                % {"most": number_format(rule.highest_dividend * 100, 2), "wanted": number_format(wanted.dividend_rate * 100, 2)}
            )
        if first.year != last.year:
            found.append(_("A dividend is of months of one year."))
    return found


def _named(cooperative: Cooperative, name: str, but: Distribution | None) -> bool:
    rows = Distribution.objects.filter(cooperative=cooperative, name=name.strip(), counters=None)
    return rows.exclude(status=DistributionStatus.CANCELLED).exclude(pk=but.pk if but else 0).exists()


def _divided(
    wanted: Wanted, rule: DistributionRule, rows: Sequence[tuple[Member, Claim]], obstacles: list[str]
) -> tuple[int, int, int, list[PlannedPart]]:
    """Sum used, to the reserves, left by the cap, and the parts; what is in the way is added to `obstacles`."""
    is_dividend = wanted.kind == DistributionKind.DIVIDEND
    claims = [claim for _, claim in rows]
    if is_dividend:
        rate = wanted.dividend_rate or Decimal(0)
        shared = dividend_minor(claims, max(rate, Decimal(0)), year=wanted.first_day.year)
        used = used_for(shared, rule.reserve_rate)
    else:
        used = wanted.used_minor
        shared = used - reserve_of(max(used, 0), rule.reserve_rate)
    if shared <= 0:
        obstacles.append(_("There is no sum to share out: it has to be more than nothing, after reserves."))
        return used, 0, 0, []
    energy_percent, cap = (0, None) if is_dividend else (wanted.energy_percent, rule.member_cap_minor)
    try:
        weights = weights_of(claims, energy_percent=energy_percent)
        out = share_out(shared, claims, energy_percent=energy_percent, cap_minor=cap)
    except CannotShareOut as why:
        obstacles.append(str(why))
        return used, 0, 0, []
    withholding = rule.dividend_withholding if is_dividend else Decimal(0)
    parts = [
        PlannedPart(member, claim, gross, withheld_minor(gross, withholding))
        for (member, claim), gross, weight in zip(rows, out.amounts_minor, weights, strict=True)
        if weight
    ]
    return used, used - sum(out.amounts_minor), out.left_minor, parts


def _check_margin(plan: Plan) -> None:
    """Nothing is shared out that was not earned."""
    if plan.margin_minor - plan.other_costs_minor <= 0:
        plan.obstacles.append(
            _("These months left no margin: %(margin)s after all costs. A loss cannot be shared out.")
            % {"margin": amount(plan.margin_minor - plan.other_costs_minor)}
        )
    elif plan.used_minor > plan.available_minor:
        plan.obstacles.append(_too_much(plan))


def _too_much(plan: Plan) -> str:
    """Why a sum is more than there is, with what lessened it."""
    figures = {"there": amount(max(plan.available_minor, 0)), "used": amount(plan.used_minor), "before": amount(plan.used_before_minor)}
    if plan.used_before_minor and plan.left_of_years_minor is not None:
        return (
            _(
                "There are %(there)s to share out, %(before)s of it is used already, and the closing of the year set part of it aside for the reserves; %(used)s is more."
            )
            % figures
        )
    if plan.used_before_minor:
        return _("There are %(there)s to share out, %(before)s of it is used already; %(used)s is more.") % figures
    if plan.left_of_years_minor is not None:
        return (
            _("There are %(there)s to share out, and the closing of the year set part of it aside for the reserves; %(used)s is more.")
            % figures
        )
    return _("There are %(there)s to share out; %(used)s is more.") % figures


@transaction.atomic
def prepare_distribution(*, cooperative: Cooperative, wanted: Wanted, by: User, now: datetime) -> Distribution:
    """Keep a plan; nothing is owed before another person releases it.

    Raises:
        CannotDistribute: something is in the way.
    """
    _lock(cooperative)
    plan = plan_distribution(cooperative=cooperative, wanted=wanted)
    if plan.obstacles:
        raise CannotDistribute(" ".join(plan.obstacles))
    is_dividend = wanted.kind == DistributionKind.DIVIDEND
    made = Distribution.objects.create(
        cooperative=cooperative,
        kind=wanted.kind,
        name=wanted.name.strip(),
        first_day=wanted.first_day,
        last_day=wanted.last_day,
        energy_percent=0 if is_dividend else wanted.energy_percent,
        dividend_rate=wanted.dividend_rate if is_dividend else None,
        reserve_rate=plan.rule.reserve_rate,
        withholding_rate=plan.rule.dividend_withholding if is_dividend else 0,
        member_cap_minor=None if is_dividend else plan.rule.member_cap_minor,
        margin_minor=plan.margin_minor,
        other_costs_minor=wanted.other_costs_minor,
        other_costs_why=wanted.other_costs_why.strip(),
        used_minor=plan.used_minor,
        reserve_minor=plan.reserve_minor,
        prepared_at=now,
        prepared_by=by,
    )
    DistributionPart.objects.bulk_create(
        DistributionPart(
            distribution=made,
            member=p.member,
            delivered_wh=p.claim.delivered_wh,
            capital_days=p.claim.capital_days,
            gross_minor=p.gross_minor,
            withheld_minor=p.withheld_minor,
        )
        for p in plan.parts
    )
    return made


def _lock(cooperative: Cooperative) -> None:
    """One at a time, so that a margin is not used twice."""
    Cooperative.objects.select_for_update(no_key=True).get(pk=cooperative.pk)


def _opened(distribution: Distribution) -> Distribution:
    _lock(distribution.cooperative)
    return Distribution.objects.select_for_update(of=("self",)).select_related("cooperative", "counters").get(pk=distribution.pk)


@transaction.atomic
def release_distribution(*, distribution: Distribution, by: User, now: datetime) -> Distribution:
    """Owe the members their parts, or owe them no longer: one balanced transaction, once. Payouts take them from there.

    Raises:
        CannotDistribute: whoever prepared it asks, it was cancelled, or what it was worked out from has changed since.
        CannotPost: the month is closed.
    """
    row = _opened(distribution)
    if row.status == DistributionStatus.RELEASED:
        return row
    if row.status == DistributionStatus.CANCELLED:
        raise CannotDistribute(_("It was cancelled; prepare it anew."))
    if row.prepared_by_id == by.pk:
        raise CannotDistribute(_("You prepared it: a second person releases it."))
    if row.counters is None:
        _check_fresh(row)
    else:
        Distribution.objects.select_for_update().get(pk=row.counters.pk)
    _post(row, now)
    row.status, row.released_at, row.released_by = DistributionStatus.RELEASED, now, by
    row.save(update_fields=["status", "released_at", "released_by"])
    if policy_of(row.cooperative).sends_by_mail:
        queue_letters(letters=row.parts.exclude(gross_minor=0).select_related("member"), now=now)
    return row


def wanted_by(row: Distribution) -> Wanted:
    """What was asked for when it was prepared."""
    return Wanted(
        DistributionKind(row.kind),
        row.name,
        row.first_day,
        row.last_day,
        row.used_minor,
        row.energy_percent,
        row.dividend_rate,
        row.other_costs_minor,
        row.other_costs_why,
    )


def _check_fresh(row: Distribution) -> None:
    """Refuse what would come out otherwise today: a correction, a payment of shares or other bylaws came between."""
    plan = plan_distribution(cooperative=row.cooperative, wanted=wanted_by(row), but=row)
    if plan.obstacles:
        raise CannotDistribute(" ".join(plan.obstacles))
    kept = sorted(row.parts.values_list("member_id", "gross_minor", "withheld_minor", "delivered_wh", "capital_days"))
    now = sorted((p.member.pk, p.gross_minor, p.withheld_minor, p.claim.delivered_wh, p.claim.capital_days) for p in plan.parts)
    if kept != now:
        raise CannotDistribute(_("Deliveries, shares or the bylaws changed since it was prepared; cancel it and prepare it anew."))


def _post(row: Distribution, now: datetime) -> None:
    cooperative = row.cooperative
    parts = list(row.parts.select_related("member"))
    owed = _payable_accounts(cooperative, [part.member for part in parts])
    amounts = {owed[part.member_id]: -part.net_minor for part in parts}
    amounts[account(cooperative, AccountCode.DISTRIBUTIONS)] = row.used_minor
    amounts[account(cooperative, AccountCode.RESERVES)] = -row.reserve_minor
    amounts[account(cooperative, AccountCode.WITHHELD_TAX)] = -sum(part.withheld_minor for part in parts)
    post_transaction(
        cooperative=cooperative,
        idempotency_key=f"distribution:{row.public_id}",
        cause="distribution",
        cause_ref=row.public_id,
        booked_date=now.date(),
        now=now,
        amounts=amounts,
    )


def _payable_accounts(cooperative: Cooperative, members: Sequence[Member]) -> dict[int, Account]:
    """What is owed to each, made where it is missing."""
    common = {"cooperative": cooperative, "code": AccountCode.PAYABLE, "currency": cooperative.currency}
    Account.objects.bulk_create((Account(member=m, **common) for m in members), ignore_conflicts=True)
    return {a.member_id or 0: a for a in Account.objects.filter(member__in=members, **common)}


@transaction.atomic
def cancel_distribution(*, distribution: Distribution) -> bool:
    """Drop what was prepared and not released; returns whether it was still so."""
    return bool(
        Distribution.objects.filter(pk=distribution.pk, status=DistributionStatus.PREPARED).update(status=DistributionStatus.CANCELLED)
    )


@transaction.atomic
def take_back_distribution(*, distribution: Distribution, why: str, by: User, now: datetime) -> Distribution:
    """Prepare the counter-distribution: the same with other signs; another person releases it, and then nobody is owed a part.

    What was paid out already stays as a debit with its member.

    Raises:
        CannotDistribute: it is not released, is taken back already, takes another back itself, or no reason is given.
    """
    row = _opened(distribution)
    if row.status != DistributionStatus.RELEASED or row.counters is not None:
        raise CannotDistribute(_("Only a distribution that was released can be taken back."))
    if row.countered_by.exclude(status=DistributionStatus.CANCELLED).exists():
        raise CannotDistribute(_("It is taken back already."))
    if not why.strip():
        raise CannotDistribute(_("Say why; members read it on their statements."))
    made = Distribution.objects.create(
        cooperative=row.cooperative,
        kind=row.kind,
        name=row.name,
        first_day=row.first_day,
        last_day=row.last_day,
        energy_percent=row.energy_percent,
        dividend_rate=row.dividend_rate,
        reserve_rate=row.reserve_rate,
        withholding_rate=row.withholding_rate,
        member_cap_minor=row.member_cap_minor,
        margin_minor=row.margin_minor,
        used_minor=-row.used_minor,
        reserve_minor=-row.reserve_minor,
        counters=row,
        why=why.strip()[:200],
        prepared_at=now,
        prepared_by=by,
    )
    DistributionPart.objects.bulk_create(
        DistributionPart(
            distribution=made,
            member_id=p.member_id,
            delivered_wh=p.delivered_wh,
            capital_days=p.capital_days,
            gross_minor=-p.gross_minor,
            withheld_minor=-p.withheld_minor,
        )
        for p in row.parts.all()
    )
    return made


class DistributionParts:
    """Members' parts of released distributions, among all else that is paid out."""

    code = "distribution"

    def open(self, cooperative: Cooperative) -> list[Payable]:
        rows = self._owed().filter(distribution__cooperative=cooperative)
        return [
            Payable(
                self.code, str(r.public_id), r.member, r.net_minor - r.paid_minor, r.distribution.name, r.member.iban, AccountCode.PAYABLE
            )
            for r in rows.select_related("member", "distribution").order_by("pk")
        ]

    @staticmethod
    def _owed() -> QuerySet[DistributionPart]:
        """Parts that stand and are not paid."""
        taken_back = Q(distribution__countered_by__status=DistributionStatus.RELEASED)
        rows = DistributionPart.objects.filter(distribution__status=DistributionStatus.RELEASED, distribution__counters=None)
        return rows.exclude(taken_back).filter(paid_minor__lt=F("gross_minor") - F("withheld_minor"))

    def settle(self, payout: Payout, now: datetime) -> None:
        # Whoever takes the distribution back holds the same row.
        Distribution.objects.select_for_update().get(parts__public_id=payout.source_key)
        part = self._owed().filter(public_id=payout.source_key).first()
        if part is None or payout.amount_minor > part.net_minor - part.paid_minor:
            raise CannotPayOut(_("%(text)s: %(amount)s is no longer owed.") % {"text": payout.text, "amount": amount(payout.amount_minor)})
        part.paid_minor += payout.amount_minor
        part.save(update_fields=["paid_minor"])

    def reopen(self, payout: Payout, now: datetime) -> None:
        DistributionPart.objects.filter(public_id=payout.source_key).update(paid_minor=F("paid_minor") - payout.amount_minor)


join(DistributionParts())
