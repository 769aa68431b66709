"""Alarms of the grid: raised and cleared by what the ticks find, acknowledged and shelved by people, each step written down."""

from datetime import datetime

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy

from energy.models import Microgrid
from members.models import User
from members.models.public import PublicRow


class AlarmPriority(models.IntegerChoices):
    """How soon somebody has to act."""

    CRITICAL = 1, "critical"
    HIGH = 2, "high"
    MEDIUM = 3, "medium"
    LOW = 4, "low"


class GridAlarmKind(models.TextChoices):
    """What is wrong; the names of `grid.domain.alarm_life.FindingKind`."""

    LINE_LOADING = "line_loading", "line loading"
    TRANSFORMER_LOADING = "transformer_loading", "transformer loading"
    VOLTAGE_LOW = "voltage_low", "low voltage"
    VOLTAGE_HIGH = "voltage_high", "high voltage"
    CUT_OFF = "cut_off", "cut off"
    FREQUENCY = "frequency", "frequency"
    NO_SOLUTION = "no_solution", "no power flow"
    IMPORT_LIMIT = "import_limit", "import above the limit"
    EXPORT_LIMIT = "export_limit", "export above the limit"
    SITES_SILENT = "sites_silent", "silent sites"
    STORAGE_SILENT = "storage_silent", "silent storage"
    UNACKNOWLEDGED = "unacknowledged", "command not acknowledged"
    NOT_OBEYED = "not_obeyed", "device does not do as told"
    CONTROL_LATE = "control_late", "control is late"
    PLAN_MISSING = "plan_missing", "no plan"
    UNBALANCE = "unbalance", "unbalanced voltages"
    EMERGENCY = "emergency", "emergency"


class GridAlarmQuerySet(models.QuerySet["GridAlarm"]):
    """Alarms by where they stand; `now` is the microgrid's."""

    def unfinished(self) -> "GridAlarmQuerySet":
        """Pending, active, or cleared and not acknowledged."""
        return self.filter(Q(cleared_at__isnull=True) | Q(acknowledged_at__isnull=True))

    def listed(self, now: datetime) -> "GridAlarmQuerySet":
        """What an operator has before the eyes: raised, not at its end, not shelved."""
        return self.unfinished().filter(raised_at__isnull=False).exclude(shelved_until__gt=now)

    def shelved(self, now: datetime) -> "GridAlarmQuerySet":
        return self.unfinished().filter(raised_at__isnull=False, shelved_until__gt=now)

    def urgent_first(self) -> "GridAlarmQuerySet":
        """What nobody has acknowledged on top, then by priority, then the newest."""
        return self.order_by(F("acknowledged_at").asc(nulls_first=True), "priority", "-raised_at", "-pk")


class GridAlarm(PublicRow):
    """One kind of trouble at one place. All times are of the microgrid's clock.

    Pending until its on-delay is over (`raised_at` empty), then active until cleared; at its end once it is cleared and acknowledged.
    """

    microgrid = models.ForeignKey(Microgrid, models.CASCADE, related_name="alarms")
    kind = models.CharField(max_length=24, choices=GridAlarmKind.choices)
    subject = models.CharField(max_length=120, blank=True, help_text=gettext_lazy("Code of what it is about; empty: all of it."))
    priority = models.PositiveSmallIntegerField(choices=AlarmPriority.choices)
    sentence = models.CharField(max_length=300)
    seen_at = models.DateTimeField(help_text=gettext_lazy("When the finding was there first."))
    raised_at = models.DateTimeField(null=True, blank=True)
    count = models.PositiveIntegerField(default=1, help_text=gettext_lazy("How often it was raised before it was acknowledged."))
    absent_since = models.DateTimeField(null=True, blank=True)
    cleared_at = models.DateTimeField(null=True, blank=True)
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    shelved_at = models.DateTimeField(null=True, blank=True)
    shelved_until = models.DateTimeField(null=True, blank=True)
    shelved_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    shelved_reason = models.CharField(max_length=200, blank=True)

    objects = GridAlarmQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["microgrid", "-raised_at"], name="alarm_newest_first")]
        constraints = [
            models.UniqueConstraint(
                fields=["microgrid", "kind", "subject"],
                condition=Q(cleared_at__isnull=True) | Q(acknowledged_at__isnull=True),
                name="one_alarm_of_a_kind_and_subject",
            ),
            models.CheckConstraint(
                condition=Q(acknowledged_at__isnull=True, acknowledged_by__isnull=True)
                | Q(acknowledged_at__isnull=False, acknowledged_by__isnull=False),
                name="grid_alarm_acknowledged_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(shelved_until__isnull=True, shelved_at__isnull=True, shelved_by__isnull=True)
                | Q(shelved_until__gt=F("shelved_at"), shelved_by__isnull=False) & ~Q(shelved_reason=""),
                name="grid_alarm_shelved_with_reason",
            ),
            models.CheckConstraint(
                condition=Q(raised_at__isnull=False) | Q(cleared_at__isnull=True, acknowledged_at__isnull=True),
                name="grid_alarm_ends_after_it_began",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}{f': {self.subject}' if self.subject else ''}"

    @property
    def is_active(self) -> bool:
        return self.raised_at is not None and self.cleared_at is None


class GridAlarmStepKind(models.TextChoices):
    RAISED = "raised", "raised"
    RAISED_AGAIN = "raised_again", "raised again"
    PRIORITY = "priority", "priority changed"
    CLEARED = "cleared", "cleared"
    ACKNOWLEDGED = "acknowledged", "acknowledged"
    SHELVED = "shelved", "shelved"
    UNSHELVED = "unshelved", "taken from the shelf"
    SHELF_ENDED = "shelf_ended", "back from the shelf"


class GridAlarmStep(models.Model):
    """One step of an alarm's life; nobody's where the ticks took it."""

    alarm = models.ForeignKey(GridAlarm, models.CASCADE, related_name="steps")
    at = models.DateTimeField()
    kind = models.CharField(max_length=16, choices=GridAlarmStepKind.choices)
    by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    detail = models.CharField(max_length=300, blank=True)

    class Meta:
        indexes = [models.Index(fields=["alarm", "at"], name="alarm_step_in_order")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} at {self.at}"
