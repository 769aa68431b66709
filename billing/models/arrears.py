"""Bills that stay open: the cooperative's rule, reminders, plans, who is spared, and proposals to the board. Everything can be taken back."""

from datetime import date
from decimal import Decimal

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.models.documents import Document
from energy.models import Site
from members.language import day_in_words
from members.models import Cooperative, Member
from members.models.public import PublicRow


class ArrearsRule(models.Model):
    """How a cooperative reminds, from a day on. Without a rule nobody is reminded. Stages are rows below it."""

    cooperative = models.ForeignKey(Cooperative, models.PROTECT, related_name="arrears_rules")
    valid_from = models.DateField()
    least_minor = models.PositiveIntegerField(gettext_lazy("below this nobody is reminded [minor units]"), default=500)
    rest_days = models.PositiveSmallIntegerField(gettext_lazy("days that a reminder gives"), default=14)
    interest_points = models.DecimalField(
        gettext_lazy("interest above the base rate [per cent points]"),
        max_digits=5,
        decimal_places=2,
        default=Decimal("5.00"),
        help_text=gettext_lazy("Base rates are entered beside; 5 points for households by section 288 BGB."),
    )
    charges_interest = models.BooleanField(gettext_lazy("interest is charged with reminders"), default=False)
    spares_hardship = models.BooleanField(gettext_lazy("members in hardship get no fees and no interest"), default=True)
    plan_grace_days = models.PositiveSmallIntegerField(gettext_lazy("days of grace for an instalment"), default=7)
    winter_first_month = models.PositiveSmallIntegerField(default=11)
    winter_last_month = models.PositiveSmallIntegerField(default=3)
    proposal_level = models.PositiveSmallIntegerField(
        gettext_lazy("a disconnection may be proposed after the reminder of level"), default=3
    )
    proposal_least_minor = models.PositiveIntegerField(gettext_lazy("and from so much on [minor units]"), default=10_000)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["cooperative", "valid_from"], name="arrears_rule_once_a_day"),
            models.CheckConstraint(
                condition=Q(winter_first_month__range=(1, 12), winter_last_month__range=(1, 12)), name="winter_is_months"
            ),
            models.CheckConstraint(condition=Q(rest_days__gte=7), name="reminders_give_a_week_at_least"),
            models.CheckConstraint(condition=Q(interest_points__gte=0, interest_points__lte=9), name="interest_points_are_lawful"),
        ]

    def __str__(self) -> str:
        return _("arrears of %(cooperative)s from %(valid_from)s") % {
            "cooperative": self.cooperative,
            "valid_from": day_in_words(self.valid_from),
        }


class ReminderStage(models.Model):
    """One reminder of a rule: from so many days after the due date on, at this fee."""

    rule = models.ForeignKey(ArrearsRule, models.CASCADE, related_name="stages")
    level = models.PositiveSmallIntegerField()
    days_after_due = models.PositiveSmallIntegerField()
    fee_minor = models.PositiveIntegerField(gettext_lazy("fee [minor units]"), default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["rule", "level"], name="stage_level_once"),
            models.CheckConstraint(condition=Q(level__range=(1, 9)), name="stage_level_in_range"),
        ]

    def __str__(self) -> str:
        return _("%(level)s after %(days_after_due)s days") % {"level": self.level, "days_after_due": self.days_after_due}


class BaseRate(models.Model):
    """The base rate of a currency area [per cent a year] from a day on, as its central bank publishes it."""

    currency = models.CharField(max_length=3, default="EUR")
    valid_from = models.DateField()
    percent = models.DecimalField(max_digits=5, decimal_places=2)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["currency", "valid_from"], name="base_rate_once")]

    def __str__(self) -> str:
        return _("%(percent)s %% from %(valid_from)s") % {"percent": self.percent, "valid_from": day_in_words(self.valid_from)}


