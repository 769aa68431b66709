"""Coins of the cooperative's own wallet that were sold for money: what they had cost, what they brought, and the movement that brought it."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.domain.coin_sales import SaleFigures
from billing.models.bank import BankStatementLine
from billing.models.ledger import LedgerTransaction
from members.language import amount, day_in_words
from members.models import Cooperative
from members.models.public import PublicRow


class CoinSale(PublicRow):
    """One sale at an exchange; its figures stay. Taken back, it counts no longer, and its reference is free again.

    A coin is known by its chain and token, address zero for the chain's own; `units` are its smallest.
    """

    cooperative = models.ForeignKey(Cooperative, models.PROTECT, related_name="coin_sales")
    chain_id = models.BigIntegerField()
    token = models.CharField(max_length=42)
    symbol = models.CharField(max_length=16)
    decimals = models.PositiveSmallIntegerField()
    units = models.DecimalField(max_digits=78, decimal_places=0)
    sold_date = models.DateField()
    cost_minor = models.BigIntegerField(help_text=gettext_lazy("What the coins had cost, at the average."))
    proceeds_minor = models.BigIntegerField(help_text=gettext_lazy("What they were sold for, before the fee."))
    fee_minor = models.BigIntegerField(default=0, help_text=gettext_lazy("What the exchange kept of it."))
    net_minor = models.GeneratedField(
        expression=F("proceeds_minor") - F("fee_minor"), output_field=models.BigIntegerField(), db_persist=True
    )
    reference = models.CharField(max_length=60, help_text=gettext_lazy("As the exchange names it."))
    posted = models.OneToOneField(LedgerTransaction, models.PROTECT, related_name="coin_sale")
    bank_line = models.OneToOneField(BankStatementLine, models.PROTECT, null=True, blank=True, related_name="coin_sale")
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    taken_back_at = models.DateTimeField(null=True, blank=True)
    taken_back_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    why = models.CharField(gettext_lazy("why taken back"), max_length=160, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["cooperative", "reference"], condition=Q(taken_back_at__isnull=True), name="coins_sold_once"),
            models.CheckConstraint(
                condition=Q(units__gt=0, cost_minor__gte=0, fee_minor__gte=0, proceeds_minor__gte=F("fee_minor")),
                name="coin_sale_is_no_debt",
            ),
            models.CheckConstraint(
                condition=Q(taken_back_at__isnull=True, taken_back_by__isnull=True)
                | Q(taken_back_at__isnull=False, taken_back_by__isnull=False, bank_line__isnull=True),
                name="coin_sales_taken_back_have_no_money",
            ),
        ]

    def __str__(self) -> str:
        return _("coins sold on %(day)s for %(amount)s") % {"day": day_in_words(self.sold_date), "amount": amount(self.proceeds_minor)}

    @property
    def figures(self) -> SaleFigures:
        """Its sums as one value."""
        return SaleFigures(self.cost_minor, self.proceeds_minor, self.fee_minor)

    @property
    def waits_for_money(self) -> bool:
        """Whether the bank has still to bring what it came to."""
        return self.taken_back_at is None and self.bank_line_id is None and self.figures.net_minor > 0
