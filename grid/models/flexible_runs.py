"""What members' devices are to do by when, and when they are planned to: a car full by its departure, a wash done by noon."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy

from energy.models import Consumer, Microgrid
from grid.models.plans import Plan
from members.models import User
from members.models.public import PublicRow


class FlexibleRun(PublicRow):
    """So much energy for one device within a time; a run that may be interrupted may also be slower than its power."""

    microgrid = models.ForeignKey(Microgrid, models.CASCADE, related_name="flexible_runs")
    consumer = models.ForeignKey(Consumer, models.CASCADE, related_name="flexible_runs")
    name = models.CharField(max_length=60)
    energy_wh = models.BigIntegerField(gettext_lazy("energy [Wh]"))
    power_w = models.BigIntegerField(gettext_lazy("power [W]"), help_text=gettext_lazy("At most, or throughout where it must not pause."))
    start_at = models.DateTimeField(gettext_lazy("not before"))
    ready_at = models.DateTimeField(gettext_lazy("ready by"))
    may_pause = models.BooleanField(
        gettext_lazy("may pause"), default=True, help_text=gettext_lazy("A car may; a machine that runs a programme may not.")
    )
    asked_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    asked_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["microgrid", "ready_at"], name="run_by_ready")]
        constraints = [
            models.CheckConstraint(condition=Q(energy_wh__gt=0, power_w__gt=0), name="run_needs_energy"),
            models.CheckConstraint(condition=Q(ready_at__gt=F("start_at")), name="run_ends_after_its_start"),
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.consumer}"


class FlexibleRunPlan(models.Model):
    """What a plan lets a run draw by interval, and why then; `told_wh` is what it was let draw before."""

    plan = models.ForeignKey(Plan, models.CASCADE, related_name="runs")
    run = models.ForeignKey(FlexibleRun, models.CASCADE, related_name="plans")
    power_w = ArrayField(models.IntegerField())
    told_wh = models.BigIntegerField()
    why = models.CharField(max_length=300)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["plan", "run"], name="run_planned_once")]

    def __str__(self) -> str:
        return f"{self.run} in {self.plan}"


class FlexibleRunResult(models.Model):
    """What a run came to, once its days are closed: told, drawn by the meter, saved against running at once; by interval of whole local days.

    Amounts are exact: Wh x millionths of the currency per kWh. Days that are closed again make another revision.
    """

    run = models.ForeignKey(FlexibleRun, models.CASCADE, related_name="results")
    ready_day = models.DateField(help_text=gettext_lazy("The local day on which it was to be ready: its month pays for it."))
    revision = models.PositiveSmallIntegerField(default=0)
    is_current = models.BooleanField(default=True)
    start_at = models.DateTimeField(help_text=gettext_lazy("Of the first interval."))
    let_wh = ArrayField(models.IntegerField(), help_text=gettext_lazy("What it was let draw by commands it acknowledged."))
    commanded = ArrayField(models.BooleanField(), help_text=gettext_lazy("Where such a command stood."))
    drawn_wh = ArrayField(models.IntegerField(), help_text=gettext_lazy("By the meter."))
    at_once_wh = ArrayField(
        models.IntegerField(), help_text=gettext_lazy("Otherwise: as soon as it might, without hours that demand response pays for.")
    )
    saved_micro = ArrayField(models.BigIntegerField(), help_text=gettext_lazy("Of the grid's cost, against running at once."))
    moved_wh = models.BigIntegerField(help_text=gettext_lazy("Drawn at another time than otherwise."))
    event_wh = models.BigIntegerField(
        default=0, help_text=gettext_lazy("Would have been drawn in hours that demand response pays for; not counted here.")
    )
    by_own_meter = models.BooleanField(
        default=False, help_text=gettext_lazy("What it drew was measured by a meter of its own, not told from the site's use.")
    )
    why = models.CharField(max_length=300, blank=True, help_text=gettext_lazy("What the plan said when it ran first."))
    owed_micro = models.BigIntegerField(
        default=0, help_text=gettext_lazy("By the terms of the day; below zero where it cost more than it saved.")
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "revision"], name="run_result_revision_once"),
            models.UniqueConstraint(fields=["run"], condition=Q(is_current=True), name="run_result_one_current"),
            models.CheckConstraint(
                condition=Q(
                    let_wh__len=F("drawn_wh__len"),
                    commanded__len=F("drawn_wh__len"),
                    at_once_wh__len=F("drawn_wh__len"),
                    saved_micro__len=F("drawn_wh__len"),
                ),
                name="run_result_of_one_length",
            ),
            models.CheckConstraint(condition=Q(moved_wh__gte=0, event_wh__gte=0), name="run_result_not_negative"),
        ]
        indexes = [models.Index(fields=["ready_day"], name="run_result_by_day")]

    def __str__(self) -> str:
        return f"what {self.run} came to"
