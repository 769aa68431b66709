"""The unit of settlement: one meter, one channel, one local day."""

from django.contrib.postgres.fields import ArrayField
from django.db import models


class Channel(models.IntegerChoices):
    """What a register counts [Wh; reactive energy varh]; never negative, the sign is in the name."""

    IMPORT = 1, "import"
    EXPORT = 2, "export"
    PRODUCTION = 3, "production"
    CHARGE = 4, "charge"
    DISCHARGE = 5, "discharge"
    DOWN = 6, "down"
    UP = 7, "up"
    REACTIVE = 8, "reactive"
    DRAW = 9, "draw"

    @property
    def unit(self) -> str:
        """What its values are in."""
        return "varh" if self == Channel.REACTIVE else "Wh"


class DayStatus(models.IntegerChoices):
    PROVISIONAL = 0, "provisional"
    FINAL = 1, "final"


class MeterDay(models.Model):
    """Watt-hours (of reactive energy varh) per settlement interval of one local day, with a quality flag for each; partitioned by month.

    A final row never changes but for `is_current`; later data make the next version, which supersedes it.
    """

    pk = models.CompositePrimaryKey("day", "meter_id", "channel", "version")
    day = models.DateField()
    meter_id = models.BigIntegerField()
    channel = models.SmallIntegerField(choices=Channel.choices)
    version = models.SmallIntegerField(default=1)
    microgrid_id = models.BigIntegerField()
    status = models.SmallIntegerField(choices=DayStatus.choices, default=DayStatus.PROVISIONAL)
    is_current = models.BooleanField(default=True)
    values_wh = ArrayField(models.IntegerField())
    quality = ArrayField(models.SmallIntegerField())
    register_start_wh = models.BigIntegerField(null=True)
    register_end_wh = models.BigIntegerField(null=True)
    message_ids = ArrayField(models.BigIntegerField(), default=list)
    provenance = models.CharField(max_length=80, default="messages")
    changed_at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "energy_meterday"

    def __str__(self) -> str:
        return f"{Channel(self.channel).label} of meter {self.meter_id} on {self.day}"
