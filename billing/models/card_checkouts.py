"""Payments by card: what a provider was asked for and what it said."""

from django.db import models
from django.db.models import Q

from billing.models.documents import Document
from members.models import Cooperative, Member
from members.models.public import PublicRow


class CheckoutStatus(models.TextChoices):
    STARTED = "started", "started"
    PAID = "paid", "paid"
    FAILED = "failed", "failed"
    REFUNDED = "refunded", "refunded"


class CardCheckout(PublicRow):
    """One try to pay a bill by card at a provider; no card number ever comes here."""

    cooperative = models.ForeignKey(Cooperative, models.PROTECT, related_name="card_checkouts")
    member = models.ForeignKey(Member, models.PROTECT, related_name="card_checkouts")
    document = models.ForeignKey(
        Document, models.PROTECT, null=True, blank=True, related_name="card_checkouts"
    )
    amount_minor = models.BigIntegerField()
    provider_ref = models.CharField(max_length=80, blank=True)
    status = models.CharField(max_length=8, choices=CheckoutStatus.choices, default=CheckoutStatus.STARTED)
    started_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["provider_ref"], condition=~Q(provider_ref=""), name="checkout_once"),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="checkout_is_positive"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.provider_ref or "not started"
