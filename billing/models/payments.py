"""Money that came in."""

from django.db import models
from django.db.models import Q

from billing.models.documents import Document
from members.models import Cooperative, Member
from members.models.public import PublicRow


class PaymentRail(models.TextChoices):
    BANK = "bank", "bank transfer"
    CHAIN = "chain", "on the chain"


class Payment(PublicRow):
    """One payment, booked once per external reference."""

    cooperative = models.ForeignKey(Cooperative, models.PROTECT, related_name="payments")
    member = models.ForeignKey(Member, models.PROTECT, related_name="payments")
    document = models.ForeignKey(Document, models.PROTECT, related_name="payments")
    rail = models.CharField(max_length=8, choices=PaymentRail.choices)
    amount_minor = models.BigIntegerField()
    external_ref = models.CharField(max_length=160)
    received_at = models.DateTimeField()
    booked_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["cooperative", "rail", "external_ref"], name="payment_booked_once"
            ),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="payment_is_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.amount_minor} by {self.rail}"


class BankStatement(PublicRow):
    """An imported statement; the same file comes in once."""

    cooperative = models.ForeignKey(Cooperative, models.PROTECT, related_name="bank_statements")
    file_name = models.CharField(max_length=200)
    digest = models.CharField(max_length=64)
    imported_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["cooperative", "digest"], name="statement_once")]

    def __str__(self) -> str:
        return self.file_name


class BankStatementLine(models.Model):
    """One line of a statement and what it settled."""

    statement = models.ForeignKey(BankStatement, models.CASCADE, related_name="lines")
    row = models.PositiveIntegerField()
    booked_date = models.DateField()
    amount_minor = models.BigIntegerField()
    payer = models.CharField(max_length=140, blank=True)
    purpose = models.CharField(max_length=300, blank=True)
    payment = models.OneToOneField(
        Payment, models.SET_NULL, null=True, blank=True, related_name="statement_line"
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["statement", "row"], name="statement_row_once")]

    def __str__(self) -> str:
        return f"{self.booked_date} {self.payer} {self.amount_minor}"
