"""What the chain knows of storages."""

from django.db import models
from django.db.models import Q

from energy.models import StorageUnit


class StorageMirror(models.Model):
    """The level to which the last mirrored run brought a storage on the chain."""

    storage = models.OneToOneField(StorageUnit, models.CASCADE, related_name="mirror")
    level_wh = models.BigIntegerField("level on the chain [Wh]")
    period = models.PositiveIntegerField(help_text="YYYYMM of the run.")

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(level_wh__gte=0), name="mirrored_level_not_negative")]

    def __str__(self) -> str:
        return f"{self.storage}: {self.level_wh} Wh after {self.period}"
