"""Replaying days of the virtual village: one signed message per meter and day, until the platform has all of them."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import date, datetime

import numpy as np
from django.conf import settings
from django.utils import timezone
from numpy.typing import NDArray

from energy.domain.telemetry import IntervalBlock
from energy.models import Microgrid
from energy.services.devices import enrol_devices
from grid.adapters.village_outbox import Outbox
from grid.adapters.virtual_devices import Letter, Tally, VirtualDevice, deliver, device_memory, make_device
from grid.domain.village import Registers, VillageState, simulate
from grid.selectors.village import Village, load_village, powers, profile_days


def enrol_village(*, microgrid: Microgrid, now: datetime) -> dict[int, VirtualDevice]:
    """Enrol a virtual device for each meter; returns them by meter id. Safe to repeat."""
    memory = device_memory(settings.VAR_DIR)
    devices = {meter.pk: make_device(meter, memory) for meter in load_village(microgrid).meters}
    enrol_devices(microgrid=microgrid, public_keys={pk: d.public_key for pk, d in devices.items()}, now=now)
    return devices


def replay_days(*, microgrid: Microgrid, days: list[date], on_progress: Callable[[int, int], None] = lambda done, total: None) -> Tally:
    """Let the village live through `days` and send what its meters measured; resumes where it was stopped.

    The village begins with the first day that has profiles, so that registers run on from month to month.
    """
    village = load_village(microgrid)
    devices = enrol_village(microgrid=microgrid, now=timezone.now())
    registers, offsets = _live_through(village, days)
    letters = list(_letters(village, devices, registers, days, offsets))
    with Outbox(settings.VAR_DIR / "village" / f"outbox-{microgrid.public_id}.sqlite3") as outbox:
        acknowledged = outbox.acknowledged()
        open_letters = [letter for letter in letters if letter.key not in acknowledged]
        done = len(letters) - len(open_letters)
        on_progress(done, len(letters))
        if not open_letters:
            return Tally()

        def on_receipt(letter: Letter, outcome: str) -> None:
            nonlocal done
            done += 1
            on_progress(done, len(letters))

        return asyncio.run(deliver(settings.MQTT_URL, open_letters, outbox, lambda: microgrid.now(timezone.now()), on_receipt))


def _live_through(village: Village, days: list[date]) -> tuple[Registers, NDArray[np.int64]]:
    """Registers over `days`, and the first interval of each day in them."""
    all_days = [day for day in profile_days(village.microgrid) if day <= days[-1]]
    hours = village.microgrid.interval_minutes / 60
    state = VillageState.at_start(village.plan)
    before = [day for day in all_days if day < days[0]]
    if before:
        _, state = simulate(village.plan, *powers(village, before), hours, state)
    registers, _ = simulate(village.plan, *powers(village, days), hours, state)
    counts = [village.microgrid.local_day(day).interval_count for day in days]
    return registers, np.concatenate([[0], np.cumsum(counts)])


def _letters(
    village: Village, devices: dict[int, VirtualDevice], registers: Registers, days: list[date], offsets: NDArray[np.int64]
) -> Iterator[Letter]:
    """Day by day, as real meters would send them; the counter is the day's end in milliseconds."""
    sides = (
        (village.site_meters, (("import", registers.import_wh), ("export", registers.export_wh))),
        (village.source_meters, (("production", registers.production_wh),)),
        (village.storage_meters, (("charge", registers.charge_wh), ("discharge", registers.discharge_wh))),
    )
    for d, day in enumerate(days):
        local_day = village.microgrid.local_day(day)
        counter = int(local_day.end_at.timestamp()) * 1000
        first, last = int(offsets[d]), int(offsets[d + 1])
        for meters, channels in sides:
            for row, meter in enumerate(meters):
                blocks = tuple(
                    _block(name, local_day.start_at, village.microgrid.interval_minutes * 60, readings[row, first : last + 1])
                    for name, readings in channels
                )
                yield Letter(devices[meter.pk], counter, blocks)


def _block(channel: str, start_at: datetime, interval_s: int, readings: NDArray[np.int64]) -> IntervalBlock:
    values = tuple(np.diff(readings).tolist())
    return IntervalBlock(channel, start_at, interval_s, values, int(readings[0]), int(readings[-1]))
