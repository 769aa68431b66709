"""The outbox: transactions, signed and stored before they are sent."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy


class TransactionStatus(models.TextChoices):
    PENDING = "pending", gettext_lazy("waiting to be signed")
    SENT = "sent", gettext_lazy("signed and sent")
    CONFIRMED = "confirmed", gettext_lazy("confirmed")
    FAILED = "failed", gettext_lazy("refused by the contract")


class ChainTransaction(models.Model):
    """One transaction of the cooperative's key. Once signed, its bytes and nonce never change: a retry sends the same bytes."""

    idempotency_key = models.CharField(max_length=160, unique=True)
    chain_id = models.BigIntegerField()
    contract = models.CharField(max_length=40)
    function = models.CharField(max_length=60, help_text=gettext_lazy("Empty for the deployment itself."), blank=True)
    calldata = models.BinaryField()
    status = models.CharField(max_length=10, choices=TransactionStatus.choices, default=TransactionStatus.PENDING)
    sender = models.CharField(max_length=42, blank=True)
    nonce = models.BigIntegerField(null=True)
    raw = models.BinaryField(null=True)
    hash = models.CharField(max_length=66, blank=True)
    block_number = models.BigIntegerField(null=True)
    gas_used = models.BigIntegerField(null=True)
    problem = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["chain_id", "sender", "nonce"], condition=Q(nonce__isnull=False), name="nonce_once"),
            models.CheckConstraint(
                condition=~Q(status__in=["sent", "confirmed"]) | Q(raw__isnull=False, nonce__isnull=False),
                name="sent_transactions_are_signed",
            ),
        ]
        indexes = [models.Index(fields=["status", "id"], name="outbox_in_order")]

    def __str__(self) -> str:
        return f"{self.contract}.{self.function or 'deploy'}"


class TransactionVersion(models.Model):
    """One signed form of a transaction: a higher fee is another form of the same call under the same nonce; whichever is mined counts."""

    transaction = models.ForeignKey(ChainTransaction, models.CASCADE, related_name="versions")
    hash = models.CharField(max_length=66, unique=True)
    raw = models.BinaryField()
    max_fee_wei = models.DecimalField(max_digits=78, decimal_places=0)
    signed_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.hash


class ChainDeployment(models.Model):
    """Where a contract lives on a chain, known by chain id and genesis."""

    chain_id = models.BigIntegerField()
    genesis_hash = models.CharField(max_length=66)
    contract = models.CharField(max_length=40)
    address = models.CharField(max_length=42)
    transaction = models.OneToOneField(ChainTransaction, models.PROTECT, related_name="deployment")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["chain_id", "genesis_hash", "contract"], name="deployed_once")]

    def __str__(self) -> str:
        return f"{self.contract} at {self.address}"
