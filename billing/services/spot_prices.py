"""Prices of an index taken in from a named document."""

import hashlib
from collections import defaultdict
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from billing.adapters.spot.documents import read_index_document
from billing.domain.refusals import Refused
from billing.domain.spot_index import QUARTER, CannotReadIndex
from billing.models import SpotDay, SpotImport, SpotIndex
from kernel.intervals import LocalDay, zone
from members.models import User

LARGEST_BYTES = 20_000_000


class CannotImportPrices(Refused):
    """The file was not taken in; a sentence for each place of it says the mending step."""


@transaction.atomic
def import_spot_prices(
    *, index: SpotIndex, source: str, file_name: str, content: bytes, user: User | None, now: datetime, exchange_rate: Decimal | None = None
) -> SpotImport:
    """Take a document of any known form in wholly or not at all; the same file twice changes nothing. A later price of a quarter hour replaces an earlier one.

    Prices that tariffs have published already stay as published. `exchange_rate` is what a unit of the document's currency is worth.

    Raises:
        CannotImportPrices: it holds no prices, or is too large.
    """
    if len(content) > LARGEST_BYTES:
        raise CannotImportPrices(_("%(file_name)s is larger than 20 MB; split it.") % {"file_name": file_name})
    SpotIndex.objects.select_for_update(no_key=True).get(pk=index.pk)  # one document after the other
    mark = hashlib.sha256(content).hexdigest()
    before = SpotImport.objects.filter(index=index, sha256=mark).first()
    if before is not None:
        return before
    try:
        prices = read_index_document(content, own_currency=index.cooperative.currency, exchange_rate=exchange_rate).prices
    except CannotReadIndex as problem:
        raise CannotImportPrices(*problem.faults) from None
    made = SpotImport.objects.create(
        index=index,
        source=source,
        file_name=file_name[:120],
        sha256=mark,
        prices=len(prices),
        first_at=prices[0].start_at,
        last_at=prices[-1].start_at,
        imported_at=now,
        imported_by=user,
    )
    here = zone(index.time_zone)
    by_day: dict[date, dict[datetime, int]] = defaultdict(dict)
    for price in prices:
        by_day[price.start_at.astimezone(here).date()][price.start_at] = price.price_micro
    known = {row.day: row for row in SpotDay.objects.select_for_update().filter(index=index, day__in=by_day)}
    for day, found in by_day.items():
        local = LocalDay(day, here)
        count = (local.end_at - local.start_at) // QUARTER
        row = known.get(day) or SpotDay(index=index, day=day, price_micro=[None] * count)
        row.price_micro = [found.get(local.start_at + i * QUARTER, old) for i, old in enumerate(row.price_micro)]
        row.spot_import = made
        row.save()
    return made
