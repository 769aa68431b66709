"""Sensors other than meters, and what they said."""

from django.db import models

from energy.models.microgrids import Microgrid
from energy.models.sites import Site
from energy.models.topology import Node
from members.models.public import PublicRow


class SensorKind(models.TextChoices):
    """What a sensor measures; names of records, units and bounds stand in `energy.domain.sensors`."""

    IRRADIANCE = "irradiance", "irradiance [W/m²]"
    AIR_TEMPERATURE = "air_temperature", "air temperature [°C]"
    TRANSFORMER_TEMPERATURE = "transformer_temperature", "transformer temperature [°C]"
    VOLTAGE = "voltage", "voltage [V]"
    DOOR = "door", "door contact"


class Sensor(PublicRow):
    """A sensor of a microgrid: at a site, at a node of the network, or of the whole."""

    microgrid = models.ForeignKey(Microgrid, models.PROTECT, related_name="sensors")
    site = models.ForeignKey(Site, models.PROTECT, null=True, blank=True, related_name="sensors")
    node = models.ForeignKey(Node, models.PROTECT, null=True, blank=True, related_name="sensors")
    kind = models.CharField(max_length=24, choices=SensorKind.choices)
    code = models.CharField(max_length=120)
    installed_at = models.DateTimeField(null=True, blank=True)
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["microgrid", "code"], name="sensor_code_once")]

    def __str__(self) -> str:
        return self.code


class SensorReading(models.Model):
    """One value of a sensor at an instant, by the microgrid's clock; only ever appended, partitioned by month."""

    pk = models.CompositePrimaryKey("at", "sensor_id", "message_id")
    at = models.DateTimeField()
    sensor_id = models.BigIntegerField()
    microgrid_id = models.BigIntegerField()
    value = models.FloatField(help_text="In the unit of the sensor's kind; doors: 1 open, 0 shut.")
    message_id = models.BigIntegerField()

    class Meta:
        managed = False
        db_table = "energy_sensorreading"

    def __str__(self) -> str:
        return f"{self.value:g} of sensor {self.sensor_id}"
