"""Whose a site is, day by day: who sees its readings, and who gets its bills."""

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy

from energy.models.sites import Site
from members.models import Member
from members.models.public import PublicRow


class DateRange(Func):
    """PostgreSQL's daterange(from, to, bounds)."""

    function = "DATERANGE"
    output_field = DateRangeField()


class SiteOwnership(PublicRow):
    """From which day on, and up to which, a site is a member's; the days of a site have no gap, for somebody pays at all times.

    A site begins with a row that has no first day; a trigger writes it. While nobody lives there the row says so, and is the landlord's
    or the cooperative's. `Site.member` is whose it is today: the newest row that has begun.
    """

    site = models.ForeignKey(Site, models.CASCADE, related_name="ownerships")
    member = models.ForeignKey(Member, models.PROTECT, related_name="ownerships")
    valid_from = models.DateField(
        gettext_lazy("from"), null=True, blank=True, help_text=gettext_lazy("First day; empty: from the beginning.")
    )
    valid_to = models.DateField(
        gettext_lazy("until"), null=True, blank=True, help_text=gettext_lazy("The day after the last; empty: until further notice.")
    )
    is_vacant = models.BooleanField(gettext_lazy("nobody lives there"), default=False)
    has_begun = models.BooleanField(default=False, help_text=gettext_lazy("Its first day has come, and the site is theirs."))
    entered_at = models.DateTimeField(null=True)
    entered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    reason = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="one_owner_at_a_time",
                expressions=[
                    (F("site"), RangeOperators.EQUAL),
                    (DateRange("valid_from", "valid_to", RangeBoundary()), RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(
                condition=Q(valid_from__isnull=True) | Q(valid_to__isnull=True) | Q(valid_to__gt=F("valid_from")),
                name="ownership_days_in_order",
            ),
        ]
        indexes = [models.Index(fields=["member"], name="ownerships_by_member")]

    def __str__(self) -> str:
        return f"{self.site}: {self.member}" + (f" from {self.valid_from}" if self.valid_from else "")
