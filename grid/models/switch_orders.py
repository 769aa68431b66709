"""Switches moved by hand: proposed with what would follow, then confirmed. The row is its own log."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy

from energy.models import Microgrid, Site, Switch, SwitchPosition
from members.models.public import PublicRow


class SwitchOrder(PublicRow):
    """A switch that is to be opened or closed; in two steps. Instants are of the microgrid's clock."""

    microgrid = models.ForeignKey(Microgrid, models.CASCADE, related_name="switch_orders")
    switch = models.ForeignKey(Switch, models.PROTECT, related_name="orders")
    closes = models.BooleanField()
    reason = models.CharField(max_length=200)
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    network_change = models.BigIntegerField(
        null=True, help_text=gettext_lazy("The newest change of the network that it was computed with.")
    )
    based_on = models.CharField(max_length=200, blank=True, help_text=gettext_lazy("Where the expected load comes from."))
    sites_lost = models.ManyToManyField(Site, related_name="+", blank=True)
    sites_back = models.ManyToManyField(Site, related_name="+", blank=True)
    ring = models.CharField(max_length=300, blank=True, help_text=gettext_lazy("What would lead back to where it began."))
    highest_loading = models.FloatField(null=True, help_text=gettext_lazy("1 is full."))
    loaded_code = models.CharField(max_length=120, blank=True)
    lowest_voltage_pu = models.FloatField(null=True)
    lowest_code = models.CharField(max_length=120, blank=True)
    is_within = models.BooleanField(help_text=gettext_lazy("The network would keep its limits."))
    problem = models.CharField(max_length=300, blank=True)
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    confirmed_at = models.DateTimeField(null=True, blank=True)
    taken_back_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    taken_back_at = models.DateTimeField(null=True, blank=True)
    position = models.OneToOneField(SwitchPosition, models.PROTECT, null=True, blank=True, related_name="order")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(confirmed_at__isnull=True, confirmed_by__isnull=True, position__isnull=True)
                | Q(confirmed_at__gte=F("proposed_at"), confirmed_by__isnull=False, position__isnull=False, taken_back_at__isnull=True),
                name="switch_order_confirmed_by_somebody_moved_it",
            )
        ]
        indexes = [models.Index(fields=["microgrid", "-proposed_at"], name="switch_orders_newest_first")]

    def __str__(self) -> str:
        return f"{'Close' if self.closes else 'Open'} {self.switch}"

    @property
    def is_open(self) -> bool:
        """Whether it still waits for its second step."""
        return self.confirmed_at is None and self.taken_back_at is None
