"""Meters with devices and keys by the thousand, and what they would send, signed before anything is measured."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from numpy.typing import NDArray

from benchmarks.month_village import make_day, make_sites
from energy.domain.telemetry import IntervalBlock, Sample, encode_message, key_id_of
from energy.models import Microgrid
from energy.services.devices import enrol_devices
from members.models import Cooperative

SEED = 7
INTERVAL = timedelta(minutes=15)
READINGS = 96


@dataclass(slots=True)
class Signer:
    """One device: its name, its key, its counter, its register."""

    meter_id: int
    name: str
    key: Ed25519PrivateKey
    key_id: bytes
    counter: int = 0
    register_wh: int = 0


@dataclass(slots=True)
class Village:
    """Household meters that live by the real clock, in UTC so that each day has 96 quarter hours.

    Attributes:
        use_wh: int32 [days, meters, 96]; the last day is yesterday.
    """

    microgrid: Microgrid
    signers: list[Signer]
    days: list[date]
    use_wh: NDArray[np.int32]
    packed: bool = False
    singles_from: datetime = field(default_factory=lambda: datetime.now(UTC))

    def day_messages(self) -> Iterator[tuple[str, bytes]]:
        """A message of 96 readings per meter and day, day by day, with both registers."""
        for d, day in enumerate(self.days[:-1]):
            start_at = datetime(day.year, day.month, day.day, tzinfo=UTC)
            for m, signer in enumerate(self.signers):
                values = tuple(self.use_wh[d, m].tolist())
                end_wh = signer.register_wh + sum(values)
                block = IntervalBlock("import", start_at, 900, values, signer.register_wh, end_wh)
                signer.register_wh = end_wh
                yield signer.name, self._sign(signer, [block], [])

    def single_messages(self, intervals: int) -> Iterator[tuple[str, bytes]]:
        """A message of one reading and one sample per meter and quarter hour of yesterday, in the order of time."""
        day = self.days[-1]
        for i in range(intervals):
            start_at = datetime(day.year, day.month, day.day, tzinfo=UTC) + i * INTERVAL
            at = self.singles_from + timedelta(seconds=i)
            for m, signer in enumerate(self.signers):
                block = IntervalBlock("import", start_at, 900, (int(self.use_wh[-1, m, i]),))
                yield signer.name, self._sign(signer, [block], [Sample(at, {"import_w": 400.0 + i})])

    def _sign(self, signer: Signer, blocks: list[IntervalBlock], samples: list[Sample]) -> bytes:
        signer.counter += 1
        return encode_message(
            private_key=signer.key,
            key_id=signer.key_id,
            device_name=signer.name,
            counter=signer.counter,
            sent_at=datetime.now(UTC),
            blocks=blocks,
            samples=samples,
            packed=self.packed,
        )


def make_village(slug: str, meters: int, days: int, *, packed: bool) -> Village:
    """Make a microgrid with `meters` enrolled devices and `days` of plausible use."""
    cooperative = Cooperative.objects.create(slug=slug, name=f"{slug} eG")
    microgrid = Microgrid.objects.create(cooperative=cooperative, slug=slug, name=slug, time_zone="UTC")
    meter_ids = make_sites(microgrid, cooperative, meters)
    keys = {pk: Ed25519PrivateKey.generate() for pk in meter_ids.tolist()}
    public = {pk: key.public_key().public_bytes_raw() for pk, key in keys.items()}
    devices = enrol_devices(microgrid=microgrid, public_keys=public, now=datetime.now(UTC))
    signers = [Signer(pk, devices[pk].name, keys[pk], key_id_of(public[pk])) for pk in keys]
    chance = np.random.default_rng(SEED)
    size = chance.lognormal(0.0, 0.5, meters)
    today = datetime.now(UTC).date()
    use = np.stack([make_day(chance, size, READINGS)[0] for _ in range(days)])
    return Village(microgrid, signers, [today - timedelta(days=n) for n in range(days, 0, -1)], use, packed)
