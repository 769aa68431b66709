"""How a cooperative handles money in and out, as it has decided."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from members.models import Cooperative


class CreditUse(models.TextChoices):
    NEXT_BILL = "next_bill", gettext_lazy("for the next bill, the oldest first")
    BY_HAND = "by_hand", gettext_lazy("only by hand")


class FeeRule(models.TextChoices):
    NONE = "none", gettext_lazy("the cooperative bears it")
    BANK = "bank", gettext_lazy("what the bank took")
    FIXED = "fixed", gettext_lazy("a fixed fee")


class PaymentRules(models.Model):
    """One row per cooperative; without it the defaults hold."""

    cooperative = models.OneToOneField(Cooperative, models.PROTECT, related_name="payment_rules")
    creditor_id = models.CharField(
        gettext_lazy("creditor identifier"),
        max_length=35,
        blank=True,
        help_text=gettext_lazy("For direct debits, for example DE98ZZZ09999999999."),
    )
    prenotification_days = models.PositiveSmallIntegerField(
        gettext_lazy("days of notice before a debit"), default=14, help_text=gettext_lazy("14 unless agreed otherwise with the members.")
    )
    credit_use = models.CharField(gettext_lazy("credit is used"), max_length=10, choices=CreditUse.choices, default=CreditUse.NEXT_BILL)
    return_fee = models.CharField(
        gettext_lazy("a returned debit costs the member"), max_length=8, choices=FeeRule.choices, default=FeeRule.BANK
    )
    return_fee_minor = models.PositiveIntegerField(gettext_lazy("fixed fee [minor units]"), default=0)

    class Meta:
        verbose_name = verbose_name_plural = gettext_lazy("payment rules")
        constraints = [
            models.CheckConstraint(
                condition=Q(prenotification_days__gte=1, prenotification_days__lte=60), name="notice_is_between_a_day_and_two_months"
            )
        ]

    def __str__(self) -> str:
        return _("Payment rules of %(cooperative)s") % {"cooperative": self.cooperative}
