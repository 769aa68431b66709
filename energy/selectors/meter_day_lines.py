"""Meter days of many meters as lines of JSON, read in slices, so that memory does not grow with what is asked for."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from uuid import UUID

from energy.domain.ownership import SeenDays
from energy.models import Channel, Microgrid
from energy.selectors.meter_days import ChannelBlock, load_channel

SLICE_ROWS = 2_000


@dataclass(frozen=True, slots=True)
class DaysOrder:
    """Which days: of these meters (public ids by id), from `first` up to and without `after`, of these channels."""

    microgrid: Microgrid
    meters: dict[int, UUID]
    first: date
    after: date
    channels: Sequence[Channel]
    seen: Mapping[int, SeenDays] = field(default_factory=dict)  # by meter; empty: all days


def meter_day_lines(order: DaysOrder) -> Iterator[bytes]:
    """One line per meter day, by channel, day and meter, some thousand lines at a time: the current versions.

    `quality` is left out where all of a day is measured and no check found anything.
    """
    meter_ids = sorted(order.meters)
    days = [order.first + timedelta(days=n) for n in range((order.after - order.first).days)]
    days_at_once = max(SLICE_ROWS // max(len(meter_ids), 1), 1)
    for channel in order.channels:
        for first in range(0, len(days), days_at_once):
            for place in range(0, len(meter_ids), SLICE_ROWS):
                block = load_channel(
                    microgrid=order.microgrid,
                    channel=channel,
                    days=days[first : first + days_at_once],
                    meter_ids=meter_ids[place : place + SLICE_ROWS],
                )
                if lines := b"".join(_lines(order, channel, block)):
                    yield lines


def _lines(order: DaysOrder, channel: Channel, block: ChannelBlock) -> Iterator[bytes]:
    names = [str(order.meters[pk]) for pk in block.meter_ids.tolist()]
    for d, day in enumerate(block.days):
        span = slice(block.offsets[d], block.offsets[d + 1])
        values, quality = block.values_wh[:, span].tolist(), block.quality[:, span]
        start_at = order.microgrid.local_day(day).start_at.isoformat()
        for row in block.present[:, d].nonzero()[0].tolist():
            if order.seen and day not in order.seen[int(block.meter_ids[row])]:
                continue
            line = {
                "meter": names[row],
                "day": day.isoformat(),
                "channel": channel.label,
                "start_at": start_at,
                "interval_minutes": order.microgrid.interval_minutes,
                "version": int(block.versions[row, d]),
                "status": "final" if block.final[row, d] else "provisional",
                "values_wh": values[row],
                **({"quality": quality[row].tolist()} if quality[row].any() else {}),
            }
            yield json.dumps(line, separators=(",", ":")).encode() + b"\n"
