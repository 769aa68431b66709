"""What lines and transformers carry beyond the meters below them."""

from django.db import models

from energy.models import Meter, Microgrid


class BypassCheck(models.Model):
    """The newest comparison of one line's or transformer's meter with the sum of the meters below it, losses allowed for."""

    microgrid = models.ForeignKey(Microgrid, models.CASCADE, related_name="bypass_checks")
    meter = models.OneToOneField(Meter, models.CASCADE, related_name="bypass_check")
    first_day = models.DateField()
    last_day = models.DateField()
    meters_below = models.PositiveIntegerField()
    flow_wh = models.BigIntegerField("flow that the meters below explain, losses included [Wh]")
    residual_wh = models.BigIntegerField("flow beyond that [Wh]")
    allowed_wh = models.BigIntegerField("what accuracy may explain [Wh]")
    since_date = models.DateField(null=True, blank=True, help_text="From when on it is too much.")
    lost_wh_per_day = models.BigIntegerField(default=0)
    explained_by = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="+", help_text="A branch below that deviates as well."
    )
    checked_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.meter}: {self.residual_wh} Wh beyond {self.flow_wh} Wh"


class BypassSuspect(models.Model):
    """A meter whose pattern or whose drop fits the residual; a reason to look, no proof."""

    check_of = models.ForeignKey(BypassCheck, models.CASCADE, related_name="suspects")
    place = models.PositiveSmallIntegerField()
    meter = models.ForeignKey(Meter, models.CASCADE, related_name="+")
    score = models.FloatField()
    pattern = models.FloatField(help_text="How much of the residual's shape the meter's shape explains.")
    drop_wh_per_day = models.BigIntegerField(null=True, blank=True, help_text="What its use fell by beyond all others.")
    share = models.FloatField(help_text="What part of its use would pass by the meter.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["check_of", "place"], name="suspect_place_once")]

    def __str__(self) -> str:
        return f"{self.place}. {self.meter} ({self.score:.2f})"
