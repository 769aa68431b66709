"""What a member owes besides bills: small sums with a reason, each posted, payable and taken back as a bill is."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy

from members.models import Cooperative, Member
from members.models.public import PublicRow


class ChargeKind(models.TextChoices):
    RETURN_FEE = "return_fee", gettext_lazy("fee of a returned payment")
    REMINDER_FEE = "reminder_fee", gettext_lazy("fee of a reminder")
    INTEREST = "interest", gettext_lazy("interest on arrears")
    CLAIM = "claim", gettext_lazy("paid out too much")
    WITHDRAWN = "withdrawn", gettext_lazy("withdrawn on the chain")


# Money that a member has already: settled from what the member is owed, and not taken back by hand.
HAD_ALREADY = (ChargeKind.CLAIM, ChargeKind.WITHDRAWN)


class Charge(PublicRow):
    """One charge; its key says what caused it, so that it is made once. Taken back, it is no longer asked for."""

    cooperative = models.ForeignKey(Cooperative, models.PROTECT, related_name="charges")
    member = models.ForeignKey(Member, models.PROTECT, related_name="charges")
    kind = models.CharField(max_length=16, choices=ChargeKind.choices)
    key = models.CharField(max_length=80)
    text = models.CharField(max_length=140)
    amount_minor = models.BigIntegerField()
    paid_minor = models.BigIntegerField(default=0, editable=False)
    charged_at = models.DateTimeField()
    taken_back_at = models.DateTimeField(null=True, blank=True)
    taken_back_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text=gettext_lazy("Who did, where a person did."),
    )
    why = models.CharField(gettext_lazy("why taken back"), max_length=160, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["cooperative", "key"], name="charged_once"),
            models.CheckConstraint(
                condition=Q(amount_minor__gt=0, paid_minor__gte=0, paid_minor__lte=F("amount_minor")), name="charge_is_paid_once"
            ),
            models.CheckConstraint(condition=Q(taken_back_at__isnull=True) | Q(paid_minor=0), name="paid_charges_are_not_taken_back"),
        ]

    def __str__(self) -> str:
        return self.text

    @property
    def stands_by_itself(self) -> bool:
        """Whether it follows from money that has left, so that no person takes it back."""
        return self.kind in HAD_ALREADY

    @property
    def rest_minor(self) -> int:
        """What is still to be paid."""
        return 0 if self.taken_back_at else self.amount_minor - self.paid_minor
