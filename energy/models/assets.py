"""What stands behind a metering point: consumers, sources, storages."""

from decimal import Decimal

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy

from energy.models.sites import Site
from kernel.identifiers import random_bytes32
from members.models.public import PublicRow


class AssetStatus(models.TextChoices):
    """Whether an asset works."""

    ACTIVE = "active", gettext_lazy("active")
    MAINTENANCE = "maintenance", gettext_lazy("in maintenance")
    FAULTY = "faulty", gettext_lazy("faulty")
    RETIRED = "retired", gettext_lazy("retired")


class ConsumerKind(models.TextChoices):
    HOUSEHOLD = "household", gettext_lazy("household")
    BUSINESS = "business", gettext_lazy("business")
    HEAT_PUMP = "heat_pump", gettext_lazy("heat pump")
    CAR_CHARGER = "car_charger", gettext_lazy("car charger")
    OTHER = "other", gettext_lazy("other")


class SourceKind(models.TextChoices):
    SOLAR = "solar", gettext_lazy("solar")
    WIND = "wind", gettext_lazy("wind")
    HYDRO = "hydro", gettext_lazy("hydro")
    BIOGAS = "biogas", gettext_lazy("biogas or CHP")


class Asset(PublicRow):
    """What consumers, sources and storages have in common."""

    code = models.CharField(max_length=120)
    status = models.CharField(max_length=16, choices=AssetStatus.choices, default=AssetStatus.ACTIVE)
    chain_ref = models.CharField(max_length=66, default=random_bytes32, unique=True, editable=False)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.code


class Consumer(Asset):
    """A load, or a group of loads, behind one site."""

    site = models.ForeignKey(Site, models.CASCADE, related_name="consumers")
    kind = models.CharField(max_length=16, choices=ConsumerKind.choices)
    max_demand_w = models.BigIntegerField(gettext_lazy("maximum demand [W]"))
    priority_tier = models.PositiveSmallIntegerField(
        default=2, help_text=gettext_lazy("0 life support and control, 1 essential, 2 normal, 3 deferrable, 4 flexible.")
    )
    profile = models.CharField(max_length=80, blank=True, help_text=gettext_lazy("Reference profile of its virtual meter."))
    profile_power_w = models.DecimalField(max_digits=14, decimal_places=3, default=Decimal(0))
    profile_reactive_var = models.DecimalField(max_digits=14, decimal_places=3, default=Decimal(0))

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["site", "code"], name="consumer_code_once"),
            models.CheckConstraint(condition=Q(max_demand_w__gte=0), name="consumer_demand_not_negative"),
            models.CheckConstraint(condition=Q(priority_tier__lte=4), name="consumer_tier_0_to_4"),
        ]


class Source(Asset):
    """A generator behind one site."""

    site = models.ForeignKey(Site, models.CASCADE, related_name="sources")
    kind = models.CharField(max_length=16, choices=SourceKind.choices)
    capacity_w = models.BigIntegerField(gettext_lazy("capacity [W]"))
    last_maintenance_date = models.DateField(null=True, blank=True)
    commissioned_date = models.DateField(null=True, blank=True)
    profile = models.CharField(max_length=80, blank=True, help_text=gettext_lazy("Reference profile of its virtual meter."))
    profile_power_w = models.DecimalField(max_digits=14, decimal_places=3, default=Decimal(0))

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["site", "code"], name="source_code_once"),
            models.CheckConstraint(condition=Q(capacity_w__gte=0), name="source_capacity_not_negative"),
        ]


class StorageUnit(Asset):
    """A battery behind one site; the bounds hold for the state of charge, the powers at the terminals."""

    site = models.ForeignKey(Site, models.CASCADE, related_name="storages")
    capacity_wh = models.BigIntegerField(gettext_lazy("capacity [Wh]"))
    charge_max_w = models.BigIntegerField(gettext_lazy("most charge [W]"))
    discharge_max_w = models.BigIntegerField(gettext_lazy("most discharge [W]"))
    eta_charge = models.DecimalField(gettext_lazy("efficiency of charging"), max_digits=6, decimal_places=5)
    eta_discharge = models.DecimalField(gettext_lazy("efficiency of discharging"), max_digits=6, decimal_places=5)
    self_discharge_per_day = models.DecimalField(max_digits=8, decimal_places=7, default=Decimal(0))
    soc_min_wh = models.BigIntegerField(gettext_lazy("least charge kept [Wh]"), default=0)
    soc_max_wh = models.BigIntegerField(gettext_lazy("most charge kept [Wh]"))
    soc_wh = models.BigIntegerField(gettext_lazy("state of charge [Wh]"), help_text=gettext_lazy("State of charge last known."))

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["site", "code"], name="storage_code_once"),
            models.CheckConstraint(
                condition=Q(soc_min_wh__gte=0) & Q(soc_max_wh__lte=F("capacity_wh")) & Q(soc_min_wh__lte=F("soc_max_wh")),
                name="storage_bounds_in_order",
            ),
            models.CheckConstraint(
                condition=Q(eta_charge__gt=0, eta_charge__lte=1, eta_discharge__gt=0, eta_discharge__lte=1),
                name="storage_efficiencies_within_one",
            ),
        ]
