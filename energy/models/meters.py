"""Meters and what they measure."""

from datetime import date

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy

from energy.models.assets import Consumer, Source, StorageUnit
from energy.models.meter_days import Channel
from energy.models.microgrids import Microgrid
from energy.models.sites import Site
from energy.models.topology import Line, Transformer
from kernel.identifiers import random_bytes32
from kernel.intervals import LocalDay
from members.models.public import PublicRow


class MeterKind(models.TextChoices):
    """Where a meter sits, and so which channels it has."""

    SITE = "site", "site: import and export"
    SOURCE = "source", "source: production"
    STORAGE = "storage", "storage: charge and discharge"
    GRID = "grid", "line or transformer: what flows down and up"
    DEVICE = "device", "device: what one load behind a site draws"


CHANNELS_OF = {
    MeterKind.SITE: (Channel.IMPORT, Channel.EXPORT),
    MeterKind.SOURCE: (Channel.PRODUCTION,),
    MeterKind.STORAGE: (Channel.CHARGE, Channel.DISCHARGE),
    MeterKind.GRID: (Channel.DOWN, Channel.UP),
    MeterKind.DEVICE: (Channel.DRAW,),
}


class Meter(PublicRow):
    """A meter with cumulative registers; its code breaks ties wherever a Wh must go to one of several."""

    microgrid = models.ForeignKey(Microgrid, models.PROTECT, related_name="meters")
    site = models.ForeignKey(Site, models.PROTECT, related_name="meters")
    kind = models.CharField(max_length=16, choices=MeterKind.choices)
    source = models.OneToOneField(Source, models.PROTECT, null=True, blank=True, related_name="meter")
    storage = models.OneToOneField(StorageUnit, models.PROTECT, null=True, blank=True, related_name="meter")
    consumer = models.OneToOneField(
        Consumer,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="meter",
        help_text=gettext_lazy("A sub-meter's load: what it draws is in the site's own registers as well."),
    )
    line = models.OneToOneField(Line, models.PROTECT, null=True, blank=True, related_name="meter")
    transformer = models.OneToOneField(Transformer, models.PROTECT, null=True, blank=True, related_name="meter")
    code = models.CharField(max_length=120)
    external_ref = models.CharField(max_length=120, blank=True, help_text=gettext_lazy("How the grid operator calls the metering point."))
    register_limit_wh = models.BigIntegerField(
        gettext_lazy("registers' limit [Wh]"), default=10**11, help_text=gettext_lazy("The registers roll over here.")
    )
    chain_ref = models.CharField(max_length=66, default=random_bytes32, unique=True, editable=False)
    installed_at = models.DateTimeField(null=True, blank=True)
    removed_at = models.DateTimeField(null=True, blank=True)
    reactive_from = models.DateField(
        gettext_lazy("counts reactive energy from"),
        null=True,
        blank=True,
        help_text=gettext_lazy(
            "First local day on which the meter counts the reactive energy drawn [varh] beside its other registers; empty: it does not."
        ),
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["microgrid", "code"], name="meter_code_once"),
            models.UniqueConstraint(fields=["microgrid", "external_ref"], condition=~Q(external_ref=""), name="meter_external_ref_once"),
            models.UniqueConstraint(fields=["site"], condition=Q(kind="site", removed_at__isnull=True), name="one_site_meter_at_a_time"),
            models.CheckConstraint(
                condition=Q(kind__in=("site", "grid", "device"), source__isnull=True, storage__isnull=True)
                | Q(kind="source", source__isnull=False, storage__isnull=True)
                | Q(kind="storage", source__isnull=True, storage__isnull=False),
                name="meter_kind_fits_what_it_measures",
            ),
            models.CheckConstraint(
                condition=Q(kind="device", consumer__isnull=False) | (~Q(kind="device") & Q(consumer__isnull=True)),
                name="sub_meter_has_a_load",
            ),
            models.CheckConstraint(
                condition=(~Q(kind="grid") & Q(line__isnull=True, transformer__isnull=True))
                | Q(kind="grid", line__isnull=False, transformer__isnull=True)
                | Q(kind="grid", line__isnull=True, transformer__isnull=False),
                name="grid_meter_sits_on_one_branch",
            ),
            models.CheckConstraint(condition=Q(kind="site") | Q(reactive_from__isnull=True), name="only_site_meters_count_reactive_energy"),
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def channels(self) -> tuple[Channel, ...]:
        """What it counts today."""
        return channels_of(self.kind, counts_reactive=self.reactive_from is not None)

    def counts_on(self, day: LocalDay) -> bool:
        """Whether it was there on some of a local day."""
        begun = self.installed_at is None or self.installed_at < day.end_at
        return begun and (self.removed_at is None or self.removed_at > day.start_at)

    def channels_on(self, day: date) -> tuple[Channel, ...]:
        """What it counted on a local day."""
        since = self.reactive_from
        return channels_of(self.kind, counts_reactive=since is not None and since <= day)


def channels_of(kind: str, *, counts_reactive: bool) -> tuple[Channel, ...]:
    """The channels of a meter of a kind; reactive energy is counted beside the others, by some."""
    own = CHANNELS_OF[MeterKind(kind)]
    return (*own, Channel.REACTIVE) if counts_reactive else own
