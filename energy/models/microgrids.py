"""The settlement boundary."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy

from kernel.clock import ReplayClock
from kernel.identifiers import random_bytes32
from kernel.intervals import LocalDay, zone
from members.models import Cooperative
from members.models.public import PublicRow


class Microgrid(PublicRow):
    """One settlement boundary behind one point of common coupling; the unit by which work is spread."""

    cooperative = models.ForeignKey(Cooperative, models.PROTECT, related_name="microgrids")
    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=120)
    time_zone = models.CharField(max_length=40, default="Europe/Berlin")
    interval_minutes = models.PositiveSmallIntegerField(gettext_lazy("interval [min]"), default=15)
    country = models.CharField(
        max_length=2, blank=True, help_text=gettext_lazy("ISO code, for public holidays; empty: that of the time zone.")
    )
    region = models.CharField(max_length=10, blank=True, help_text=gettext_lazy("Region with holidays of its own, e.g. MV."))
    import_limit_w = models.BigIntegerField(
        gettext_lazy("import limit [W]"), null=True, blank=True, help_text=gettext_lazy("At the point of common coupling.")
    )
    export_limit_w = models.BigIntegerField(
        gettext_lazy("export limit [W]"), null=True, blank=True, help_text=gettext_lazy("At the point of common coupling.")
    )
    settles_losses = models.BooleanField(
        gettext_lazy("losses are settled"),
        default=False,
        help_text=gettext_lazy("The network's losses, by power flow, enter the balance of each closed day as the cooperative's own use."),
    )
    chain_ref = models.CharField(max_length=66, default=random_bytes32, unique=True, editable=False)
    external_ref = models.CharField(max_length=120, blank=True)
    clock_real_start = models.DateTimeField(null=True, blank=True, help_text=gettext_lazy("Empty: the clock is the real one."))
    clock_shown_start = models.DateTimeField(null=True, blank=True)
    clock_speed = models.FloatField(default=1.0)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(interval_minutes__in=(5, 10, 15, 30, 60)), name="microgrid_interval_divides_the_hour"),
            models.CheckConstraint(
                condition=Q(clock_real_start__isnull=True, clock_shown_start__isnull=True)
                | Q(clock_real_start__isnull=False, clock_shown_start__isnull=False),
                name="microgrid_replay_has_both_starts",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        return zone(self.time_zone)

    def local_day(self, day: date) -> LocalDay:
        """That calendar day, cut into this microgrid's settlement intervals."""
        return LocalDay(day, self.zone, self.interval_minutes)

    def now(self, real_now: datetime) -> datetime:
        """What this microgrid's clock shows at the real instant `real_now`."""
        if self.clock_real_start is None or self.clock_shown_start is None:
            return real_now
        return ReplayClock(self.clock_real_start, self.clock_shown_start, self.clock_speed).now(real_now)
