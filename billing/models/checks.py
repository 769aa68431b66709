"""What somebody should look at before a run is released, and what they said of it."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy

from billing.models.runs import BillingRun
from energy.models import Site


class CheckKind(models.TextChoices):
    """What a check found. The database keeps the word, the page explains it."""

    NEGATIVE = "negative", gettext_lazy("to be paid is less than nothing")
    NO_READINGS = "no_readings", gettext_lazy("days without readings")
    ESTIMATED = "estimated", gettext_lazy("a large part is estimated")
    VERY_HIGH = "very_high", gettext_lazy("far above what is usual in the village")
    LAST_YEAR = "last_year", gettext_lazy("far from the same month last year")
    MONTHS_BEFORE = "months_before", gettext_lazy("far from the months before")
    NOTHING_USED = "nothing_used", gettext_lazy("nothing was used")
    FIRST_BILL = "first_bill", gettext_lazy("the first document of this member")
    NEW_TARIFF = "new_tariff", gettext_lazy("the tariff changed")
    NO_ADDRESS = "no_address", gettext_lazy("no postal address")
    NO_CONTACT = "no_contact", gettext_lazy("no e-mail address")


BLOCKING = (CheckKind.NEGATIVE, CheckKind.NO_READINGS, CheckKind.VERY_HIGH)


class RunCheck(models.Model):
    """One thing to look at: a site of a run and what stands out. A blocking one is settled before the run is released."""

    run = models.ForeignKey(BillingRun, models.CASCADE, related_name="checks")
    site = models.ForeignKey(Site, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=16, choices=CheckKind.choices)
    is_blocking = models.BooleanField(default=False)
    told = models.CharField(max_length=300, help_text=gettext_lazy("What was found, with its figures."))
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    note = models.CharField(max_length=300, blank=True, help_text=gettext_lazy("What was found out, and by whom."))

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "site", "kind"], name="checked_once"),
            models.CheckConstraint(
                condition=Q(settled_at__isnull=True, settled_by__isnull=True) | Q(settled_at__isnull=False, settled_by__isnull=False),
                name="a_person_settles_a_check",
            ),
            models.CheckConstraint(
                condition=Q(is_blocking=False) | Q(settled_at__isnull=True) | ~Q(note=""), name="what_blocks_is_settled_with_a_note"
            ),
        ]
        indexes = [models.Index(fields=["run"], condition=Q(is_blocking=True, settled_at__isnull=True), name="checks_that_block")]

    def __str__(self) -> str:
        return f"{self.site}: {self.get_kind_display()}"
