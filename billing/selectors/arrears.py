"""What is open beyond its day: the board's list by age, a member's own, who is spared and why nothing may be proposed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from django.db.models import F, Q, QuerySet, Sum

from billing.domain.arrears import BaseRatePeriod, Refusal, Stage, age_of, is_winter, refusals
from billing.models import (
    ArrearsRule,
    BaseRate,
    Document,
    DocumentKind,
    DocumentStatus,
    InstalmentPlan,
    PlanStatus,
    Protection,
    ProtectionKind,
    Reminder,
)
from energy.models import Site
from members.models import Cooperative, Member

LIFE_SUPPORT_TIER = 0


@dataclass(slots=True)
class MemberArrears:
    """A member's open bills beyond their day, by age [minor units], and what stands beside them."""

    member: Member
    by_age: list[int] = field(default_factory=lambda: [0, 0, 0, 0])
    oldest_due: date | None = None
    level: int = 0
    charged_minor: int = 0
    plan: InstalmentPlan | None = None
    is_spared: bool = False

    @property
    def rest_minor(self) -> int:
        return sum(self.by_age)


def rule_on(cooperative: Cooperative, day: date) -> ArrearsRule | None:
    """The rule in force; None: nobody is reminded."""
    rules = ArrearsRule.objects.filter(cooperative=cooperative, valid_from__lte=day)
    return rules.prefetch_related("stages").order_by("-valid_from").first()


def stages_of(rule: ArrearsRule) -> list[Stage]:
    """As plain values, by level."""
    rows = sorted(rule.stages.all(), key=lambda s: s.level)
    return [Stage(row.level, row.days_after_due, row.fee_minor) for row in rows]


def base_rates(currency: str) -> list[BaseRatePeriod]:
    """The base rates known of a currency."""
    return [
        BaseRatePeriod(*row)
        for row in BaseRate.objects.filter(currency=currency).order_by("valid_from").values_list("valid_from", "percent")
    ]


def overdue(cooperative: Cooperative, today: date) -> QuerySet[Document]:
    """Posted bills that are open beyond their day, the oldest first."""
    rows = Document.objects.filter(cooperative=cooperative, kind=DocumentKind.BILL, status=DocumentStatus.OPEN, due_date__lt=today)
    return (
        rows.filter(gross_minor__gt=F("paid_minor"), member__is_cooperative=False)
        .select_related("member", "site")
        .order_by("due_date", "pk")
    )


def standing_reminders(documents: QuerySet[Document] | Sequence[Document]) -> dict[int, list[Reminder]]:
    """By document, reminders that were not taken back, in order."""
    found: dict[int, list[Reminder]] = {}
    for row in Reminder.objects.filter(document__in=documents, taken_back_at=None).order_by("level"):
        found.setdefault(row.document_id, []).append(row)
    return found


def spared_members(cooperative: Cooperative, day: date, *kinds: ProtectionKind) -> set[int]:
    """Members under a protection on a day."""
    rows = Protection.objects.filter(Q(valid_to=None) | Q(valid_to__gt=day), member__cooperative=cooperative, valid_from__lte=day)
    return set((rows.filter(kind__in=kinds) if kinds else rows).values_list("member", flat=True))


def board_list(cooperative: Cooperative, today: date) -> list[MemberArrears]:
    """Members with open bills beyond their day, the largest sum first; a handful of queries."""
    documents = list(overdue(cooperative, today))
    reminders = standing_reminders(documents)
    plans = {plan.member_id: plan for plan in InstalmentPlan.objects.filter(member__cooperative=cooperative, status=PlanStatus.AGREED)}
    spared = spared_members(cooperative, today)
    found: dict[int, MemberArrears] = {}
    for document in documents:
        row = found.setdefault(document.member_id, MemberArrears(document.member))
        row.by_age[age_of(document.due_date, today)] += document.rest_minor
        row.oldest_due = row.oldest_due or document.due_date
        for reminder in reminders.get(document.pk, []):
            row.level, row.charged_minor = max(row.level, reminder.level), row.charged_minor + reminder.charged_minor
        row.plan, row.is_spared = plans.get(document.member_id), document.member_id in spared
    return sorted(found.values(), key=lambda row: (-row.rest_minor, row.member.number))


def has_life_support(site: Site, day: date) -> bool:
    """A consumer of the first tier stands at the site, or its member is noted to depend on supply."""
    return site.consumers.filter(priority_tier=LIFE_SUPPORT_TIER).exists() or site.member_id in spared_members(
        site.member.cooperative, day, ProtectionKind.LIFE_SUPPORT
    )


def why_not_proposed(site: Site, rule: ArrearsRule, today: date) -> list[Refusal]:
    """Why a disconnection of the site may not be proposed today; empty where nothing forbids it."""
    cooperative = site.member.cooperative
    documents = overdue(cooperative, today).filter(member=site.member)
    rest = documents.aggregate(rest=Sum(F("gross_minor") - F("paid_minor")))["rest"] or 0
    levels = [rows[-1].level for rows in standing_reminders(documents).values()]
    return refusals(
        life_support=has_life_support(site, today),
        hardship=site.member_id in spared_members(cooperative, today, ProtectionKind.HARDSHIP),
        winter=is_winter(today, rule.winter_first_month, rule.winter_last_month),
        plan_stands=InstalmentPlan.objects.filter(member=site.member, status=PlanStatus.AGREED).exists(),
        level=max(levels, default=0),
        least_level=rule.proposal_level,
        rest_minor=rest,
        least_minor=rule.proposal_least_minor,
    )
