"""Coins that are taken, quotes given, and payments seen on the chain."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy

from billing.models import Charge, Document, LedgerTransaction, Payment
from contracts.domain.coins import NATIVE
from contracts.models.transactions import ChainTransaction
from members.models import Cooperative
from members.models.public import PublicRow


class StableCoin(models.Model):
    """An ERC-20 token that the Billing contract was told to take; the newest of a chain is taken now, address zero: none is."""

    chain_id = models.BigIntegerField()
    address = models.CharField(max_length=42)
    symbol = models.CharField(max_length=16, blank=True)
    decimals = models.PositiveSmallIntegerField(default=0)
    named_at = models.DateTimeField()
    transaction = models.OneToOneField(ChainTransaction, models.PROTECT, related_name="stable_coin")

    def __str__(self) -> str:
        return self.symbol or self.address

    @property
    def is_taken(self) -> bool:
        """Whether it stands for a coin; the row with address zero ends the taking of coins."""
        return self.address != NATIVE


class PaymentQuote(models.Model):
    """At what stated rates a bill can be paid on the chain, until when by the chain's clock.

    `due_minor` is the bill less what was paid off the chain; what is paid on it the contract takes off itself.
    """

    document = models.OneToOneField(Document, models.CASCADE, related_name="quote")
    due_minor = models.BigIntegerField()
    wei_per_minor = models.DecimalField(max_digits=78, decimal_places=0)
    coin = models.ForeignKey(StableCoin, models.PROTECT, null=True, blank=True, related_name="quotes")
    units_per_minor = models.DecimalField(max_digits=29, decimal_places=0, default=0)
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(due_minor__gte=0), name="quote_is_not_negative"),
            models.CheckConstraint(
                condition=Q(coin__isnull=True, units_per_minor=0) | Q(coin__isnull=False, units_per_minor__gt=0), name="a_coin_has_a_rate"
            ),
        ]

    def __str__(self) -> str:
        return f"quote of {self.document}"


class ChainPayment(models.Model):
    """A payment event, seen once: `position` counts the payments of one transaction, which a new block leaves in order.

    `paid_units` came from the payer, in wei or units of the coin; `applied_wad` is what of the bill it paid, in minor units with 18
    decimals. A payment whose block is gone is missing from then on, and vanished once its booking was taken back.
    """

    chain_id = models.BigIntegerField()
    transaction_hash = models.CharField(max_length=66)
    position = models.PositiveSmallIntegerField(default=0)
    block_number = models.BigIntegerField(null=True)
    log_index = models.BigIntegerField(null=True, help_text=gettext_lazy("Its place among all events of its block."))
    document = models.ForeignKey(Document, models.PROTECT, related_name="chain_payments")
    payer = models.CharField(max_length=42)
    coin = models.ForeignKey(
        StableCoin, models.PROTECT, null=True, blank=True, related_name="payments", help_text=gettext_lazy("Empty: the chain's own coin.")
    )
    paid_units = models.DecimalField(max_digits=78, decimal_places=0)
    applied_wad = models.DecimalField(max_digits=78, decimal_places=0)
    credit_wei = models.DecimalField(max_digits=78, decimal_places=0, default=0, help_text=gettext_lazy("The payer's credit after it."))
    payment = models.OneToOneField(Payment, models.PROTECT, null=True, related_name="chain_payment")
    missing_since = models.DateTimeField(null=True, blank=True)
    vanished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["chain_id", "transaction_hash", "position"], name="chain_payment_seen_once")]

    def __str__(self) -> str:
        return self.transaction_hash


class ChainWithdrawal(PublicRow):
    """A withdrawal event, seen once: coins that left the Billing contract to a member's wallet, the cooperative's own, or an unknown one.

    Of `units`, `revenue_units` came in for bills and were worth `worth_minor`; the rest was the payee's own credit. Booked as a charge of
    the member, settled from what the member is owed, or from the chain's account to the cooperative's own wallet. A withdrawal whose
    block is gone is missing from then on, and vanished once its booking was taken back.
    """

    chain_id = models.BigIntegerField()
    transaction_hash = models.CharField(max_length=66)
    position = models.PositiveSmallIntegerField(default=0)
    block_number = models.BigIntegerField()
    log_index = models.BigIntegerField()
    payee = models.CharField(max_length=42)
    coin = models.ForeignKey(
        StableCoin,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="withdrawals",
        help_text=gettext_lazy("Empty: the chain's own coin."),
    )
    units = models.DecimalField(max_digits=78, decimal_places=0)
    revenue_units = models.DecimalField(max_digits=78, decimal_places=0)
    worth_wad = models.DecimalField(max_digits=78, decimal_places=0)
    worth_minor = models.BigIntegerField()
    cooperative = models.ForeignKey(Cooperative, models.PROTECT, null=True, blank=True, related_name="chain_withdrawals")
    charge = models.OneToOneField(Charge, models.PROTECT, null=True, blank=True, related_name="chain_withdrawal")
    posted = models.OneToOneField(LedgerTransaction, models.PROTECT, null=True, blank=True, related_name="chain_withdrawal")
    bookings = models.PositiveSmallIntegerField(default=0, help_text=gettext_lazy("How often it was booked."))
    seen_at = models.DateTimeField()
    missing_since = models.DateTimeField(null=True, blank=True)
    vanished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["chain_id", "transaction_hash", "position"], name="chain_withdrawal_seen_once"),
            models.CheckConstraint(condition=Q(charge__isnull=True) | Q(posted__isnull=True), name="withdrawal_is_booked_one_way"),
            models.CheckConstraint(
                condition=Q(vanished_at__isnull=True) | Q(charge__isnull=True, posted__isnull=True),
                name="vanished_withdrawals_are_not_booked",
            ),
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
