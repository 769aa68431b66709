"""Sums that the cooperative shares out among its members: revenue to producers, dividends on capital; and what the bylaws say of it."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.models.bank import BankStatementLine
from members.language import amount, day_in_words
from members.models import Cooperative, Member
from members.models.public import PublicRow


class ShareWay(models.TextChoices):
    BANK = "bank", gettext_lazy("bank")
    CASH = "cash", gettext_lazy("cash")
    MOBILE = "mobile", gettext_lazy("mobile money")
    OPENING = "opening", gettext_lazy("before these books")


class MemberShare(PublicRow):
    """Shares that a member paid in on a day; given back, they count no longer. Several rows add up.

    The database takes no change but how they were paid, the day on which they are given back, each once, and what was paid back.
    """

    member = models.ForeignKey(Member, models.PROTECT, related_name="shares")
    count = models.PositiveIntegerField(gettext_lazy("shares"))
    paid_in_minor = models.BigIntegerField(gettext_lazy("paid in"), help_text=gettext_lazy("For all of them together, minor units."))
    paid_in_date = models.DateField(gettext_lazy("paid in on"))
    returned_date = models.DateField(
        gettext_lazy("given back on"), null=True, blank=True, help_text=gettext_lazy("The first day on which they no longer count.")
    )
    noted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", editable=False)
    way = models.CharField(
        gettext_lazy("paid by"),
        max_length=8,
        choices=ShareWay.choices,
        blank=True,
        db_default="",
        editable=False,
        help_text=gettext_lazy("Empty: not in the books yet."),
    )
    bank_line = models.OneToOneField(BankStatementLine, models.PROTECT, null=True, blank=True, related_name="member_share", editable=False)
    repaid_minor = models.BigIntegerField(db_default=0, editable=False)

    class Meta:
        verbose_name_plural = gettext_lazy("members' shares")
        constraints = [
            models.CheckConstraint(
                condition=Q(repaid_minor=0)
                | (Q(repaid_minor__gt=0, repaid_minor__lte=F("paid_in_minor"), returned_date__isnull=False) & ~Q(way="")),
                name="shares_are_paid_back_once",
            ),
            models.CheckConstraint(
                condition=Q(way="bank", bank_line__isnull=False) | (~Q(way="bank") & Q(bank_line__isnull=True)),
                name="shares_by_bank_have_their_movement",
            ),
            models.CheckConstraint(condition=Q(count__gt=0, paid_in_minor__gt=0), name="shares_are_worth_something"),
            models.CheckConstraint(
                condition=Q(returned_date__isnull=True) | Q(returned_date__gte=F("paid_in_date")), name="shares_held_in_order"
            ),
        ]
        indexes = [models.Index(fields=["member", "paid_in_date"], name="shares_by_member")]

    def __str__(self) -> str:
        return _("%(count)s of %(member)s from %(paid_in_date)s") % {
            "count": self.count,
            "member": self.member,
            "paid_in_date": day_in_words(self.paid_in_date),
        }


class DistributionRule(models.Model):
    """What the bylaws say of sharing out, from a day on: the newest rule in force on a distribution's last day counts."""

    cooperative = models.ForeignKey(Cooperative, models.PROTECT, related_name="distribution_rules")
    valid_from = models.DateField()
    reserve_rate = models.DecimalField(
        gettext_lazy("to the reserves first"),
        max_digits=5,
        decimal_places=4,
        default=0,
        help_text=gettext_lazy("Of each sum, for example 0.1 for 10 %."),
    )
    highest_dividend = models.DecimalField(
        gettext_lazy("highest dividend"),
        max_digits=5,
        decimal_places=4,
        default=0,
        help_text=gettext_lazy("Of the capital a year, for example 0.04 for 4 %."),
    )
    dividend_withholding = models.DecimalField(
        gettext_lazy("withheld of dividends"),
        max_digits=6,
        decimal_places=5,
        default=0,
        help_text=gettext_lazy("Tax that is kept back and owed to the tax office, for example 0.26375."),
    )
    member_cap_minor = models.BigIntegerField(
        gettext_lazy("most for one member"),
        null=True,
        blank=True,
        help_text=gettext_lazy("Minor units a distribution of revenue; empty: no limit. What it leaves goes to the others."),
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["cooperative", "valid_from"], name="distribution_rule_once_a_day"),
            models.CheckConstraint(
                condition=Q(
                    reserve_rate__gte=0,
                    reserve_rate__lt=1,
                    highest_dividend__gte=0,
                    dividend_withholding__gte=0,
                    dividend_withholding__lt=1,
                )
                & (Q(member_cap_minor__isnull=True) | Q(member_cap_minor__gt=0)),
                name="distribution_rule_in_range",
            ),
        ]

    def __str__(self) -> str:
        return _("from %(valid_from)s") % {"valid_from": day_in_words(self.valid_from)}


class DistributionKind(models.TextChoices):
    REVENUE = "revenue", gettext_lazy("revenue to producers")
    DIVIDEND = "dividend", gettext_lazy("dividend on shares")


class DistributionStatus(models.TextChoices):
    PREPARED = "prepared", gettext_lazy("prepared")
    RELEASED = "released", gettext_lazy("released")
    CANCELLED = "cancelled", gettext_lazy("cancelled")


