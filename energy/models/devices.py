"""Devices that sign, and their keys."""

from django.db import models

from energy.models.meters import Meter
from energy.models.microgrids import Microgrid
from members.models.public import PublicRow


class DeviceStatus(models.TextChoices):
    ENROLLED = "enrolled", "enrolled"
    REVOKED = "revoked", "revoked"
    DECOMMISSIONED = "decommissioned", "decommissioned"


class Device(PublicRow):
    """What signs for one meter; its counter only ever rises."""

    microgrid = models.ForeignKey(Microgrid, models.PROTECT, related_name="devices")
    meter = models.ForeignKey(Meter, models.PROTECT, related_name="devices")
    name = models.CharField(max_length=120, unique=True, help_text="Base name in SenML, a URN.")
    status = models.CharField(max_length=16, choices=DeviceStatus.choices, default=DeviceStatus.ENROLLED)
    last_counter = models.BigIntegerField(default=0)
    last_seen_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name


class DeviceKey(models.Model):
    """An Ed25519 public key of a device; the key id is the first eight bytes of its SHA-256."""

    device = models.ForeignKey(Device, models.CASCADE, related_name="keys")
    key_id = models.BinaryField(max_length=8, unique=True)
    public_key = models.BinaryField(max_length=32)
    valid_from = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"key {bytes(self.key_id).hex()} of {self.device}"


class RefusalCount(models.Model):
    """How often a device's messages were refused in an hour, by reason; device empty where the key is unknown."""

    device = models.ForeignKey(Device, models.CASCADE, null=True, blank=True, related_name="refusals")
    hour_at = models.DateTimeField()
    reason = models.CharField(max_length=40)
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["device", "hour_at", "reason"], name="refusals_counted_once", nulls_distinct=False
            )
        ]

    def __str__(self) -> str:
        return f"{self.count} x {self.reason}"
