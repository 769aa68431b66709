"""Devices that sign, their keys, and the codes by which they come in."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy

from energy.models.meters import Meter
from energy.models.microgrids import Microgrid
from energy.models.sensors import Sensor
from members.models import User
from members.models.public import PublicRow


class DeviceStatus(models.TextChoices):
    ENROLLED = "enrolled", "enrolled"
    REVOKED = "revoked", "revoked"
    DECOMMISSIONED = "decommissioned", "decommissioned"


class Device(PublicRow):
    """What signs for one meter or one sensor; its counter only ever rises."""

    microgrid = models.ForeignKey(Microgrid, models.PROTECT, related_name="devices")
    meter = models.ForeignKey(Meter, models.PROTECT, null=True, blank=True, related_name="devices")
    sensor = models.ForeignKey(Sensor, models.PROTECT, null=True, blank=True, related_name="devices")
    name = models.CharField(max_length=120, unique=True, help_text=gettext_lazy("Base name in SenML, a URN."))
    status = models.CharField(max_length=16, choices=DeviceStatus.choices, default=DeviceStatus.ENROLLED)
    model = models.CharField(max_length=80, blank=True, help_text=gettext_lazy("As the device gives it; firmware is chosen by it."))
    firmware_version = models.CharField(max_length=40, blank=True, help_text=gettext_lazy("As the device last reported it."))
    encrypts = models.BooleanField(default=False, help_text=gettext_lazy("Only encrypted messages are accepted."))
    last_counter = models.BigIntegerField(default=0)
    last_seen_at = models.DateTimeField(null=True, blank=True)
    recent_refusals_at = ArrayField(
        models.DateTimeField(), default=list, editable=False, help_text=gettext_lazy("The last five, the newest first.")
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(meter__isnull=False, sensor__isnull=True) | Q(meter__isnull=True, sensor__isnull=False),
                name="device_serves_one_meter_or_sensor",
            ),
            models.UniqueConstraint(
                fields=["meter", "sensor"], condition=Q(status="enrolled"), nulls_distinct=False, name="one_enrolled_device_at_a_time"
            ),
        ]

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


class EnrolmentCode(PublicRow):
    """A code by which one device comes in, once; only its hash is kept. The first letters find the row."""

    meter = models.ForeignKey(Meter, models.PROTECT, null=True, blank=True, related_name="enrolment_codes")
    sensor = models.ForeignKey(Sensor, models.PROTECT, null=True, blank=True, related_name="enrolment_codes")
    microgrid = models.ForeignKey(Microgrid, models.PROTECT, related_name="enrolment_codes")
    locator = models.CharField(max_length=8, unique=True)
    code_hash = models.BinaryField(max_length=32)
    made_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveSmallIntegerField(default=0)
    device = models.ForeignKey(Device, models.PROTECT, null=True, blank=True, related_name="enrolment_codes")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(meter__isnull=False, sensor__isnull=True) | Q(meter__isnull=True, sensor__isnull=False),
                name="code_is_for_one_meter_or_sensor",
            ),
            models.CheckConstraint(condition=Q(expires_at__gt=F("made_at")), name="code_lives_a_while"),
            models.CheckConstraint(
                condition=Q(used_at__isnull=True, device__isnull=True) | Q(used_at__isnull=False, device__isnull=False),
                name="code_used_by_a_device",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.locator}-…"


class RefusalCount(models.Model):
    """How often a device's messages were refused in an hour, by reason; device empty where the key is unknown."""

    device = models.ForeignKey(Device, models.CASCADE, null=True, blank=True, related_name="refusals")
    hour_at = models.DateTimeField()
    reason = models.CharField(max_length=40)
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["device", "hour_at", "reason"], name="refusals_counted_once", nulls_distinct=False)]

    def __str__(self) -> str:
        return f"{self.count} x {self.reason}"