class Distribution(PublicRow):
    """A sum shared out over some months: worked out by one person, released by another, from then on owed to the members.

    Its figures never change. One that was released is taken back by a counter-distribution: the same with other signs.
    """

    cooperative = models.ForeignKey(Cooperative, models.PROTECT, related_name="distributions")
    kind = models.CharField(max_length=8, choices=DistributionKind.choices)
    name = models.CharField(max_length=80, help_text=gettext_lazy("As it stands on statements, for example Dividend 2015."))
    status = models.CharField(max_length=10, choices=DistributionStatus.choices, default=DistributionStatus.PREPARED)
    first_day = models.DateField()
    last_day = models.DateField()
    energy_percent = models.PositiveSmallIntegerField(
        default=0, help_text=gettext_lazy("Of the sum, by Wh delivered; the rest goes by shares.")
    )
    dividend_rate = models.DecimalField(max_digits=6, decimal_places=5, null=True, blank=True)
    reserve_rate = models.DecimalField(max_digits=5, decimal_places=4)
    withholding_rate = models.DecimalField(max_digits=6, decimal_places=5)
    member_cap_minor = models.BigIntegerField(null=True, blank=True)
    margin_minor = models.BigIntegerField(help_text=gettext_lazy("What the books said was left of these months."))
    other_costs_minor = models.BigIntegerField(default=0, help_text=gettext_lazy("Of these months, and not in the books."))
    other_costs_why = models.CharField(max_length=200, blank=True)
    used_minor = models.BigIntegerField(help_text=gettext_lazy("Taken from the margin: to members and reserves."))
    reserve_minor = models.BigIntegerField(help_text=gettext_lazy("To the reserves: by the bylaws' rate, and what a cap left."))
    counters = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="countered_by",
        editable=False,
        help_text=gettext_lazy("The distribution that this one takes back."),
    )
    why = models.CharField(max_length=200, blank=True, help_text=gettext_lazy("Why one is taken back."))
    prepared_at = models.DateTimeField()
    prepared_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    released_at = models.DateTimeField(null=True, blank=True)
    released_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["cooperative", "name"], condition=Q(counters__isnull=True) & ~Q(status="cancelled"), name="distributed_once"
            ),
            models.UniqueConstraint(
                fields=["counters"], condition=Q(counters__isnull=False) & ~Q(status="cancelled"), name="taken_back_once"
            ),
            models.CheckConstraint(
                condition=Q(last_day__gte=F("first_day"), energy_percent__lte=100, other_costs_minor__gte=0), name="distribution_in_range"
            ),
            models.CheckConstraint(
                condition=Q(counters__isnull=True, used_minor__gt=0, reserve_minor__gte=0, reserve_minor__lte=F("used_minor"))
                | (Q(counters__isnull=False, used_minor__lt=0, reserve_minor__lte=0, reserve_minor__gte=F("used_minor")) & ~Q(why="")),
                name="distributions_give_counters_take",
            ),
            models.CheckConstraint(
                condition=Q(kind="dividend", dividend_rate__isnull=False, energy_percent=0) | Q(kind="revenue", dividend_rate__isnull=True),
                name="dividends_have_a_rate",
            ),
            models.CheckConstraint(
                condition=(Q(status="released", released_by__isnull=False, released_at__isnull=False) & ~Q(released_by=F("prepared_by")))
                | (~Q(status="released") & Q(released_by__isnull=True)),
                name="distribution_released_by_another",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def shared_minor(self) -> int:
        """What goes to members, before tax."""
        return self.used_minor - self.reserve_minor


class DistributionPart(PublicRow):
    """What one member gets, and what it was counted by."""

    distribution = models.ForeignKey(Distribution, models.PROTECT, related_name="parts")
    member = models.ForeignKey(Member, models.PROTECT, related_name="distribution_parts")
    delivered_wh = models.BigIntegerField()
    capital_days = models.BigIntegerField(help_text=gettext_lazy("Paid-in capital times the days it was held, minor units x days."))
    gross_minor = models.BigIntegerField()
    withheld_minor = models.BigIntegerField(default=0)
    paid_minor = models.BigIntegerField(default=0, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["distribution", "member"], name="one_part_per_member"),
            models.CheckConstraint(condition=Q(delivered_wh__gte=0, capital_days__gte=0), name="part_is_counted_by_something"),
            models.CheckConstraint(
                condition=Q(gross_minor__gte=0, withheld_minor__gte=0, withheld_minor__lte=F("gross_minor"), paid_minor__gte=0)
                & Q(paid_minor__lte=F("gross_minor") - F("withheld_minor"))
                | Q(gross_minor__lt=0, withheld_minor__lte=0, withheld_minor__gte=F("gross_minor"), paid_minor=0),
                name="part_is_paid_once",
            ),
        ]
        indexes = [models.Index(fields=["member"], name="parts_by_member")]

    def __str__(self) -> str:
        return _("%(gross)s of %(distribution)s for %(member)s") % {
            "gross": amount(self.gross_minor),
            "distribution": self.distribution,
            "member": self.member,
        }

    @property
    def net_minor(self) -> int:
        """What the member is paid."""
        return self.gross_minor - self.withheld_minor
