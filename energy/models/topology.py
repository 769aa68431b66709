"""The wires: nodes, lines, transformers and switches, each with the time in which it is there."""

from datetime import datetime
from typing import ClassVar, Self, TypeVar

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy

from energy.models.microgrids import Microgrid
from members.models.public import PublicRow

Part = TypeVar("Part", bound="There", covariant=True)

ISOLATING_POINT = "isolating point"
"""A fuse or link at the end of a line or the side of a transformer that no file names; made where somebody works there, closed else."""


class InstantRange(Func):
    """PostgreSQL's tstzrange of two columns, the end exclusive, an empty one unbounded."""

    function = "TSTZRANGE"
    output_field = DateTimeRangeField()


class ThereQuerySet(models.QuerySet[Part]):
    """Rows with a time in which they are there."""

    def at(self, instant: datetime | None) -> Self:
        """What is there at an instant; None: what is there until further notice."""
        if instant is None:
            return self.filter(valid_to__isnull=True)
        begun = Q(valid_from__isnull=True) | Q(valid_from__lte=instant)
        return self.filter(begun, Q(valid_to__isnull=True) | Q(valid_to__gt=instant))


class There(models.Model):
    """What a part of the network has in common: from when to when it is there, by the microgrid's clock."""

    valid_from = models.DateTimeField(null=True, blank=True, help_text=gettext_lazy("Empty: since ever."))
    valid_to = models.DateTimeField(null=True, blank=True, help_text=gettext_lazy("Exclusive; empty: until further notice."))

    objects = ThereQuerySet.as_manager()

    class Meta:
        abstract = True


def _ends_after_it_begins(name: str) -> models.CheckConstraint:
    return models.CheckConstraint(
        condition=Q(valid_from__isnull=True) | Q(valid_to__isnull=True) | Q(valid_to__gt=F("valid_from")), name=name
    )


def _one_at_a_time(name: str) -> ExclusionConstraint:
    return ExclusionConstraint(
        name=name,
        expressions=[
            (F("microgrid"), RangeOperators.EQUAL),
            (F("code"), RangeOperators.EQUAL),
            (InstantRange("valid_from", "valid_to", RangeBoundary()), RangeOperators.OVERLAPS),
        ],
    )


class Node(There):
    """A busbar; its code is given once for all times. Closed switch terminals of an imported file are the same point as their busbar."""

    microgrid = models.ForeignKey(Microgrid, models.CASCADE, related_name="nodes")
    code = models.CharField(max_length=120)
    nominal_voltage_v = models.PositiveIntegerField(gettext_lazy("nominal voltage [V]"))
    vm_setpoint_pu = models.FloatField(null=True, blank=True, help_text=gettext_lazy("Held here: the slack busbar."))
    vm_min_pu = models.FloatField(gettext_lazy("least voltage [p.u.]"), default=0.9)
    vm_max_pu = models.FloatField(gettext_lazy("most voltage [p.u.]"), default=1.1)
    longitude = models.FloatField(null=True, blank=True)
    latitude = models.FloatField(null=True, blank=True)
    is_coupling_point = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["microgrid", "code"], name="node_code_once"),
            _ends_after_it_begins("node_ends_after_it_begins"),
        ]

    def __str__(self) -> str:
        return self.code


class Line(There):
    """A cable or overhead line between two nodes; exchanged for another one it ends, and the other begins under the same code."""

    microgrid = models.ForeignKey(Microgrid, models.CASCADE, related_name="lines")
    code = models.CharField(max_length=120)
    node_from = models.ForeignKey(Node, models.PROTECT, related_name="+")
    node_to = models.ForeignKey(Node, models.PROTECT, related_name="+")
    length_km = models.FloatField(gettext_lazy("length [km]"))
    resistance_ohm_per_km = models.FloatField()
    reactance_ohm_per_km = models.FloatField()
    susceptance_us_per_km = models.FloatField(default=0.0)
    zero_resistance_ohm_per_km = models.FloatField(
        null=True, blank=True, help_text=gettext_lazy("Of what its phases have in common (zero sequence); empty: not told.")
    )
    zero_reactance_ohm_per_km = models.FloatField(null=True, blank=True)
    max_current_a = models.FloatField(gettext_lazy("most current [A]"))
    line_type = models.CharField(max_length=120, blank=True)
    phases = models.CharField(max_length=3, default="123", help_text=gettext_lazy("Which of the phases 1, 2 and 3 it has."))

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            _one_at_a_time("line_code_once_at_a_time"),
            _ends_after_it_begins("line_ends_after_it_begins"),
            models.CheckConstraint(condition=Q(phases__regex="^1?2?3?$") & ~Q(phases=""), name="line_has_phases"),
            models.CheckConstraint(
                condition=Q(zero_resistance_ohm_per_km__isnull=True, zero_reactance_ohm_per_km__isnull=True)
                | Q(zero_resistance_ohm_per_km__gte=0, zero_reactance_ohm_per_km__gte=0),
                name="line_zero_sequence_both_or_none",
            ),
        ]

    def __str__(self) -> str:
        return self.code


