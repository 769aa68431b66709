"""Billing runs: a microgrid and a month, in chunks, released by a second person before they are posted."""

from datetime import date, timedelta

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from energy.models import Microgrid
from kernel.identifiers import random_bytes32
from members.models.public import PublicRow


class RunKind(models.TextChoices):
    FINAL = "final", gettext_lazy("final: a whole month")
    INTERIM = "interim", gettext_lazy("interim: part of a month, taken back by the final bill")
    CORRECTION = "correction", gettext_lazy("correction: readings changed after the month was billed")
    CANCELLATION = "cancellation", gettext_lazy("cancellation of documents")


class RunStatus(models.TextChoices):
    """Prepared: chunks are being rated; rated: drafts can be looked at; released: may be posted; posted: numbered and in the books."""

    PREPARED = "prepared", gettext_lazy("prepared")
    RATED = "rated", gettext_lazy("to be released")
    RELEASED = "released", gettext_lazy("released")
    POSTED = "posted", gettext_lazy("posted")
    WITHDRAWN = "withdrawn", gettext_lazy("withdrawn")


class BillingRun(PublicRow):
    """One month of one microgrid on its way from meter days to posted documents.

    The first run of a month has revision 0; what corrects it, or bills other parts of the month, takes the next ones.
    """

    microgrid = models.ForeignKey(Microgrid, models.PROTECT, related_name="billing_runs")
    period = models.PositiveIntegerField(help_text=gettext_lazy("YYYYMM"))
    revision = models.PositiveSmallIntegerField(default=0)
    kind = models.CharField(max_length=12, choices=RunKind.choices, default=RunKind.FINAL)
    only_sites = ArrayField(
        models.BigIntegerField(), default=list, blank=True, help_text=gettext_lazy("Sites that get documents; empty: all of them.")
    )
    reason = models.CharField(max_length=300, blank=True, help_text=gettext_lazy("Why it was made, in words."))
    first_day = models.DateField()
    last_day = models.DateField()
    issue_date = models.DateField()
    due_date = models.DateField()
    status = models.CharField(max_length=12, choices=RunStatus.choices, default=RunStatus.PREPARED)
    prepared_at = models.DateTimeField()
    prepared_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, editable=False, related_name="+")
    released_at = models.DateTimeField(null=True, blank=True, editable=False)
    released_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, editable=False, related_name="+")
    release_rule = models.CharField(
        max_length=160, blank=True, editable=False, help_text=gettext_lazy("The rule that released it, where no person did.")
    )
    sharing_revisions = ArrayField(
        models.PositiveSmallIntegerField(), default=list, help_text=gettext_lazy("Of the run's days, as they stand when it is rated.")
    )
    posted_at = models.DateTimeField(null=True, blank=True)
    chain_ref = models.CharField(max_length=66, default=random_bytes32, unique=True, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["microgrid", "period", "revision"], name="run_once"),
            models.CheckConstraint(condition=Q(last_day__gte=F("first_day")), name="run_days_in_order"),
            models.UniqueConstraint(
                fields=["microgrid", "period"],
                condition=Q(kind="final", only_sites=[]) & ~Q(status="withdrawn"),
                name="one_final_run_of_a_month",
            ),
            models.UniqueConstraint(
                fields=["microgrid", "period"],
                condition=Q(kind="correction", status__in=["prepared", "rated", "released"]),
                name="one_correction_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(released_by__isnull=True) | Q(prepared_by__isnull=True) | ~Q(released_by=F("prepared_by")),
                name="a_second_person_releases",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["released", "posted"])
                | (Q(released_at__isnull=False) & (Q(released_by__isnull=False) | ~Q(release_rule=""))),
                name="posted_runs_were_released",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.microgrid} {self.period}" + (_(", revision %(revision)s") % {"revision": self.revision} if self.revision else "")

    @property
    def is_whole(self) -> bool:
        """Whether all sites of the microgrid get documents."""
        return not self.only_sites

    def days(self) -> list[date]:
        """All days of the run."""
        return [self.first_day + timedelta(days=i) for i in range((self.last_day - self.first_day).days + 1)]


class ChunkStatus(models.TextChoices):
    OPEN = "open", gettext_lazy("open")
    RATED = "rated", gettext_lazy("rated")


class RunChunk(models.Model):
    """Some sites of a run: the unit that one worker rates in one transaction."""

    run = models.ForeignKey(BillingRun, models.CASCADE, related_name="chunks")
    index = models.PositiveIntegerField()
    site_ids = ArrayField(models.BigIntegerField())
    status = models.CharField(max_length=8, choices=ChunkStatus.choices, default=ChunkStatus.OPEN)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "index"], name="chunk_once")]

    def __str__(self) -> str:
        return _("%(run)s chunk %(index)s") % {"run": self.run, "index": self.index}
