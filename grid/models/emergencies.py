"""Emergencies and drills: when they began and ended, what happened in between, who was called and who answered."""

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy

from energy.models import Microgrid
from grid.models.control import GridStatus
from members.models import User
from members.models.public import PublicRow


class EmergencyContact(models.Model):
    """Who is called in an emergency, one after the other by position."""

    microgrid = models.ForeignKey(Microgrid, models.CASCADE, related_name="emergency_contacts")
    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    position = models.PositiveSmallIntegerField(validators=[MinValueValidator(1)], help_text=gettext_lazy("1 is called first."))
    phone = models.CharField(max_length=40, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["microgrid", "user"], name="contact_once"),
            models.UniqueConstraint(fields=["microgrid", "position"], name="contact_position_once"),
        ]

    def __str__(self) -> str:
        return f"{self.position}. {self.user}"


class Emergency(PublicRow):
    """From the moment the grid left what is normal until it came back; or a drill, which switches nothing.

    `began_at` and `ended_at` are by the microgrid's clock; people are called by the real one. One of each kind is open at a time.
    """

    microgrid = models.ForeignKey(Microgrid, models.CASCADE, related_name="emergencies")
    is_drill = models.BooleanField(gettext_lazy("drill"), default=False)
    status = models.CharField(max_length=12, choices=GridStatus.choices)
    cause = models.CharField(max_length=300)
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    called_by = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="+", help_text=gettext_lazy("Who began a drill.")
    )
    scenario = models.CharField(max_length=40, blank=True)
    outcome = models.JSONField(default=dict, blank=True, help_text=gettext_lazy("What the exercise showed."))

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["microgrid", "is_drill"], condition=Q(ended_at__isnull=True), name="one_open_emergency"),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("began_at")), name="emergency_ends_after_it_began"
            ),
        ]
        indexes = [models.Index(fields=["microgrid", "-began_at"], name="emergencies_newest_first")]

    def __str__(self) -> str:
        return f"{'drill' if self.is_drill else 'emergency'} at {self.began_at:%Y-%m-%d %H:%M:%S} UTC: {self.cause}"


class EmergencyStep(models.Model):
    """One thing that happened in an emergency; never changed."""

    emergency = models.ForeignKey(Emergency, models.CASCADE, related_name="steps")
    at = models.DateTimeField(help_text="By the microgrid's clock.")
    text = models.CharField(max_length=300)
    by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["emergency", "at"], name="steps_of_emergency")]

    def __str__(self) -> str:
        return self.text


class EmergencyCall(models.Model):
    """One contact, called once in one emergency; instants of the real clock."""

    emergency = models.ForeignKey(Emergency, models.CASCADE, related_name="calls")
    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    called_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["emergency", "user"], name="called_once")]

    def __str__(self) -> str:
        return f"{self.user} called at {self.called_at}"


class OverrideKind(models.TextChoices):
    STORAGE = "storage", "set a storage"
    SOURCE = "source", "limit a source"
    TIER = "tier", "let a tier of loads go"


class OperatorOverride(PublicRow):
    """What an operator orders by hand for a time, laid over control; proposed first, in force once confirmed, ends by itself.

    The row is its own log: who proposed, confirmed and ended it, when, and why. Instants are of the microgrid's clock.
    """

    microgrid = models.ForeignKey(Microgrid, models.CASCADE, related_name="overrides")
    kind = models.CharField(max_length=8, choices=OverrideKind.choices)
    storage = models.ForeignKey("energy.StorageUnit", models.CASCADE, null=True, blank=True, related_name="+")
    source = models.ForeignKey("energy.Source", models.CASCADE, null=True, blank=True, related_name="+")
    tier = models.PositiveSmallIntegerField(null=True, blank=True)
    charge_w = models.BigIntegerField(default=0)
    discharge_w = models.BigIntegerField(default=0)
    limit_w = models.BigIntegerField(null=True, blank=True)
    minutes = models.PositiveIntegerField()
    reason = models.CharField(max_length=200)
    proposed_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    confirmed_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    confirmed_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    ended_early_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="storage", storage__isnull=False, source__isnull=True, tier__isnull=True, limit_w__isnull=True)
                | Q(kind="source", storage__isnull=True, source__isnull=False, tier__isnull=True, limit_w__gte=0)
                | Q(kind="tier", storage__isnull=True, source__isnull=True, tier__gte=1, tier__lte=4, limit_w__isnull=True),
                name="override_orders_one_thing",
            ),
            models.CheckConstraint(
                condition=Q(charge_w=0, discharge_w__gte=0) | Q(charge_w__gte=0, discharge_w=0), name="override_charges_or_discharges"
            ),
            models.CheckConstraint(
                condition=Q(confirmed_at__isnull=True, confirmed_by__isnull=True, ends_at__isnull=True)
                | Q(confirmed_at__isnull=False, confirmed_by__isnull=False, ends_at__gt=F("confirmed_at")),
                name="override_confirmed_by_somebody_until_then",
            ),
            models.CheckConstraint(condition=Q(minutes__gte=1, minutes__lte=24 * 60), name="override_ends_within_a_day"),
        ]
        indexes = [models.Index(fields=["microgrid", "-proposed_at"], name="overrides_newest_first")]

    def __str__(self) -> str:
        return self.order

    @property
    def order(self) -> str:
        """What is ordered, as a sentence."""
        if self.storage is not None:
            verb = f"charge {self.charge_w} W" if self.charge_w else f"discharge {self.discharge_w} W"
            return f"{self.storage.code}: {verb if self.charge_w or self.discharge_w else 'stand idle'}"
        if self.source is not None:
            return f"{self.source.code}: give at most {self.limit_w} W"
        return f"let loads of tier {self.tier} go"
