"""SEPA direct debit mandates: a member's signed word that their account may be debited."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy

from members.models import Cooperative, Member
from members.models.public import PublicRow


class MandateStatus(models.TextChoices):
    ACTIVE = "active", gettext_lazy("active")
    PAUSED = "paused", gettext_lazy("paused")
    REVOKED = "revoked", gettext_lazy("revoked")


class Mandate(PublicRow):
    """One mandate. Another account is another mandate; a bank's answer may pause it until somebody has looked."""

    cooperative = models.ForeignKey(Cooperative, models.PROTECT, related_name="mandates")
    member = models.ForeignKey(Member, models.PROTECT, related_name="mandates")
    reference = models.CharField(max_length=35)
    holder = models.CharField(gettext_lazy("account holder"), max_length=70)
    iban = models.CharField(gettext_lazy("IBAN"), max_length=34)
    bic = models.CharField(gettext_lazy("BIC"), max_length=11, blank=True)
    signed_date = models.DateField()
    signed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", help_text=gettext_lazy("Empty: on paper.")
    )
    status = models.CharField(max_length=8, choices=MandateStatus.choices, default=MandateStatus.ACTIVE)
    pause_reason = models.CharField(max_length=200, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["cooperative", "reference"], name="mandate_reference_once"),
            models.UniqueConstraint(fields=["member"], condition=~Q(status="revoked"), name="one_mandate_per_member"),
            models.CheckConstraint(
                condition=Q(status="revoked", revoked_at__isnull=False) | (~Q(status="revoked") & Q(revoked_at__isnull=True)),
                name="revoked_mandates_say_when",
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def masked_iban(self) -> str:
        """The account as its owner recognises it."""
        return f"{self.iban[:4]} … {self.iban[-4:]}"
