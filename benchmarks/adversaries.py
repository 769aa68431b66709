"""Messages as nobody should send them: valid ones altered in every way, and signed nonsense; each with what may become of it.

Everything is drawn from one seed. Devices here hold their own keys, so much of the nonsense is genuinely signed.
"""

import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from energy.domain.cose import sign
from energy.domain.sealing import seal_afresh
from energy.domain.telemetry import CHANNEL_NAMES, SAMPLE_NAMES, IntervalBlock, Sample, encode_message, key_id_of

ACCEPTED, REPLAYED = "accepted", "replayed"
UNREADABLE = {"malformed", "too_large", "unknown_key", "bad_signature", "cannot_decrypt"}
SENSE = {
    "malformed",
    "too_large",
    "wrong_unit",
    "wrong_channel",
    "wrong_interval",
    "wrong_record",
    "outside_window",
    "clock",
    "wrong_device",
}
DAYS = 40
INTERVALS = 96
REMEMBERED = 2_000


@dataclass(slots=True)
class Attacker:
    """A device whose key the sender of nonsense holds."""

    name: str
    key: Ed25519PrivateKey
    channels: tuple[str, ...]
    counter: int = 0

    @property
    def key_id(self) -> bytes:
        return key_id_of(self.key.public_key().public_bytes_raw())


@dataclass(frozen=True, slots=True)
class Attempt:
    """One message, how it was made, and the outcomes or reasons that are right for it."""

    body: bytes
    how: str
    may_become: frozenset[str]


