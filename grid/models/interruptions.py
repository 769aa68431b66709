"""Interruptions of supply: what SAIDI and SAIFI are counted from."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy

from energy.models import Microgrid, Site
from members.models import User
from members.models.public import PublicRow


class InterruptionCause(models.TextChoices):
    """Why supply was interrupted (groups of IEEE 1782)."""

    EQUIPMENT = "equipment", "equipment"
    WEATHER = "weather", "weather"
    OTHERS = "others", "somebody else, digging for instance"
    PUBLIC_GRID = "public_grid", "loss of the public grid"
    SHEDDING = "shedding", "shed by the control"
    PLANNED = "planned", "planned work"
    UNKNOWN = "unknown", "not known"


class Interruption(PublicRow):
    """Sites without supply from an instant on; by the microgrid's clock. Open until `ended_at`."""

    microgrid = models.ForeignKey(Microgrid, models.CASCADE, related_name="interruptions")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    cause = models.CharField(max_length=16, choices=InterruptionCause.choices)
    tier = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text=gettext_lazy("Of the loads that control let go; empty for all other causes.")
    )
    note = models.CharField(max_length=300, blank=True)
    recorded_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    external_ref = models.CharField(
        max_length=120, blank=True, help_text=gettext_lazy("Of what recorded it by itself, an emergency for instance; once.")
    )

    class Meta:
        indexes = [models.Index(fields=["microgrid", "-started_at"], name="interruption_newest_first")]
        constraints = [
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gt=F("started_at")), name="interruption_ends_after_it_began"
            ),
            models.UniqueConstraint(fields=["microgrid", "external_ref"], condition=~Q(external_ref=""), name="interruption_recorded_once"),
            models.CheckConstraint(
                condition=Q(tier__isnull=True) | Q(tier__gte=1, tier__lte=4, cause="shedding"), name="only_shedding_has_a_tier"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_cause_display()} from {self.started_at:%Y-%m-%d %H:%M}"


class InterruptedSite(models.Model):
    """A site that an interruption touched; restored earlier than the others where `restored_at` says so.

    Where only some of its loads were let go, `share` tells how much: the customer is not interrupted then (IEEE 1366), its loads are.
    """

    interruption = models.ForeignKey(Interruption, models.CASCADE, related_name="sites")
    site = models.ForeignKey(Site, models.PROTECT, related_name="interruptions")
    restored_at = models.DateTimeField(null=True, blank=True)
    share = models.DecimalField(max_digits=5, decimal_places=4, default=1, help_text="Of its connected load that is without; 1: all of it.")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(share__gt=0, share__lte=1), name="interrupted_share_within_one"),
            models.UniqueConstraint(fields=["interruption", "site"], name="interruption_touches_a_site_once"),
        ]

    def __str__(self) -> str:
        return f"{self.site} in {self.interruption}"
