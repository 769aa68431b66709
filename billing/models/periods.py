"""Accounting months: open until somebody closes them, and open again only by another person with a reason."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from members.models import Cooperative


class PeriodStatus(models.TextChoices):
    OPEN = "open", gettext_lazy("open")
    CLOSED = "closed", gettext_lazy("closed")


class AccountingPeriod(models.Model):
    """A month of a cooperative's books. A month without a row is open; nothing is booked into a closed one."""

    cooperative = models.ForeignKey(Cooperative, models.PROTECT, related_name="accounting_periods")
    period = models.PositiveIntegerField(help_text=gettext_lazy("YYYYMM"))
    status = models.CharField(max_length=8, choices=PeriodStatus.choices, default=PeriodStatus.CLOSED)
    closed_at = models.DateTimeField()
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    entries = models.PositiveIntegerField(help_text=gettext_lazy("How many were booked in the month."))
    debits_minor = models.BigIntegerField(help_text=gettext_lazy("Sum of all debits, all currencies."))
    content_sha256 = models.CharField(max_length=64, help_text=gettext_lazy("Of the month's entries in their order."))
    reopened_at = models.DateTimeField(null=True, blank=True)
    reopened_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    reason = models.CharField(max_length=300, blank=True, help_text=gettext_lazy("Why it was opened again."))

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["cooperative", "period"], name="period_once"),
            models.CheckConstraint(
                condition=Q(status="closed", reopened_by__isnull=True, reopened_at__isnull=True)
                | (Q(status="open", reopened_by__isnull=False, reopened_at__isnull=False) & ~Q(reason="")),
                name="months_open_again_say_why",
            ),
            models.CheckConstraint(
                condition=Q(reopened_by__isnull=True) | ~Q(reopened_by=F("closed_by")), name="opened_again_by_a_second_person"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.period}: {self.status}"


class PeriodStep(models.Model):
    """What was done with a month, by whom, when and why; rows are only added."""

    period = models.ForeignKey(AccountingPeriod, models.PROTECT, related_name="steps")
    status = models.CharField(max_length=8, choices=PeriodStatus.choices)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    reason = models.CharField(max_length=300, blank=True)
    content_sha256 = models.CharField(max_length=64, blank=True)

    def __str__(self) -> str:
        return _("%(period)s %(status)s by %(by)s") % {"period": self.period.period, "status": self.get_status_display(), "by": self.by}
