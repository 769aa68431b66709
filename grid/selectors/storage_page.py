"""A storage for its owner and the operator: what lies in it by origin, and why it did what it did on a day, hour by hour."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np

from energy.models import Microgrid, StorageUnit
from grid.domain.battery_words import BatteryWords, Deed, Word
from grid.domain.flexibility import Terms, owed
from grid.models import CommandKind, FlexibilityDay, StorageDay
from grid.selectors.flexibility import given_when_told, terms_on
from grid.selectors.storage_origin import stock_of
from grid.selectors.weighing import net_so_far, weighed_day

EXACT_PER_UNIT = 1_000_000_000
"""Wh x millionths per kWh in one unit of the currency."""


@dataclass(frozen=True, slots=True)
class Inside:
    """What lies in a storage at the end of its last followed day [Wh], by origin, with its share of the whole in per cent."""

    day: date
    by_origin: tuple[int, ...]
    capacity_wh: int
    oldest_at: datetime | None

    @property
    def total_wh(self) -> int:
        return sum(self.by_origin)

    @property
    def parts(self) -> list[tuple[str, int, float, float]]:
        return parts_of(self.by_origin, self.capacity_wh)


def parts_of(by_origin: Sequence[int], capacity_wh: int) -> list[tuple[str, int, float, float]]:
    """Label key, Wh, share of what is stored and of the capacity in per cent, for each origin that there is."""
    total = max(sum(by_origin), 1)
    return [(f"origin_{o}", wh, 100 * wh / total, 100 * wh / max(capacity_wh, 1)) for o, wh in enumerate(by_origin) if wh]


@dataclass(frozen=True, slots=True)
class HourOfBattery:
    """An hour, or several of rest in a row: what the meter shows, mean price its energy met per kWh, what it saved and earned in units of the currency."""

    begins: str
    until: str
    charge_wh: int
    discharge_wh: int
    price: Decimal | None
    worth: Decimal | None
    saved: Decimal
    earned: Decimal
    sentence: str
    plan_says: str


@dataclass(frozen=True, slots=True)
class BatteryDay:
    """A day of one storage; `is_closed` once its amounts stand."""

    day: date
    hours: list[HourOfBattery]
    charge_wh: int
    given_wh: int
    saved: Decimal
    earned: Decimal
    is_closed: bool
    has_terms: bool
    picture: dict[str, Any]


def inside_of(storages: Sequence[StorageUnit]) -> dict[int, Inside]:
    """What lies in each storage by its last followed day, by id."""
    rows = StorageDay.objects.filter(storage__in=storages, is_current=True).select_related("storage")
    newest = rows.order_by("storage_id", "-day").distinct("storage_id")
    return {
        row.storage_id: Inside(row.day, stock_of(row).by_origin, row.storage.capacity_wh, row.layers_at[0] if row.layers_at else None)
        for row in newest
    }


def battery_day(storage: StorageUnit, day: date, words: BatteryWords, now: datetime) -> BatteryDay | None:
    """One day; None where the storage was told nothing. Of the running day as far as readings came in."""
    microgrid = storage.site.microgrid
    row = FlexibilityDay.objects.filter(storage=storage, day=day, is_current=True).first()
    is_closed = row is not None
    if row is None and microgrid.local_day(day).start_at <= now:
        rows = weighed_day(microgrid=microgrid, day=day, net_wh=net_so_far(microgrid, day), revision=0)
        row = next((r for r in rows if r.storage_id == storage.pk and any(r.kind)), None)
    if row is None or not any(row.kind):
        return None
    terms = terms_on(microgrid, day)
    hours = _hours(microgrid, row, terms, words, now)
    obeyed = np.array(row.kind) != CommandKind.NONE
    earned = _units(max(row.owed_micro, 0))
    starts = [f"{s.astimezone(microgrid.zone):%H:%M}" for s in microgrid.local_day(day).starts()]
    picture = {
        "unit": "Wh",
        "labels": starts,
        "series": [
            {"name": words.labels["gave"], "values": row.discharge_wh, "colour": "storage", "fill": "storage"},
            {"name": words.labels["took"], "values": row.charge_wh, "colour": "solar", "fill": "solar-fill"},
        ],
    }
    return BatteryDay(
        day,
        hours,
        int(np.array(row.charge_wh)[obeyed].sum()),
        given_when_told(row),
        _units(sum(row.saved_micro)),
        earned,
        is_closed,
        terms is not None,
        picture,
    )


def _hours(microgrid: Microgrid, row: FlexibilityDay, terms: Terms | None, words: BatteryWords, now: datetime) -> list[HourOfBattery]:
    """The day by local hour; a day on which clocks change has 23 or 25."""
    starts = list(microgrid.local_day(row.day).starts())
    step = timedelta(minutes=microgrid.interval_minutes)
    per_hour = max(60 // microgrid.interval_minutes, 1)
    found = []
    for first in range(0, len(starts), per_hour):
        if starts[first] + step > now:
            break
        ended = [t for t in range(first, min(first + per_hour, len(starts))) if starts[t] + step <= now]
        places = range(first, first + len(ended))
        begins, until = (f"{at.astimezone(microgrid.zone):%H:%M}" for at in (starts[first], starts[places[-1]] + step))
        found.append(_hour(row, (begins, until), places, terms, words))
    return _rests_together(found)


def _rests_together(hours: Sequence[HourOfBattery]) -> list[HourOfBattery]:
    """Hours of rest that follow each other for the same reason are one line."""
    found: list[HourOfBattery] = []
    for hour in hours:
        rests = not hour.charge_wh and not hour.discharge_wh and not hour.saved
        last = found[-1] if found else None
        if rests and last is not None and last.sentence == hour.sentence and not last.charge_wh and not last.discharge_wh:
            found[-1] = replace(last, until=hour.until)
        else:
            found.append(hour)
    return found


def _hour(row: FlexibilityDay, times: tuple[str, str], places: range, terms: Terms | None, words: BatteryWords) -> HourOfBattery:
    def total(values: Sequence[int]) -> int:
        return sum(values[t] for t in places)

    charge, discharge, saved = total(row.charge_wh), total(row.discharge_wh), total(row.saved_micro)
    moved = discharge - charge
    price = Decimal(saved) / moved / 1_000_000 if moved and saved else None
    weight = dict.fromkeys({row.kind[t] for t in places}, 0)
    for t in places:
        weight[row.kind[t]] += 1 + 1000 * (row.charge_wh[t] + row.discharge_wh[t])
    word = Word(max(weight, key=lambda kind: (weight[kind], kind)))
    asked = max(total(row.asked_charge_wh), total(row.asked_discharge_wh))
    given = sum(row.discharge_wh[t] for t in places if row.kind[t] != CommandKind.NONE)
    worths = [Decimal(w) for t in places if (w := row.worth_micro[t]) is not None]
    texts = [row.sentences[row.sentence[t]] for t in places if row.sentence[t] >= 0]
    return HourOfBattery(
        *times,
        charge,
        discharge,
        price,
        sum(worths, Decimal(0)) / len(worths) / 1_000_000 if worths else None,
        _units(saved),
        _units(owed(terms, saved, given)) if terms else Decimal(0),
        words.sentence(Deed(word, charge, discharge, asked, price)),
        texts[0] if texts else "",
    )


def _units(exact: int) -> Decimal:
    return Decimal(exact) / EXACT_PER_UNIT
