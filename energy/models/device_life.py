"""What happened to a device, and what about it needs a person."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy

from energy.models.devices import Device
from members.models import User
from members.models.public import PublicRow


class DeviceEventKind(models.TextChoices):
    """A step of a device's life."""

    ENROLLED = "enrolled", "enrolled"
    KEY_ROTATED = "key_rotated", "key rotated"
    REVOKED = "revoked", "revoked"
    EXCHANGED = "exchanged", "meter exchanged"
    DECOMMISSIONED = "decommissioned", "decommissioned"
    CERTIFIED = "certified", "certificate issued"
    CERTIFICATE_REVOKED = "certificate_revoked", "certificate revoked"
    FIRMWARE = "firmware", "firmware reported"
    FIRMWARE_FAILED = "firmware_failed", "firmware failed"
    ENCRYPTION = "encryption", "encryption required or not"
    ALARM_RAISED = "alarm_raised", "alarm raised"
    ALARM_ACKNOWLEDGED = "alarm_acknowledged", "alarm acknowledged"
    ALARM_CLEARED = "alarm_cleared", "alarm cleared"


class DeviceEvent(models.Model):
    """One step of a device's life: when (real time), by whom (nobody: the device or the platform itself), and what.

    Rows are only ever added; a trigger refuses anything else.
    """

    device = models.ForeignKey(Device, models.PROTECT, related_name="events")
    at = models.DateTimeField()
    kind = models.CharField(max_length=24, choices=DeviceEventKind.choices)
    by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    detail = models.CharField(max_length=300, blank=True)

    class Meta:
        indexes = [models.Index(fields=["device", "-at"], name="device_event_by_device")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.at:%Y-%m-%d %H:%M}"


class AlarmKind(models.TextChoices):
    """What may be wrong with a device."""

    REFUSALS = "refusals", "five messages refused within an hour"
    COVER_OPEN = "cover_open", "the case is open"
    REGISTER_WENT_BACK = "register_went_back", "a register went back"
    ZERO_PATTERN = "zero_pattern", "nothing measured where its like days do"
    TWO_PLACES = "two_places", "its key is used from two places"


class DeviceAlarm(PublicRow):
    """Something about a device that needs a person; open until cleared, one of a kind at a time. Times are real."""

    device = models.ForeignKey(Device, models.PROTECT, related_name="alarms")
    kind = models.CharField(max_length=24, choices=AlarmKind.choices)
    raised_at = models.DateTimeField()
    last_at = models.DateTimeField(help_text=gettext_lazy("When it was seen last."))
    count = models.PositiveIntegerField(default=1, help_text=gettext_lazy("How often it was seen."))
    detail = models.CharField(max_length=300, blank=True)
    acknowledged_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    cleared_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    cleared_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["device", "kind"], condition=Q(cleared_at__isnull=True), name="one_open_alarm_of_a_kind"),
            models.CheckConstraint(
                condition=Q(acknowledged_at__isnull=True, acknowledged_by__isnull=True)
                | Q(acknowledged_at__isnull=False, acknowledged_by__isnull=False),
                name="alarm_acknowledged_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.device}"
