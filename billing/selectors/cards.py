"""Card payments: whether they are on, what waits, what the provider sent and whether it came."""

from dataclasses import dataclass

from django.conf import settings
from django.db.models import F, Q, QuerySet, Sum
from django.utils.translation import gettext as _

from billing.models import AccountCode, CardCheckout, CardDispute, CardMovement, CardPayout, LedgerEntry, Refund, RefundWay
from members.models import Cooperative, User
from members.selectors.scope import own_members

MOST_SHOWN = 30


class NoCards(ValueError):
    """Cards are off, or it is not said for which cooperative they are on."""


def cards_are_on(cooperative: Cooperative) -> bool:
    """Whether members of a cooperative can pay by card."""
    if not settings.CARD_PROVIDER:
        return False
    if settings.CARD_COOPERATIVE:
        return bool(cooperative.slug == settings.CARD_COOPERATIVE)
    return not Cooperative.objects.exclude(pk=cooperative.pk).exists()


def cooperative_with_cards() -> Cooperative:
    """The cooperative whose account at the provider it is.

    Raises:
        NoCards: cards are off, or there are several cooperatives and none is named.
    """
    rows = Cooperative.objects.all()
    if settings.CARD_COOPERATIVE:
        rows = rows.filter(slug=settings.CARD_COOPERATIVE)
    found = list(rows[:2]) if settings.CARD_PROVIDER else []
    if len(found) != 1:
        raise NoCards(_("Cards are off, or CARD_COOPERATIVE does not name the cooperative that takes them."))
    return found[0]


def own_checkouts(user: User) -> QuerySet[CardCheckout]:
    """Card payments of the members for whom the user acts, the newest first."""
    rows = CardCheckout.objects.filter(member__in=own_members(user))
    return rows.select_related("member", "document", "payment").order_by("-made_at", "-pk")


@dataclass(frozen=True, slots=True)
class CardDesk:
    """What a treasurer sees of cards; sums in minor units."""

    checkouts: list[CardCheckout]
    payouts: list[CardPayout]
    disputes: list[CardDispute]
    refunds: list[Refund]
    booked_minor: int
    told_minor: int
    fees_minor: int

    @property
    def difference_minor(self) -> int:
        """What the books say the provider owes us, less what it says itself."""
        return self.booked_minor - self.told_minor


def card_desk(cooperative: Cooperative) -> CardDesk:
    """All of it: newest first; refunds that wait for a second person."""
    rows = CardMovement.objects.filter(cooperative=cooperative).exclude(kind="payout")
    told = rows.aggregate(net=Sum(F("amount_minor") - F("fee_minor")), fees=Sum("fee_minor"))
    came = CardPayout.objects.filter(cooperative=cooperative, bank_line__isnull=False)
    entries = LedgerEntry.objects.filter(account__cooperative=cooperative, account__code=AccountCode.CARD)
    booked = entries.aggregate(sum=Sum(F("debit_minor") - F("credit_minor")))["sum"] or 0
    return CardDesk(
        list(CardCheckout.objects.filter(cooperative=cooperative).select_related("member", "document").order_by("-pk")[:MOST_SHOWN]),
        list(CardPayout.objects.filter(cooperative=cooperative).select_related("bank_line").order_by("-arrival_date", "-pk")[:MOST_SHOWN]),
        list(CardDispute.objects.filter(cooperative=cooperative).select_related("payment__member").order_by("-pk")[:MOST_SHOWN]),
        list(waiting_refunds(cooperative)),
        booked,
        (told["net"] or 0) - (came.aggregate(sum=Sum("amount_minor"))["sum"] or 0),
        told["fees"] or 0,
    )


def waiting_refunds(cooperative: Cooperative) -> QuerySet[Refund]:
    """Refunds to cards that wait for a second person, or for the provider."""
    return (
        Refund.objects.filter(cooperative=cooperative, way=RefundWay.CARD, withdrawn_at__isnull=True, failed="")
        .filter(Q(released_at__isnull=True) | Q(provider_ref=""))
        .select_related("member", "asked_by", "payment")
        .order_by("pk")
    )
