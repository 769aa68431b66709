"""Billing runs: a microgrid and a month, in chunks."""

from datetime import date, timedelta

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from energy.models import Microgrid
from kernel.identifiers import random_bytes32
from members.models.public import PublicRow


class RunStatus(models.TextChoices):
    PREPARED = "prepared", "prepared"
    RATED = "rated", "rated"
    POSTED = "posted", "posted"


class BillingRun(PublicRow):
    """One month of one microgrid on its way from meter days to posted documents."""

    microgrid = models.ForeignKey(Microgrid, models.PROTECT, related_name="billing_runs")
    period = models.PositiveIntegerField(help_text="YYYYMM")
    revision = models.PositiveSmallIntegerField(default=0)
    first_day = models.DateField()
    last_day = models.DateField()
    issue_date = models.DateField()
    due_date = models.DateField()
    status = models.CharField(max_length=12, choices=RunStatus.choices, default=RunStatus.PREPARED)
    prepared_at = models.DateTimeField()
    sharing_revisions = ArrayField(
        models.PositiveSmallIntegerField(),
        default=list,
        help_text="Of the run's days, as they stand when it is rated.",
    )
    posted_at = models.DateTimeField(null=True, blank=True)
    chain_ref = models.CharField(max_length=66, default=random_bytes32, unique=True, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["microgrid", "period", "revision"], name="run_once"),
            models.CheckConstraint(condition=Q(last_day__gte=F("first_day")), name="run_days_in_order"),
        ]

    def __str__(self) -> str:
        return f"{self.microgrid} {self.period}"

    def days(self) -> list[date]:
        """All days of the run."""
        return [self.first_day + timedelta(days=i) for i in range((self.last_day - self.first_day).days + 1)]


class ChunkStatus(models.TextChoices):
    OPEN = "open", "open"
    RATED = "rated", "rated"


class RunChunk(models.Model):
    """Some sites of a run: the unit that one worker rates in one transaction."""

    run = models.ForeignKey(BillingRun, models.CASCADE, related_name="chunks")
    index = models.PositiveIntegerField()
    site_ids = ArrayField(models.BigIntegerField())
    status = models.CharField(max_length=8, choices=ChunkStatus.choices, default=ChunkStatus.OPEN)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "index"], name="chunk_once")]

    def __str__(self) -> str:
        return f"{self.run} chunk {self.index}"
