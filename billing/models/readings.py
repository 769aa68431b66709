"""Which versions of meter days a run used: the way back from a figure on a bill to what was measured."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext as _

from billing.models.runs import BillingRun
from energy.models import Channel


class BilledReadings(models.Model):
    """The versions of one meter's channel that a run rated, one for each of its days in order; 0 where there was none."""

    run = models.ForeignKey(BillingRun, models.CASCADE, related_name="billed_readings")
    meter_id = models.BigIntegerField()
    channel = models.SmallIntegerField(choices=Channel.choices)
    versions = ArrayField(models.SmallIntegerField())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "meter_id", "channel"], name="billed_readings_once")]
        indexes = [models.Index(fields=["meter_id", "channel"], name="billed_readings_by_meter")]

    def __str__(self) -> str:
        return _("versions of meter %(meter_id)s in %(run)s") % {"meter_id": self.meter_id, "run": self.run}
