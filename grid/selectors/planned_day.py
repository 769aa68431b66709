"""What the storages were planned to do in each interval of a day, for the picture of that day."""

from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from energy.models import Microgrid
from grid.models import Plan

Numbers = list[int | None]


def planned_day(microgrid: Microgrid, start_at: datetime, count: int) -> dict[str, Numbers]:
    """Energy planned into and out of all storages [Wh] by interval; None where no plan was made.

    An interval shows what its own plan said; what lies after the newest plan's origin shows what that plan says.
    """
    length = timedelta(minutes=microgrid.interval_minutes)
    end_at = start_at + count * length
    charge: Numbers = [None] * count
    discharge: Numbers = [None] * count
    hours = length / timedelta(hours=1)
    for origin_at, charge_w, discharge_w in _first_intervals(microgrid, start_at, end_at):
        place = int((origin_at - start_at) / length)
        charge[place], discharge[place] = round(charge_w * hours), round(discharge_w * hours)
    newest = Plan.objects.filter(microgrid=microgrid, origin_at__lt=end_at).order_by("-origin_at").first()
    if newest is not None and newest.interval_minutes == microgrid.interval_minutes:
        rows = list(newest.storages.values_list("charge_w", "discharge_w"))
        for i in range(len(newest.use_w) if rows else 0):
            place = int((newest.origin_at + i * length - start_at) / length)
            if 0 <= place < count and newest.origin_at + i * length >= start_at:
                charge[place] = round(sum(row[0][i] for row in rows) * hours)
                discharge[place] = round(sum(row[1][i] for row in rows) * hours)
    return {"planned_charge": charge, "planned_discharge": discharge}


def _first_intervals(microgrid: Microgrid, start_at: datetime, end_at: datetime) -> list[tuple[Any, ...]]:
    """Sums over storages of each plan's first interval [W]; a day has a hundred plans of long arrays, of which one number counts."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT p.origin_at, sum(s.charge_w[1]), sum(s.discharge_w[1])
               FROM grid_plan p JOIN grid_storageplan s ON s.plan_id = p.id
               WHERE p.microgrid_id = %s AND p.origin_at >= %s AND p.origin_at < %s AND cardinality(s.charge_w) > 0
               GROUP BY p.origin_at""",
            [microgrid.pk, start_at, end_at],
        )
        return list(cursor.fetchall())
