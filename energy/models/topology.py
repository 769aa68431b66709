"""The wires: nodes, lines and the transformer that joins the public grid."""

from django.db import models

from energy.models.microgrids import Microgrid


class Node(models.Model):
    """A busbar; closed switch terminals are the same point as their busbar."""

    microgrid = models.ForeignKey(Microgrid, models.CASCADE, related_name="nodes")
    code = models.CharField(max_length=120)
    nominal_voltage_v = models.PositiveIntegerField("nominal voltage [V]")
    vm_setpoint_pu = models.FloatField(null=True, blank=True, help_text="Held here: the slack busbar.")
    vm_min_pu = models.FloatField("least voltage [p.u.]", default=0.9)
    vm_max_pu = models.FloatField("most voltage [p.u.]", default=1.1)
    longitude = models.FloatField(null=True, blank=True)
    latitude = models.FloatField(null=True, blank=True)
    is_coupling_point = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["microgrid", "code"], name="node_code_once")]

    def __str__(self) -> str:
        return self.code


class Line(models.Model):
    """A cable or overhead line between two nodes."""

    microgrid = models.ForeignKey(Microgrid, models.CASCADE, related_name="lines")
    code = models.CharField(max_length=120)
    node_from = models.ForeignKey(Node, models.PROTECT, related_name="+")
    node_to = models.ForeignKey(Node, models.PROTECT, related_name="+")
    length_km = models.FloatField("length [km]")
    resistance_ohm_per_km = models.FloatField()
    reactance_ohm_per_km = models.FloatField()
    susceptance_us_per_km = models.FloatField(default=0.0)
    max_current_a = models.FloatField("most current [A]")
    line_type = models.CharField(max_length=120, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["microgrid", "code"], name="line_code_once")]

    def __str__(self) -> str:
        return self.code


class Transformer(models.Model):
    """A two-winding transformer; names of its data as in SimBench and IEC 60076."""

    microgrid = models.ForeignKey(Microgrid, models.CASCADE, related_name="transformers")
    code = models.CharField(max_length=120)
    node_hv = models.ForeignKey(Node, models.PROTECT, related_name="+")
    node_lv = models.ForeignKey(Node, models.PROTECT, related_name="+")
    rated_va = models.BigIntegerField("rating [VA]")
    voltage_hv_v = models.PositiveIntegerField()
    voltage_lv_v = models.PositiveIntegerField()
    short_circuit_percent = models.FloatField(help_text="vmImp")
    copper_loss_w = models.FloatField(help_text="pCu")
    iron_loss_w = models.FloatField(help_text="pFe")
    no_load_current_percent = models.FloatField(help_text="iNoLoad")
    tap_position = models.SmallIntegerField(default=0)
    tap_neutral = models.SmallIntegerField(default=0)
    tap_min = models.SmallIntegerField(default=0)
    tap_max = models.SmallIntegerField(default=0)
    tap_step_percent = models.FloatField(default=0.0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["microgrid", "code"], name="transformer_code_once")]

    def __str__(self) -> str:
        return self.code
