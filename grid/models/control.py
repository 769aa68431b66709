"""What the control rule saw and commanded."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy

from energy.models import Consumer, Meter, Microgrid, Source, StorageUnit
from members.models.public import PublicRow


class GridStatus(models.TextChoices):
    """States of a microgrid (IEEE 2030.7)."""

    NORMAL = "NORMAL", "normal"
    SURPLUS = "SURPLUS", "surplus"
    DEFICIT = "DEFICIT", "deficit"
    PEAK = "PEAK", "peak"
    CURTAILED = "CURTAILED", "curtailed"
    EMERGENCY = "EMERGENCY", "emergency"
    ISLANDED = "ISLANDED", "islanded"
    BLACKSTART = "BLACKSTART", "black start"
    RESYNC = "RESYNC", "resynchronising"


class GridState(models.Model):
    """One tick: what was measured, what followed."""

    microgrid = models.ForeignKey(Microgrid, models.CASCADE, related_name="states")
    at = models.DateTimeField()
    status = models.CharField(max_length=12, choices=GridStatus.choices)
    production_w = models.BigIntegerField()
    consumption_w = models.BigIntegerField()
    charge_w = models.BigIntegerField()
    discharge_w = models.BigIntegerField()
    import_w = models.BigIntegerField()
    export_w = models.BigIntegerField()
    storage_wh = models.BigIntegerField()
    storage_capacity_wh = models.BigIntegerField(default=0)
    losses_w = models.BigIntegerField(null=True, help_text=gettext_lazy("From the power flow; empty where it has no solution."))
    highest_loading = models.FloatField(null=True, help_text=gettext_lazy("Of lines and transformers; 1 is full."))
    lowest_voltage_pu = models.FloatField(null=True)
    highest_voltage_pu = models.FloatField(null=True)
    sites_reporting = models.IntegerField()
    sites_total = models.IntegerField(default=0)
    points_estimated = models.IntegerField(
        default=0, help_text=gettext_lazy("Sites that are silent, stood in for by a forecast or their past.")
    )
    reasons = models.JSONField(default=list)

    class Meta:
        indexes = [models.Index(fields=["microgrid", "-at"], name="state_newest_first")]

    def __str__(self) -> str:
        return f"{self.get_status_display()} at {self.at:%Y-%m-%d %H:%M:%S} UTC"


class CommandStatus(models.TextChoices):
    PENDING = "pending", "pending"
    SENT = "sent", "sent"
    ACKNOWLEDGED = "acknowledged", "acknowledged"
    EXPIRED = "expired", "expired"


class CommandFallback(models.TextChoices):
    """What a device does by itself once its command has ended and no other came."""

    IDLE = "idle", "stands idle"
    FREE = "free", "gives or draws what it can again"
    STAY = "stay", "stays as it is"


class DeviceCommand(PublicRow):
    """What a device is told: a set-point for a storage, the most that a source may give, the most that a load may draw.

    It holds until it expires; then the device takes its fallback by itself. A source or load without a limit is free again.
    """

    microgrid = models.ForeignKey(Microgrid, models.CASCADE, related_name="commands")
    storage = models.ForeignKey(StorageUnit, models.CASCADE, null=True, blank=True, related_name="commands")
    source = models.ForeignKey(Source, models.CASCADE, null=True, blank=True, related_name="commands")
    consumer = models.ForeignKey(Consumer, models.CASCADE, null=True, blank=True, related_name="commands")
    breaker = models.ForeignKey(
        Meter,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="commands",
        help_text=gettext_lazy("The switch to the public grid, by the meter beside it."),
    )
    closes = models.BooleanField(
        default=False, help_text=gettext_lazy("The breaker may close in step while this stands; otherwise it may not any more.")
    )
    charge_w = models.BigIntegerField(default=0)
    discharge_w = models.BigIntegerField(default=0)
    limit_w = models.BigIntegerField(null=True, blank=True, help_text=gettext_lazy("Of a source or load; empty: none any more."))
    fallback = models.CharField(max_length=8, choices=CommandFallback.choices, default=CommandFallback.IDLE)
    reason = models.CharField(max_length=200)
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    status = models.CharField(max_length=16, choices=CommandStatus.choices, default=CommandStatus.PENDING)
    acknowledged_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["microgrid", "-issued_at"], name="command_newest_first"),
            models.Index(fields=["storage", "-issued_at"], name="command_of_storage"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(charge_w=0, discharge_w__gte=0) | Q(charge_w__gte=0, discharge_w=0), name="command_charges_or_discharges"
            ),
            models.CheckConstraint(
                condition=Q(
                    storage__isnull=False,
                    source__isnull=True,
                    consumer__isnull=True,
                    breaker__isnull=True,
                    limit_w__isnull=True,
                    closes=False,
                )
                | Q(
                    storage__isnull=True,
                    source__isnull=False,
                    consumer__isnull=True,
                    breaker__isnull=True,
                    closes=False,
                    charge_w=0,
                    discharge_w=0,
                )
                | Q(
                    storage__isnull=True,
                    source__isnull=True,
                    consumer__isnull=False,
                    breaker__isnull=True,
                    closes=False,
                    charge_w=0,
                    discharge_w=0,
                )
                | Q(
                    storage__isnull=True,
                    source__isnull=True,
                    consumer__isnull=True,
                    breaker__isnull=False,
                    limit_w__isnull=True,
                    charge_w=0,
                    discharge_w=0,
                ),
                name="command_tells_one_device_what_it_can_do",
            ),
            models.CheckConstraint(condition=Q(limit_w__isnull=True) | Q(limit_w__gte=0), name="command_limit_not_negative"),
        ]

    @property
    def target(self) -> "StorageUnit | Source | Consumer | Meter":
        """What is told."""
        found = self.storage or self.source or self.consumer or self.breaker
        assert found is not None
        return found

    def __str__(self) -> str:
        if self.storage is not None:
            return f"{self.storage}: charge {self.charge_w} W, discharge {self.discharge_w} W"
        if self.breaker is not None:
            return f"{self.breaker}: " + ("may close in step" if self.closes else "may not close")
        return f"{self.target}: " + ("no limit" if self.limit_w is None else f"at most {self.limit_w} W")
