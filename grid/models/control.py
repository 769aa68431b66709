"""What the control rule saw and commanded."""

from django.db import models
from django.db.models import Q

from energy.models import Microgrid, StorageUnit
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
    losses_w = models.BigIntegerField(
        null=True, help_text="From the power flow; empty where it has no solution."
    )
    highest_loading = models.FloatField(null=True, help_text="Of lines and transformers; 1 is full.")
    lowest_voltage_pu = models.FloatField(null=True)
    highest_voltage_pu = models.FloatField(null=True)
    sites_reporting = models.IntegerField()
    sites_total = models.IntegerField(default=0)
    reasons = models.JSONField(default=list)

    class Meta:
        indexes = [models.Index(fields=["microgrid", "-at"], name="state_newest_first")]

    def __str__(self) -> str:
        return f"{self.status} at {self.at}"


class CommandStatus(models.TextChoices):
    PENDING = "pending", "pending"
    SENT = "sent", "sent"
    ACKNOWLEDGED = "acknowledged", "acknowledged"
    EXPIRED = "expired", "expired"


class DeviceCommand(PublicRow):
    """A set-point for a storage's inverter; it holds until it expires, then the inverter falls back to idle."""

    microgrid = models.ForeignKey(Microgrid, models.CASCADE, related_name="commands")
    storage = models.ForeignKey(StorageUnit, models.CASCADE, related_name="commands")
    charge_w = models.BigIntegerField(default=0)
    discharge_w = models.BigIntegerField(default=0)
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
                condition=Q(charge_w=0, discharge_w__gte=0) | Q(charge_w__gte=0, discharge_w=0),
                name="command_charges_or_discharges",
            )
        ]

    def __str__(self) -> str:
        return f"{self.storage}: charge {self.charge_w} W, discharge {self.discharge_w} W"
