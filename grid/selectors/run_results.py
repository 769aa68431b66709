"""What runs came to: for their owners, run by run, and as a statement for each device over a month."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby

from energy.models import Consumer, Microgrid
from grid.domain.run_savings import mean_price
from grid.models import FlexibleRun, FlexibleRunResult
from grid.selectors.storage_page import EXACT_PER_UNIT


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """What a run came to; amounts in units of the currency, `price` for each kWh that was moved."""

    let_wh: int
    drawn_wh: int
    moved_wh: int
    event_wh: int
    price: Decimal
    saved: Decimal
    owed: Decimal
    why: str
    by_own_meter: bool


@dataclass(frozen=True, slots=True)
class DeviceStatement:
    """What a device's runs came to over some days [Wh], and what its owner is owed, never below zero [Wh x millionths per kWh]."""

    consumer: Consumer
    drawn_wh: int
    moved_wh: int
    saved_micro: int
    owed_micro: int
    first: date
    last: date


def run_outcomes(runs: Iterable[FlexibleRun]) -> dict[int, RunOutcome]:
    """By run, what it came to; runs that are not over, or were told nothing, are left out."""
    rows = FlexibleRunResult.objects.filter(run__in=list(runs), is_current=True)
    return {row.run_id: _outcome(row) for row in rows}


def _outcome(row: FlexibleRunResult) -> RunOutcome:
    return RunOutcome(
        sum(row.let_wh),
        sum(row.drawn_wh),
        row.moved_wh,
        row.event_wh,
        Decimal(mean_price(row.saved_micro, row.moved_wh)) / 1_000_000,
        Decimal(sum(row.saved_micro)) / EXACT_PER_UNIT,
        Decimal(max(row.owed_micro, 0)) / EXACT_PER_UNIT,
        row.why,
        row.by_own_meter,
    )


def run_statements(*, microgrid: Microgrid, days: Sequence[date], site_ids: Sequence[int]) -> list[DeviceStatement]:
    """A statement for each device that had runs to be ready on one of the days."""
    rows = FlexibleRunResult.objects.filter(
        run__microgrid=microgrid, run__consumer__site__in=set(site_ids), ready_day__in=days, is_current=True
    ).select_related("run__consumer__site__member")
    ordered = rows.order_by("run__consumer__code", "run__consumer", "ready_day", "run")
    return [_statement(consumer, list(own)) for consumer, own in groupby(ordered, lambda row: row.run.consumer)]


def _statement(consumer: Consumer, own: Sequence[FlexibleRunResult]) -> DeviceStatement:
    return DeviceStatement(
        consumer,
        sum(sum(row.drawn_wh) for row in own),
        sum(row.moved_wh for row in own),
        sum(sum(row.saved_micro) for row in own),
        max(sum(row.owed_micro for row in own), 0),
        own[0].ready_day,
        own[-1].ready_day,
    )
