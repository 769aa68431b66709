"""Silence: what should have been heard and was not."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy

from energy.models.gateways import Gateway
from energy.models.meters import Meter
from energy.models.microgrids import Microgrid


class SilenceKind(models.TextChoices):
    STOPPED = "stopped", "sends nothing"
    ZEROS = "zeros", "sends zeros where its like days do not"


class FeedSilence(models.Model):
    """A meter, gateway or file feed that stopped, or sends zeros; open until it is heard again. Times are the microgrid's."""

    microgrid = models.ForeignKey(Microgrid, models.PROTECT, related_name="silences")
    kind = models.CharField(max_length=8, choices=SilenceKind.choices)
    meter = models.ForeignKey(Meter, models.CASCADE, null=True, blank=True, related_name="silences")
    gateway = models.ForeignKey(Gateway, models.CASCADE, null=True, blank=True, related_name="silences")
    feed = models.CharField(max_length=16, blank=True, help_text=gettext_lazy("The format of a regular import."))
    since_at = models.DateTimeField(help_text=gettext_lazy("The last that was heard, or the first of the zeros."))
    found_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["microgrid", "kind", "meter", "gateway", "feed"],
                condition=Q(ended_at__isnull=True),
                name="silence_open_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(meter__isnull=False, gateway__isnull=True, feed="")
                | Q(meter__isnull=True, gateway__isnull=False, feed="")
                | (Q(meter__isnull=True, gateway__isnull=True) & ~Q(feed="")),
                name="silence_of_one_thing",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.meter or self.gateway or self.feed}: {self.get_kind_display()}"
