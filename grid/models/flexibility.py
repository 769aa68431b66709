"""What storages are paid for doing as they are told: the terms, and each storage's days."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy

from energy.models import Microgrid, StorageUnit
from grid.models.sharing import DateRange


class FlexibilityPay(models.TextChoices):
    """By what an owner is paid."""

    SHARE_OF_SAVING = "share_of_saving", "a share of what was saved"
    PER_KWH = "per_kwh", "a price for each kWh given"


class FlexibilityTerms(models.Model):
    """What the cooperative owes owners of storages for flexibility, from a day on; without terms nothing is owed."""

    microgrid = models.ForeignKey(Microgrid, models.PROTECT, related_name="flexibility_terms")
    pay = models.CharField(max_length=16, choices=FlexibilityPay.choices, default=FlexibilityPay.SHARE_OF_SAVING)
    share = models.DecimalField(max_digits=7, decimal_places=6, default=0, help_text=gettext_lazy("Of what was saved; 0.4 is two fifths."))
    price_per_kwh = models.DecimalField(
        max_digits=12, decimal_places=6, default=0, help_text=gettext_lazy("For each kWh given when told to.")
    )
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True, help_text=gettext_lazy("Exclusive; empty: until further notice."))

    class Meta:
        verbose_name_plural = gettext_lazy("flexibility terms")
        constraints = [
            ExclusionConstraint(
                name="one_flexibility_terms_at_a_time",
                expressions=[
                    (F("microgrid"), RangeOperators.EQUAL),
                    (DateRange("valid_from", "valid_to", RangeBoundary()), RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(condition=Q(share__gte=0, share__lte=1, price_per_kwh__gte=0), name="flexibility_terms_in_range"),
        ]

    def __str__(self) -> str:
        return f"{self.get_pay_display()} from {self.valid_from}"


class CommandKind(models.IntegerChoices):
    """On whose word a storage acted in an interval."""

    NONE = 0, "by itself"
    PLAN = 1, "after the plan"
    BALANCE = 2, "surplus and deficit"
    LIMIT = 3, "a limit was kept"
    ISLAND = 4, "balance of the island"


class FlexibilityDay(models.Model):
    """What a storage was told on a day, what its meter shows it did, what that saved and what its owner is owed; by interval.

    Amounts are exact: Wh x millionths of the currency per kWh. The revision is that of the day's sharing.
    """

    storage = models.ForeignKey(StorageUnit, models.PROTECT, related_name="flexibility_days")
    microgrid = models.ForeignKey(Microgrid, models.PROTECT, related_name="flexibility_days")
    day = models.DateField()
    revision = models.PositiveSmallIntegerField(default=0)
    is_current = models.BooleanField(default=True)
    kind = ArrayField(models.SmallIntegerField(choices=CommandKind.choices))
    asked_charge_wh = ArrayField(models.IntegerField())
    asked_discharge_wh = ArrayField(models.IntegerField())
    charge_wh = ArrayField(models.IntegerField(), help_text="As its meter shows.")
    discharge_wh = ArrayField(models.IntegerField(), help_text="As its meter shows.")
    worth_micro = ArrayField(models.BigIntegerField(null=True), help_text="The plan's price of one more kWh; empty: no plan stood.")
    saved_micro = ArrayField(models.BigIntegerField(), help_text="Of the grid's cost, against standing idle; 0 where it was told nothing.")
    sentences = ArrayField(models.TextField(), default=list, help_text="The plan's, each once.")
    sentence = ArrayField(models.SmallIntegerField(), help_text="By interval, which of them; -1: none.")
    owed_micro = models.BigIntegerField(default=0, help_text="By the terms of the day; below zero where the day took more than it saved.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["storage", "day", "revision"], name="flexibility_day_revision_once"),
            models.UniqueConstraint(fields=["storage", "day"], condition=Q(is_current=True), name="flexibility_day_one_current"),
            models.CheckConstraint(
                condition=Q(
                    asked_charge_wh__len=F("kind__len"),
                    asked_discharge_wh__len=F("kind__len"),
                    charge_wh__len=F("kind__len"),
                    discharge_wh__len=F("kind__len"),
                    worth_micro__len=F("kind__len"),
                    saved_micro__len=F("kind__len"),
                    sentence__len=F("kind__len"),
                ),
                name="flexibility_day_of_one_length",
            ),
        ]
        indexes = [models.Index(fields=["microgrid", "day"], name="flexibility_day_by_microgrid")]

    def __str__(self) -> str:
        return f"{self.storage} on {self.day}"
