"""Meters and what they measure."""

from django.db import models
from django.db.models import Q

from energy.models.assets import Source, StorageUnit
from energy.models.meter_days import Channel
from energy.models.microgrids import Microgrid
from energy.models.sites import Site
from kernel.identifiers import random_bytes32
from members.models.public import PublicRow


class MeterKind(models.TextChoices):
    """Where a meter sits, and so which channels it has."""

    SITE = "site", "site: import and export"
    SOURCE = "source", "source: production"
    STORAGE = "storage", "storage: charge and discharge"


CHANNELS_OF = {
    MeterKind.SITE: (Channel.IMPORT, Channel.EXPORT),
    MeterKind.SOURCE: (Channel.PRODUCTION,),
    MeterKind.STORAGE: (Channel.CHARGE, Channel.DISCHARGE),
}


class Meter(PublicRow):
    """A meter with cumulative registers; its code breaks ties wherever a Wh must go to one of several."""

    microgrid = models.ForeignKey(Microgrid, models.PROTECT, related_name="meters")
    site = models.ForeignKey(Site, models.PROTECT, related_name="meters")
    kind = models.CharField(max_length=16, choices=MeterKind.choices)
    source = models.OneToOneField(Source, models.PROTECT, null=True, blank=True, related_name="meter")
    storage = models.OneToOneField(StorageUnit, models.PROTECT, null=True, blank=True, related_name="meter")
    code = models.CharField(max_length=120)
    register_limit_wh = models.BigIntegerField(
        "registers' limit [Wh]", default=10**11, help_text="The registers roll over here."
    )
    chain_ref = models.CharField(max_length=66, default=random_bytes32, unique=True, editable=False)
    installed_at = models.DateTimeField(null=True, blank=True)
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["microgrid", "code"], name="meter_code_once"),
            models.UniqueConstraint(
                fields=["site"],
                condition=Q(kind="site", removed_at__isnull=True),
                name="one_site_meter_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(kind="site", source__isnull=True, storage__isnull=True)
                | Q(kind="source", source__isnull=False, storage__isnull=True)
                | Q(kind="storage", source__isnull=True, storage__isnull=False),
                name="meter_kind_fits_what_it_measures",
            ),
        ]

    def __str__(self) -> str:
        return self.code
