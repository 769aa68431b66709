"""Exchanges of meters: the metering point stays, the instrument and its registers begin anew."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy

from energy.models.meter_days import Channel
from energy.models.meters import Meter
from members.models import User
from members.models.public import PublicRow


class MeterExchange(PublicRow):
    """One exchange of the instrument behind a meter. `exchanged_at` is by the microgrid's clock."""

    meter = models.ForeignKey(Meter, models.PROTECT, related_name="exchanges")
    exchanged_at = models.DateTimeField()
    old_serial = models.CharField(max_length=80, blank=True)
    new_serial = models.CharField(max_length=80)
    by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    recorded_at = models.DateTimeField(help_text=gettext_lazy("Real time."))

    class Meta:
        constraints = [models.UniqueConstraint(fields=["meter", "exchanged_at"], name="exchanged_once_at_a_time")]

    def __str__(self) -> str:
        return f"{self.meter}: {self.old_serial or 'old meter'} to {self.new_serial}"


class RegisterHandOver(models.Model):
    """What a register of the old instrument read last, and the same register of the new one first [Wh]."""

    exchange = models.ForeignKey(MeterExchange, models.CASCADE, related_name="registers")
    channel = models.SmallIntegerField(choices=Channel.choices)
    last_wh = models.BigIntegerField(gettext_lazy("last reading of the old meter [Wh]"))
    first_wh = models.BigIntegerField(gettext_lazy("first reading of the new meter [Wh]"))

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["exchange", "channel"], name="register_handed_over_once"),
            models.CheckConstraint(condition=Q(last_wh__gte=0, first_wh__gte=0), name="handed_over_not_negative"),
        ]

    def __str__(self) -> str:
        unit = Channel(self.channel).unit
        return f"{Channel(self.channel).label}: {self.last_wh} {unit}, then {self.first_wh} {unit}"
