"""Money that came in, what it settled, and money that a bank took back. Nothing here is edited: a mistake gets a counter-row."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.models.bank import BankStatementLine
from billing.models.bank_orders import Payout, Refund
from billing.models.charges import Charge
from billing.models.documents import Document
from members.language import amount
from members.models import Cooperative, Member
from members.models.public import PublicRow


class PaymentRail(models.TextChoices):
    BANK = "bank", gettext_lazy("bank transfer")
    DEBIT = "debit", gettext_lazy("direct debit")
    CASH = "cash", gettext_lazy("cash")
    MOBILE = "mobile", gettext_lazy("mobile money")
    CHAIN = "chain", gettext_lazy("on the chain")
    CARD = "card", gettext_lazy("card")


class Payment(PublicRow):
    """One payment of a member, booked once per external reference.

    What it settled stands in its allocations. The running sums are kept by the database: what came in is what is allocated,
    paid back, taken back by the bank, and the rest, which is the member's credit.
    """

    cooperative = models.ForeignKey(Cooperative, models.PROTECT, related_name="payments")
    member = models.ForeignKey(Member, models.PROTECT, related_name="payments")
    document = models.ForeignKey(
        Document, models.PROTECT, null=True, blank=True, related_name="payments", help_text=gettext_lazy("The bill that its payer meant.")
    )
    rail = models.CharField(max_length=8, choices=PaymentRail.choices)
    amount_minor = models.BigIntegerField()
    external_ref = models.CharField(max_length=160)
    received_at = models.DateTimeField()
    booked_at = models.DateTimeField()
    bank_line = models.ForeignKey(BankStatementLine, models.PROTECT, null=True, blank=True, related_name="payments")
    taken_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text=gettext_lazy("Who took it, where a person did."),
    )
    note = models.CharField(max_length=200, blank=True)
    allocated_minor = models.BigIntegerField(default=0, editable=False)
    refunded_minor = models.BigIntegerField(default=0, editable=False)
    returned_minor = models.BigIntegerField(default=0, editable=False)
    credit_minor = models.GeneratedField(
        expression=F("amount_minor") - F("allocated_minor") - F("refunded_minor") - F("returned_minor"),
        output_field=models.BigIntegerField(),
        db_persist=True,
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["cooperative", "rail", "external_ref"], name="payment_booked_once"),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="payment_is_positive"),
            models.CheckConstraint(
                condition=Q(allocated_minor__gte=0, refunded_minor__gte=0, returned_minor__gte=0)
                & Q(amount_minor__gte=F("allocated_minor") + F("refunded_minor") + F("returned_minor")),
                name="payment_is_spent_once",
            ),
        ]
        indexes = [
            models.Index(
                fields=["member"],
                condition=Q(amount_minor__gt=F("allocated_minor") + F("refunded_minor") + F("returned_minor")),
                name="payments_with_credit",
            )
        ]

    def __str__(self) -> str:
        return _("%(amount)s by %(rail)s") % {"amount": amount(self.amount_minor), "rail": self.get_rail_display()}


class Allocation(PublicRow):
    """So much of a payment, or of a credit document, for a bill, a charge, a payout, or a refund that leaves by another way than a payout.

    Never edited: `reverses` names the row that a counter-row takes back.
    """

    payment = models.ForeignKey(Payment, models.PROTECT, null=True, blank=True, related_name="allocations")
    credit = models.ForeignKey(
        Document, models.PROTECT, null=True, blank=True, related_name="spent", help_text=gettext_lazy("A credit document.")
    )
    document = models.ForeignKey(
        Document, models.PROTECT, null=True, blank=True, related_name="allocations", help_text=gettext_lazy("A bill.")
    )
    charge = models.ForeignKey(Charge, models.PROTECT, null=True, blank=True, related_name="allocations")
    payout = models.ForeignKey(Payout, models.PROTECT, null=True, blank=True, related_name="allocations")
    refund = models.ForeignKey(Refund, models.PROTECT, null=True, blank=True, related_name="allocations")
    amount_minor = models.BigIntegerField()
    reverses = models.OneToOneField("self", models.PROTECT, null=True, blank=True, related_name="reversed_by")
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    why = models.CharField(max_length=120, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(payment__isnull=False, credit__isnull=True) | Q(payment__isnull=True, credit__isnull=False),
                name="allocation_has_one_source",
            ),
            models.CheckConstraint(
                condition=Q(document__isnull=False, charge__isnull=True, payout__isnull=True, refund__isnull=True)
                | Q(document__isnull=True, charge__isnull=False, payout__isnull=True, refund__isnull=True)
                | Q(document__isnull=True, charge__isnull=True, payout__isnull=False, refund__isnull=True)
                | Q(document__isnull=True, charge__isnull=True, payout__isnull=True, refund__isnull=False),
                name="allocation_has_one_target",
            ),
            models.CheckConstraint(
                condition=Q(reverses__isnull=True, amount_minor__gt=0) | Q(reverses__isnull=False, amount_minor__lt=0),
                name="only_counter_rows_are_negative",
            ),
        ]

    def __str__(self) -> str:
        return _("%(amount)s for %(refund)s") % {
            "amount": amount(self.amount_minor),
            "refund": self.document or self.charge or self.payout or self.refund,
        }


class ReturnKind(models.TextChoices):
    BANK = "bank", gettext_lazy("taken back by the bank")
    CARD = "card", gettext_lazy("taken back by the card provider")
    UNDONE = "undone", gettext_lazy("undone by a person")


class PaymentReturn(PublicRow):
    """A payment that is no longer there: the bank took it back, or a person had assigned it wrongly."""

    payment = models.OneToOneField(Payment, models.PROTECT, related_name="taken_back")
    kind = models.CharField(max_length=8, choices=ReturnKind.choices)
    amount_minor = models.BigIntegerField()
    code = models.CharField(max_length=8, blank=True, help_text=gettext_lazy("The bank's reason, for example AM04."))
    fee_minor = models.BigIntegerField(default=0, help_text=gettext_lazy("What the bank took for it."))
    bank_line = models.ForeignKey(BankStatementLine, models.PROTECT, null=True, blank=True, related_name="returns")
    returned_at = models.DateTimeField()
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(amount_minor__gt=0, fee_minor__gte=0), name="return_is_positive")]

    def __str__(self) -> str:
        return _("%(payment)s returned %(code)s") % {"payment": self.payment, "code": self.code}
