"""The signature picture of one day for the operator: closed days from their balance, the running one from its ticks."""

from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection

from energy.models import Microgrid
from grid.models import BalanceDay, SharingDay
from grid.selectors.planned_day import planned_day

NAMES = ("production", "consumption", "charge", "discharge", "import", "export")


def day_picture(microgrid: Microgrid, day: date, now: datetime) -> dict[str, Any]:
    """Wh per interval of a local day; None where nothing is known of an interval. `now` is the microgrid's."""
    local = microgrid.local_day(day)
    starts = [start.isoformat() for start in local.local_starts()]
    balance = BalanceDay.objects.filter(microgrid=microgrid, day=day, is_current=True).first()
    sharing = SharingDay.objects.filter(microgrid=microgrid, day=day, is_current=True).first()
    if balance is not None:
        columns = {name: getattr(balance, f"{name}_wh") for name in NAMES}
        shared: list[int] | list[None] = sharing.shared_wh if sharing is not None else [0] * len(starts)
    else:
        columns = _from_ticks(microgrid, local.start_at, local.end_at, len(starts))
        shared = [None] * len(starts)
    return {
        "day": day.isoformat(),
        "starts": starts,
        "start_at": local.start_at.isoformat(),
        "minutes": len(starts) * microgrid.interval_minutes,
        "closed": balance is not None,
        **columns,
        "received": shared,
        "delivered": shared,
        **planned_day(microgrid, local.start_at, len(starts)),
        "today": now.astimezone(microgrid.zone).date().isoformat(),
    }


def _from_ticks(microgrid: Microgrid, start_at: datetime, end_at: datetime, count: int) -> dict[str, list[int | None]]:
    """Mean power of each interval's ticks over its length, as energy."""
    length = timedelta(minutes=microgrid.interval_minutes)
    means = ", ".join(f"round(avg({name}_w) * %s)::bigint" for name in NAMES)
    hours = length / timedelta(hours=1)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT floor(extract(epoch FROM at - %s) / %s)::int AS place, {means} FROM grid_gridstate
                WHERE microgrid_id = %s AND at >= %s AND at < %s GROUP BY place""",
            [start_at, length.total_seconds(), *[hours] * len(NAMES), microgrid.pk, start_at, end_at],
        )
        rows = cursor.fetchall()
    columns: dict[str, list[int | None]] = {name: [None] * count for name in NAMES}
    for place, *values in rows:
        for name, value in zip(NAMES, values, strict=True):
            columns[name][place] = int(value)
    return columns
