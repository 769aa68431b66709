"""Quotes given and payments seen on the chain."""

from django.db import models

from billing.models import Document, Payment


class PaymentQuote(models.Model):
    """What a bill costs in wei, at a stated rate, until when by the chain's clock."""

    document = models.OneToOneField(Document, models.CASCADE, related_name="quote")
    wei = models.DecimalField(max_digits=78, decimal_places=0)
    wei_per_minor = models.DecimalField(max_digits=78, decimal_places=0)
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.wei} wei for {self.document}"


class ChainPayment(models.Model):
    """A payment event, seen once: `position` counts the payments of one transaction, which a new block leaves in order."""

    chain_id = models.BigIntegerField()
    transaction_hash = models.CharField(max_length=66)
    position = models.PositiveSmallIntegerField(default=0)
    document = models.ForeignKey(Document, models.PROTECT, related_name="chain_payments")
    payer = models.CharField(max_length=42)
    paid_wei = models.DecimalField(max_digits=78, decimal_places=0)
    applied_wei = models.DecimalField(max_digits=78, decimal_places=0)
    payment = models.OneToOneField(Payment, models.PROTECT, null=True, related_name="chain_payment")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["chain_id", "transaction_hash", "position"], name="chain_payment_seen_once"
            )
        ]

    def __str__(self) -> str:
        return self.transaction_hash


class ChainCursor(models.Model):
    """How far payments were read; the block's hash tells whether the chain was reorganised since."""

    chain_id = models.BigIntegerField()
    contract_address = models.CharField(max_length=42)
    block_number = models.BigIntegerField(default=-1)
    block_hash = models.CharField(max_length=66, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["chain_id", "contract_address"], name="cursor_once")]

    def __str__(self) -> str:
        return f"read to block {self.block_number}"
