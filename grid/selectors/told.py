"""What storages were told over a time, by interval: from the commands they acknowledged and the plans that stood."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from energy.models import Microgrid
from grid.models import CommandKind, CommandStatus, Plan, PlanSource

LONGEST_COMMAND = timedelta(hours=1)


def acknowledged(of: str) -> str:
    """SQL that spreads the commands which those in column `of` acknowledged over intervals: `spread` with place and seconds.

    A command holds until it ends or the next comes. To be given `acknowledged_parameters`.
    """
    return f"""
WITH told AS (
    SELECT {of}, charge_w, discharge_w, limit_w, reason, issued_at AS since,
           least(expires_at, coalesce(lead(issued_at) OVER (PARTITION BY {of} ORDER BY issued_at, id), expires_at)) AS until
    FROM grid_devicecommand
    WHERE microgrid_id = %(grid)s AND {of} = ANY(%(ids)s) AND status = %(status)s
      AND issued_at >= %(from)s AND issued_at < %(to)s),
spread AS (
    SELECT t.*, place, extract(epoch FROM
        least(t.until, %(start)s + (place + 1) * %(step)s) - greatest(t.since, %(start)s + place * %(step)s)) AS seconds
    FROM told t, generate_series(
        greatest(floor(extract(epoch FROM t.since - %(start)s) / %(step_s)s)::int, 0),
        least(floor(extract(epoch FROM t.until - %(start)s) / %(step_s)s)::int, %(count)s - 1)) AS place)
"""


def acknowledged_parameters(*, microgrid: Microgrid, ids: Sequence[int], start_at: datetime, count: int) -> dict[str, Any]:
    """For `count` intervals from `start_at` on."""
    step = timedelta(minutes=microgrid.interval_minutes)
    return {
        "grid": microgrid.pk,
        "ids": list(ids),
        "status": CommandStatus.ACKNOWLEDGED.value,
        "from": start_at - LONGEST_COMMAND,
        "to": start_at + count * step,
        "start": start_at,
        "step": step,
        "step_s": step.total_seconds(),
        "count": count,
    }


TOLD = (
    acknowledged("storage_id")
    + """
SELECT storage_id, place, round(sum(charge_w * seconds) / 3600)::int, round(sum(discharge_w * seconds) / 3600)::int,
       mode() WITHIN GROUP (ORDER BY reason)
FROM spread WHERE seconds > 0 GROUP BY 1, 2
"""
)


@dataclass(frozen=True, slots=True)
class Told:
    """What storages were told; arrays [T, s].

    Attributes:
        kind: of CommandKind.
        charge_wh, discharge_wh: what the commands come to.
    """

    kind: NDArray[np.int64]
    charge_wh: NDArray[np.int64]
    discharge_wh: NDArray[np.int64]


def told_between(*, microgrid: Microgrid, storage_ids: Sequence[int], start_at: datetime, count: int) -> Told:
    """What was acknowledged in `count` intervals from `start_at` on; a command holds until it ends or the next comes."""
    column = {pk: i for i, pk in enumerate(storage_ids)}
    shape = (count, len(storage_ids))
    told = Told(*(np.zeros(shape, dtype=np.int64) for _ in range(3)))
    parameters = acknowledged_parameters(microgrid=microgrid, ids=storage_ids, start_at=start_at, count=count)
    with connection.cursor() as cursor:
        cursor.execute(TOLD, parameters)
        for storage_id, place, charge_wh, discharge_wh, reason in cursor.fetchall():
            at = (place, column[storage_id])
            told.kind[at], told.charge_wh[at], told.discharge_wh[at] = (kind_of(reason), charge_wh, discharge_wh)
    return told


def kind_of(reason: str) -> CommandKind:
    """On whose word a command was given, by the reason that control wrote into it."""
    if reason.startswith("plan"):
        return CommandKind.PLAN
    if reason.startswith("held"):
        return CommandKind.LIMIT
    return CommandKind.ISLAND if "island" in reason else CommandKind.BALANCE


@dataclass(frozen=True, slots=True)
class PlanWords:
    """What the plans that stood said of each interval: the worth of one more kWh, and a sentence; None and "" where none stood."""

    worth_micro: list[int | None]
    sentences: list[str]


def plan_words(*, microgrid: Microgrid, start_at: datetime, count: int) -> PlanWords:
    """The newest plan before each interval's end, for its own first intervals."""
    step = timedelta(minutes=microgrid.interval_minutes)
    worth: list[int | None] = [None] * count
    sentences = [""] * count
    plans = Plan.objects.filter(
        microgrid=microgrid, origin_at__gte=start_at - timedelta(hours=1), origin_at__lt=start_at + count * step
    ).exclude(source=PlanSource.RULE)
    for plan in plans.order_by("origin_at").only("origin_at", "energy_micro", "sentences"):
        first = (plan.origin_at - start_at) // step
        for place in range(max(first, 0), min(first + 4, count)):
            if place - first < len(plan.sentences):
                worth[place], sentences[place] = (plan.energy_micro[place - first], plan.sentences[place - first])
    return PlanWords(worth, sentences)