class Reminder(PublicRow):
    """A reminder of one bill, as sent: what was open, what it cost, until when. Taken back, it never counted."""

    cooperative = models.ForeignKey(Cooperative, models.PROTECT, related_name="reminders")
    member = models.ForeignKey(Member, models.PROTECT, related_name="reminders")
    document = models.ForeignKey(Document, models.PROTECT, related_name="reminders")
    level = models.PositiveSmallIntegerField()
    sent_date = models.DateField()
    pay_until = models.DateField()
    rest_minor = models.BigIntegerField()
    fee_minor = models.BigIntegerField(default=0)
    interest_minor = models.BigIntegerField(default=0)
    interest_from = models.DateField(help_text=gettext_lazy("First day of the interest; it ends with the day before it was sent."))
    interest_words = models.CharField(max_length=300, blank=True, help_text=gettext_lazy("First day, days and rate of each piece."))
    taken_back_at = models.DateTimeField(null=True, blank=True)
    taken_back_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    why = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["document", "level"], condition=Q(taken_back_at__isnull=True), name="reminded_once_a_level"),
            models.CheckConstraint(
                condition=Q(rest_minor__gt=0, fee_minor__gte=0, interest_minor__gte=0), name="reminder_amounts_in_range"
            ),
            models.CheckConstraint(
                condition=Q(taken_back_at__isnull=True) | (Q(taken_back_by__isnull=False) & ~Q(why="")), name="reminders_taken_back_say_why"
            ),
        ]
        indexes = [models.Index(fields=["member", "-sent_date"], name="reminders_by_member")]

    def __str__(self) -> str:
        return _("reminder %(level)s of %(document)s") % {"level": self.level, "document": self.document}

    @property
    def charged_minor(self) -> int:
        """Fee and interest."""
        return self.fee_minor + self.interest_minor


class PlanStatus(models.TextChoices):
    AGREED = "agreed", gettext_lazy("agreed")
    KEPT = "kept", gettext_lazy("kept to the end")
    BROKEN = "broken", gettext_lazy("broken")
    WITHDRAWN = "withdrawn", gettext_lazy("withdrawn")


class InstalmentPlan(PublicRow):
    """What a member and the cooperative agreed on for some open bills; while it stands, none of them is reminded."""

    member = models.ForeignKey(Member, models.PROTECT, related_name="instalment_plans")
    documents = models.ManyToManyField(Document, related_name="instalment_plans")
    agreed_date = models.DateField()
    agreed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    paid_before_minor = models.BigIntegerField(help_text=gettext_lazy("Of these bills, when it was agreed."))
    due_dates = ArrayField(models.DateField())
    amounts_minor = ArrayField(models.BigIntegerField())
    status = models.CharField(max_length=10, choices=PlanStatus.choices, default=PlanStatus.AGREED)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["member"], condition=Q(status="agreed"), name="one_plan_at_a_time")]

    def __str__(self) -> str:
        return _("plan of %(member)s, %(status)s") % {"member": self.member, "status": self.get_status_display()}

    @property
    def due(self) -> list[tuple[date, int]]:
        """Days and amounts in order."""
        return list(zip(self.due_dates, self.amounts_minor, strict=True))


class ProtectionKind(models.TextChoices):
    HARDSHIP = "hardship", gettext_lazy("hardship")
    LIFE_SUPPORT = "life_support", gettext_lazy("life support")


class Protection(models.Model):
    """Why a member is spared, from when to when. No diagnosis, no paper: that it is so, and who noted it."""

    member = models.ForeignKey(Member, models.PROTECT, related_name="protections")
    kind = models.CharField(max_length=14, choices=ProtectionKind.choices)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True, help_text=gettext_lazy("Exclusive; empty: until further notice."))
    noted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(valid_to__isnull=True) | Q(valid_to__gt=F("valid_from")), name="protection_in_order")
        ]

    def __str__(self) -> str:
        return _("%(kind)s of %(member)s") % {"kind": self.get_kind_display(), "member": self.member}


class ProposalStatus(models.TextChoices):
    PROPOSED = "proposed", gettext_lazy("before the board")
    DECLINED = "declined", gettext_lazy("declined")
    AGREED = "agreed", gettext_lazy("agreed by the board")
    WITHDRAWN = "withdrawn", gettext_lazy("withdrawn")


class DisconnectionProposal(PublicRow):
    """That somebody proposes to the board to disconnect a site. Nothing is switched by it, whatever the board decides.

    The database takes none for a site or member with life support.
    """

    site = models.ForeignKey(Site, models.PROTECT, related_name="disconnection_proposals")
    member = models.ForeignKey(Member, models.PROTECT, related_name="disconnection_proposals")
    rest_minor = models.BigIntegerField()
    status = models.CharField(max_length=10, choices=ProposalStatus.choices, default=ProposalStatus.PROPOSED)
    proposed_at = models.DateTimeField()
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    why = models.CharField(max_length=300)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["site"], condition=Q(status="proposed"), name="proposed_once"),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("proposed_by")), name="decided_by_a_second_person"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.site}: {self.status}"
