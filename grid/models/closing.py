"""Which days are closed."""

from django.db import models

from energy.models import Microgrid


class DayClosing(models.Model):
    """A day whose meter days are final, whose energy is shared and whose balance holds."""

    microgrid = models.ForeignKey(Microgrid, models.PROTECT, related_name="closings")
    day = models.DateField()
    revision = models.PositiveSmallIntegerField(default=0)
    closed_at = models.DateTimeField()
    estimated_values = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["microgrid", "day", "revision"], name="day_closed_once")]

    def __str__(self) -> str:
        return f"{self.day} closed"
