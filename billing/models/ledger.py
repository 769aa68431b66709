"""Double entry: accounts, transactions, entries. Posted entries never change."""

from typing import Any

from django.db import models
from django.db.models import Func, Q
from django.utils.translation import gettext_lazy

from members.models import Cooperative, Member
from members.models.public import PublicRow


class AccountCode(models.TextChoices):
    RECEIVABLE = "receivable", gettext_lazy("member receivable")
    PAYABLE = "payable", gettext_lazy("member payable")
    ENERGY_SALES = "energy_sales", gettext_lazy("energy sales")
    FEES = "fees", gettext_lazy("standing charges")
    LOCAL_CLEARING = "local_clearing", gettext_lazy("local energy, from neighbours to neighbours")
    ENERGY_PURCHASES = "energy_purchases", gettext_lazy("energy bought from producers for the public grid")
    INCENTIVES = "incentives", gettext_lazy("incentives")
    REMINDER_FEES = "reminder_fees", gettext_lazy("fees of reminders")
    ARREARS_INTEREST = "arrears_interest", gettext_lazy("interest on arrears")
    DISTRIBUTIONS = "distributions", gettext_lazy("shared out to producers and members")
    RETAINED = "retained_earnings", gettext_lazy("results carried forward")
    RESERVES = "reserves", gettext_lazy("reserves")
    MEMBER_SHARES = "member_shares", gettext_lazy("members' shares")
    OPENING = "opening", gettext_lazy("carried in from books before")
    WITHHELD_TAX = "withheld_tax", gettext_lazy("tax withheld of dividends")
    EXCHANGE = "exchange", gettext_lazy("between currencies")
    VAT = "vat", gettext_lazy("VAT")
    INPUT_VAT = "input_vat", gettext_lazy("input VAT")
    REVERSE_VAT = "reverse_vat", gettext_lazy("VAT owed as recipient")
    REVERSE_INPUT_VAT = "reverse_input_vat", gettext_lazy("input VAT as recipient")
    VAT_COST = "vat_cost", gettext_lazy("VAT that is not given back")
    BANK = "bank", gettext_lazy("bank")
    CHAIN_WALLET = "chain_wallet", gettext_lazy("chain wallet")
    OWN_WALLET = "own_wallet", gettext_lazy("the cooperative's own wallet")
    COINS_SOLD = "coins_sold", gettext_lazy("coins sold, their money on its way")
    COIN_RESULT = "coin_result", gettext_lazy("gains and losses on coins")
    COIN_FEES = "coin_fees", gettext_lazy("fees of selling coins")
    CASH = "cash", gettext_lazy("cash")
    MOBILE_MONEY = "mobile_money", gettext_lazy("mobile money")
    CARD = "card", gettext_lazy("card provider")
    CARD_FEES = "card_fees", gettext_lazy("fees of card payments")
    SUSPENSE = "suspense", gettext_lazy("unclear money of the bank account")
    TRANSIT = "transit", gettext_lazy("payouts on their way")
    BANK_CHARGES = "bank_charges", gettext_lazy("bank charges")
    RETURN_FEES = "return_fees", gettext_lazy("fees of returned payments")
    ROUNDING = "rounding", gettext_lazy("rounding")


# What the tax office gets and gives back.
TAX = (AccountCode.VAT, AccountCode.INPUT_VAT, AccountCode.REVERSE_VAT, AccountCode.REVERSE_INPUT_VAT, AccountCode.VAT_COST)
PERSONAL = (AccountCode.RECEIVABLE, AccountCode.PAYABLE)
# What is carried to equity when a year is closed, is no cause of VAT, and none of what a month earned or spent.
YEAR_CLOSING = "year closing"
EQUITY = (AccountCode.MEMBER_SHARES, AccountCode.RESERVES, AccountCode.RETAINED, AccountCode.DISTRIBUTIONS)
# What the cooperative earns and spends; all others say what it has, owes, or did with what was left.
RESULT = (
    AccountCode.ENERGY_SALES,
    AccountCode.FEES,
    AccountCode.LOCAL_CLEARING,
    AccountCode.ENERGY_PURCHASES,
    AccountCode.INCENTIVES,
    AccountCode.REMINDER_FEES,
    AccountCode.ARREARS_INTEREST,
    AccountCode.RETURN_FEES,
    AccountCode.BANK_CHARGES,
    AccountCode.CARD_FEES,
    AccountCode.COIN_RESULT,
    AccountCode.COIN_FEES,
    AccountCode.VAT_COST,
    AccountCode.ROUNDING,
)


