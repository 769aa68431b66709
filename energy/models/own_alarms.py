"""What members asked to be told about their own sites."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from energy.models.sites import Site
from members.models.public import PublicRow


class OwnAlarmKind(models.TextChoices):
    """The words of `energy.domain.own_alarms.AlarmKind`."""

    DAY_USE = "day_use", "a day uses more than [kWh]"
    BASE_LOAD = "base_load", "day and night more than [W]"
    NO_USE = "no_use", "no use at all for [days]"
    ROOF_BELOW = "roof_below", "the roof gives less than [%] of what neighbours' roofs let expect"


class OwnAlarm(PublicRow):
    """One alarm of a user's own choosing on one site; looked at once a day, when the day is over."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="own_alarms")
    site = models.ForeignKey(Site, models.CASCADE, related_name="own_alarms")
    kind = models.CharField(max_length=16, choices=OwnAlarmKind.choices)
    limit = models.DecimalField(max_digits=10, decimal_places=2, help_text="In kWh, W, days or per cent, by kind.")
    by_mail = models.BooleanField("by e-mail too", default=False)
    created_at = models.DateTimeField()
    judged_date = models.DateField(null=True, blank=True, editable=False, help_text="The last day looked at.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "site", "kind", "limit"], name="own_alarm_once"),
            models.CheckConstraint(condition=Q(limit__gt=0), name="own_alarm_limit_above_zero"),
            models.CheckConstraint(condition=~Q(kind="roof_below") | Q(limit__lt=100), name="roof_alarm_below_whole"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.limit.normalize():f}"


class OwnAlarmHit(models.Model):
    """A day on which an alarm went off, and what was measured."""

    alarm = models.ForeignKey(OwnAlarm, models.CASCADE, related_name="hits")
    day = models.DateField()
    value = models.FloatField()
    text = models.CharField(max_length=240)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["alarm", "day"], name="alarm_goes_off_once_a_day")]

    def __str__(self) -> str:
        return f"{self.day}: {self.text}"
