"""Metering points: where a member meets the local network."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy

from energy.models.microgrids import Microgrid
from energy.models.topology import Node
from members.models import Member
from members.models.public import PublicRow


class SiteKind(models.TextChoices):
    """What a site is mostly."""

    HOUSEHOLD = "household", "household"
    BUSINESS = "business", "business"
    PLANT = "plant", "plant"
    LOAD = "load", "shared load"
    STORAGE = "storage", "storage"
    NETWORK = "network", "measuring point in the network"


class Site(PublicRow):
    """One connection to the local network with an import and an export register; all that stands behind it is netted."""

    microgrid = models.ForeignKey(Microgrid, models.PROTECT, related_name="sites")
    member = models.ForeignKey(
        Member, models.PROTECT, related_name="sites", help_text=gettext_lazy("Whose it is today; it is handed over by a move.")
    )
    landlord = models.ForeignKey(
        Member,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text=gettext_lazy("Who pays while nobody lives there; empty: the cooperative."),
    )
    node = models.ForeignKey(Node, models.PROTECT, null=True, blank=True, related_name="sites")
    code = models.CharField(max_length=120, help_text=gettext_lazy("The metering point's id; also the code of its meter."))
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=16, choices=SiteKind.choices)
    phases = models.CharField(max_length=3, default="123", help_text=gettext_lazy("On which of the phases 1, 2 and 3 it is connected."))
    fuse_a = models.PositiveSmallIntegerField(
        gettext_lazy("fuse [A]"), null=True, blank=True, help_text=gettext_lazy("Of the connection; tariffs may charge by it.")
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["microgrid", "code"], name="site_code_once"),
            models.CheckConstraint(condition=Q(phases__regex="^1?2?3?$") & ~Q(phases=""), name="site_has_phases"),
        ]

    def __str__(self) -> str:
        return self.name
