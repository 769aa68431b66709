"""The bank's account of our account: statements and their lines, as they came."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy

from members.language import amount, day_in_words
from members.models import Cooperative
from members.models.public import PublicRow


class StatementKind(models.TextChoices):
    CSV = "csv", gettext_lazy("CSV export")
    REPORT = "camt.052", gettext_lazy("report (camt.052)")
    STATEMENT = "camt.053", gettext_lazy("statement (camt.053)")
    NOTIFICATION = "camt.054", gettext_lazy("notification (camt.054)")


class BankStatement(PublicRow):
    """An imported statement; the same file comes in once. A file of a bank may hold several: `part` counts them."""

    cooperative = models.ForeignKey(Cooperative, models.PROTECT, related_name="bank_statements")
    kind = models.CharField(max_length=8, choices=StatementKind.choices, default=StatementKind.CSV)
    file_name = models.CharField(max_length=200)
    digest = models.CharField(max_length=64)
    part = models.PositiveSmallIntegerField(default=0)
    imported_at = models.DateTimeField()
    iban = models.CharField(gettext_lazy("IBAN"), max_length=34, blank=True)
    number = models.CharField(max_length=40, blank=True, help_text=gettext_lazy("The bank's own id of the statement."))
    sequence = models.BigIntegerField(null=True, blank=True, help_text=gettext_lazy("The statement's number in the year."))
    first_date = models.DateField(null=True, blank=True)
    last_date = models.DateField(null=True, blank=True)
    opening_minor = models.BigIntegerField(null=True, blank=True)
    closing_minor = models.BigIntegerField(null=True, blank=True)
    findings = models.TextField(blank=True, help_text=gettext_lazy("What does not fit, one sentence a line."))

    class Meta:
        constraints = [models.UniqueConstraint(fields=["cooperative", "digest", "part"], name="statement_once")]

    def __str__(self) -> str:
        return f"{self.file_name} {self.number}".strip()


class LineStatus(models.TextChoices):
    OPEN = "open", gettext_lazy("to be looked at")
    BOOKED = "booked", gettext_lazy("booked")
    NOT_OURS = "not_ours", gettext_lazy("not ours")
    DETAILED = "detailed", gettext_lazy("told in detail by another notification")


class BankStatementLine(PublicRow):
    """One movement of the account, counted once however many files tell it, and what became of it.

    The bank's side of it is posted when it comes in, against the account of unclear money; what it is for is booked from there.
    """

    cooperative = models.ForeignKey(Cooperative, models.PROTECT, related_name="bank_lines")
    statement = models.ForeignKey(BankStatement, models.PROTECT, related_name="lines")
    row = models.PositiveIntegerField()
    booked_date = models.DateField()
    value_date = models.DateField(null=True, blank=True)
    amount_minor = models.BigIntegerField(help_text=gettext_lazy("Below zero: went out."))
    payer = models.CharField(gettext_lazy("other party"), max_length=140, blank=True)
    payer_iban = models.CharField(gettext_lazy("their IBAN"), max_length=34, blank=True)
    purpose = models.CharField(max_length=1000, blank=True)
    reference = models.CharField(gettext_lazy("structured reference"), max_length=40, blank=True)
    end_to_end_id = models.CharField(max_length=35, blank=True)
    mandate_ref = models.CharField(max_length=35, blank=True)
    batch_ref = models.CharField(max_length=35, blank=True, help_text=gettext_lazy("The payment group's id in our own file."))
    batch_count = models.PositiveIntegerField(default=1, help_text=gettext_lazy("How many payments the sum stands for."))
    bank_ref = models.CharField(max_length=70, blank=True, help_text=gettext_lazy("The bank's own id of the movement."))
    entry_ref = models.CharField(max_length=70, blank=True, help_text=gettext_lazy("The bank's id of the booked sum that it is part of."))
    bank_code = models.CharField(max_length=40, blank=True)
    is_reversal = models.BooleanField(default=False)
    return_code = models.CharField(max_length=8, blank=True)
    original_minor = models.BigIntegerField(null=True, blank=True, help_text=gettext_lazy("Before the bank's charges."))
    charges_minor = models.BigIntegerField(default=0)
    content_key = models.CharField(max_length=64, editable=False)
    occurrence = models.PositiveIntegerField(default=1, editable=False, help_text=gettext_lazy("Which of equal movements."))
    status = models.CharField(max_length=8, choices=LineStatus.choices, default=LineStatus.OPEN)
    why = models.CharField(max_length=200, blank=True, help_text=gettext_lazy("How it was decided, in words."))
    resolutions = models.PositiveIntegerField(default=0, editable=False)
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["statement", "row"], name="statement_row_once"),
            models.UniqueConstraint(fields=["cooperative", "content_key", "occurrence"], name="bank_movement_once"),
        ]
        indexes = [
            models.Index(fields=["cooperative", "booked_date"], name="bank_lines_by_day"),
            models.Index(fields=["cooperative"], condition=Q(status="open"), name="bank_lines_to_look_at"),
        ]

    def __str__(self) -> str:
        return f"{day_in_words(self.booked_date)} {self.payer} {amount(self.amount_minor)}"
