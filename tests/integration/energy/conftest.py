"""A small real village: four homes with roofs, two batteries, devices with keys, a clock that stands where a test needs it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from energy.domain.telemetry import IntervalBlock, encode_message, key_id_of
from energy.models import Channel, Device, Meter, MeterDay, Microgrid
from energy.services.devices import enrol_devices
from energy.services.import_simbench import import_network
from energy.services.telemetry import Receipt, ReceivedMessage, accept_messages
from members.models import Cooperative
from tests.networks import cut_network

REAL_NOW = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
FIRST_DAY = date(2016, 3, 26)


@pytest.fixture(scope="session")
def network_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four loads and the plants at their nodes, from the day before the clocks change to the day after."""
    return cut_network(tmp_path_factory.mktemp("energy") / "hamlet", sites=4, first_day=FIRST_DAY, days=3)


@pytest.fixture
def cooperative(db: None) -> Cooperative:
    return Cooperative.objects.create(
        slug="hamlet-coop", name="Hamlet eG", city="Hamlet", postal_code="19000"
    )


@pytest.fixture
def microgrid(cooperative: Cooperative, network_folder: Path) -> Microgrid:
    """The imported village; its clock shows noon of 29 March 2016 at REAL_NOW."""
    report = import_network(
        folder=network_folder,
        cooperative=cooperative,
        slug="hamlet",
        name="Hamlet",
        time_zone="Europe/Berlin",
    )
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

    def message(
        self, *, blocks: Sequence[IntervalBlock] = (), real_now: datetime = REAL_NOW, **changes: Any
    ) -> bytes:
        """A signed message with the next counter, but for `changes`."""
        self.counter += 1
        arguments: dict[str, Any] = {
            "private_key": self.key, "key_id": self.key_id, "device_name": self.device.name, "counter": self.counter,
            "sent_at": self.microgrid.now(real_now), "blocks": blocks, **changes,
        }  # fmt: skip
        return encode_message(**arguments)

    def day_block(
        self,
        day: date,
        values: Sequence[int] | None = None,
        *,
        channel: str = "import",
        register: int | None = 1000,
    ) -> IntervalBlock:
        """A whole local day of one channel; ten Wh in each interval where no values are given."""
        local_day = self.microgrid.local_day(day)
        energy = tuple(values) if values is not None else (10,) * local_day.interval_count
        end = None if register is None else register + sum(energy)
        return IntervalBlock(channel, local_day.start_at, 900, energy, register, end)

    def part_block(
        self,
        day: date,
        first: int,
        values: Sequence[int],
        *,
        channel: str = "import",
        register: int | None = None,
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
        microgrid=microgrid,
        public_keys={pk: k.public_key().public_bytes_raw() for pk, k in keys.items()},
        now=REAL_NOW,
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
