"""Work on the network that needs it switched off: asked for, computed, then approved by somebody else."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy

from energy.models import Microgrid, Site, Switch, SwitchPosition
from members.models.public import PublicRow


class OutageState(models.TextChoices):
    """Where a planned outage stands."""

    REQUESTED = "requested", "requested"
    APPROVED = "approved", "approved"
    REFUSED = "refused", "refused"
    WITHDRAWN = "withdrawn", "withdrawn"
    RUNNING = "running", "at work"
    ENDED = "ended", "over"
    FAILED = "failed", "did not begin"


class OutageRule(models.Model):
    """How long before a planned outage members are told; one that has none follows the defaults."""

    microgrid = models.OneToOneField(Microgrid, models.CASCADE, related_name="outage_rule")
    notice_hours = models.PositiveIntegerField(
        gettext_lazy("notice [h]"), default=72, help_text=gettext_lazy("Approved later than so long before it begins, a note must say why.")
    )
    remind_hours = models.PositiveIntegerField(
        gettext_lazy("reminder [h]"), default=24, help_text=gettext_lazy("So long before it begins members are reminded; 0: not.")
    )

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(notice_hours__gte=F("remind_hours")), name="notice_comes_before_the_reminder")]

    def __str__(self) -> str:
        return f"notice of outages in {self.microgrid}"


class PlannedOutage(PublicRow):
    """A time in which elements are to be out of service, and what that means for members and for the rest of the network."""

    microgrid = models.ForeignKey(Microgrid, models.CASCADE, related_name="planned_outages")
    start_at = models.DateTimeField()
    end_at = models.DateTimeField()
    reason = models.CharField(max_length=300)
    state = models.CharField(max_length=12, choices=OutageState.choices, default=OutageState.REQUESTED)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    requested_at = models.DateTimeField()
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_note = models.CharField(max_length=300, blank=True)
    computed_at = models.DateTimeField()
    based_on = models.CharField(max_length=200, help_text=gettext_lazy("Where the expected load comes from."))
    energy_not_supplied_wh = models.BigIntegerField()
    highest_loading = models.FloatField(null=True, help_text=gettext_lazy("Of the rest; 1 is full."))
    loaded_code = models.CharField(max_length=120, blank=True)
    loaded_at = models.DateTimeField(null=True, blank=True)
    lowest_voltage_pu = models.FloatField(null=True)
    lowest_code = models.CharField(max_length=120, blank=True)
    lowest_at = models.DateTimeField(null=True, blank=True)
    is_within = models.BooleanField(help_text=gettext_lazy("The rest keeps its limits."))
    problem = models.CharField(max_length=300, blank=True)
    sites_lost = models.ManyToManyField(Site, related_name="+", blank=True)
    waits_for_clearance = models.BooleanField(
        gettext_lazy("waits for clearance"),
        default=False,
        help_text=gettext_lazy("Supply comes back only when somebody says that the work is done."),
    )
    began_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", help_text=gettext_lazy("Empty: by itself.")
    )
    course_note = models.CharField(max_length=300, blank=True, help_text=gettext_lazy("What went otherwise than planned."))

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(end_at__gt=F("start_at")), name="outage_ends_after_it_begins"),
            models.CheckConstraint(
                condition=~Q(state__in=("approved", "refused", "running", "ended", "failed"))
                | (Q(decided_by__isnull=False) & ~Q(decided_by=F("requested_by"))),
                name="outage_is_decided_by_another",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("running", "ended")) | Q(began_at__isnull=False), name="outage_began_before_it_ran"
            ),
            models.CheckConstraint(
                condition=Q(state="ended", ended_at__gte=F("began_at")) | (~Q(state="ended") & Q(ended_at__isnull=True)),
                name="outage_that_is_over_ended",
            ),
        ]
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


class OutageMove(models.Model):
    """A switch that was moved for an outage, and the move that put it back; or why it was left."""

    outage = models.ForeignKey(PlannedOutage, models.CASCADE, related_name="moves")
    switch = models.ForeignKey(Switch, models.PROTECT, related_name="+")
    position = models.ForeignKey(SwitchPosition, models.PROTECT, related_name="+")
    back = models.ForeignKey(SwitchPosition, models.PROTECT, null=True, blank=True, related_name="+")
    left = models.CharField(max_length=200, blank=True, help_text="Why it was not put back.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["outage", "switch"], name="outage_moves_a_switch_once")]

    def __str__(self) -> str:
        return str(self.position)


class OutageExtension(PublicRow):
    """A later end that was asked for; while it waits for somebody else's decision, supply is not put back by itself."""

    outage = models.ForeignKey(PlannedOutage, models.CASCADE, related_name="extensions")
    end_at = models.DateTimeField()
    reason = models.CharField(max_length=300)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    is_approved = models.BooleanField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["outage"], condition=Q(decided_at__isnull=True), name="one_extension_waits"),
            models.CheckConstraint(
                condition=Q(decided_at__isnull=True, decided_by__isnull=True, is_approved__isnull=True)
                | (Q(decided_at__isnull=False, decided_by__isnull=False, is_approved__isnull=False) & ~Q(decided_by=F("asked_by"))),
                name="extension_is_decided_by_another",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.outage} until {self.end_at:%Y-%m-%d %H:%M}"
