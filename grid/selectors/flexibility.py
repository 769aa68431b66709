"""What storages were paid for: the terms of a day, a month's statement for each storage."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from django.db.models import Q

from energy.models import Microgrid, StorageUnit
from grid.domain.flexibility import Pay, Terms, owed, peak_savings
from grid.models import BalanceDay, CommandKind, FlexibilityDay, FlexibilityTerms, PlanRule
from grid.selectors.plans import peak_price
from kernel.money import price_micro


@dataclass(frozen=True, slots=True)
class FlexibilityStatement:
    """What one storage did over some days on somebody's word, and what its owner is owed [Wh x millionths per kWh].

    Attributes:
        given_wh: discharged when told to.
        saved_micro: of the grid's energy cost.
        peak_saved_micro: of the month's peak charge.
        owed_micro: by the terms, never below zero.
        first, last: the first and last of the days.
    """

    storage: StorageUnit
    given_wh: int
    saved_micro: int
    peak_saved_micro: int
    owed_micro: int
    first: date
    last: date


def terms_on(microgrid: Microgrid, day: date) -> Terms | None:
    """The terms in force on a day; None where nothing was agreed."""
    row = (
        FlexibilityTerms.objects.filter(microgrid=microgrid, valid_from__lte=day)
        .filter(Q(valid_to__isnull=True) | Q(valid_to__gt=day))
        .first()
    )
    if row is None:
        return None
    return Terms(Pay(row.pay), int(row.share * 1_000_000), price_micro(row.price_per_kwh))


def statements(*, microgrid: Microgrid, days: Sequence[date]) -> list[FlexibilityStatement]:
    """A statement for each storage that was told something on one of the days, which are of one month."""
    rows = list(
        FlexibilityDay.objects.filter(microgrid=microgrid, day__in=days, is_current=True)
        .select_related("storage__site__member")
        .order_by("storage__code", "day")
    )
    if not rows:
        return []
    peaks = _peaks(microgrid, rows, days)
    terms = terms_on(microgrid, max(row.day for row in rows))
    by_storage: dict[int, list[FlexibilityDay]] = {}
    for row in rows:
        by_storage.setdefault(row.storage_id, []).append(row)
    found = []
    for own in by_storage.values():
        peak = peaks.get(own[0].storage_id, 0)
        of_peak = owed(terms, peak, 0) if terms else 0
        found.append(
            FlexibilityStatement(
                own[0].storage,
                sum(given_when_told(row) for row in own),
                sum(sum(row.saved_micro) for row in own),
                peak,
                max(sum(row.owed_micro for row in own) + of_peak, 0),
                own[0].day,
                own[-1].day,
            )
        )
    return found


def given_when_told(row: FlexibilityDay) -> int:
    """What a storage discharged on somebody's word [Wh]."""
    return sum(wh for wh, kind in zip(row.discharge_wh, row.kind, strict=True) if kind != CommandKind.NONE)


def _peaks(microgrid: Microgrid, rows: Sequence[FlexibilityDay], among: Sequence[date]) -> dict[int, int]:
    """What each storage saved of the month's peak charge; days on which nothing was told count with what they were."""
    rule = PlanRule.objects.filter(microgrid=microgrid).first() or PlanRule(microgrid=microgrid)
    price = peak_price(microgrid, rule, microgrid.local_day(max(row.day for row in rows)).start_at)
    if not price:
        return {}
    storages = sorted({row.storage_id for row in rows})
    balances = {row.day: row for row in BalanceDay.objects.filter(microgrid=microgrid, day__in=among, is_current=True)}
    days = sorted(balances)
    counts = {day: len(balances[day].import_wh) for day in days}
    start, length = {}, 0
    for day in days:
        start[day], length = length, length + counts[day]
    net = np.concatenate([np.array(balances[d].import_wh) - np.array(balances[d].export_wh) for d in days])
    gave = np.zeros((length, len(storages)), dtype=np.int64)
    for row in rows:
        obeyed = np.array(row.kind) != CommandKind.NONE
        values = np.where(obeyed, np.array(row.discharge_wh) - np.array(row.charge_wh), 0)
        gave[start[row.day] : start[row.day] + counts[row.day], storages.index(row.storage_id)] = values
    found = peak_savings(net.astype(np.int64), gave, round(price * 1e6), 60 // microgrid.interval_minutes)
    return dict(zip(storages, found, strict=True))
