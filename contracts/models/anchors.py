"""Merkle roots and their leaves."""

from django.db import models
from django.utils.translation import gettext_lazy

from billing.models import BillingRun, Document
from contracts.models.transactions import ChainTransaction
from energy.models import Microgrid


class AnchorKind(models.TextChoices):
    DAY = "day", gettext_lazy("microgrid day")
    RUN = "run", gettext_lazy("billing run")


class Anchor(models.Model):
    """The root of a day or a run; `period` is YYYYMMDD or YYYYMM. A later version is the next revision."""

    kind = models.CharField(max_length=4, choices=AnchorKind.choices)
    microgrid = models.ForeignKey(Microgrid, models.PROTECT, related_name="anchors")
    run = models.OneToOneField(BillingRun, models.PROTECT, null=True, blank=True, related_name="anchor")
    subject = models.CharField(max_length=66)
    period = models.PositiveIntegerField()
    revision = models.PositiveSmallIntegerField(default=0)
    root = models.CharField(max_length=66)
    leaves = models.PositiveIntegerField()
    cid = models.CharField("CID", max_length=80, blank=True)
    transaction = models.OneToOneField(ChainTransaction, models.PROTECT, related_name="anchor")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["subject", "period", "revision", "kind"], name="anchored_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.period} revision {self.revision}"


class AnchorLeaf(models.Model):
    """One leaf: what it stands for, its salt (kept off the chain; without it the commitment says nothing), its hashes."""

    anchor = models.ForeignKey(Anchor, models.CASCADE, related_name="leaf_rows")
    meter_id = models.BigIntegerField(null=True)
    channel = models.SmallIntegerField(null=True)
    version = models.SmallIntegerField(null=True)
    document = models.OneToOneField(Document, models.PROTECT, null=True, related_name="leaf")
    salt = models.BinaryField()
    commitment = models.BinaryField()
    leaf = models.BinaryField()
    field_hashes = models.BinaryField(default=b"", help_text="Of a document: one hash per field, so that a changed figure can be named.")

    class Meta:
        indexes = [models.Index(fields=["meter_id", "anchor"], name="leaf_by_meter")]

    def __str__(self) -> str:
        return f"leaf of {self.anchor}"
