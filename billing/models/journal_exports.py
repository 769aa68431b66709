"""What another bookkeeping system calls our accounts, and how a file for it is headed."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.models.ledger import Account
from members.models import Cooperative


class ExportProfile(models.Model):
    """How a cooperative's journal is written for its tax adviser. One row per cooperative; numbers are agreed with the adviser."""

    cooperative = models.OneToOneField(Cooperative, models.PROTECT, related_name="export_profile")
    consultant_number = models.PositiveIntegerField(gettext_lazy("consultant (Berater)"), default=1001)
    client_number = models.PositiveIntegerField(gettext_lazy("client (Mandant)"), default=1)
    account_length = models.PositiveSmallIntegerField(gettext_lazy("digits of general accounts"), default=4)
    year_starts_in = models.PositiveSmallIntegerField(gettext_lazy("first month of the fiscal year"), default=1)
    first_debtor = models.PositiveIntegerField(gettext_lazy("first number for members who owe"), default=10_000)
    first_creditor = models.PositiveIntegerField(gettext_lazy("first number for members who are owed"), default=70_000)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(consultant_number__gte=1001, consultant_number__lte=9_999_999)
                & Q(client_number__gte=1, client_number__lte=99_999),
                name="export_numbers_in_range",
            ),
            models.CheckConstraint(
                condition=Q(account_length__gte=4, account_length__lte=8) & Q(year_starts_in__gte=1, year_starts_in__lte=12),
                name="export_account_length_in_range",
            ),
        ]

    def __str__(self) -> str:
        return _("Journal of %(cooperative)s") % {"cooperative": self.cooperative}


class ExternalAccount(models.Model):
    """The number by which the other system knows an account; given once, changed by hand where the adviser wants another."""

    account = models.OneToOneField(Account, models.PROTECT, related_name="external")
    cooperative = models.ForeignKey(Cooperative, models.PROTECT, related_name="+")
    number = models.PositiveBigIntegerField()
    tax_key = models.CharField(
        gettext_lazy("BU key"),
        max_length=4,
        blank=True,
        help_text=gettext_lazy("For accounts with a tax automatism of their own; empty: none."),
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["cooperative", "number"], name="external_number_once"),
            models.CheckConstraint(condition=Q(number__gte=1, number__lte=999_999_999), name="external_number_in_range"),
        ]

    def __str__(self) -> str:
        return f"{self.account} = {self.number}"
