"""Readings that come late: a later version of a meter day, and the day closed again."""

from datetime import date, datetime

import numpy as np
from django.db import connection, transaction

from billing.models import Document
from energy.adapters.meter_day_rows import MeterDayRow, write_rows
from energy.models import Channel, Meter, MeterDay
from grid.services.day_close import close_day
from tests.integration.billing.conftest import NOW, Hamlet


def measure_again(hamlet: Hamlet, code: str, day: date, change_wh: int, *, channel: Channel = Channel.IMPORT, now: datetime = NOW) -> None:
    """A later version of one site's day, each interval by some Wh higher or lower but never below nothing; the day is closed again."""
    meter = Meter.objects.get(code=code, microgrid=hamlet.microgrid)
    current = MeterDay.objects.get(meter_id=meter.pk, day=day, channel=int(channel), is_current=True)
    values = np.maximum(np.array(current.values_wh, np.int32) + change_wh, 0).astype(np.int32)
    row = MeterDayRow(day, meter.pk, int(channel), values, np.zeros(len(values), np.int16), version=current.version + 1)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE energy_meterday SET is_current = false WHERE meter_id = %s AND day = %s AND channel = %s", [meter.pk, day, int(channel)]
        )
        write_rows(cursor, [row], microgrid_id=hamlet.microgrid.pk, provenance="late", now=now, replace=False)
    close_day(microgrid=hamlet.microgrid, day=day, now=now)


def standing(hamlet: Hamlet) -> dict[tuple[str, str], tuple]:
    """What counts, by site and kind, with every figure."""
    return {
        (document.site.code, document.kind): (
            document.net_minor,
            document.vat_minor,
            document.gross_minor,
            [(x.component, x.window, x.quantity, x.price, x.net_minor) for x in document.lines.order_by("position")],
        )
        for document in Document.objects.standing().filter(cooperative=hamlet.cooperative).select_related("site")
    }
