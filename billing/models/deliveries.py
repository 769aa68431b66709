"""How documents reach people: one row for each document, recipient and sending."""

from django.db import models
from django.db.models import Q

from billing.models.documents import Document
from members.models.public import PublicRow


class DeliveryStatus(models.TextChoices):
    QUEUED = "queued", "queued"
    SENDING = "sending", "being sent"
    SENT = "sent", "sent"
    FAILED = "failed", "failed"
    OPENED = "opened", "opened"


class Delivery(PublicRow):
    """A document on its way to one recipient; sent again it is a new row, so that what happened before stays.

    A worker claims a queued row by a conditional update; one that dies while it sends leaves `sending`, which counts as failed after
    a while: whether that e-mail went out nobody knows, and a person decides.
    """

    document = models.ForeignKey(Document, models.PROTECT, related_name="deliveries")
    recipient = models.EmailField()
    sending = models.PositiveSmallIntegerField(default=1, help_text="1 for the first time.")
    status = models.CharField(max_length=8, choices=DeliveryStatus.choices, default=DeliveryStatus.QUEUED)
    queued_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    opened_at = models.DateTimeField(null=True, blank=True)
    problem = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(fields=["document", "recipient", "sending"], name="delivered_once"),
            models.CheckConstraint(
                condition=~Q(status__in=["sent", "opened"]) | Q(sent_at__isnull=False),
                name="sent_deliveries_say_when",
            ),
            models.CheckConstraint(
                condition=~Q(status="opened") | Q(opened_at__isnull=False), name="opened_deliveries_say_when"
            ),
            models.CheckConstraint(
                condition=~Q(status="failed") | ~Q(problem=""), name="failed_deliveries_say_why"
            ),
        ]
        indexes = [
            models.Index(
                fields=["queued_at"], condition=Q(status__in=["queued", "sending"]), name="deliveries_to_send"
            )
        ]

    def __str__(self) -> str:
        return f"{self.document} to {self.recipient}"
