"""What exchanges of meters did to registers."""

from collections.abc import Iterable
from datetime import date

from energy.models import Microgrid, RegisterHandOver


def register_steps(
    *, microgrid: Microgrid, day: date, meter_ids: Iterable[int]
) -> dict[tuple[int, int], int]:
    """What to add to a register's reading at the end of `day` so that it runs on from the one at its start [Wh].

    By meter id and channel; meters that were not exchanged on the day are absent.
    """
    local_day = microgrid.local_day(day)
    rows = RegisterHandOver.objects.filter(
        exchange__meter_id__in=list(meter_ids), exchange__exchanged_at__gte=local_day.start_at,
        exchange__exchanged_at__lt=local_day.end_at,
    ).values_list("exchange__meter_id", "channel", "last_wh", "first_wh")  # fmt: skip
    steps: dict[tuple[int, int], int] = {}
    for meter_id, channel, last_wh, first_wh in rows:
        steps[meter_id, channel] = steps.get((meter_id, channel), 0) + last_wh - first_wh
    return steps
