"""Reference profiles: what the virtual meters of an imported network will measure."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from energy.models.microgrids import Microgrid


class ReferenceProfileDay(models.Model):
    """One profile on one local day, as a share of nominal power per interval."""

    microgrid = models.ForeignKey(Microgrid, models.CASCADE, related_name="profile_days")
    name = models.CharField(max_length=80)
    day = models.DateField()
    shares = ArrayField(models.FloatField())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["microgrid", "name", "day"], name="profile_day_once")]

    def __str__(self) -> str:
        return f"{self.name} on {self.day}"
