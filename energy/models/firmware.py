"""Firmware: what there is for a model of device, to how many it is offered, and what became of it."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy

from energy.models.devices import Device
from members.models import Cooperative, User
from members.models.public import PublicRow


class FirmwareRelease(PublicRow):
    """One version for one model of device; offered to `percent` of the devices, to none once it is halted."""

    cooperative = models.ForeignKey(Cooperative, models.PROTECT, related_name="firmware_releases")
    model = models.CharField(max_length=80)
    version = models.CharField(max_length=40, help_text=gettext_lazy("Whole numbers with dots, for example 1.4.0."))
    image = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    percent = models.PositiveSmallIntegerField(default=0, help_text=gettext_lazy("Share of the devices that it is offered to [%]."))
    failure_limit_percent = models.PositiveSmallIntegerField(
        default=10, help_text=gettext_lazy("The roll-out halts when more of those that tried have failed [%].")
    )
    made_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    made_at = models.DateTimeField()
    halted_at = models.DateTimeField(null=True, blank=True)
    halted_because = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["cooperative", "model", "version"], name="firmware_version_once"),
            models.CheckConstraint(condition=Q(percent__lte=100, failure_limit_percent__lte=100), name="firmware_percent_to_100"),
        ]

    def __str__(self) -> str:
        return f"{self.model} {self.version}"


class FirmwareOutcome(models.Model):
    """What a device said about a version that it tried: the newest word counts."""

    device = models.ForeignKey(Device, models.CASCADE, related_name="firmware_outcomes")
    release = models.ForeignKey(FirmwareRelease, models.CASCADE, related_name="outcomes")
    succeeded = models.BooleanField()
    reported_at = models.DateTimeField()
    detail = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["device", "release"], name="one_outcome_per_device_and_release")]

    def __str__(self) -> str:
        return f"{self.release} on {self.device}: {'installed' if self.succeeded else 'failed'}"
