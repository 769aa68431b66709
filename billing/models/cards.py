"""Card payments through a provider: what was asked, what it told, what it paid out. No card number, name or date is ever here."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.models.bank import BankStatementLine
from billing.models.documents import Document
from billing.models.payments import Payment
from members.language import amount
from members.models import Cooperative, Member
from members.models.public import PublicRow


class CheckoutStatus(models.TextChoices):
    OPEN = "open", gettext_lazy("waits for the payer")
    PAID = "paid", gettext_lazy("paid")
    DROPPED = "dropped", gettext_lazy("nothing was collected")
    ODD = "odd", gettext_lazy("the provider has another sum")


class CardCheckout(PublicRow):
    """A sum of ours that a member wants to pay by card: a bill's rest, or money on account. The provider's page asks for the card."""

    cooperative = models.ForeignKey(Cooperative, models.PROTECT, related_name="card_checkouts")
    member = models.ForeignKey(Member, models.PROTECT, related_name="card_checkouts")
    document = models.ForeignKey(Document, models.PROTECT, null=True, blank=True, related_name="card_checkouts")
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    status = models.CharField(max_length=8, choices=CheckoutStatus.choices, default=CheckoutStatus.OPEN)
    why = models.CharField(max_length=160, blank=True)
    session_ref = models.CharField(max_length=120, blank=True)
    intent_ref = models.CharField(max_length=120, blank=True)
    page_url = models.URLField(max_length=1000, blank=True)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    payment = models.OneToOneField(Payment, models.PROTECT, null=True, blank=True, related_name="card_checkout")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="checkout_is_positive"),
            models.UniqueConstraint(fields=["session_ref"], condition=~Q(session_ref=""), name="checkout_session_once"),
            models.UniqueConstraint(fields=["intent_ref"], condition=~Q(intent_ref=""), name="checkout_intent_once"),
            models.UniqueConstraint(fields=["document"], condition=Q(status="open"), name="one_checkout_of_a_bill_at_a_time"),
            models.CheckConstraint(
                condition=Q(status="paid", payment__isnull=False) | (~Q(status="paid") & Q(payment__isnull=True)),
                name="paid_checkouts_have_their_payment",
            ),
        ]
        indexes = [models.Index(fields=["cooperative", "-made_at"], name="checkouts_by_time")]

    def __str__(self) -> str:
        return _("%(amount)s %(currency)s by card for %(whom)s") % {
            "amount": amount(self.amount_minor),
            "currency": self.currency,
            "whom": self.document or self.member,
        }


class CardEvent(models.Model):
    """That the provider said something happened: which object to ask it about, once per event. Its content is not kept."""

    event_ref = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=80)
    object_ref = models.CharField(max_length=120)
    intent_ref = models.CharField(max_length=120, blank=True)
    told_at = models.DateTimeField()
    received_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = [models.Index(fields=["received_at"], condition=Q(done_at__isnull=True), name="card_events_waiting")]

    def __str__(self) -> str:
        return f"{self.kind} {self.object_ref}"


class CardMovement(models.Model):
    """One line of the provider's account of ours, as it books it: a charge, a refund, a dispute, a fee, a payout."""

    cooperative = models.ForeignKey(Cooperative, models.PROTECT, related_name="card_movements")
    ref = models.CharField(max_length=120)
    kind = models.CharField(max_length=40)
    amount_minor = models.BigIntegerField()
    fee_minor = models.BigIntegerField(default=0)
    source_ref = models.CharField(max_length=120, blank=True)
    intent_ref = models.CharField(max_length=120, blank=True, db_default="", help_text=gettext_lazy("The payment that it belongs to."))
    payout_ref = models.CharField(max_length=120, blank=True, help_text=gettext_lazy("The payout that it went out with."))
    happened_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["cooperative", "ref"], name="card_movement_once")]
        indexes = [models.Index(fields=["cooperative", "payout_ref"], name="card_movements_by_payout")]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount_minor}"

    @property
    def net_minor(self) -> int:
        return self.amount_minor - self.fee_minor


class CardPayout(PublicRow):
    """What the provider sent to our bank, with the movement of the account that brought it."""

    cooperative = models.ForeignKey(Cooperative, models.PROTECT, related_name="card_payouts")
    ref = models.CharField(max_length=120)
    amount_minor = models.BigIntegerField()
    status = models.CharField(max_length=20)
    arrival_date = models.DateField()
    trace = models.CharField(max_length=80, blank=True, help_text=gettext_lazy("What the provider's bank writes with it."))
    finding = models.CharField(max_length=200, blank=True)
    bank_line = models.OneToOneField(BankStatementLine, models.PROTECT, null=True, blank=True, related_name="card_payout")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["cooperative", "ref"], name="card_payout_once")]

    def __str__(self) -> str:
        return self.ref


class CardDispute(PublicRow):
    """A payer's bank takes a card payment back (chargeback). Won, the money comes again as a payment of its own."""

    cooperative = models.ForeignKey(Cooperative, models.PROTECT, related_name="card_disputes")
    ref = models.CharField(max_length=120)
    payment = models.ForeignKey(Payment, models.PROTECT, related_name="card_disputes")
    amount_minor = models.BigIntegerField()
    reason = models.CharField(max_length=60, blank=True)
    status = models.CharField(max_length=40)
    opened_at = models.DateTimeField()
    withdrawn_minor = models.BigIntegerField(default=0, help_text=gettext_lazy("What the provider holds back for it now."))

    class Meta:
        constraints = [models.UniqueConstraint(fields=["cooperative", "ref"], name="card_dispute_once")]

    def __str__(self) -> str:
        return self.ref
