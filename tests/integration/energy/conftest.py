"""A small real village: four homes with roofs, two batteries, devices with keys, a clock that stands where a test needs it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import connection

from energy.adapters.meter_day_rows import MeterDayRow, write_rows
from energy.domain.telemetry import IntervalBlock, encode_message, key_id_of
from energy.models import Channel, DayStatus, Device, Meter, MeterDay, Microgrid, Review, ReviewState
from energy.services.day_close import finalise_day
from energy.services.devices import enrol_devices
from energy.services.import_simbench import import_network
from energy.services.limits import learn
from energy.services.partitions import ensure_months
from energy.services.telemetry import Receipt, ReceivedMessage, accept_messages
from members.models import Cooperative
from tests.networks import cut_network
from tests.unit.energy.villages import axis_of, home

REAL_NOW = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
FIRST_DAY = date(2016, 3, 26)


@pytest.fixture(scope="session")
def network_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four loads and the plants at their nodes, from the day before the clocks change to the day after."""
    return cut_network(tmp_path_factory.mktemp("energy") / "hamlet", sites=4, first_day=FIRST_DAY, days=3)


@pytest.fixture
def cooperative(db: None) -> Cooperative:
    return Cooperative.objects.create(slug="hamlet-coop", name="Hamlet eG", city="Hamlet", postal_code="19000")


@pytest.fixture
def microgrid(cooperative: Cooperative, network_folder: Path) -> Microgrid:
    """The imported village; its clock shows noon of 29 March 2016 at REAL_NOW."""
    report = import_network(folder=network_folder, cooperative=cooperative, slug="hamlet", name="Hamlet", time_zone="Europe/Berlin")
    grid = report.microgrid
    grid.clock_real_start, grid.clock_shown_start = REAL_NOW, datetime(2016, 3, 29, 10, 0, tzinfo=UTC)
    grid.save()
    return grid


@dataclass
class Sender:
    """What a device does: signs, counts up, sends."""

    microgrid: Microgrid
    meter: Meter
    key: Ed25519PrivateKey
    device: Device
    counter: int = 0
    sent: list[bytes] = field(default_factory=list)

    @property
    def key_id(self) -> bytes:
        return key_id_of(self.key.public_key().public_bytes_raw())

    def message(self, *, blocks: Sequence[IntervalBlock] = (), real_now: datetime = REAL_NOW, **changes: Any) -> bytes:
        """A signed message with the next counter, but for `changes`."""
        self.counter += 1
        arguments: dict[str, Any] = {
            "private_key": self.key,
            "key_id": self.key_id,
            "device_name": self.device.name,
            "counter": self.counter,
            "sent_at": self.microgrid.now(real_now),
            "blocks": blocks,
            **changes,
        }
        return encode_message(**arguments)

    def day_block(
        self, day: date, values: Sequence[int] | None = None, *, channel: str = "import", register: int | None = 1000
    ) -> IntervalBlock:
        """A whole local day of one channel; ten Wh in each interval where no values are given."""
        local_day = self.microgrid.local_day(day)
        energy = tuple(values) if values is not None else (10,) * local_day.interval_count
        end = None if register is None else register + sum(energy)
        return IntervalBlock(channel, local_day.start_at, 900, energy, register, end)

    def part_block(
        self, day: date, first: int, values: Sequence[int], *, channel: str = "import", register: int | None = None
    ) -> IntervalBlock:
        """Some intervals of a local day, from the one with the number `first`."""
        start = self.microgrid.local_day(day).start_at + timedelta(minutes=15) * first
        end = None if register is None else register + sum(values)
        return IntervalBlock(channel, start, 900, tuple(values), register, end)


@pytest.fixture
def senders(microgrid: Microgrid) -> dict[str, list[Sender]]:
    """An enrolled device for every meter, by the kind of meter."""
    meters = list(microgrid.meters.order_by("code"))
    keys = {meter.pk: Ed25519PrivateKey.generate() for meter in meters}
    devices = enrol_devices(
        microgrid=microgrid, public_keys={pk: k.public_key().public_bytes_raw() for pk, k in keys.items()}, now=REAL_NOW
    )
    found: dict[str, list[Sender]] = {}
    for meter in meters:
        found.setdefault(meter.kind, []).append(Sender(microgrid, meter, keys[meter.pk], devices[meter.pk]))
    return found


@pytest.fixture
def sender(senders: dict[str, list[Sender]]) -> Sender:
    """The device of the first home's meter."""
    return next(s for s in senders["site"] if not s.meter.site.member.is_cooperative)


@pytest.fixture
def accept() -> Callable[..., list[Receipt]]:
    def send(*bodies: bytes, now: datetime = REAL_NOW) -> list[Receipt]:
        return accept_messages(messages=[ReceivedMessage(body, "mqtt") for body in bodies], now=now)

    return send


@pytest.fixture
def meter_day() -> Callable[..., MeterDay]:
    def current(sender: Sender, day: date, channel: Channel = Channel.IMPORT) -> MeterDay:
        return MeterDay.objects.get(meter_id=sender.meter.pk, day=day, channel=channel, is_current=True)

    return current


REVIEWED_DAY = date(2016, 3, 24)  # a Thursday; Good Friday and Easter Monday follow
KNOWN_DAYS = 60
SPIKE_AT, SPIKE_WH = 14, 4000


@pytest.fixture
def known(microgrid: Microgrid, senders: dict[str, list[Sender]]) -> Sender:
    """The first home, after two months of final days from which limits were learned."""
    first = REVIEWED_DAY - timedelta(days=KNOWN_DAYS)
    axis = axis_of(f"{first.isoformat()}T00:00+01:00", KNOWN_DAYS)
    rng = np.random.default_rng(5)
    rows = []
    for sender in senders["site"]:
        wh = home(axis, rng).astype(np.int32).reshape(KNOWN_DAYS, 96)
        rows += [
            MeterDayRow(day, sender.meter.pk, int(Channel.IMPORT), wh[i], np.zeros(96, np.int16), status=int(DayStatus.FINAL))
            for i, day in enumerate(axis.days)
        ]
    ensure_months(table="energy_meterday", days=axis.days)
    with connection.cursor() as cursor:
        write_rows(cursor, rows, microgrid_id=microgrid.pk, provenance="messages", now=microgrid.now(REAL_NOW), replace=False)
    learn(microgrid=microgrid, now=microgrid.local_day(REVIEWED_DAY).end_at)
    return senders["site"][0]


def reviewed_values(*, spike: bool) -> list[int]:
    """What the first home used on the day in review [Wh]."""
    axis = axis_of(f"{REVIEWED_DAY.isoformat()}T00:00+01:00", 1)
    wh: list[int] = home(axis, np.random.default_rng(9)).astype(int).tolist()
    if spike:
        wh[SPIKE_AT] = SPIKE_WH
    return wh


@pytest.fixture
def waiting(known: Sender, accept: Callable[..., list[Receipt]]) -> Review:
    """The review of a day with a spike, which the registers did not count."""
    block = known.day_block(REVIEWED_DAY, reviewed_values(spike=True))
    counted = 1000 + sum(reviewed_values(spike=False))
    accept(known.message(blocks=[IntervalBlock(block.channel, block.start_at, 900, block.values_wh, 1000, counted)]))
    report = finalise_day(microgrid=known.microgrid, day=REVIEWED_DAY, now=known.microgrid.now(REAL_NOW))
    assert report.waiting == 1
    return Review.objects.get(state=ReviewState.OPEN)
