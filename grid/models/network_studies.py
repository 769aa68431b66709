"""What was computed about the network: how much more each node takes, and what the loss of each element means."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy

from energy.models import Microgrid


class Technology(models.TextChoices):
    """What may be added at a node."""

    SOLAR = "solar", "solar roofs"
    CAR_CHARGING = "car_charging", "car charging"
    HEAT_PUMPS = "heat_pumps", "heat pumps"


class NetworkStudy(models.Model):
    """One computation over the newest closed days and the network as it then stood; the newest counts."""

    microgrid = models.ForeignKey(Microgrid, models.CASCADE, related_name="network_studies")
    made_at = models.DateTimeField()
    first_day = models.DateField()
    last_day = models.DateField()
    intervals = models.PositiveIntegerField()
    most_w = models.BigIntegerField("the most that was tried at a node [W]")
    unbalance_usual = models.FloatField(
        null=True,
        blank=True,
        help_text="Voltage unbalance factor that 95 % of the newest week stay below, at the worst node; empty where all sites have three phases.",
    )
    unbalance_most = models.FloatField(null=True, blank=True)
    unbalance_node = models.CharField(max_length=120, blank=True)
    unbalance_at = models.DateTimeField(null=True, blank=True, help_text="The interval of the highest.")

    class Meta:
        indexes = [models.Index(fields=["microgrid", "-made_at"], name="network_study_newest_first")]

    def __str__(self) -> str:
        return f"study of {self.microgrid} over {self.first_day} to {self.last_day}"


class NodeHosting(models.Model):
    """How much of a technology a node still takes, alone, beside everything that is there."""

    study = models.ForeignKey(NetworkStudy, models.CASCADE, related_name="hosting")
    technology = models.CharField(max_length=16, choices=Technology.choices)
    node_code = models.CharField(max_length=120)
    power_w = models.BigIntegerField()
    limited_by = models.CharField(max_length=12, blank=True, help_text="voltage, line or transformer; empty: by nothing.")
    limiting_code = models.CharField(max_length=120, blank=True)
    limited_at = models.DateTimeField(null=True, blank=True, help_text="The interval that decides.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["study", "technology", "node_code"], name="node_hosts_once"),
            models.CheckConstraint(condition=Q(power_w__gte=0), name="hosting_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.node_code}: {self.power_w} W of {self.get_technology_display()}"


class ElementLoss(models.Model):
    """What happens when one line or transformer is out (N-1)."""

    study = models.ForeignKey(NetworkStudy, models.CASCADE, related_name="losses")
    place = models.PositiveIntegerField(help_text="1 is the worst.")
    kind = models.CharField(max_length=12)
    code = models.CharField(max_length=120)
    sites_lost = models.PositiveIntegerField()
    members_lost = models.PositiveIntegerField()
    highest_loading = models.FloatField(null=True, help_text=gettext_lazy("Of the rest; 1 is full."))
    loaded_code = models.CharField(max_length=120, blank=True)
    lowest_voltage_pu = models.FloatField(null=True)
    is_within = models.BooleanField(help_text=gettext_lazy("The rest keeps its limits."))
    tie_code = models.CharField(max_length=120, blank=True, help_text="The open switch that helps most.")
    sites_lost_with_tie = models.PositiveIntegerField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["study", "place"], name="element_loss_place_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.code} out: {self.sites_lost} sites without supply"
