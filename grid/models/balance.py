"""The energy balance of a microgrid, per interval."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from energy.models import Microgrid


class BalanceDay(models.Model):
    """import + production + discharge = consumption + charge + export + losses, in every interval [Wh].

    A trigger refuses a row for which this does not hold. Import and export are at the point of common coupling.
    """

    microgrid = models.ForeignKey(Microgrid, models.PROTECT, related_name="balance_days")
    day = models.DateField()
    revision = models.PositiveSmallIntegerField(default=0)
    is_current = models.BooleanField(default=True)
    import_wh = ArrayField(models.BigIntegerField())
    export_wh = ArrayField(models.BigIntegerField())
    production_wh = ArrayField(models.BigIntegerField())
    consumption_wh = ArrayField(models.BigIntegerField())
    charge_wh = ArrayField(models.BigIntegerField())
    discharge_wh = ArrayField(models.BigIntegerField())
    losses_wh = ArrayField(models.BigIntegerField())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["microgrid", "day", "revision"], name="balance_day_revision_once"),
            models.UniqueConstraint(fields=["microgrid", "day"], condition=Q(is_current=True), name="balance_day_one_current"),
        ]

    def __str__(self) -> str:
        return f"balance of {self.day}"
