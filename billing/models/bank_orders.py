"""What the bank is asked to do: collect debits, pay out. Prepared by one, released by another, then a file that never changes."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.models.bank import BankStatementLine
from billing.models.documents import Document
from billing.models.mandates import Mandate
from members.language import amount
from members.models import Cooperative, Member
from members.models.public import PublicRow


class OrderKind(models.TextChoices):
    DEBITS = "debits", gettext_lazy("direct debits")
    PAYOUTS = "payouts", gettext_lazy("payouts")


class OrderStatus(models.TextChoices):
    PREPARED = "prepared", gettext_lazy("prepared")
    RELEASED = "released", gettext_lazy("released")
    CANCELLED = "cancelled", gettext_lazy("cancelled")


class BankOrder(PublicRow):
    """A file for the bank: pain.008 for debits, pain.001 for payouts."""

    cooperative = models.ForeignKey(Cooperative, models.PROTECT, related_name="bank_orders")
    kind = models.CharField(max_length=8, choices=OrderKind.choices)
    status = models.CharField(max_length=10, choices=OrderStatus.choices, default=OrderStatus.PREPARED)
    message_id = models.CharField(max_length=35)
    execution_date = models.DateField()
    prepared_at = models.DateTimeField()
    prepared_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    released_at = models.DateTimeField(null=True, blank=True)
    released_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    content = models.BinaryField(null=True, editable=False)
    digest = models.CharField(max_length=64, blank=True)
    bank_status = models.CharField(
        max_length=4, blank=True, help_text=gettext_lazy("The bank's answer (pain.002), for example ACCP or RJCT.")
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["cooperative", "message_id"], name="message_id_once"),
            models.CheckConstraint(
                condition=Q(released_by__isnull=True) | ~Q(released_by=F("prepared_by")), name="released_by_a_second_person"
            ),
            models.CheckConstraint(
                condition=Q(status="released", released_by__isnull=False, released_at__isnull=False, content__isnull=False)
                | (~Q(status="released") & Q(content__isnull=True)),
                name="released_orders_have_their_file",
            ),
        ]

    def __str__(self) -> str:
        return self.message_id

    @property
    def file_name(self) -> str:
        """What the downloaded file is called."""
        return f"{self.message_id}.xml"


class ItemStatus(models.TextChoices):
    PREPARED = "prepared", gettext_lazy("prepared")
    RELEASED = "released", gettext_lazy("with the bank")
    DONE = "done", gettext_lazy("done")
    REJECTED = "rejected", gettext_lazy("rejected")
    RETURNED = "returned", gettext_lazy("returned")
    CANCELLED = "cancelled", gettext_lazy("cancelled")


WITH_THE_BANK = ("prepared", "released")


class Sequence(models.TextChoices):
    FIRST = "FRST", gettext_lazy("first")
    RECURRING = "RCUR", gettext_lazy("recurring")


class Debit(PublicRow):
    """One bill to be collected."""

    order = models.ForeignKey(BankOrder, models.PROTECT, related_name="debits")
    cooperative = models.ForeignKey(Cooperative, models.PROTECT, related_name="debits")
    document = models.ForeignKey(Document, models.PROTECT, related_name="debits")
    mandate = models.ForeignKey(Mandate, models.PROTECT, related_name="debits")
    amount_minor = models.BigIntegerField()
    sequence = models.CharField(max_length=4, choices=Sequence.choices)
    end_to_end_id = models.CharField(max_length=35)
    status = models.CharField(max_length=10, choices=ItemStatus.choices, default=ItemStatus.PREPARED)
    code = models.CharField(max_length=8, blank=True, help_text=gettext_lazy("The bank's reason, for example MD01."))
    payment = models.OneToOneField("billing.Payment", models.PROTECT, null=True, blank=True, related_name="debit")
    bank_line = models.ForeignKey(BankStatementLine, models.PROTECT, null=True, blank=True, related_name="debits_collected")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["cooperative", "end_to_end_id"], name="debit_id_once"),
            models.UniqueConstraint(fields=["document"], condition=Q(status__in=WITH_THE_BANK), name="bill_collected_once"),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="debit_is_positive"),
        ]

    def __str__(self) -> str:
        return self.end_to_end_id


class RefundWay(models.TextChoices):
    BANK = "bank", gettext_lazy("by transfer")
    CARD = "card", gettext_lazy("to the card that paid")


class Refund(PublicRow):
    """A member's credit that is to be paid back: with the next payout order, or to the card that paid it.

    An order has its second person; a refund to a card is released by one of its own.
    """

    cooperative = models.ForeignKey(Cooperative, models.PROTECT, related_name="refunds")
    member = models.ForeignKey(Member, models.PROTECT, related_name="refunds")
    amount_minor = models.BigIntegerField()
    way = models.CharField(max_length=4, choices=RefundWay.choices, default=RefundWay.BANK)
    iban = models.CharField(gettext_lazy("IBAN"), max_length=34, blank=True)
    payment = models.ForeignKey(
        "billing.Payment",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="refunds",
        help_text=gettext_lazy("The card payment that goes back."),
    )
    why = models.CharField(max_length=140)
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    released_at = models.DateTimeField(null=True, blank=True)
    released_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    provider_ref = models.CharField(max_length=80, blank=True)
    failed = models.CharField(max_length=80, blank=True, help_text=gettext_lazy("Why the provider did not pay it back."))

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="refund_is_positive"),
            models.CheckConstraint(
                condition=Q(released_by__isnull=True) | ~Q(released_by=F("asked_by")), name="refund_released_by_a_second_person"
            ),
            models.CheckConstraint(
                condition=Q(way="bank", payment__isnull=True, released_at__isnull=True) & ~Q(iban="")
                | Q(way="card", payment__isnull=False, iban=""),
                name="refund_names_where_it_goes",
            ),
            models.CheckConstraint(
                condition=Q(released_at__isnull=True, released_by__isnull=True)
                | Q(released_at__isnull=False, released_by__isnull=False, withdrawn_at__isnull=True),
                name="refund_released_by_somebody",
            ),
            models.UniqueConstraint(fields=["cooperative", "provider_ref"], condition=~Q(provider_ref=""), name="refund_ref_once"),
        ]

    def __str__(self) -> str:
        return _("%(amount)s back to %(member)s") % {"amount": amount(self.amount_minor), "member": self.member}


class Payout(PublicRow):
    """One transfer to somebody who is owed: a producer, a refunded member, or whom another source of payables names."""

    order = models.ForeignKey(BankOrder, models.PROTECT, related_name="payouts")
    cooperative = models.ForeignKey(Cooperative, models.PROTECT, related_name="payouts")
    source = models.CharField(max_length=20, help_text=gettext_lazy("credit, refund, dividend, ..."))
    source_key = models.CharField(max_length=60)
    member = models.ForeignKey(Member, models.PROTECT, related_name="payouts")
    debit_account = models.CharField(max_length=20, help_text=gettext_lazy("The account whose debt it settles."))
    name = models.CharField(max_length=70)
    iban = models.CharField(gettext_lazy("IBAN"), max_length=34)
    amount_minor = models.BigIntegerField()
    text = models.CharField(max_length=140)
    end_to_end_id = models.CharField(max_length=35)
    status = models.CharField(max_length=10, choices=ItemStatus.choices, default=ItemStatus.PREPARED)
    code = models.CharField(max_length=8, blank=True)
    bank_line = models.ForeignKey(BankStatementLine, models.PROTECT, null=True, blank=True, related_name="payouts")
    returned_line = models.ForeignKey(BankStatementLine, models.PROTECT, null=True, blank=True, related_name="returned_payouts")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["cooperative", "end_to_end_id"], name="payout_id_once"),
            models.UniqueConstraint(
                fields=["cooperative", "source", "source_key"], condition=Q(status__in=(*WITH_THE_BANK, "done")), name="paid_out_once"
            ),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="payout_is_positive"),
        ]

    def __str__(self) -> str:
        return self.end_to_end_id
