"""Validation: what a person may set, what was learned, and what waits for a person's judgement."""

from decimal import Decimal

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy

from energy.domain.meter_class import MeterClass
from energy.models.meter_days import Channel
from energy.models.meters import Meter
from energy.models.microgrids import Microgrid
from members.models import User
from members.models.public import PublicRow

CLASS_CHOICES = [(one.value, one.value.replace("_", " ")) for one in MeterClass]


class ClassSettings(models.Model):
    """How strictly the meters of one class are checked; a class without a row is checked as the defaults say."""

    microgrid = models.ForeignKey(Microgrid, models.CASCADE, related_name="class_settings")
    meter_class = models.CharField(max_length=20, choices=CLASS_CHOICES)
    limit_factor = models.DecimalField(
        max_digits=4,
        decimal_places=2,
        default=Decimal(1),
        help_text=gettext_lazy("Times the learned limits: above 1 less is found."),
        validators=[MinValueValidator(Decimal("0.5")), MaxValueValidator(Decimal(5))],
    )
    stuck_intervals = models.PositiveSmallIntegerField(
        default=8,
        help_text=gettext_lazy("So many times the same value is a fault."),
        validators=[MinValueValidator(8), MaxValueValidator(96)],
    )
    night_percent = models.DecimalField(
        gettext_lazy("night production from [%]"),
        max_digits=4,
        decimal_places=2,
        default=Decimal(1),
        help_text=gettext_lazy("Of the rating, while the sun is down."),
        validators=[MinValueValidator(Decimal(0))],
    )
    review_working_days = models.PositiveSmallIntegerField(default=2, help_text=gettext_lazy("So long a review may hold up a day."))

    class Meta:
        verbose_name_plural = "class settings"
        constraints = [
            models.UniqueConstraint(fields=["microgrid", "meter_class"], name="class_settings_once"),
            models.CheckConstraint(
                condition=Q(limit_factor__gte=Decimal("0.5"), limit_factor__lte=5)
                & Q(stuck_intervals__gte=8, stuck_intervals__lte=96)
                & Q(night_percent__gte=0),
                name="class_settings_in_range",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_meter_class_display()} in {self.microgrid}"


class LearnedLimits(models.Model):
    """What is usual for one channel of a meter: when it was learned, from which days, and the numbers themselves."""

    meter = models.ForeignKey(Meter, models.CASCADE, related_name="learned_limits")
    channel = models.SmallIntegerField(choices=Channel.choices)
    meter_class = models.CharField(max_length=20, choices=CLASS_CHOICES)
    first_day = models.DateField()
    last_day = models.DateField()
    days = models.PositiveIntegerField(help_text=gettext_lazy("Days with readings among them."))
    mean_wh = models.FloatField(gettext_lazy("mean of an interval [Wh]"))
    numbers = models.JSONField(help_text=gettext_lazy("As energy.adapters.limit_numbers writes them."))
    learned_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "learned limits"
        constraints = [
            models.UniqueConstraint(fields=["meter", "channel"], name="learned_limits_once"),
            models.CheckConstraint(condition=Q(last_day__gte=models.F("first_day"), days__gt=0), name="learned_from_days"),
        ]

    def __str__(self) -> str:
        return f"{self.meter}, {self.get_channel_display()}"


class ReviewState(models.TextChoices):
    OPEN = "open", "open"
    ACCEPTED = "accepted", "accepted as measured"
    EDITED = "edited", "edited"
    EXPIRED = "expired", "kept as measured when its time was over"
    SUPERSEDED = "superseded", "superseded by a later version"


class Review(PublicRow):
    """A version of a meter day that waits for a person, or for its deadline; and what was decided.

    `found` holds the bits of `Check`; `intervals` are those in question; `proposals` holds whole Wh for them by method.
    """

    microgrid = models.ForeignKey(Microgrid, models.CASCADE, related_name="reviews")
    meter = models.ForeignKey(Meter, models.CASCADE, related_name="reviews")
    channel = models.SmallIntegerField(choices=Channel.choices)
    day = models.DateField()
    version = models.SmallIntegerField()
    found = models.SmallIntegerField()
    intervals = ArrayField(models.SmallIntegerField())
    measured_wh = ArrayField(models.IntegerField(), help_text=gettext_lazy("What was measured in these intervals."))
    proposals = models.JSONField(default=dict)
    state = models.CharField(max_length=12, choices=ReviewState.choices, default=ReviewState.OPEN)
    opened_at = models.DateTimeField()
    deadline_at = models.DateTimeField()
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    edited_version = models.SmallIntegerField(null=True, blank=True, help_text=gettext_lazy("The version that the edit made."))

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["meter", "channel", "day", "version"], name="review_once_per_version"),
            models.CheckConstraint(
                condition=Q(state="open", decided_at__isnull=True) | (~Q(state="open") & Q(decided_at__isnull=False)),
                name="review_decided_has_a_time",
            ),
            models.CheckConstraint(
                condition=~Q(state="edited") | (Q(edited_version__isnull=False, decided_by__isnull=False) & ~Q(reason="")),
                name="review_edited_says_who_and_why",
            ),
        ]
        indexes = [models.Index(fields=["microgrid", "state", "day"], name="review_open")]

    def __str__(self) -> str:
        return f"{self.meter} on {self.day}"
