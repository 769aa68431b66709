"""Incentives: programmes with versions of rules as data, budgets that are never exceeded, and what each site was awarded."""

from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.domain.incentive_checks import Concern
from billing.domain.incentive_rules import CannotReadRule, Rule, rule_from_json
from energy.models import Microgrid, Site
from members.language import amount, day_in_words
from members.models import Member
from members.models.public import PublicRow


def validate_rule(given: Any) -> None:
    """Refuse what is no incentive rule."""
    try:
        rule_from_json(given)
    except CannotReadRule as problem:
        raise ValidationError(str(problem), code="rule") from None


class IncentiveProgramme(PublicRow):
    """Something that a microgrid rewards; what exactly, and with how much, is in its versions."""

    microgrid = models.ForeignKey(Microgrid, models.PROTECT, related_name="incentive_programmes")
    name = models.CharField(max_length=40, help_text=gettext_lazy("As it stands on members' documents."))

    class Meta:
        constraints = [models.UniqueConstraint(fields=["microgrid", "name"], name="incentive_name_once")]

    def __str__(self) -> str:
        return self.name


class IncentiveStatus(models.TextChoices):
    DRAFT = "draft", gettext_lazy("draft")
    SUBMITTED = "submitted", gettext_lazy("waits for approval")
    APPROVED = "approved", gettext_lazy("approved")
    REJECTED = "rejected", gettext_lazy("rejected")


class BudgetSpan(models.TextChoices):
    MONTH = "month", gettext_lazy("a month")
    YEAR = "year", gettext_lazy("a calendar year")


class WhenShort(models.TextChoices):
    PRO_RATA = "pro_rata", gettext_lazy("everybody gets a part, in proportion")
    FIRST_COME = "first_come", gettext_lazy("who earned it on an earlier day gets it in full")


class IncentiveVersion(PublicRow):
    """What a programme rewards from a month on, until the next approved version begins. A budget of 0 ends it.

    Written by one person, approved by another; from then on it never changes.
    """

    programme = models.ForeignKey(IncentiveProgramme, models.PROTECT, related_name="versions")
    number = models.PositiveSmallIntegerField()
    status = models.CharField(max_length=10, choices=IncentiveStatus.choices, default=IncentiveStatus.DRAFT)
    valid_from = models.DateField(help_text=gettext_lazy("The first day of a month."))
    rule = models.JSONField(validators=[validate_rule])
    member_cap_minor = models.BigIntegerField(
        gettext_lazy("most for one member"), null=True, blank=True, help_text=gettext_lazy("Minor units a month; empty: no limit.")
    )
    budget_minor = models.BigIntegerField(
        gettext_lazy("budget"), help_text=gettext_lazy("Minor units; never exceeded. 0 ends the programme.")
    )
    budget_span = models.CharField(max_length=5, choices=BudgetSpan.choices, default=BudgetSpan.MONTH)
    when_short = models.CharField(
        gettext_lazy("where the budget is short"), max_length=10, choices=WhenShort.choices, default=WhenShort.PRO_RATA
    )
    submitted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, editable=False, related_name="+")
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, editable=False, related_name="+")
    approved_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["programme", "number"], name="incentive_version_number_once"),
            models.UniqueConstraint(
                fields=["programme", "valid_from"], condition=Q(status="approved"), name="one_incentive_version_a_month"
            ),
            models.CheckConstraint(
                condition=Q(budget_minor__gte=0) & (Q(member_cap_minor__isnull=True) | Q(member_cap_minor__gt=0)),
                name="incentive_limits_in_range",
            ),
            models.CheckConstraint(condition=Q(valid_from__day=1), name="incentive_begins_with_a_month"),
            models.CheckConstraint(
                condition=(Q(status="approved", approved_by__isnull=False, submitted_by__isnull=False) & ~Q(approved_by=F("submitted_by")))
                | (~Q(status="approved") & Q(approved_by__isnull=True)),
                name="incentive_approved_by_another",
            ),
        ]

    def __str__(self) -> str:
        return _("%(programme)s, version %(number)s") % {"programme": self.programme, "number": self.number}

    @property
    def parsed(self) -> Rule:
        """The rule as a value."""
        return rule_from_json(self.rule)


