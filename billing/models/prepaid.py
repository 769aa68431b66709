"""Members who pay before they use: the cooperative's rule, who agreed to what, what was left each day, and what they were told."""

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.domain.prepaid import Alarm, Sparing, Thresholds
from members.models import Cooperative, Member
from members.models.public import PublicRow

ALARMS = [
    (Alarm.LOW.value, gettext_lazy("low")),
    (Alarm.LITTLE.value, gettext_lazy("little")),
    (Alarm.VERY_LOW.value, gettext_lazy("very low")),
    (Alarm.FRIENDLY.value, gettext_lazy("friendly")),
    (Alarm.USED_UP.value, gettext_lazy("used up")),
]


class PrepaidRule(models.Model):
    """When members are told, what they get on credit, and when nobody's power is limited. Without a row the defaults hold."""

    cooperative = models.OneToOneField(Cooperative, models.PROTECT, related_name="prepaid_rule")
    low_days = models.PositiveSmallIntegerField(gettext_lazy("told when so many days are left"), default=7)
    very_low_days = models.PositiveSmallIntegerField(gettext_lazy("told again when so many days are left"), default=2)
    little_minor = models.PositiveIntegerField(gettext_lazy("told when so little is left [minor units]"), default=1000)
    friendly_minor = models.PositiveIntegerField(
        gettext_lazy("friendly credit [minor units]"),
        default=2000,
        help_text=gettext_lazy("So far a balance may go below nothing before anything is asked."),
    )
    friendly_days = models.PositiveSmallIntegerField(gettext_lazy("and for so many days"), default=14)
    limit_w = models.PositiveIntegerField(
        gettext_lazy("power that stays when all is used up [W]"),
        default=1500,
        help_text=gettext_lazy("Nobody is cut off: a limit of this is asked for, and an operator decides."),
    )
    night_from_hour = models.PositiveSmallIntegerField(gettext_lazy("no limit from hour"), default=16, validators=[MaxValueValidator(23)])
    night_to_hour = models.PositiveSmallIntegerField(gettext_lazy("until hour"), default=8, validators=[MaxValueValidator(23)])
    spares_weekends = models.BooleanField(gettext_lazy("no limit at weekends and on holidays"), default=True)
    winter_first_month = models.PositiveSmallIntegerField(default=11)
    winter_last_month = models.PositiveSmallIntegerField(default=3)
    spares_all_in_winter = models.BooleanField(
        gettext_lazy("no limit for anybody in winter"),
        default=False,
        help_text=gettext_lazy("Members in hardship are always spared in winter."),
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(low_days__gte=F("very_low_days"), low_days__lte=60), name="prepaid_alarms_in_order"),
            models.CheckConstraint(condition=Q(limit_w__gt=0), name="prepaid_limit_leaves_some_power"),
            models.CheckConstraint(condition=Q(night_from_hour__lte=23, night_to_hour__lte=23), name="prepaid_night_is_hours"),
            models.CheckConstraint(
                condition=Q(winter_first_month__range=(1, 12), winter_last_month__range=(1, 12)), name="prepaid_winter_is_months"
            ),
        ]

    def __str__(self) -> str:
        return _("prepaid rule of %(cooperative)s") % {"cooperative": self.cooperative}

    @property
    def sparing(self) -> Sparing:
        return Sparing(
            self.night_from_hour,
            self.night_to_hour,
            self.spares_weekends,
            self.winter_first_month,
            self.winter_last_month,
            self.spares_all_in_winter,
        )


