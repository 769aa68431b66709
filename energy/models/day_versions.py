"""Who made a version of a meter day, when and why."""

from django.db import models
from django.utils.translation import gettext_lazy

from energy.models.imports import ReadingImport
from energy.models.meter_days import Channel
from members.models import User


class VersionCause(models.TextChoices):
    MESSAGE = "message", gettext_lazy("a later message")
    IMPORT = "import", gettext_lazy("an import")
    EDIT = "edit", gettext_lazy("an edit")


class MeterDayVersion(models.Model):
    """What a version of a meter day goes back to; versions after the first get their row from the database itself."""

    pk = models.CompositePrimaryKey("day", "meter_id", "channel", "version")
    day = models.DateField()
    meter_id = models.BigIntegerField()
    channel = models.SmallIntegerField(choices=Channel.choices)
    version = models.SmallIntegerField()
    cause = models.CharField(max_length=8, choices=VersionCause.choices)
    reading_import = models.ForeignKey(ReadingImport, models.PROTECT, null=True, blank=True, related_name="day_versions")
    user = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    reason = models.CharField(max_length=300, blank=True)
    made_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"version {self.version} by {self.get_cause_display()}"
