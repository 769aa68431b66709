"""What flexible loads hear and say by OpenADR 3: programmes, events, and what their clients (VENs) registered."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy

from energy.models import Microgrid
from grid.models.device_links import DeviceLink
from members.models.public import PublicRow


class AdrPayload(models.TextChoices):
    """What an event's values are."""

    PRICE = "PRICE", "price per kWh"
    LIMIT = "CONSUMPTION_POWER_LIMIT", "most that may be drawn [kW]"
    SIMPLE = "SIMPLE", "level from 0 to 3"


class AdrProgram(PublicRow):
    """A programme of a microgrid: one kind of signal that clients may follow."""

    microgrid = models.ForeignKey(Microgrid, models.CASCADE, related_name="adr_programs")
    name = models.CharField(max_length=80)
    payload = models.CharField(max_length=32, choices=AdrPayload.choices)
    created_at = models.DateTimeField()
    modified_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["microgrid", "name"], name="adr_program_once")]

    def __str__(self) -> str:
        return self.name


class AdrEvent(PublicRow):
    """One signal: values for intervals of equal length from an instant on; for one client, or for all of the programme.

    `source_ref` names the decision or the prices behind it: made again, it stays one event.
    """

    program = models.ForeignKey(AdrProgram, models.CASCADE, related_name="events")
    link = models.ForeignKey(DeviceLink, models.CASCADE, null=True, blank=True, related_name="adr_events")
    name = models.CharField(max_length=120)
    priority = models.PositiveSmallIntegerField(default=5, help_text=gettext_lazy("0 is the highest."))
    start_at = models.DateTimeField()
    end_at = models.DateTimeField()
    interval_s = models.PositiveIntegerField()
    values = ArrayField(models.FloatField())
    source_ref = models.CharField(max_length=120)
    created_at = models.DateTimeField()
    modified_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True, blank=True, help_text=gettext_lazy("As of which change subscribers were called."))

    class Meta:
        indexes = [models.Index(fields=["program", "end_at"], name="adr_event_by_end")]
        constraints = [
            models.UniqueConstraint(fields=["program", "source_ref"], name="adr_event_once"),
            models.CheckConstraint(condition=Q(end_at__gt=F("start_at")), name="adr_event_ends_after_its_start"),
            models.CheckConstraint(condition=Q(interval_s__gte=1), name="adr_event_interval_positive"),
        ]

    def __str__(self) -> str:
        return self.name


class AdrVen(PublicRow):
    """A client's description of itself; it stays until the client takes it away."""

    link = models.ForeignKey(DeviceLink, models.CASCADE, related_name="vens")
    name = models.CharField(max_length=128)
    attributes = models.JSONField(default=list)
    targets = models.JSONField(default=list)
    created_at = models.DateTimeField()
    modified_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["link", "name"], name="adr_ven_once")]

    def __str__(self) -> str:
        return self.name


class AdrSubscription(PublicRow):
    """What a client wants to be called about, and where; `object_operations` as the standard has them."""

    link = models.ForeignKey(DeviceLink, models.CASCADE, related_name="adr_subscriptions")
    program = models.ForeignKey(AdrProgram, models.CASCADE, related_name="subscriptions")
    client_name = models.CharField(max_length=128)
    object_operations = models.JSONField()
    created_at = models.DateTimeField()
    modified_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.client_name} on {self.program}"


class AdrReport(PublicRow):
    """What a client reported about an event, as it said it."""

    link = models.ForeignKey(DeviceLink, models.CASCADE, related_name="adr_reports")
    event = models.ForeignKey(AdrEvent, models.CASCADE, related_name="reports")
    client_name = models.CharField(max_length=128)
    name = models.CharField(max_length=128, blank=True)
    resources = models.JSONField()
    created_at = models.DateTimeField()
    modified_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["link", "event", "client_name", "name"], name="adr_report_once")]

    def __str__(self) -> str:
        return f"{self.client_name} on {self.event}"