class IncentiveBudget(models.Model):
    """What a programme may give out in one month or year, and what it has; the row is held while it is given out."""

    programme = models.ForeignKey(IncentiveProgramme, models.PROTECT, related_name="budgets")
    first_day = models.DateField()
    span = models.CharField(max_length=5, choices=BudgetSpan.choices)
    budget_minor = models.BigIntegerField()
    spent_minor = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["programme", "first_day", "span"], name="incentive_budget_once"),
            models.CheckConstraint(condition=Q(spent_minor__gte=0, spent_minor__lte=F("budget_minor")), name="budget_is_never_exceeded"),
        ]

    def __str__(self) -> str:
        return _("%(programme)s from %(first_day)s: %(spent)s of %(budget)s") % {
            "programme": self.programme,
            "first_day": day_in_words(self.first_day),
            "spent": amount(self.spent_minor),
            "budget": amount(self.budget_minor),
        }


class AwardStatus(models.TextChoices):
    GRANTED = "granted", gettext_lazy("granted")
    HELD = "held", gettext_lazy("to be looked at")
    DECLINED = "declined", gettext_lazy("declined")


class IncentiveAward(PublicRow):
    """What one site earned under a version in a month (or at an event), what cap and budget left of it, and what was decided.

    Where a check has a concern it is held until a person decides; its money stays set aside until then.
    """

    version = models.ForeignKey(IncentiveVersion, models.PROTECT, related_name="awards")
    budget = models.ForeignKey(IncentiveBudget, models.PROTECT, related_name="awards")
    site = models.ForeignKey(Site, models.PROTECT, related_name="incentive_awards")
    member = models.ForeignKey(Member, models.PROTECT, related_name="incentive_awards")
    period = models.PositiveIntegerField(help_text=gettext_lazy("YYYYMM"))
    cause_ref = models.CharField(max_length=120, unique=True)
    start_at = models.DateTimeField()
    end_at = models.DateTimeField()
    quantity = models.BigIntegerField()
    unit = models.CharField(max_length=4, blank=True)
    baseline_wh = models.BigIntegerField(null=True, blank=True)
    measured_wh = models.BigIntegerField(null=True, blank=True)
    earned_minor = models.BigIntegerField(help_text=gettext_lazy("Without limits."))
    capped_minor = models.BigIntegerField(help_text=gettext_lazy("Within the member's cap."))
    awarded_minor = models.BigIntegerField(help_text=gettext_lazy("Within the budget too."))
    status = models.CharField(max_length=8, choices=AwardStatus.choices)
    concerns = ArrayField(models.CharField(max_length=16, choices=[(c.value, c.value) for c in Concern]), default=list, blank=True)
    made_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    why = models.CharField(max_length=200, blank=True, help_text=gettext_lazy("Of the decision; the member reads it."))

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    quantity__gt=0, awarded_minor__gte=0, capped_minor__gte=F("awarded_minor"), earned_minor__gte=F("capped_minor")
                ),
                name="award_within_its_limits",
            ),
            models.CheckConstraint(
                condition=Q(status="granted", concerns=[])
                | Q(status="held", decided_by__isnull=True)
                | (Q(status__in=["granted", "declined"], decided_by__isnull=False, decided_at__isnull=False) & ~Q(why="")),
                name="concerns_are_decided_by_a_person",
            ),
        ]
        indexes = [
            models.Index(fields=["version", "period"], name="awards_by_period"),
            models.Index(fields=["member", "-period"], name="awards_by_member"),
            models.Index(fields=["version"], condition=Q(status="held"), name="awards_held"),
        ]

    def __str__(self) -> str:
        return _("%(awarded)s of %(version)s for %(site)s, %(period)s") % {
            "awarded": amount(self.awarded_minor),
            "version": self.version,
            "site": self.site,
            "period": self.period,
        }


class IncentiveEntitlement(models.Model):
    """That a member is entitled to support for low income, from when to when. No proof is kept: that it was seen, and by whom."""

    member = models.ForeignKey(Member, models.PROTECT, related_name="incentive_entitlements")
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True, help_text=gettext_lazy("Exclusive; empty: until further notice."))
    noted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(valid_to__isnull=True) | Q(valid_to__gt=F("valid_from")), name="entitlement_in_order")
        ]

    def __str__(self) -> str:
        return _("%(member)s from %(valid_from)s") % {"member": self.member, "valid_from": day_in_words(self.valid_from)}