class PrepaidAgreement(PublicRow):
    """That a member pays before they use, from a day on, for all their sites: their money is one account.

    `reference` marks a transfer as a top-up. The friendly credit is as it was agreed; own alarms may only come earlier than the rule's.
    """

    member = models.ForeignKey(Member, models.PROTECT, related_name="prepaid_agreements")
    cooperative = models.ForeignKey(Cooperative, models.PROTECT, related_name="prepaid_agreements")
    reference = models.CharField(max_length=35)
    valid_from = models.DateField()
    ended_date = models.DateField(null=True, blank=True, help_text=gettext_lazy("The first day on which it no longer holds."))
    terms = models.TextField(help_text=gettext_lazy("What was agreed, in the words that the member read."))
    agreed_at = models.DateTimeField()
    agreed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    friendly_minor = models.PositiveIntegerField(gettext_lazy("friendly credit [minor units]"))
    friendly_days = models.PositiveSmallIntegerField(gettext_lazy("for so many days"))
    own_days = models.PositiveSmallIntegerField(
        gettext_lazy("told earlier, at so many days"), null=True, blank=True, validators=[MaxValueValidator(90)]
    )
    own_minor = models.PositiveIntegerField(gettext_lazy("told earlier, at so much [minor units]"), null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["cooperative", "reference"], name="prepaid_reference_once"),
            models.UniqueConstraint(fields=["member"], condition=Q(ended_date__isnull=True), name="one_prepaid_agreement"),
            models.CheckConstraint(
                condition=Q(ended_date__isnull=True) | Q(ended_date__gte=F("valid_from"), ended_by__isnull=False),
                name="prepaid_ends_after_it_begins",
            ),
        ]

    def __str__(self) -> str:
        return _("%(member)s pays before using (%(reference)s)") % {"member": self.member, "reference": self.reference}

    def thresholds(self, rule: PrepaidRule) -> Thresholds:
        """The rule's, or the member's own where these come earlier."""
        return Thresholds(
            max(rule.low_days, self.own_days or 0),
            rule.very_low_days,
            max(rule.little_minor, self.own_minor or 0),
            self.friendly_minor,
            self.friendly_days,
        )


class PrepaidDay(models.Model):
    """How a member stood on a day, as it was last looked at [minor units].

    `spent_minor` is what all use up to then came to, billed or not; so a bill that is posted later changes nothing that is shown.
    """

    agreement = models.ForeignKey(PrepaidAgreement, models.CASCADE, related_name="days")
    day = models.DateField()
    books_minor = models.BigIntegerField(help_text=gettext_lazy("What lay in the books for the member; below 0: what they owed."))
    spent_minor = models.BigIntegerField()
    unbilled_minor = models.BigIntegerField()
    unbilled_days = models.PositiveSmallIntegerField()
    estimated_days = models.PositiveSmallIntegerField(help_text=gettext_lazy("Of the days not billed yet, those that are not closed."))
    unread_days = models.PositiveSmallIntegerField(help_text=gettext_lazy("Of these, those that lack readings."))
    usual_minor = models.BigIntegerField(help_text=gettext_lazy("What a day usually costs."))
    looked_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["agreement", "day"], name="prepaid_day_once")]

    def __str__(self) -> str:
        return f"{self.day}: {self.shown_minor}"

    @property
    def shown_minor(self) -> int:
        return self.books_minor - self.unbilled_minor


class PrepaidAlarm(PublicRow):
    """That a balance fell through a threshold, once until it has risen clear of it again. Told under its own key in notifications."""

    agreement = models.ForeignKey(PrepaidAgreement, models.PROTECT, related_name="alarms")
    alarm = models.CharField(max_length=10, choices=ALARMS)
    passed_at = models.DateTimeField()
    shown_minor = models.BigIntegerField()
    days_left = models.PositiveIntegerField(null=True, blank=True)
    is_told = models.BooleanField(help_text=gettext_lazy("False where a worse one was passed at the same time and told instead."))
    over_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["agreement", "alarm"], condition=Q(over_at__isnull=True), name="prepaid_alarm_stands_once"),
            models.CheckConstraint(condition=Q(over_at__isnull=True) | Q(over_at__gte=F("passed_at")), name="prepaid_alarm_over_later"),
        ]

    def __str__(self) -> str:
        return _("%(alarm)s at %(passed_at)s") % {"alarm": self.get_alarm_display(), "passed_at": self.passed_at}

    @property
    def member(self) -> Member:
        """Whom it is told to."""
        return self.agreement.member

    @property
    def key(self) -> str:
        """What its notifications are about."""
        return f"prepaid:{self.public_id}"
