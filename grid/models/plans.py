"""What the storages are planned to do: each plan as it was made, with what it was made from."""

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy

from energy.models import Microgrid, StorageUnit


class PlanRule(models.Model):
    """What a plan counts with beside the published prices; a microgrid that has none plans with the defaults."""

    microgrid = models.OneToOneField(Microgrid, models.CASCADE, related_name="plan_rule")
    peak_micro_per_kw = models.BigIntegerField(
        gettext_lazy("peak charge [millionths per kW and month]"),
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
        help_text=gettext_lazy(
            "What the public grid charges for the month's highest import. Empty: as published from the reference tariff; 0: nothing."
        ),
    )
    wear_micro_per_kwh = models.BigIntegerField(
        gettext_lazy("wear [millionths per kWh]"),
        default=20_000,
        validators=[MinValueValidator(0)],
        help_text=gettext_lazy("What a battery wears off by a kWh discharged."),
    )
    reserve_wh = models.BigIntegerField(
        gettext_lazy("reserve for an island [Wh]"),
        default=0,
        validators=[MinValueValidator(0)],
        help_text=gettext_lazy("What all storages together should be able to give at any time."),
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=(Q(peak_micro_per_kw__isnull=True) | Q(peak_micro_per_kw__gte=0))
                & Q(wear_micro_per_kwh__gte=0, reserve_wh__gte=0),
                name="plan_rule_not_negative",
            )
        ]

    def __str__(self) -> str:
        return f"planning of {self.microgrid}"


class PlanSource(models.TextChoices):
    """Where a plan comes from."""

    LEAST_COST = "least_cost", "found anew"
    SHIFTED = "shifted", "the plan before, moved on"
    RULE = "rule", "the plain rule"


class Plan(models.Model):
    """A plan from an instant on; powers are means of its intervals, at the point of common coupling where it is not said otherwise."""

    microgrid = models.ForeignKey(Microgrid, models.CASCADE, related_name="plans")
    origin_at = models.DateTimeField(help_text="Start of its first interval.")
    made_at = models.DateTimeField()
    source = models.CharField(max_length=12, choices=PlanSource.choices)
    status = models.CharField(max_length=12, help_text="Of the search: optimal, best_effort, infeasible.")
    interval_minutes = models.PositiveSmallIntegerField()
    forecast_at = models.DateTimeField(null=True, help_text="Origin of the newest forecast it was made from.")
    cost_micro = models.BigIntegerField("cost of its horizon", null=True)
    peak_reached_w = models.BigIntegerField(default=0)
    peak_target_w = models.BigIntegerField(null=True, help_text="Import at which the month's peak is held; empty: none is charged.")
    settings = models.JSONField(default=dict, help_text="What it counted with, by name of the plan rule.")
    use_w = ArrayField(models.IntegerField())
    production_w = ArrayField(models.IntegerField())
    import_w = ArrayField(models.IntegerField())
    export_w = ArrayField(models.IntegerField())
    retail_micro = ArrayField(models.IntegerField())
    feed_in_micro = ArrayField(models.IntegerField())
    energy_micro = ArrayField(models.BigIntegerField(), help_text="Shadow price: of one more kWh of use.")
    sentences = ArrayField(models.TextField(), help_text="Why, by interval.")
    reasons = ArrayField(models.TextField(), default=list, help_text="What could not be kept, what was missing.")
    measured_w = ArrayField(models.IntegerField(), default=list, help_text="Net power without storages, for `answer_w`.")
    answer_w = ArrayField(
        models.IntegerField(),
        default=list,
        help_text="What the storages together do in the first interval where `measured_w` is measured; positive charges.",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["microgrid", "origin_at"], name="plan_once"),
            models.CheckConstraint(
                condition=Q(use_w__len=F("production_w__len"), import_w__len=F("use_w__len"), export_w__len=F("use_w__len")),
                name="plan_arrays_of_one_length",
            ),
            models.CheckConstraint(
                condition=Q(measured_w__len=F("answer_w__len")) | Q(measured_w=[], answer_w=[]), name="plan_answers_what_is_measured"
            ),
        ]

    def __str__(self) -> str:
        return f"plan of {self.microgrid} from {self.origin_at:%Y-%m-%d %H:%M}"


class StoragePlan(models.Model):
    """What one storage does in a plan; state of charge at the end of each interval."""

    plan = models.ForeignKey(Plan, models.CASCADE, related_name="storages")
    storage = models.ForeignKey(StorageUnit, models.CASCADE, related_name="plans")
    charge_w = ArrayField(models.IntegerField())
    discharge_w = ArrayField(models.IntegerField())
    soc_wh = ArrayField(models.IntegerField())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["plan", "storage"], name="storage_planned_once")]

    def __str__(self) -> str:
        return f"{self.storage} in {self.plan}"
