"""Prices as published: what an interval cost and paid."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy

from energy.models import Microgrid


class PriceDay(models.Model):
    """Published prices of a day, per interval, in millionths of a currency unit per kWh. Never changed, never deleted."""

    microgrid = models.ForeignKey(Microgrid, models.PROTECT, related_name="price_days")
    day = models.DateField()
    window_names = ArrayField(models.CharField(max_length=40))
    windows = ArrayField(models.SmallIntegerField(), help_text=gettext_lazy("Index into the names."))
    retail_micro = ArrayField(models.IntegerField())
    feed_in_micro = ArrayField(models.IntegerField())
    local_micro = ArrayField(models.IntegerField())
    peak_micro_per_kw = models.BigIntegerField(
        null=True, blank=True, help_text=gettext_lazy("Charged for the month's highest import, per kW and month; empty: none is published.")
    )
    published_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["microgrid", "day"], name="prices_published_once"),
            models.CheckConstraint(
                condition=models.Q(peak_micro_per_kw__isnull=True) | models.Q(peak_micro_per_kw__gte=0), name="published_peak_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"prices of {self.day}"
