"""Common plants: whose the energy is that a plant of several members feeds in, by shares, from a day on."""

from datetime import date

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy

from energy.models import Site
from grid.models.preferences import SurplusPreference
from grid.models.sharing import DateRange
from members.models import Member
from members.models.public import PublicRow

WHOLE = 1_000_000


class PlantDivision(PublicRow):
    """How what a site feeds in is divided among members, from a day on; its parts sum to one, which the database holds to.

    What the site itself draws stays its owner's.
    """

    plant = models.ForeignKey(Site, models.PROTECT, related_name="divisions")
    valid_from = models.DateField(gettext_lazy("from"))
    valid_to = models.DateField(
        gettext_lazy("until"), null=True, blank=True, help_text=gettext_lazy("Exclusive; empty: until further notice.")
    )
    entered_at = models.DateTimeField()
    entered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="one_division_at_a_time",
                expressions=[
                    (F("plant"), RangeOperators.EQUAL),
                    (DateRange("valid_from", "valid_to", RangeBoundary()), RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(condition=Q(valid_to__isnull=True) | Q(valid_to__gt=F("valid_from")), name="division_days_in_order"),
        ]

    def __str__(self) -> str:
        return f"{self.plant} from {self.valid_from}"

    def holds_on(self, day: date) -> bool:
        """Whether the plant is divided so on a day."""
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)


class PlantShare(models.Model):
    """A member's part of a division, in millionths: credited in money, or used at a site of theirs in the same interval before anything is shared."""

    division = models.ForeignKey(PlantDivision, models.CASCADE, related_name="shares")
    member = models.ForeignKey(Member, models.PROTECT, related_name="plant_shares")
    millionths = models.PositiveIntegerField()
    used_at = models.ForeignKey(
        Site,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text=gettext_lazy("Where the member uses it; only what is not used there is credited. Empty: all of it is credited."),
    )
    preference = models.OneToOneField(SurplusPreference, models.SET_NULL, null=True, editable=False, related_name="plant_share")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["division", "member"], name="a_member_once_in_a_division"),
            models.CheckConstraint(condition=Q(millionths__gt=0, millionths__lte=WHOLE), name="a_part_of_a_plant_is_some_of_it"),
        ]

    def __str__(self) -> str:
        return f"{self.member}: {self.millionths / 10_000:g} % of {self.division}"
