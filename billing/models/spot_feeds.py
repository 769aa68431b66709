"""Where an index's prices are fetched from, and how that went."""

from datetime import time

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.models.tariff_prices import SpotIndex


class FeedForm(models.TextChoices):
    """The form in which a service answers, and so how it is asked."""

    ENTSOE = "entsoe", gettext_lazy("ENTSO-E Transparency Platform (A44)")
    AWATTAR = "awattar", gettext_lazy("aWATTar")
    ENERGY_CHARTS = "energy_charts", gettext_lazy("Energy-Charts")


class SpotFeed(models.Model):
    """A service that is asked for an index's prices once a day until they are there; off until somebody turns it on."""

    index = models.OneToOneField(SpotIndex, models.PROTECT, related_name="feed")
    form = models.CharField(max_length=20, choices=FeedForm.choices)
    address = models.URLField(
        max_length=300, help_text=gettext_lazy("For example https://web-api.tp.entsoe.eu/api (its token is ENTSOE_TOKEN).")
    )
    area = models.CharField(
        gettext_lazy("bidding zone"),
        max_length=40,
        blank=True,
        help_text=gettext_lazy("ENTSO-E's code (10Y1001A1001A82H) or Energy-Charts' (DE-LU); aWATTar needs none."),
    )
    exchange_rate = models.DecimalField(
        max_digits=18,
        decimal_places=8,
        null=True,
        blank=True,
        help_text=gettext_lazy("What a unit of the service's currency is worth in the cooperative's, where they differ."),
    )
    asks_from = models.TimeField(default=time(13), help_text=gettext_lazy("Tomorrow's prices are asked for from then on, local time."))
    is_on = models.BooleanField(gettext_lazy("asks by itself"), default=False)
    tried_at = models.DateTimeField(null=True, blank=True, editable=False)
    succeeded_at = models.DateTimeField(null=True, blank=True, editable=False)
    failures = models.PositiveSmallIntegerField(gettext_lazy("failures since then"), default=0, editable=False)
    problem = models.CharField(max_length=300, blank=True, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(exchange_rate__isnull=True) | Q(exchange_rate__gt=0), name="spot_feed_rate_above_0"),
            models.CheckConstraint(condition=Q(form="awattar") | ~Q(area=""), name="spot_feed_knows_its_area"),
        ]

    def __str__(self) -> str:
        return _("%(index)s from %(form)s") % {"index": self.index, "form": self.get_form_display()}
