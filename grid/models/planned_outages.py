"""Work on the network that needs it switched off: asked for, computed, then approved by somebody else."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from energy.models import Microgrid, Site, Switch
from members.models.public import PublicRow


class OutageState(models.TextChoices):
    """Where a planned outage stands."""

    REQUESTED = "requested", "requested"
    APPROVED = "approved", "approved"
    REFUSED = "refused", "refused"
    WITHDRAWN = "withdrawn", "withdrawn"


class PlannedOutage(PublicRow):
    """A time in which elements are to be out of service, and what that means for members and for the rest of the network."""

    microgrid = models.ForeignKey(Microgrid, models.CASCADE, related_name="planned_outages")
    start_at = models.DateTimeField()
    end_at = models.DateTimeField()
    reason = models.CharField(max_length=300)
    state = models.CharField(max_length=12, choices=OutageState.choices, default=OutageState.REQUESTED)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    requested_at = models.DateTimeField()
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_note = models.CharField(max_length=300, blank=True)
    computed_at = models.DateTimeField()
    based_on = models.CharField(max_length=200, help_text="Where the expected load comes from.")
    energy_not_supplied_wh = models.BigIntegerField()
    highest_loading = models.FloatField(null=True, help_text="Of the rest; 1 is full.")
    loaded_code = models.CharField(max_length=120, blank=True)
    loaded_at = models.DateTimeField(null=True, blank=True)
    lowest_voltage_pu = models.FloatField(null=True)
    lowest_code = models.CharField(max_length=120, blank=True)
    lowest_at = models.DateTimeField(null=True, blank=True)
    is_within = models.BooleanField(help_text="The rest keeps its limits.")
    problem = models.CharField(max_length=300, blank=True)
    sites_lost = models.ManyToManyField(Site, related_name="+", blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(end_at__gt=F("start_at")), name="outage_ends_after_it_begins"),
            models.CheckConstraint(
                condition=~Q(state__in=("approved", "refused")) | (Q(decided_by__isnull=False) & ~Q(decided_by=F("requested_by"))),
                name="outage_is_decided_by_another",
            ),
        ]  # fmt: skip
        indexes = [models.Index(fields=["microgrid", "start_at"], name="outage_by_start")]

    def __str__(self) -> str:
        return f"{self.reason} from {self.start_at:%Y-%m-%d %H:%M}"


class OutageElement(models.Model):
    """A line or transformer that is out meanwhile."""

    outage = models.ForeignKey(PlannedOutage, models.CASCADE, related_name="elements")
    kind = models.CharField(max_length=12, choices=[("line", "line"), ("transformer", "transformer")])
    code = models.CharField(max_length=120)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["outage", "kind", "code"], name="outage_element_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.code}"


class OutageSwitching(models.Model):
    """An open switch that is closed meanwhile."""

    outage = models.ForeignKey(PlannedOutage, models.CASCADE, related_name="switchings")
    switch = models.ForeignKey(Switch, models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["outage", "switch"], name="outage_switching_once")]

    def __str__(self) -> str:
        return f"{self.switch} closed"
