"""What members ask to have entered at their sites: a car charger, a heat pump, a battery, another load."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy

from energy.models.assets import Consumer, StorageUnit
from energy.models.sites import Site
from members.models.public import PublicRow


class RequestedKind(models.TextChoices):
    CAR_CHARGER = "car_charger", gettext_lazy("car charger")
    HEAT_PUMP = "heat_pump", gettext_lazy("heat pump")
    BATTERY = "battery", gettext_lazy("battery")
    OTHER = "other", gettext_lazy("another large load")


class RequestState(models.TextChoices):
    OPEN = "open", gettext_lazy("waits")
    APPROVED = "approved", gettext_lazy("entered")
    REFUSED = "refused", gettext_lazy("refused")
    WITHDRAWN = "withdrawn", gettext_lazy("withdrawn")


class AssetRequest(PublicRow):
    """A device that somebody asked for at their site; approved, it is an ordinary load or storage of the grid."""

    site = models.ForeignKey(Site, models.CASCADE, related_name="asset_requests")
    kind = models.CharField(max_length=16, choices=RequestedKind.choices)
    name = models.CharField(max_length=60, help_text=gettext_lazy("Make and model, or what it is called at home."))
    power_w = models.BigIntegerField(gettext_lazy("most it draws [W]"))
    feed_in_w = models.BigIntegerField(gettext_lazy("most it gives [W]"), null=True, blank=True)
    capacity_wh = models.BigIntegerField(gettext_lazy("holds [Wh]"), null=True, blank=True)
    may_wait = models.BooleanField(default=True, help_text=gettext_lazy("Its owner lets the grid choose the time."))
    note = models.CharField(max_length=300, blank=True)
    meter_code = models.CharField(
        gettext_lazy("sub-meter"),
        max_length=120,
        blank=True,
        help_text=gettext_lazy("Number of a meter of its own, as on its plate; empty: it has none."),
    )
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    state = models.CharField(max_length=12, choices=RequestState.choices, default=RequestState.OPEN)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    answer = models.CharField(max_length=300, blank=True, help_text=gettext_lazy("What the member reads."))
    consumer = models.OneToOneField(Consumer, models.SET_NULL, null=True, blank=True, related_name="request")
    storage = models.OneToOneField(StorageUnit, models.SET_NULL, null=True, blank=True, related_name="request")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(power_w__gt=0), name="requested_power_above_zero"),
            models.CheckConstraint(
                condition=Q(kind="battery", capacity_wh__gt=0, feed_in_w__gt=0)
                | (~Q(kind="battery") & Q(capacity_wh__isnull=True, feed_in_w__isnull=True)),
                name="requested_batteries_have_a_capacity",
            ),
            models.CheckConstraint(
                condition=Q(state="open", decided_at__isnull=True) | (~Q(state="open") & Q(decided_at__isnull=False)),
                name="request_is_open_until_decided",
            ),
            models.CheckConstraint(
                condition=Q(state="approved") | Q(consumer__isnull=True, storage__isnull=True), name="only_what_is_approved_is_entered"
            ),
        ]
        indexes = [models.Index(fields=["site", "-asked_at"], name="asset_requests_by_site")]

    def __str__(self) -> str:
        return f"{self.name} at {self.site}"
