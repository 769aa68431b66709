"""Which versions of meter days a run used: the way back from a figure on a bill to what was measured."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from billing.models.runs import BillingRun
from energy.models import Channel


class BilledReadings(models.Model):
    """The versions of one meter's channel that a run rated, one for each of its days in order; 0 where there was none."""

    run = models.ForeignKey(BillingRun, models.CASCADE, related_name="billed_readings")
    meter_id = models.BigIntegerField()
    channel = models.SmallIntegerField(choices=Channel.choices)
    versions = ArrayField(models.SmallIntegerField())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "meter_id", "channel"], name="billed_readings_once")
        ]
        indexes = [models.Index(fields=["meter_id", "channel"], name="billed_readings_by_meter")]

    def __str__(self) -> str:
        return f"versions of meter {self.meter_id} in {self.run}"
