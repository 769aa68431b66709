"""Files of readings: kept as evidence, staged, accepted wholly or not at all."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy

from energy.models.meter_days import Channel
from energy.models.microgrids import Microgrid
from members.models import User
from members.models.public import PublicRow


class ImportStatus(models.TextChoices):
    """Where an import stands."""

    WAITING = "waiting", "waiting to be read"
    STAGED = "staged", "ready to accept"
    FAULTY = "faulty", "has errors"
    ACCEPTED = "accepted", "accepted"
    DISCARDED = "discarded", "discarded"


class ReadingFile(models.Model):
    """A file as it was handed in, byte for byte, packed with zstd; the digest is of the unpacked bytes."""

    microgrid = models.ForeignKey(Microgrid, models.PROTECT, related_name="reading_files")
    sha256 = models.CharField(max_length=64)
    size_bytes = models.BigIntegerField()
    body = models.BinaryField()
    received_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["microgrid", "sha256"], name="reading_file_once")]

    def __str__(self) -> str:
        return f"file {self.sha256[:12]}"


class ReadingImport(PublicRow):
    """One file read in one way, and what became of it. Times are the microgrid's."""

    microgrid = models.ForeignKey(Microgrid, models.PROTECT, related_name="reading_imports")
    file = models.ForeignKey(ReadingFile, models.PROTECT, related_name="reading_imports")
    file_name = models.CharField(max_length=200)
    format = models.CharField(max_length=16)
    unit = models.CharField(max_length=4)
    label = models.CharField(gettext_lazy("times label"), max_length=8)
    clock = models.CharField(gettext_lazy("times without offset"), max_length=8)
    status = models.CharField(max_length=12, choices=ImportStatus.choices, default=ImportStatus.WAITING)
    uploaded_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    uploaded_at = models.DateTimeField()
    accepted_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    accepted_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=200, blank=True)
    rows = models.PositiveIntegerField(default=0)
    problem_count = models.PositiveIntegerField(default=0)
    says_status = models.BooleanField(default=False, help_text=gettext_lazy("The file tells measured values from substitute ones."))
    rounded = models.PositiveIntegerField(gettext_lazy("values not whole Wh"), default=0)
    first_day = models.DateField(null=True, blank=True)
    last_day = models.DateField(null=True, blank=True)
    meter_ids = ArrayField(models.BigIntegerField(), default=list)
    unknown_meters = ArrayField(models.CharField(max_length=120), default=list)
    days_new = models.PositiveIntegerField(default=0)
    days_changed = models.PositiveIntegerField(default=0)
    days_same = models.PositiveIntegerField(default=0)
    total_wh = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["file", "format", "unit", "label", "clock"], condition=~Q(status="discarded"), name="file_read_once_in_a_way"
            ),
            models.CheckConstraint(condition=Q(accepted_at__isnull=True) | Q(status="accepted"), name="accepted_imports_are_dated"),
        ]

    def __str__(self) -> str:
        return self.file_name

    @property
    def provenance(self) -> str:
        """The name that its meter days carry."""
        return f"import {self.public_id}"


class ImportProblem(models.Model):
    """What is wrong in one place of a file, and the step that mends it."""

    reading_import = models.ForeignKey(ReadingImport, models.CASCADE, related_name="problems")
    row = models.PositiveIntegerField()
    column = models.CharField(max_length=160, blank=True)
    what = models.CharField(max_length=300)
    mending = models.CharField(max_length=300)

    def __str__(self) -> str:
        return f"row {self.row}, {self.column}: {self.what}"


class Effect(models.IntegerChoices):
    """What accepting would do to a meter day."""

    SAME = 0, "same as stored"
    NEW = 1, "new"
    CHANGED = 2, "changes stored values"


class StagedMeterDay(models.Model):
    """A meter day of a staged file; gone once the import is accepted or discarded, for the file is kept."""

    reading_import = models.ForeignKey(ReadingImport, models.CASCADE, related_name="staged_days")
    day = models.DateField()
    meter_id = models.BigIntegerField()
    channel = models.SmallIntegerField(choices=Channel.choices)
    effect = models.SmallIntegerField(choices=Effect.choices)
    values_wh = ArrayField(models.IntegerField())
    quality = ArrayField(models.SmallIntegerField())
    stored_wh = models.BigIntegerField("stored total [Wh]", default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["reading_import", "day", "meter_id", "channel"], name="staged_day_once")]

    def __str__(self) -> str:
        return f"{Channel(self.channel).label} of meter {self.meter_id} on {self.day}"
