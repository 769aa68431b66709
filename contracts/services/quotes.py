"""Quotes: at what stated rates each bill can be paid on the chain, renewed in time and when the bill was paid in part elsewhere."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import BigIntegerField, DecimalField, F, Func, OuterRef, Q, Subquery, Sum, Value
from django.db.models.functions import Cast, Coalesce

from billing.models import BillingRun, Document, DocumentStatus
from contracts.domain.chain import Chain
from contracts.domain.coins import WAD, whole_minor
from contracts.domain.commitments import unhexed
from contracts.models import ChainPayment, PaymentQuote
from contracts.selectors.coins import takes_coins
from contracts.services.deployment import coin_taken, rate_of
from contracts.services.outbox import enqueue
from members.models import Cooperative

QUOTE_DAYS = 60
RENEW_BEFORE_DAYS = 7


def _whole(wad: Any) -> Any:
    """In a query: the whole minor units of an amount, exact."""
    exact: Any = DecimalField(max_digits=78, decimal_places=0)
    return Func(wad, Value(Decimal(WAD)), function="div", output_field=exact)


def applied_minor(document: str) -> Any:
    """In a query of what names a document: what the chain has paid of it, in whole minor units."""
    standing = ChainPayment.objects.filter(document=OuterRef(document), vanished_at__isnull=True)
    total = standing.values("document").annotate(sum=Sum("applied_wad")).values("sum")
    return Coalesce(Cast(_whole(Subquery(total)), BigIntegerField()), 0, output_field=BigIntegerField())


def applied_wad_of(document: Document) -> int:
    """What the chain has paid of a bill [minor units with 18 decimals]."""
    standing = ChainPayment.objects.filter(document=document, vanished_at__isnull=True)
    return int(standing.aggregate(sum=Sum("applied_wad"))["sum"] or 0)


def paid_on_chain(run: BillingRun) -> Any:
    """In a query: a run's bills of which the chain has seen the whole sum paid, so that it knows of it itself."""
    standing = ChainPayment.objects.filter(document__run=run, vanished_at__isnull=True)
    sums = standing.values("document").annotate(whole=_whole(Sum("applied_wad")))
    return sums.filter(whole__gte=F("document__gross_minor")).values("document")


def terms_of(quote: PaymentQuote) -> tuple[int, int, int, int]:
    """A quote as the contract takes it: `IBilling.Terms`."""
    return (quote.due_minor, int(quote.wei_per_minor), int(quote.units_per_minor), int(quote.expires_at.timestamp()))


def _rates(chain: Chain, cooperative: Cooperative) -> dict[str, Any]:
    """The stated rates; none, by which the contract refuses every coin, where it takes them for another cooperative."""
    if not takes_coins(cooperative):
        return {"wei_per_minor": Decimal(0), "coin": None, "units_per_minor": Decimal(0)}
    coin = coin_taken(chain.chain_id())
    return {
        "wei_per_minor": Decimal(settings.CHAIN_WEI_PER_MINOR),
        "coin": coin,
        "units_per_minor": Decimal(rate_of(coin.decimals)) if coin else Decimal(0),
    }


def quote_bills(*, chain: Chain, bills: Sequence[Document]) -> None:
    """Give each bill of a run that has none a quote at the stated rates; kept, so that a repeated run quotes the same."""
    quoted = set(PaymentQuote.objects.filter(document__in=bills).values_list("document_id", flat=True))
    missing = [bill for bill in bills if bill.pk not in quoted]
    if not missing:
        return
    expires_at = datetime.fromtimestamp(chain.block_time(), UTC) + timedelta(days=QUOTE_DAYS)
    rates = _rates(chain, missing[0].cooperative)
    PaymentQuote.objects.bulk_create(
        PaymentQuote(document=bill, due_minor=bill.rest_minor, expires_at=expires_at, **rates) for bill in missing
    )


def renew_quotes(*, chain: Chain, run: BillingRun, now: datetime) -> int:
    """Quote open bills anew before their quotes expire by the chain's clock, when part was paid off the chain, or for another coin.

    What was stated stays: a bill keeps its rates as long as the coin is the same.
    """
    at = datetime.fromtimestamp(chain.block_time(), UTC)
    rates = _rates(chain, run.microgrid.cooperative)
    coin = rates["coin"]
    other_coin = ~Q(coin=coin) if coin else Q(coin__isnull=False)
    # Coins are taken now and were not, or the other way round.
    other_coin |= Q(wei_per_minor=0) if rates["wei_per_minor"] else Q(wei_per_minor__gt=0)
    due = F("document__gross_minor") - F("document__paid_minor") + applied_minor("document")
    quotes = (
        PaymentQuote.objects.filter(document__run=run, document__status=DocumentStatus.OPEN, document__gross_minor__gt=0)
        .alias(due=due)
        .filter(Q(expires_at__lt=at + timedelta(days=RENEW_BEFORE_DAYS)) | ~Q(due=F("due_minor")) | other_coin)
    )
    renewed = 0
    for pk in quotes.order_by("pk").values_list("pk", flat=True):
        renewed += _renew(chain, pk, rates, at + timedelta(days=QUOTE_DAYS), now)
    return renewed


@transaction.atomic
def _renew(chain: Chain, quote_id: int, rates: dict[str, Any], expires_at: datetime, now: datetime) -> bool:
    quote = PaymentQuote.objects.select_for_update(of=("self",)).select_related("document").get(pk=quote_id)
    bill = quote.document
    if bill.status != DocumentStatus.OPEN:
        return False
    quote.due_minor = bill.rest_minor + whole_minor(applied_wad_of(bill))
    if quote.coin != rates["coin"]:
        quote.coin, quote.units_per_minor = rates["coin"], rates["units_per_minor"]
    if bool(quote.wei_per_minor) != bool(rates["wei_per_minor"]):
        quote.wei_per_minor = rates["wei_per_minor"]
    quote.expires_at = expires_at
    quote.save(update_fields=["due_minor", "wei_per_minor", "coin", "units_per_minor", "expires_at"])
    coin = f"{quote.coin.pk}" if quote.coin else "none" if quote.wei_per_minor else "no coins"
    enqueue(
        chain=chain,
        contract="Billing",
        function="quoteBill",
        arguments=[unhexed(bill.chain_ref), terms_of(quote)],
        now=now,
        key=f"quote:{chain.chain_id()}:{bill.chain_ref}:{int(expires_at.timestamp())}:{quote.due_minor}:{coin}",
    )
    return True
