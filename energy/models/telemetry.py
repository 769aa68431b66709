"""The evidence: messages as received."""

from django.db import models


class TelemetryMessage(models.Model):
    """One accepted signed message, byte for byte; partitioned by month of receipt, no foreign key points here."""

    pk = models.CompositePrimaryKey("received_at", "id")
    id = models.BigIntegerField()
    received_at = models.DateTimeField()
    microgrid_id = models.BigIntegerField()
    device_id = models.BigIntegerField()
    counter = models.BigIntegerField()
    sent_at = models.DateTimeField()
    transport = models.CharField(max_length=8)
    body = models.BinaryField()

    class Meta:
        managed = False
        db_table = "energy_telemetrymessage"

    def __str__(self) -> str:
        return f"message {self.counter} of device {self.device_id}"
