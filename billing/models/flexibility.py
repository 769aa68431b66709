"""What the cooperative owes sites for flexibility and by incentives, until it stands on their credit documents."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy

from billing.models.documents import Component, Document
from energy.models import Site
from members.models.public import PublicRow

FLEXIBILITY = (
    Component.DEMAND_RESPONSE,
    Component.BATTERY,
    Component.FLEXIBLE_RUN,
    Component.LOCAL_USE,
    Component.SHIFTED,
    Component.LOW_INCOME,
)


class FlexibilityCredit(PublicRow):
    """Flexibility of one site, measured and priced once; a line of the site's next credit document, never of a bill.

    `cause_ref` names what it is for: noted again, it stays one. The amount is `exact_micro` rounded once.
    """

    site = models.ForeignKey(Site, models.PROTECT, related_name="flexibility_credits")
    component = models.CharField(max_length=16, choices=[(c.value, c.label) for c in FLEXIBILITY])
    cause_ref = models.CharField(max_length=120, unique=True)
    start_at = models.DateTimeField()
    end_at = models.DateTimeField()
    window = models.CharField(max_length=40, blank=True, help_text=gettext_lazy("As the line names it."))
    baseline_wh = models.BigIntegerField(
        null=True, blank=True, help_text=gettext_lazy("What it would have been without; empty where nothing is compared.")
    )
    measured_wh = models.BigIntegerField(null=True, blank=True, help_text=gettext_lazy("What the meter showed."))
    quantity_wh = models.BigIntegerField(help_text=gettext_lazy("What is paid for; days where the unit says so."))
    unit = models.CharField(max_length=4, default="Wh", blank=True, help_text=gettext_lazy("Wh, day, or none: an amount alone."))
    price = models.DecimalField(max_digits=14, decimal_places=6, help_text=gettext_lazy("Per kWh; the mean where it changed."))
    exact_micro = models.BigIntegerField(help_text=gettext_lazy("Sum of Wh x millionths per kWh, before rounding."))
    net_minor = models.BigIntegerField()
    noted_at = models.DateTimeField()
    document = models.ForeignKey(Document, models.SET_NULL, null=True, blank=True, related_name="flexibility", editable=False)
    position = models.PositiveSmallIntegerField(null=True, blank=True, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(end_at__gt=F("start_at")), name="flexibility_in_order"),
            models.CheckConstraint(
                condition=Q(quantity_wh__gt=0, price__gte=0, exact_micro__gte=0, net_minor__gte=0), name="flexibility_is_owed_to_the_site"
            ),
        ]
        indexes = [models.Index(fields=["site", "end_at"], condition=Q(document__isnull=True), name="flexibility_waiting")]

    def __str__(self) -> str:
        return f"{self.site}: {self.get_component_display()}, {self.window}"
