"""Where an index's prices are fetched from, and how that went."""

from datetime import time

from django.db import models
from django.db.models import Q

from billing.models.tariff_prices import SpotIndex


class FeedForm(models.TextChoices):
    """The form in which a service answers, and so how it is asked."""

    ENTSOE = "entsoe", "ENTSO-E Transparency Platform (A44)"
    AWATTAR = "awattar", "aWATTar"
    ENERGY_CHARTS = "energy_charts", "Energy-Charts"


class SpotFeed(models.Model):
    """A service that is asked for an index's prices once a day until they are there; off until somebody turns it on."""

    index = models.OneToOneField(SpotIndex, models.PROTECT, related_name="feed")
    form = models.CharField(max_length=20, choices=FeedForm.choices)
    address = models.URLField(
        max_length=300, help_text="For example https://web-api.tp.entsoe.eu/api (its token is ENTSOE_TOKEN)."
    )
    area = models.CharField(
        "bidding zone", max_length=40, blank=True,
        help_text="ENTSO-E's code (10Y1001A1001A82H) or Energy-Charts' (DE-LU); aWATTar needs none.",
    )  # fmt: skip
    exchange_rate = models.DecimalField(
        max_digits=18, decimal_places=8, null=True, blank=True,
        help_text="What a unit of the service's currency is worth in the cooperative's, where they differ.",
    )  # fmt: skip
    asks_from = models.TimeField(
        default=time(13), help_text="Tomorrow's prices are asked for from then on, local time."
    )
    is_on = models.BooleanField("asks by itself", default=False)
    tried_at = models.DateTimeField(null=True, blank=True, editable=False)
    succeeded_at = models.DateTimeField(null=True, blank=True, editable=False)
    failures = models.PositiveSmallIntegerField("failures since then", default=0, editable=False)
    problem = models.CharField(max_length=300, blank=True, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(exchange_rate__isnull=True) | Q(exchange_rate__gt=0),
                name="spot_feed_rate_above_0",
            ),
            models.CheckConstraint(
                condition=Q(form="awattar") | ~Q(area=""), name="spot_feed_knows_its_area"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.index} from {self.get_form_display()}"
