"""Fiscal years that are closed: what the year brought is carried to equity, by one person and released by another."""

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from grid.models.sharing import DateRange
from members.models import Cooperative
from members.models.public import PublicRow

DECIDED = ("released", "reopened")
STANDING = Q(counters__isnull=True, status__in=("prepared", "released"))


class YearStatus(models.TextChoices):
    PREPARED = "prepared", gettext_lazy("prepared")
    RELEASED = "released", gettext_lazy("released")
    REOPENED = "reopened", gettext_lazy("opened again")
    CANCELLED = "cancelled", gettext_lazy("cancelled")


class YearClosing(PublicRow):
    """The closing of a fiscal year, or (with `counters`) what opens it again. Its figures never change.

    While it is released and not opened again the database takes no booking into the year and opens none of its months.
    """

    cooperative = models.ForeignKey(Cooperative, models.PROTECT, related_name="year_closings")
    first_day = models.DateField()
    last_day = models.DateField()
    status = models.CharField(max_length=10, choices=YearStatus.choices, default=YearStatus.PREPARED)
    result_minor = models.BigIntegerField(help_text=gettext_lazy("What the year brought (above 0) or lost, in the cooperative's currency."))
    shared_minor = models.BigIntegerField(help_text=gettext_lazy("What was booked in the year as shared out; it leaves the same equity."))
    reserve_minor = models.BigIntegerField(default=0, help_text=gettext_lazy("Of the result, to the reserves."))
    entries = models.PositiveIntegerField(
        help_text=gettext_lazy("How many accounts are emptied; what changes before the release is refused.")
    )
    counters = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="countered_by",
        editable=False,
        help_text=gettext_lazy("The closing that this one takes back."),
    )
    why = models.CharField(max_length=200, blank=True, help_text=gettext_lazy("Why the year is opened again."))
    prepared_at = models.DateTimeField()
    prepared_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    released_at = models.DateTimeField(null=True, blank=True)
    released_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = gettext_lazy("closing of a year")
        verbose_name_plural = gettext_lazy("closings of years")
        constraints = [
            ExclusionConstraint(
                name="a_year_is_closed_once",
                expressions=[
                    (F("cooperative"), RangeOperators.EQUAL),
                    (DateRange("first_day", "last_day", RangeBoundary(inclusive_upper=True)), RangeOperators.OVERLAPS),
                ],
                condition=STANDING,
            ),
            models.UniqueConstraint(
                fields=["counters"], condition=Q(counters__isnull=False) & ~Q(status="cancelled"), name="a_year_is_opened_again_once"
            ),
            models.CheckConstraint(condition=Q(last_day__gt=F("first_day"), reserve_minor__gte=0), name="year_closing_in_range"),
            models.CheckConstraint(condition=Q(counters__isnull=True) | ~Q(why=""), name="years_open_again_say_why"),
            models.CheckConstraint(
                condition=(Q(status__in=DECIDED, released_by__isnull=False, released_at__isnull=False) & ~Q(released_by=F("prepared_by")))
                | (~Q(status__in=DECIDED) & Q(released_by__isnull=True)),
                name="year_closed_by_two",
            ),
        ]

    def __str__(self) -> str:
        return (_("opening again of %(year)s") if self.counters_id else _("closing of %(year)s")) % {"year": self.name}

    @property
    def name(self) -> str:
        """`2016`, or `2016/17` where the fiscal year is none of the calendar."""
        if self.first_day.year == self.last_day.year:
            return str(self.first_day.year)
        return f"{self.first_day.year}/{self.last_day.year % 100:02d}"
