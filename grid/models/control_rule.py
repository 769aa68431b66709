"""How a microgrid is controlled: its thresholds and times; and what control remembers between ticks."""

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy

from energy.models import Microgrid


def _stages() -> list[float]:
    return [49.0, 48.8, 48.6, 48.4]


class ControlRule(models.Model):
    """Thresholds and times of one microgrid; one that has none is controlled by the defaults. Voltage bands are the nodes' own."""

    microgrid = models.OneToOneField(Microgrid, models.CASCADE, related_name="control_rule")
    exchange_deadband_w = models.PositiveIntegerField(
        gettext_lazy("dead band of exchange [W]"), default=500, help_text=gettext_lazy("SURPLUS and DEFICIT begin above it.")
    )
    peak_share = models.FloatField(default=0.8, help_text=gettext_lazy("PEAK begins at this share of the connection's limit."))
    frequency_low_hz = models.FloatField(gettext_lazy("alarm below [Hz]"), default=49.5)
    frequency_high_hz = models.FloatField(gettext_lazy("alarm above [Hz]"), default=50.5)
    shed_below_hz = ArrayField(
        models.FloatField(),
        size=4,
        default=_stages,
        verbose_name=gettext_lazy("shedding stages [Hz]"),
        help_text=gettext_lazy("Tier 4 goes below the first, then 3, 2 and 1; tier 0 never."),
    )
    lowest_tier_shed = models.PositiveSmallIntegerField(
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(4)],
        help_text=gettext_lazy("No load of a lower tier is ever told to go."),
    )
    restore_hold_s = models.PositiveIntegerField(
        gettext_lazy("hold before restoring [s]"), default=60, help_text=gettext_lazy("All must be well for so long.")
    )
    restore_pause_s = models.PositiveIntegerField(gettext_lazy("between restored loads [s]"), default=10)
    release_hold_s = models.PositiveIntegerField(gettext_lazy("hold before releasing sources [s]"), default=30)
    rotate_after_s = models.PositiveIntegerField(gettext_lazy("turns within a tier [s]"), default=900)
    autonomy_minutes = models.PositiveIntegerField(
        gettext_lazy("energy of an island [min]"), default=15, help_text=gettext_lazy("What the storages give must last so long.")
    )
    breaker = models.ForeignKey(
        "energy.Meter",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        limit_choices_to={"kind": "grid"},
        help_text=gettext_lazy("Whose device works the switch to the public grid; empty: nobody is told to close it."),
    )
    breaker_checks_itself = models.BooleanField(
        gettext_lazy("breaker checks synchronism itself"),
        default=True,
        help_text=gettext_lazy("It closes at the right moment by itself once it may."),
    )
    sync_slip_hz = models.FloatField(
        gettext_lazy("join within [Hz]"), default=0.1, help_text=gettext_lazy("Difference of frequencies at most.")
    )
    sync_phase_deg = models.FloatField(gettext_lazy("join within [°]"), default=10, help_text=gettext_lazy("Difference of phases at most."))
    sync_voltage_pu = models.FloatField(
        gettext_lazy("join within [p.u.]"), default=0.03, help_text=gettext_lazy("Difference of voltages at most.")
    )
    resync_after_s = models.PositiveIntegerField(
        gettext_lazy("public grid steady for [s]"), default=60, help_text=gettext_lazy("Before the island looks for the moment to join.")
    )
    storage_ramp_percent_per_s = models.FloatField(gettext_lazy("storages' ramp [% of rating per s]"), default=50)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(lowest_tier_shed__gte=1, lowest_tier_shed__lte=4), name="tier_0_is_never_shed"),
            models.CheckConstraint(condition=Q(peak_share__gt=0, peak_share__lte=1), name="peak_begins_within_the_limit"),
            models.CheckConstraint(condition=Q(frequency_low_hz__lt=50, frequency_high_hz__gt=50), name="nominal_frequency_is_no_alarm"),
            models.CheckConstraint(
                condition=Q(shed_below_hz__len=4, shed_below_hz__0__gte=F("shed_below_hz__1"))
                & Q(shed_below_hz__1__gte=F("shed_below_hz__2"), shed_below_hz__2__gte=F("shed_below_hz__3")),
                name="stages_fall",
            ),
            models.CheckConstraint(
                condition=Q(sync_slip_hz__gt=0, sync_slip_hz__lte=1, sync_phase_deg__gt=0, sync_phase_deg__lte=30)
                & Q(sync_voltage_pu__gt=0, sync_voltage_pu__lte=0.2),
                name="grids_are_joined_in_step",
            ),
            models.CheckConstraint(condition=Q(storage_ramp_percent_per_s__gt=0), name="storages_may_move"),
        ]

    def __str__(self) -> str:
        return f"control of {self.microgrid}"


class ControlMemory(models.Model):
    """What control carries from tick to tick, so that a new owner goes on where the last one stopped; written behind the ticks."""

    microgrid = models.OneToOneField(Microgrid, models.CASCADE, related_name="control_memory")
    at = models.DateTimeField(help_text="By the microgrid's clock.")
    content = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"memory of {self.microgrid} at {self.at}"