class Transformer(There):
    """A two-winding transformer; names of its data as in SimBench and IEC 60076."""

    microgrid = models.ForeignKey(Microgrid, models.CASCADE, related_name="transformers")
    code = models.CharField(max_length=120)
    node_hv = models.ForeignKey(Node, models.PROTECT, related_name="+")
    node_lv = models.ForeignKey(Node, models.PROTECT, related_name="+")
    rated_va = models.BigIntegerField(gettext_lazy("rating [VA]"))
    voltage_hv_v = models.PositiveIntegerField()
    voltage_lv_v = models.PositiveIntegerField()
    short_circuit_percent = models.FloatField(help_text=gettext_lazy("vmImp"))
    copper_loss_w = models.FloatField(help_text=gettext_lazy("pCu"))
    iron_loss_w = models.FloatField(help_text=gettext_lazy("pFe"))
    no_load_current_percent = models.FloatField(help_text=gettext_lazy("iNoLoad"))
    tap_position = models.SmallIntegerField(default=0)
    tap_neutral = models.SmallIntegerField(default=0)
    tap_min = models.SmallIntegerField(default=0)
    tap_max = models.SmallIntegerField(default=0)
    tap_step_percent = models.FloatField(default=0.0)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            _one_at_a_time("transformer_code_once_at_a_time"),
            _ends_after_it_begins("transformer_ends_after_it_begins"),
        ]

    def __str__(self) -> str:
        return self.code


class Switch(There, PublicRow):
    """A switch at a node, towards another node, a line's end or a transformer's side.

    A line or transformer is named by its code, so that a switch outlives the exchange of what it switches.
    """

    microgrid = models.ForeignKey(Microgrid, models.CASCADE, related_name="switches")
    code = models.CharField(max_length=120)
    node = models.ForeignKey(Node, models.PROTECT, related_name="+")
    other_node = models.ForeignKey(Node, models.PROTECT, null=True, blank=True, related_name="+")
    line_code = models.CharField(max_length=120, blank=True)
    transformer_code = models.CharField(max_length=120, blank=True)
    kind = models.CharField(max_length=40, default="switch")
    normally_closed = models.BooleanField(default=True)

    class Meta:
        verbose_name_plural = "switches"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            _one_at_a_time("switch_code_once_at_a_time"),
            _ends_after_it_begins("switch_ends_after_it_begins"),
            models.CheckConstraint(
                condition=Q(other_node__isnull=False, line_code="", transformer_code="")
                | (Q(other_node__isnull=True, transformer_code="") & ~Q(line_code=""))
                | (Q(other_node__isnull=True, line_code="") & ~Q(transformer_code="")),
                name="switch_switches_one_thing",
            ),
        ]

    def __str__(self) -> str:
        return self.code


class SwitchPosition(models.Model):
    """A switch was opened or closed; before its first position it stands as it normally does. Only ever appended."""

    switch = models.ForeignKey(Switch, models.CASCADE, related_name="positions")
    at = models.DateTimeField(help_text="By the microgrid's clock.")
    is_closed = models.BooleanField()
    reason = models.CharField(max_length=200)
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["switch", "at"], name="switch_moves_once_at_an_instant")
        ]

    def __str__(self) -> str:
        return f"{self.switch} {'closed' if self.is_closed else 'open'} from {self.at:%Y-%m-%d %H:%M}"


class NetworkChange(models.Model):
    """Something about the wires of a microgrid changed; the newest number tells every process to load them again."""

    microgrid = models.ForeignKey(Microgrid, models.CASCADE, related_name="network_changes")
    made_at = models.DateTimeField()
    what = models.CharField(max_length=200)
    source = models.CharField(max_length=200, blank=True, help_text=gettext_lazy("The file it came from."))
    digest = models.CharField(max_length=64, blank=True, help_text=gettext_lazy("Of what was imported."))

    class Meta:
        indexes = [models.Index(fields=["microgrid", "-id"], name="network_change_newest_first")]

    def __str__(self) -> str:
        return f"{self.what} on {self.made_at:%Y-%m-%d %H:%M}"
