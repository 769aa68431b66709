"""What exchanges of meters did to registers."""

from collections.abc import Iterable, Sequence
from datetime import date

from energy.models import Meter, Microgrid, RegisterHandOver


def register_steps(*, microgrid: Microgrid, day: date, meter_ids: Iterable[int]) -> dict[tuple[int, int], int]:
    """What to add to a register's reading at the end of `day` so that it runs on from the one at its start [Wh].

    By meter id and channel; meters that were not exchanged on the day are absent.
    """
    local_day = microgrid.local_day(day)
    rows = RegisterHandOver.objects.filter(
        exchange__meter_id__in=list(meter_ids), exchange__exchanged_at__gte=local_day.start_at, exchange__exchanged_at__lt=local_day.end_at
    ).values_list("exchange__meter_id", "channel", "last_wh", "first_wh")
    steps: dict[tuple[int, int], int] = {}
    for meter_id, channel, last_wh, first_wh in rows:
        steps[meter_id, channel] = steps.get((meter_id, channel), 0) + last_wh - first_wh
    return steps


def hand_overs(*, meters: Iterable[Meter], channel: int, days: Sequence[date]) -> list[RegisterHandOver]:
    """A register's hand-overs of `meters` from the first to the last of `days`, the oldest first."""
    chosen = list(meters)
    if not chosen or not days:
        return []
    microgrid = chosen[0].microgrid
    return list(
        RegisterHandOver.objects.filter(
            exchange__meter__in=chosen,
            channel=channel,
            exchange__exchanged_at__gte=microgrid.local_day(min(days)).start_at,
            exchange__exchanged_at__lt=microgrid.local_day(max(days)).end_at,
        )
        .select_related("exchange")
        .order_by("exchange__exchanged_at")
    )
