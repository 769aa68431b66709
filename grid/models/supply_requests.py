"""That somebody asks to hold the power of a site down, a person decides, and it is put in force and lifted: each step is kept."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy

from energy.models import Site
from members.models.public import PublicRow


class SupplyRequestStatus(models.TextChoices):
    ASKED = "asked", "waits for a decision"
    DECLINED = "declined", "declined"
    AGREED = "agreed", "to be set by hand"
    IN_FORCE = "in_force", "in force"
    LIFT_ASKED = "lift_asked", "to be lifted by hand"
    LIFTED = "lifted", "lifted"
    WITHDRAWN = "withdrawn", "withdrawn"


OPEN_REQUESTS = ("asked", "agreed", "in_force", "lift_asked")
AGREED_REQUESTS = ("agreed", "in_force", "lift_asked", "lifted")


class SupplyRequest(PublicRow):
    """A limit of power that was asked for a site. Without a person's decision nothing happens.

    The database agrees to none where somebody depends on supply. Instants are of the microgrid's clock.
    """

    site = models.ForeignKey(Site, models.PROTECT, related_name="supply_requests")
    limit_w = models.PositiveIntegerField(gettext_lazy("power that stays [W]"))
    why = models.CharField(max_length=200, help_text=gettext_lazy("In words that say nothing of money."))
    status = models.CharField(max_length=10, choices=SupplyRequestStatus.choices, default=SupplyRequestStatus.ASKED)
    asked_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    decided_why = models.CharField(max_length=200, blank=True)
    by_device = models.BooleanField(
        default=False, help_text=gettext_lazy("Its devices hold the limit by themselves; otherwise a person sets and lifts it.")
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["site"], condition=Q(status__in=OPEN_REQUESTS), name="one_open_supply_request"),
            models.CheckConstraint(condition=Q(limit_w__gt=0), name="supply_limit_leaves_some_power"),
            models.CheckConstraint(
                condition=~Q(status__in=("declined", *AGREED_REQUESTS))
                | Q(decided_by__isnull=False, decided_at__isnull=False) & ~Q(decided_why=""),
                name="supply_is_decided_by_a_person",
            ),
        ]
        indexes = [models.Index(fields=["-asked_at"], name="supply_requests_newest_first")]

    def __str__(self) -> str:
        return f"{self.site}: at most {self.limit_w} W, {self.get_status_display()}"


class SupplyStep(models.Model):
    """One step of a request: where it came to, when, by whom where a person took it, and why. Never changed."""

    request = models.ForeignKey(SupplyRequest, models.PROTECT, related_name="steps")
    status = models.CharField(max_length=10, choices=SupplyRequestStatus.choices)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    why = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = [models.Index(fields=["request", "at"], name="supply_steps_by_request")]

    def __str__(self) -> str:
        return f"{self.get_status_display()} at {self.at}"
