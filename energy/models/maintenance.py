"""Looking after sources: plans that say when, work orders that say what was done."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy

from energy.models.assets import Source
from members.models.public import PublicRow


class PlanRule(models.TextChoices):
    """What makes a plan due; the words of `energy.domain.maintenance.PlanRule`."""

    DATE = "date", "by date"
    HOURS = "hours", "by hours of operation"
    PERFORMANCE = "performance", "by performance"


class WorkKind(models.TextChoices):
    CLEANING = "cleaning", gettext_lazy("cleaning")
    INSPECTION = "inspection", gettext_lazy("inspection")
    REPAIR = "repair", gettext_lazy("repair")


class MaintenancePlan(PublicRow):
    """When a source is looked after: every so many months, hours of operation, or when it gives too little."""

    source = models.ForeignKey(Source, models.CASCADE, related_name="maintenance_plans")
    work = models.CharField(max_length=16, choices=WorkKind.choices)
    rule = models.CharField(max_length=16, choices=PlanRule.choices)
    every_months = models.PositiveSmallIntegerField(gettext_lazy("every [months]"), null=True, blank=True)
    next_date = models.DateField(null=True, blank=True, help_text=gettext_lazy("By date: when it is due next."))
    every_hours = models.PositiveIntegerField(gettext_lazy("every [operating hours]"), null=True, blank=True)
    below_percent = models.PositiveSmallIntegerField(
        gettext_lazy("below [%]"), null=True, blank=True, help_text=gettext_lazy("Of what the source gives clean, on clear days.")
    )
    remind_days = models.PositiveSmallIntegerField(
        gettext_lazy("notice [days]"), default=14, help_text=gettext_lazy("So long before the date the work order is made.")
    )
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(rule="date", next_date__isnull=False, every_months__isnull=False, every_months__gt=0)
                | Q(rule="hours", every_hours__isnull=False, every_hours__gt=0)
                | Q(rule="performance", below_percent__isnull=False, below_percent__gt=0, below_percent__lt=100),
                name="plan_has_what_its_rule_needs",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_work_display()} of {self.source} {self.get_rule_display()}"


class WorkState(models.TextChoices):
    OPEN = "open", gettext_lazy("open")
    PLANNED = "planned", gettext_lazy("planned")
    STARTED = "started", gettext_lazy("under way")
    DONE = "done", gettext_lazy("done")
    CANCELLED = "cancelled", gettext_lazy("cancelled")


UNFINISHED = (WorkState.OPEN, WorkState.PLANNED, WorkState.STARTED)


class WorkOrder(PublicRow):
    """One piece of work on a source: why, until when, when it is planned, by whom it was done.

    While it is planned or under way only `available_percent` of the source counts in forecasts.
    """

    source = models.ForeignKey(Source, models.CASCADE, related_name="work_orders")
    plan = models.ForeignKey(MaintenancePlan, models.SET_NULL, null=True, blank=True, related_name="work_orders")
    work = models.CharField(max_length=16, choices=WorkKind.choices)
    state = models.CharField(max_length=16, choices=WorkState.choices, default=WorkState.OPEN)
    reason = models.CharField(max_length=240)
    due_date = models.DateField()
    start_at = models.DateTimeField(gettext_lazy("planned start"), null=True, blank=True)
    end_at = models.DateTimeField(gettext_lazy("planned end"), null=True, blank=True)
    available_percent = models.PositiveSmallIntegerField(
        gettext_lazy("available meanwhile [%]"), default=0, help_text=gettext_lazy("How much of the source still produces during the work.")
    )
    assigned_to = models.CharField(max_length=120, blank=True)
    note = models.TextField(blank=True)
    created_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["plan"], condition=Q(state__in=("open", "planned", "started")), name="one_unfinished_order_per_plan"
            ),
            models.CheckConstraint(
                condition=Q(end_at__isnull=True) | Q(start_at__isnull=False, end_at__gt=F("start_at")), name="order_ends_after_it_starts"
            ),
            models.CheckConstraint(
                condition=~Q(state="planned") | Q(start_at__isnull=False, end_at__isnull=False), name="planned_order_has_a_window"
            ),
            models.CheckConstraint(
                condition=Q(state="done", done_at__isnull=False) | (~Q(state="done") & Q(done_at__isnull=True)), name="done_order_says_when"
            ),
            models.CheckConstraint(condition=Q(available_percent__lte=100), name="order_leaves_at_most_all"),
        ]

    def __str__(self) -> str:
        return f"{self.get_work_display()} of {self.source}"