class Account(models.Model):
    """An account of the cooperative in one currency; receivables and payables have one per member.

    What is supplied is booked apart by how it stands to VAT, and so is the tax: the accounts themselves are the VAT report.
    """

    cooperative = models.ForeignKey(Cooperative, models.PROTECT, related_name="accounts", db_index=False)  # begins the key below
    code = models.CharField(max_length=20, choices=AccountCode.choices)
    member = models.ForeignKey(Member, models.PROTECT, null=True, blank=True, related_name="accounts")
    currency = models.CharField(max_length=3)
    vat_key = models.CharField(
        gettext_lazy("VAT key"),
        max_length=40,
        blank=True,
        db_default="",
        editable=False,
        help_text=gettext_lazy("Side, category, rate and ground, for example output/S/0.1900/taxed; empty: none."),
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["cooperative", "code", "member", "currency", "vat_key"], name="account_once", nulls_distinct=False
            ),
            models.CheckConstraint(
                condition=Q(code__in=["receivable", "payable"], member__isnull=False)
                | (~Q(code__in=["receivable", "payable"]) & Q(member__isnull=True)),
                name="personal_accounts_name_their_member",
            ),
            models.CheckConstraint(
                condition=Q(vat_key="") | Q(vat_key__regex=r"^(output|input)/(S|Z|E|AE|O)/0[.][0-9]{4}/[a-z_]+$", member__isnull=True),
                name="account_vat_key_is_written_so",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code}{f':{self.member.number}' if self.member else ''}{f' {self.vat_key}' if self.vat_key else ''}"


class DatabaseTransaction(Func):
    """PostgreSQL's number of the transaction that is running."""

    function = "txid_current"
    arity = 0
    output_field: Any = models.BigIntegerField()


class LedgerTransaction(PublicRow):
    """Entries of one currency that belong together and sum to zero; posted once per key.

    It is sealed when the database's own transaction ends: entries are only taken by the one in which it was made.
    """

    cooperative = models.ForeignKey(Cooperative, models.PROTECT, related_name="ledger_transactions", db_index=False)  # begins the key below
    idempotency_key = models.CharField(max_length=120)
    cause = models.CharField(max_length=40, help_text=gettext_lazy("document, payment, ..."))
    cause_ref = models.UUIDField(null=True, blank=True, help_text=gettext_lazy("The public id of what caused it."))
    currency = models.CharField(max_length=3)
    booked_date = models.DateField()
    posted_at = models.DateTimeField()
    made_in = models.BigIntegerField(db_default=DatabaseTransaction(), editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["cooperative", "idempotency_key"], name="posted_once")]
        indexes = [
            models.Index(fields=["cooperative", "booked_date"], name="transactions_by_day"),
            models.Index(fields=["cause_ref"], name="transactions_by_cause"),
        ]

    def __str__(self) -> str:
        return self.idempotency_key


class LedgerEntry(models.Model):
    """One side of a transaction, in minor units.

    Transactions and accounts stay for ever, so what an entry refers to is checked once, for all entries of a statement together
    (trigger `transactions_are_whole`, ADR 18).
    """

    transaction = models.ForeignKey(LedgerTransaction, models.PROTECT, related_name="entries", db_constraint=False)
    account = models.ForeignKey(Account, models.PROTECT, related_name="entries", db_constraint=False)
    debit_minor = models.BigIntegerField(default=0)
    credit_minor = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(debit_minor=0, credit_minor__gt=0) | Q(debit_minor__gt=0, credit_minor=0), name="entry_has_one_side"
            )
        ]

    def __str__(self) -> str:
        return f"{self.account}: {self.debit_minor} | {self.credit_minor}"