@dataclass(slots=True)
class Attack:
    """Draws attempts; `now` is what the microgrid's clock shows all the time."""

    attackers: list[Attacker]
    revoked: list[Attacker]
    now: datetime
    sealing_key: bytes
    seed: int
    _sent: list[bytes] = field(default_factory=list)
    _strange: list[Any] = field(default_factory=list)

    def attempts(self, count: int) -> Iterator[Attempt]:
        """`count` attempts; about one in four is sound."""
        chance = random.Random(self.seed)
        self._strange = strange_records(max(count // 8, 100), self.seed)
        ways: list[tuple[int, Callable[[random.Random], Attempt]]] = [
            (24, self._sound),
            (8, self._flipped),
            (4, self._cut),
            (8, self._again),
            (6, self._old_counter),
            (6, self._wrong_key),
            (3, self._revoked),
            (6, self._huge),
            (4, self._deep),
            (6, self._wrong_unit),
            (5, self._clock_off),
            (5, self._not_finite),
            (5, self._elsewhen),
            (3, self._another_name),
            (3, self._another_channel),
            (4, self._sealed_badly),
            (10, self._signed_nonsense),
            (3, self._noise),
            (3, self._huge_counter),
        ]
        chosen = chance.choices([way for _, way in ways], [weight for weight, _ in ways], k=count)
        for way in chosen:
            attempt = way(chance)
            if len(self._sent) < REMEMBERED:
                self._sent.append(attempt.body)
            else:
                self._sent[chance.randrange(REMEMBERED)] = attempt.body
            yield attempt

    def _message(self, chance: random.Random, one: Attacker | None = None, **changes: Any) -> bytes:
        one = one or chance.choice(self.attackers)
        one.counter += 1
        given_arguments: dict[str, Any] = {
            "private_key": one.key,
            "key_id": one.key_id,
            "device_name": one.name,
            "counter": one.counter,
            "sent_at": self.now,
            "packed": chance.random() < 0.5,
            **changes,
        }
        if "blocks" not in changes:
            given_arguments["blocks"] = self._blocks(chance, one.channels)
        return encode_message(**given_arguments)

    def _blocks(self, chance: random.Random, channels: tuple[str, ...]) -> list[IntervalBlock]:
        """Some intervals of the past, across midnight as it comes, with or without registers."""
        blocks = []
        for channel in chance.sample(channels, chance.randint(1, len(channels))):
            length = chance.choice((1, 1, 4, 20, INTERVALS, 130))
            start_at = self._quarter(chance, length)
            values = tuple(chance.randrange(3000) for _ in range(length))
            register = chance.choice((None, chance.randrange(10**9)))
            end = None if register is None else register + sum(values)
            blocks.append(IntervalBlock(channel, start_at, 900, values, register, end))
        return blocks

    def _quarter(self, chance: random.Random, length: int) -> datetime:
        last = int(self.now.timestamp()) // 900 - length
        return datetime.fromtimestamp((last - chance.randrange(DAYS * INTERVALS)) * 900, UTC)

    def _signed(self, chance: random.Random, records: Any, **changes: Any) -> bytes:
        """Whatever records, genuinely signed."""
        one = changes.pop("one", None) or chance.choice(self.attackers)
        one.counter += 1
        payload = records if isinstance(records, bytes) else cbor2.dumps(records)
        return sign(private_key=one.key, key_id=one.key_id, counter=changes.get("counter", one.counter), payload=payload)

    def _head(self, one: Attacker) -> dict[int, Any]:
        return {-2: one.name, -3: int(self.now.timestamp())}

    def _sound(self, chance: random.Random) -> Attempt:
        samples = [Sample(self.now, {"import_w": 5.0})] if chance.random() < 0.3 else []
        body = self._message(chance, samples=samples)
        if chance.random() < 0.1:
            body = seal_afresh(body, self.sealing_key)
        return Attempt(body, "sound", frozenset({ACCEPTED}))

    def _flipped(self, chance: random.Random) -> Attempt:
        body = bytearray(self._message(chance))
        for _ in range(chance.randint(1, 3)):
            body[chance.randrange(len(body))] ^= 1 << chance.randrange(8)
        return Attempt(bytes(body), "bits flipped", frozenset(UNREADABLE | {ACCEPTED}))

    def _cut(self, chance: random.Random) -> Attempt:
        body = self._message(chance)
        body = body[: chance.randrange(len(body))] if chance.random() < 0.5 else body + chance.randbytes(3)
        return Attempt(body, "cut or lengthened", frozenset(UNREADABLE))

    def _again(self, chance: random.Random) -> Attempt:
        if not self._sent:
            return self._sound(chance)
        may_be = UNREADABLE | SENSE | {ACCEPTED, REPLAYED, "counter_went_back", "revoked_key"}
        return Attempt(chance.choice(self._sent), "sent again", frozenset(may_be))

    def _old_counter(self, chance: random.Random) -> Attempt:
        one = chance.choice(self.attackers)
        body = self._message(chance, one, counter=max(one.counter - chance.randrange(50), 1))
        return Attempt(body, "old counter", frozenset({"counter_went_back", REPLAYED, ACCEPTED}))

    def _wrong_key(self, chance: random.Random) -> Attempt:
        other = chance.choice([*self.attackers, *self.revoked])
        key = other.key if chance.random() < 0.5 else Ed25519PrivateKey.from_private_bytes(chance.randbytes(32))
        one = chance.choice([a for a in self.attackers if a is not other])
        key_id = one.key_id if chance.random() < 0.7 else chance.randbytes(8)
        body = self._message(chance, one, private_key=key, key_id=key_id)
        return Attempt(body, "wrong key", frozenset({"bad_signature", "unknown_key"}))

    def _revoked(self, chance: random.Random) -> Attempt:
        return Attempt(self._message(chance, chance.choice(self.revoked)), "revoked key", frozenset({"revoked_key"}))

    def _huge(self, chance: random.Random) -> Attempt:
        one = chance.choice(self.attackers)
        value = chance.choice((2**31, 2**63, 2**64, 2**200, -1, -(2**63), -(2**70), 1e308, 2.5))
        name = chance.choice((one.channels[0], f"{one.channels[0]}/register"))
        records = [self._head(one), {0: "interval", 2: 900}, {0: one.channels[0], 6: -90_000, 2: 1}, {0: name, 6: -90_000, 2: value}]
        return Attempt(self._signed(chance, records, one=one), "huge number", frozenset({"malformed"}))

    def _huge_counter(self, chance: random.Random) -> Attempt:
        one = chance.choice(self.attackers)
        counter = chance.choice((2**62, 2**64, 2**90, 0, -1))
        body = self._signed(chance, [self._head(one)], one=one, counter=counter)
        return Attempt(body, "impossible counter", frozenset({"malformed"}))

    def _deep(self, chance: random.Random) -> Attempt:
        depth = chance.choice((30, 900, 5_000, 60_000))
        nest = bytes.fromhex(chance.choice(("81", "a100", "c1", "d81c81", "9f", "bf00", "98ff", "99ffff", "9affffffff")))
        raw = (nest * depth)[:60_000]
        body = self._signed(chance, raw) if chance.random() < 0.5 else b"\xd2" + raw
        return Attempt(body, "deep", frozenset({"malformed"}))

    def _wrong_unit(self, chance: random.Random) -> Attempt:
        one = chance.choice(self.attackers)
        name = chance.choice((*SAMPLE_NAMES, one.channels[0], "interval"))
        unit = chance.choice(("kWh", "J", "kW", "mV", "min", "", 7))
        record = {0: name, 1: unit, 2: 900}
        body = self._signed(chance, [self._head(one), {0: "interval", 2: 900}, record], one=one)
        return Attempt(body, "wrong unit", frozenset({"wrong_unit"}))

    def _clock_off(self, chance: random.Random) -> Attempt:
        off = timedelta(seconds=chance.choice((-1, 1)) * chance.choice((30, 200, 449, 451, 4000, 10**6, 10**9)))
        right = {ACCEPTED} if abs(off) <= timedelta(seconds=450) else {"clock"}
        return Attempt(self._message(chance, sent_at=self.now + off, blocks=[]), "clock off", frozenset(right))

    def _not_finite(self, chance: random.Random) -> Attempt:
        one = chance.choice(self.attackers)
        value = chance.choice((math.nan, math.inf, -math.inf))
        records = chance.choice(
            (
                [{0: "import_w", 2: value}],
                [{0: "import_w", 6: value, 2: 5}],
                [{0: "interval", 2: value}, {0: one.channels[0], 2: 5}],
                [{0: "interval", 2: 900}, {0: one.channels[0], 6: value, 2: 5}],
                [{0: "interval", 2: 900}, {0: one.channels[0], 2: value}],
            )
        )
        if chance.random() < 0.2:
            return Attempt(self._signed(chance, [{-2: one.name, -3: value}], one=one), "not finite", frozenset({"malformed"}))
        body = self._signed(chance, [self._head(one), *records], one=one)
        return Attempt(body, "not finite", frozenset({"malformed"}))

    def _elsewhen(self, chance: random.Random) -> Attempt:
        one = chance.choice(self.attackers)
        start_at, step = self._quarter(chance, 4), 900
        kind = chance.randrange(4)
        if kind == 0:
            start_at += timedelta(days=50)
        elif kind == 1:
            start_at -= timedelta(days=60 + 10 ** chance.randint(0, 5))
        elif kind == 2:
            start_at += timedelta(seconds=chance.randint(1, 899))
        else:
            step = chance.choice((300, 600, 1800, 3600))
        block = IntervalBlock(one.channels[0], start_at, step, (1, 2, 3, 4))
        body = self._message(chance, one, blocks=[block])
        return Attempt(body, "wrong time", frozenset({"outside_window", "wrong_interval"}))

    def _another_name(self, chance: random.Random) -> Attempt:
        name = chance.choice((chance.choice(self.revoked).name, "", "x" * 500, "urn:dev:mg:\u0000"))
        return Attempt(self._message(chance, device_name=name), "another's name", frozenset({"wrong_device"}))

    def _another_channel(self, chance: random.Random) -> Attempt:
        one = chance.choice(self.attackers)
        channel = chance.choice([c for c in CHANNEL_NAMES if c not in one.channels])
        block = IntervalBlock(channel, self._quarter(chance, 2), 900, (1, 2))
        body = self._message(chance, one, blocks=[block])
        return Attempt(body, "another channel", frozenset({"wrong_channel"}))

    def _sealed_badly(self, chance: random.Random) -> Attempt:
        inner = self._message(chance) if chance.random() < 0.5 else chance.randbytes(60)
        body = bytearray(seal_afresh(inner, self.sealing_key))
        body[chance.randrange(len(body))] ^= 1 << chance.randrange(8)
        return Attempt(bytes(body), "sealed badly", frozenset(UNREADABLE | {ACCEPTED}))

    def _signed_nonsense(self, chance: random.Random) -> Attempt:
        one = chance.choice(self.attackers)
        records = chance.choice(self._strange)
        if chance.random() < 0.8:
            records = [self._head(one), *records]
        body = self._signed(chance, records, one=one)
        return Attempt(body, "signed nonsense", frozenset(SENSE | {ACCEPTED}))

    def _noise(self, chance: random.Random) -> Attempt:
        head = chance.choice((b"", b"\xd2", b"\xd2\x84", b"\xd8\x60", b"\xd8\x60\x84"))
        return Attempt(head + chance.randbytes(chance.randrange(400)), "noise", frozenset(UNREADABLE))


def strange_records(count: int, chosen_seed: int) -> list[Any]:
    """Lists of SenML records that hypothesis comes upon."""
    names = st.sampled_from([*CHANNEL_NAMES, *SAMPLE_NAMES, "interval", "import/register", "export/register", "cover_open", "gas"])
    leaves = (
        st.none()
        | st.booleans()
        | st.integers(-(2**70), 2**70)
        | st.floats()
        | st.binary(max_size=16)
        | st.text(max_size=8)
        | names
        | st.datetimes(timezones=st.just(UTC))
        | st.decimals()
        | st.fractions()
    )
    sensible = st.fixed_dictionaries(
        {0: names, 2: st.sampled_from([900, 0, 1, 77]) | leaves},
        optional={
            1: st.sampled_from(["Wh", "W", "s", "V"]),
            6: st.sampled_from([-900, -1800, -2700, 0]) | leaves,
            4: st.booleans(),
            8: st.binary(max_size=24),
        },
    )
    record = sensible | st.dictionaries(st.sampled_from([-5, -4, -3, -2, -1, 0, 1, 2, 4, 5, 6, 8]), leaves, max_size=5)
    found: list[Any] = []

    @seed(chosen_seed)
    @settings(max_examples=count, database=None, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(st.lists(record | sensible | leaves, max_size=6))
    def collect(records: list[Any]) -> None:
        found.append(records)

    collect()
    return found
