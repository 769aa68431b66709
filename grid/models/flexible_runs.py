"""What members' devices are to do by when, and when they are planned to: a car full by its departure, a wash done by noon."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from energy.models import Consumer, Microgrid
from grid.models.plans import Plan
from members.models import User
from members.models.public import PublicRow


class FlexibleRun(PublicRow):
    """So much energy for one device within a time; a run that may be interrupted may also be slower than its power."""

    microgrid = models.ForeignKey(Microgrid, models.CASCADE, related_name="flexible_runs")
    consumer = models.ForeignKey(Consumer, models.CASCADE, related_name="flexible_runs")
    name = models.CharField(max_length=60)
    energy_wh = models.BigIntegerField("energy [Wh]")
    power_w = models.BigIntegerField("power [W]", help_text="At most, or throughout where it must not pause.")
    start_at = models.DateTimeField("not before")
    ready_at = models.DateTimeField("ready by")
    may_pause = models.BooleanField(
        "may pause", default=True, help_text="A car may; a machine that runs a programme may not."
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
