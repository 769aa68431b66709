"""Gateways: head-ends, inverters and charge points that hand in readings under a key of their own."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy

from energy.models.meters import Meter
from energy.models.microgrids import Microgrid
from members.models.public import PublicRow


class Gateway(PublicRow):
    """Something that speaks for named meters under one API key, of which only a digest is kept."""

    microgrid = models.ForeignKey(Microgrid, models.PROTECT, related_name="gateways")
    name = models.CharField(max_length=120)
    key_sha256 = models.CharField(max_length=64, unique=True, editable=False)
    key_hint = models.CharField(gettext_lazy("key begins with"), max_length=12, editable=False)
    enrolled_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_seen_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["microgrid", "name"], name="gateway_name_once")]

    def __str__(self) -> str:
        return self.name


class GatewayMeter(models.Model):
    """A meter that a gateway may speak for, and how the gateway calls it (a charge point's `ID/connector`, for example)."""

    gateway = models.ForeignKey(Gateway, models.CASCADE, related_name="gateway_meters")
    meter = models.ForeignKey(Meter, models.PROTECT, related_name="gateway_meters")
    reference = models.CharField(max_length=120)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["gateway", "reference"], name="gateway_reference_once"),
            models.UniqueConstraint(fields=["gateway", "meter"], name="gateway_meter_once"),
        ]

    def __str__(self) -> str:
        return self.reference


class GatewayMessage(models.Model):
    """One accepted body, byte for byte; partitioned by month of receipt. Ids are unique among device messages too."""

    pk = models.CompositePrimaryKey("received_at", "id")
    id = models.BigIntegerField()
    received_at = models.DateTimeField()
    microgrid_id = models.BigIntegerField()
    gateway_id = models.BigIntegerField()
    message_ref = models.CharField(max_length=120)
    sent_at = models.DateTimeField()
    rests_on = ArrayField(models.BigIntegerField(), default=list, help_text="Messages whose registers it counts on from.")
    body = models.BinaryField()

    class Meta:
        managed = False
        db_table = "energy_gatewaymessage"

    def __str__(self) -> str:
        return f"message {self.message_ref} of gateway {self.gateway_id}"


class GatewayRegister(models.Model):
    """A cumulative register at an interval's edge, and the message it stood in; what comes before or after counts on from it."""

    gateway_meter = models.ForeignKey(GatewayMeter, models.CASCADE, related_name="registers")
    channel = models.CharField(max_length=12)
    read_at = models.DateTimeField()
    register_wh = models.BigIntegerField()
    message_id = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["gateway_meter", "channel", "read_at"], name="gateway_register_once")]

    def __str__(self) -> str:
        return f"{self.register_wh} Wh at {self.read_at}"


class GatewayRefusal(models.Model):
    """How often a gateway's bodies were refused in an hour, by reason; gateway empty where the key is unknown."""

    gateway = models.ForeignKey(Gateway, models.CASCADE, null=True, blank=True, related_name="refusals")
    hour_at = models.DateTimeField()
    reason = models.CharField(max_length=40)
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["gateway", "hour_at", "reason"], name="gateway_refusals_counted_once", nulls_distinct=False)
        ]

    def __str__(self) -> str:
        return f"{self.count} x {self.reason}"
