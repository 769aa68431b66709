"""To whom members give their surplus first, and what came of it."""

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy

from energy.models import Microgrid, Site
from grid.models.sharing import DateRange
from members.models.public import PublicRow

FULL = 1


class SurplusPreference(PublicRow):
    """One entry of a site's list: whom its surplus goes to before the rule in force shares the rest."""

    site = models.ForeignKey(Site, models.PROTECT, related_name="surplus_preferences")
    receiver = models.ForeignKey(Site, models.PROTECT, related_name="+")
    place = models.PositiveSmallIntegerField(help_text="In the site's list, from 1.")
    share = models.DecimalField(max_digits=7, decimal_places=6, default=FULL, help_text="Of the surplus in each interval.")
    is_gift = models.BooleanField(default=False, help_text="For nothing; otherwise at the local price.")
    names_giver = models.BooleanField(default=False, help_text="The receiver reads the giver's name.")
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True, help_text=gettext_lazy("Exclusive; empty: until further notice."))
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    set_at = models.DateTimeField()

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="one_receiver_at_each_place",
                expressions=[
                    (F("site"), RangeOperators.EQUAL),
                    (F("place"), RangeOperators.EQUAL),
                    (DateRange("valid_from", "valid_to", RangeBoundary()), RangeOperators.OVERLAPS),
                ],
            ),
            ExclusionConstraint(
                name="a_receiver_once_in_a_list",
                expressions=[
                    (F("site"), RangeOperators.EQUAL),
                    (F("receiver"), RangeOperators.EQUAL),
                    (DateRange("valid_from", "valid_to", RangeBoundary()), RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(condition=~Q(site=F("receiver")), name="nobody_gives_to_itself"),
            models.CheckConstraint(condition=Q(share__gt=0, share__lte=1, place__gte=1), name="preference_within_bounds"),
        ]

    def __str__(self) -> str:
        return f"{self.site} to {self.receiver} from {self.valid_from}"


class GivenDay(models.Model):
    """What one preference gave on a shared day, per interval [Wh]."""

    microgrid = models.ForeignKey(Microgrid, models.PROTECT, related_name="+")
    preference = models.ForeignKey(SurplusPreference, models.PROTECT, related_name="days")
    day = models.DateField()
    revision = models.PositiveSmallIntegerField()
    is_current = models.BooleanField(default=True)
    wh = ArrayField(models.BigIntegerField())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["preference", "day", "revision"], name="given_day_revision_once"),
            models.UniqueConstraint(fields=["preference", "day"], condition=Q(is_current=True), name="given_day_one_current"),
        ]
        indexes = [models.Index(fields=["microgrid", "day"], name="given_by_day")]

    def __str__(self) -> str:
        return f"{self.preference}, {self.day}"
