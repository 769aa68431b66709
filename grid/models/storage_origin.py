"""Where the energy in storages came from: the rule, and each storage's days."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy

from energy.models import Microgrid, StorageUnit
from grid.models.sharing import DateRange


class LeavingOrder(models.TextChoices):
    """Which stored energy leaves first."""

    FIRST_IN = "first_in", "first in, first out"
    PRO_RATA = "pro_rata", "in proportion to what is stored"
    NOT_FOLLOWED = "not_followed", "not followed: all counts as local"


class StorageOriginRule(models.Model):
    """How the origin of stored energy is followed in a microgrid from a day on.

    On days without a rule it is followed first in, first out, and nothing of unknown origin is shared.
    """

    microgrid = models.ForeignKey(Microgrid, models.PROTECT, related_name="storage_origin_rules")
    order = models.CharField(max_length=12, choices=LeavingOrder.choices, default=LeavingOrder.FIRST_IN)
    unknown_is_local = models.BooleanField(
        gettext_lazy("unknown counts as local"),
        default=False,
        help_text=gettext_lazy("What nobody saw going in (before the first day, the meters' rounding) is shared as local energy."),
    )
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True, help_text=gettext_lazy("Exclusive; empty: until further notice."))

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="one_storage_origin_rule_at_a_time",
                expressions=[
                    (F("microgrid"), RangeOperators.EQUAL),
                    (DateRange("valid_from", "valid_to", RangeBoundary()), RangeOperators.OVERLAPS),
                ],
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_order_display()} from {self.valid_from}"


class StorageDay(models.Model):
    """What a storage took in, gave and lost on a day, by origin and interval [Wh], and what lies in it in the end, layer by layer.

    Origins stand in the order own, local, public, unknown. A trigger refuses a row in which an origin's balance or an interval's does not
    hold, or whose layers are not what is stored. Its revision is that of the day's sharing.

    Local energy is told by who produced it: `producers` are ids of sites, 0 where that is not known; a parcel is what came in together. The
    trigger refuses a producer whose balance does not hold, and producers or parcels that do not sum to local energy.
    """

    storage = models.ForeignKey(StorageUnit, models.PROTECT, related_name="days")
    microgrid = models.ForeignKey(Microgrid, models.PROTECT, related_name="storage_days")
    day = models.DateField()
    revision = models.PositiveSmallIntegerField(default=0)
    is_current = models.BooleanField(default=True)
    before_wh = ArrayField(models.BigIntegerField(), size=4, help_text="Stored before, by origin.")
    charged_wh = ArrayField(ArrayField(models.IntegerField()), size=4)
    discharged_wh = ArrayField(ArrayField(models.IntegerField()), size=4)
    lost_wh = ArrayField(ArrayField(models.IntegerField()), size=4)
    emerged_wh = ArrayField(models.IntegerField(), help_text="What left and was never seen going in: unknown that came to light.")
    stored_wh = ArrayField(models.BigIntegerField(), help_text="After each interval, by the balance.")
    layers_at = ArrayField(models.DateTimeField(), default=list, help_text="When each layer came in, the oldest first.")
    layers_wh = ArrayField(ArrayField(models.BigIntegerField()), default=list, help_text="By layer and origin.")
    owed = models.BigIntegerField(default=0, help_text="Standing loss below a Wh, in 10^-12 Wh.")
    producers = ArrayField(models.BigIntegerField(), default=list, help_text="Sites whose energy it held, ascending; 0: not known.")
    produced_before_wh = ArrayField(models.BigIntegerField(), default=list, help_text="By producer.")
    produced_charged_wh = ArrayField(models.BigIntegerField(), default=list, help_text="By producer.")
    produced_discharged_wh = ArrayField(models.BigIntegerField(), default=list, help_text="By producer.")
    produced_lost_wh = ArrayField(models.BigIntegerField(), default=list, help_text="By producer.")
    parcels_at = ArrayField(models.DateTimeField(), default=list, help_text="When each parcel came in.")
    parcels_layer = ArrayField(models.SmallIntegerField(), default=list, help_text="In which layer it lies, from 0.")
    parcels_wh = ArrayField(ArrayField(models.BigIntegerField()), default=list, help_text="By parcel and producer.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["storage", "day", "revision"], name="storage_day_revision_once"),
            models.UniqueConstraint(fields=["storage", "day"], condition=Q(is_current=True), name="storage_day_one_current"),
            models.CheckConstraint(
                condition=Q(charged_wh__len=4, discharged_wh__len=4, lost_wh__len=4, before_wh__len=4)
                & Q(layers_at__len=F("layers_wh__len")),
                name="storage_day_by_four_origins",
            ),
            models.CheckConstraint(
                condition=Q(
                    produced_before_wh__len=F("producers__len"),
                    produced_charged_wh__len=F("producers__len"),
                    produced_discharged_wh__len=F("producers__len"),
                    produced_lost_wh__len=F("producers__len"),
                    parcels_layer__len=F("parcels_at__len"),
                    parcels_wh__len=F("parcels_at__len"),
                ),
                name="storage_day_by_producers",
            ),
        ]
        indexes = [models.Index(fields=["microgrid", "day"], name="storage_day_by_microgrid")]

    def __str__(self) -> str:
        return f"{self.storage} on {self.day}"
