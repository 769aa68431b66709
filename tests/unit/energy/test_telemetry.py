"""The codec: what it says it reads back, what others say, and what nobody may get through."""

from datetime import UTC, datetime, timedelta
from typing import Any

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cwt import COSE, COSEKey
from hypothesis import given
from hypothesis import strategies as st

from energy.domain.acceptance import LONGEST_MESSAGE_BYTES, CannotAccept
from energy.domain.cose import LABEL_COUNTER, Envelope, open_envelope, verify
from energy.domain.senml import read_payload
from energy.domain.telemetry import CHANNEL_NAMES, SAMPLE_NAMES, IntervalBlock, Sample, encode_message, key_id_of

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()
KEY_ID = key_id_of(PUBLIC)
NAME = "urn:dev:mg:00112233445566778899aabbccddeeff"
SENT_AT = datetime(2016, 3, 27, 12, 0, tzinfo=UTC)

wh = st.integers(min_value=0, max_value=2**31 - 1)


@st.composite
def interval_blocks(draw: st.DrawFn) -> list[IntervalBlock]:
    blocks = []
    for channel in draw(st.lists(st.sampled_from(CHANNEL_NAMES), unique=True, min_size=1, max_size=2)):
        values = tuple(draw(st.lists(wh, min_size=1, max_size=100)))
        start = SENT_AT - timedelta(minutes=15) * draw(st.integers(min_value=0, max_value=3000))
        register = draw(st.none() | st.integers(min_value=0, max_value=2**61))
        end = None if register is None else register + sum(values)
        blocks.append(IntervalBlock(channel, start, 900, values, register, end))
    return blocks


def message(**changes: Any) -> bytes:
    """A sound message of one day, but for `changes`."""
    block = IntervalBlock("import", SENT_AT - timedelta(days=1), 900, tuple(range(96)), 1000, 1000 + sum(range(96)))
    given_arguments: dict[str, Any] = {
        "private_key": KEY,
        "key_id": KEY_ID,
        "device_name": NAME,
        "counter": 7,
        "sent_at": SENT_AT,
        "blocks": [block],
        **changes,
    }
    return encode_message(**given_arguments)


def payload_envelope(records: Any) -> Envelope:
    return Envelope(KEY_ID, 1, b"", cbor2.dumps(records), b"")


@given(interval_blocks(), st.integers(min_value=1, max_value=2**62 - 1), st.booleans())
def test_what_is_encoded_is_read_back(blocks: list[IntervalBlock], counter: int, packed: bool) -> None:
    envelope = open_envelope(message(blocks=blocks, counter=counter, packed=packed))
    verify(envelope, PUBLIC)
    telemetry = read_payload(envelope)
    assert (telemetry.device_name, telemetry.counter, telemetry.sent_at) == (NAME, counter, SENT_AT)
    assert sorted(telemetry.blocks, key=lambda b: b.channel) == sorted(blocks, key=lambda b: b.channel)


@given(st.dictionaries(st.sampled_from(SAMPLE_NAMES), st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_samples_are_read_back(values: dict[str, float]) -> None:
    sample = Sample(SENT_AT - timedelta(seconds=3), values)
    telemetry = read_payload(open_envelope(message(blocks=[], samples=[sample])))
    assert telemetry.samples == (sample,)


def test_the_same_message_has_the_same_bytes() -> None:
    assert message() == message()


def test_a_day_of_a_household_is_small() -> None:
    assert len(message()) < 2_000
    assert len(message(packed=True)) < 700


def test_another_implementation_verifies_our_messages() -> None:
    key = COSEKey.new({1: 1, 2: KEY_ID, 3: -8, 4: [2], -1: 6, -2: PUBLIC})  # OKP, Ed25519, may verify
    payload = COSE.new().decode(message(), key)
    records = cbor2.loads(payload) if isinstance(payload, bytes) else payload
    assert records[0] == {-2: NAME, -3: int(SENT_AT.timestamp())}


def test_messages_of_another_implementation_are_verified() -> None:
    key = COSEKey.new({1: 1, 2: KEY_ID, 3: -8, 4: [1], -1: 6, -2: PUBLIC, -4: KEY.private_bytes_raw()})  # may sign
    records = [{-2: NAME, -3: int(SENT_AT.timestamp())}, {0: "import_w", 2: 420}]
    body = COSE.new().encode(cbor2.dumps(records), key, protected={1: -8, 4: KEY_ID, LABEL_COUNTER: 3})
    envelope = open_envelope(body)
    verify(envelope, PUBLIC)
    assert read_payload(envelope).samples == (Sample(SENT_AT, {"import_w": 420.0}),)


def test_another_key_does_not_verify() -> None:
    other = Ed25519PrivateKey.from_private_bytes(b"\x01" * 32).public_key().public_bytes_raw()
    with pytest.raises(CannotAccept) as refused:
        verify(open_envelope(message()), other)
    assert refused.value.reason == "bad_signature"


@given(st.data())
def test_a_changed_byte_changes_nothing_that_is_believed(data: st.DataObject) -> None:
    """Only the unprotected header is not signed, and it is not read."""
    body = bytearray(message())
    position = data.draw(st.integers(min_value=0, max_value=len(body) - 1))
    body[position] ^= data.draw(st.integers(min_value=1, max_value=255))
    try:
        envelope = open_envelope(bytes(body))
        verify(envelope, PUBLIC)
    except CannotAccept:
        return
    assert read_payload(envelope) == read_payload(open_envelope(message()))


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reading(body: bytes) -> None:
    try:
        read_payload(open_envelope(body))
    except CannotAccept as refused:
        assert refused.reason in {"malformed", "too_large", "wrong_unit"}


leaves = (
    st.none()
    | st.booleans()
    | st.integers(min_value=-(2**70), max_value=2**70)
    | st.floats()
    | st.binary(max_size=20)
    | st.text(max_size=10)
    | st.sampled_from([*CHANNEL_NAMES, *SAMPLE_NAMES, "interval", "import/register", NAME])
)
labels = st.sampled_from([-3, -2, 0, 1, 2, 6])


@given(st.lists(st.dictionaries(labels, leaves, max_size=4), max_size=6) | leaves)
def test_no_signed_records_break_the_reading(records: Any) -> None:
    """A device whose key is known is not trusted either."""
    try:
        telemetry = read_payload(payload_envelope(records))
    except CannotAccept as refused:
        assert refused.reason in {"malformed", "too_large", "wrong_unit"}
    else:
        assert all(value >= 0 for block in telemetry.blocks for value in block.values_wh)


HEAD = {-2: NAME, -3: int(SENT_AT.timestamp())}
STEP = {0: "interval", 2: 900}


@pytest.mark.parametrize(
    "records",
    [
        pytest.param([], id="nothing"),
        pytest.param([{-2: 5, -3: 0}], id="a name that is no text"),
        pytest.param([{-2: NAME}], id="no time"),
        pytest.param([HEAD, {0: "gas", 2: 1}], id="an unknown record"),
        pytest.param([HEAD, {0: "import", 2: 1}], id="an interval without its length"),
        pytest.param([HEAD, {0: "interval", 2: 60}, {0: "import", 2: 1}], id="a length that is none of ours"),
        pytest.param([HEAD, STEP, {0: "import", 2: -1}], id="negative energy"),
        pytest.param([HEAD, STEP, {0: "import", 2: 1.5}], id="a broken Wh"),
        pytest.param([HEAD, STEP, {0: "import", 2: True}], id="a truth value"),
        pytest.param([HEAD, STEP, {0: "import", 2: 2**31}], id="more than an interval can hold"),
        pytest.param([HEAD, STEP, {0: "import", 6: 0, 2: 1}, {0: "import", 6: 1800, 2: 1}], id="a hole"),
        pytest.param([HEAD, STEP, {0: "import", 6: 0, 2: 1}, {0: "import", 6: 0, 2: 1}], id="one interval twice"),
        pytest.param([HEAD, STEP, {0: "import", 2: 1}, {0: "import/register", 6: 60, 2: 1}], id="a register off its place"),
        pytest.param([HEAD, {0: "import_w", 2: float("nan")}], id="a sample that is no number"),
        pytest.param([HEAD, {0: "import_w", 2: float("inf")}], id="an endless sample"),
        pytest.param([HEAD, {0: "import_w", 2: 1}, {0: "import_w", 2: 2}], id="two samples of one instant"),
        pytest.param([HEAD, {0: "import_w", 4: True}], id="a truth value for a power"),
        pytest.param([HEAD, {0: "import_w", 2: True}], id="a truth value as a number"),
        pytest.param([HEAD, {0: "cover_open", 2: 2}], id="a flag that is neither set nor unset"),
        pytest.param([HEAD, {0: "import_w", 2: 1, 5: 3}], id="a running sum, which is not read"),
        pytest.param([HEAD | {-5: 7}, {0: "import_w", 2: 1}], id="a base value, which is not read"),
        pytest.param([HEAD | {-1: 11}, {0: "import_w", 2: 1}], id="a later version of SenML"),
        pytest.param([HEAD, {0: "import_w", 2: [1]}], id="a list for a value"),
        pytest.param([HEAD, {0: "interval", 2: 900, 6: b"x"}], id="a length at no time"),
        pytest.param([HEAD, STEP, {0: "interval", 2: 1800}, {0: "import", 2: 1}], id="two lengths"),
        pytest.param([HEAD, STEP, {0: "import/register", 2: 1}], id="a register without intervals"),
        pytest.param([HEAD, {0: "door_open", 2: 1, 4: True}], id="two values in one record"),
        pytest.param([HEAD, STEP, {0: "import", 8: bytes(4), 2: 1}], id="a value beside packed ones"),
        pytest.param([HEAD, STEP, {0: "import", 8: b"\x00\x00\x01"}], id="packed intervals cut off"),
        pytest.param([HEAD, STEP, {0: "import", 8: b""}], id="no packed intervals"),
        pytest.param([HEAD, STEP, {0: "import", 8: b"\x80\x00\x00\x00"}], id="more than a packed interval can hold"),
        pytest.param([HEAD, STEP, {0: "import", 8: bytes(4)}, {0: "import", 2: 1}], id="packed and not"),
        pytest.param([HEAD, STEP, {0: "import", 8: bytes(4)}, {0: "import", 8: bytes(4)}], id="packed twice"),
    ],
)
def test_records_that_mean_nothing_are_malformed(records: Any) -> None:
    with pytest.raises(CannotAccept) as refused:
        read_payload(payload_envelope(records))
    assert refused.value.reason == "malformed"


@pytest.mark.parametrize(
    "records",
    [
        pytest.param([HEAD, STEP, {0: "import", 1: "kWh", 2: 1}], id="kilowatt-hours"),
        pytest.param([HEAD, {0: "interval", 1: "min", 2: 900}], id="minutes"),
        pytest.param([HEAD, {0: "import/register", 1: "W", 2: 1}], id="a register in watts"),
        pytest.param([HEAD, {0: "import_w", 1: "kW", 2: 1}], id="kilowatts"),
        pytest.param([HEAD, {0: "voltage_v", 1: "mV", 2: 1}], id="millivolts"),
        pytest.param([HEAD, {0: "frequency_hz", 1: "rad/s", 2: 1}], id="an angular frequency"),
        pytest.param([HEAD | {-4: "W"}, {0: "voltage_v", 2: 1}], id="a base unit that fits another"),
    ],
)
def test_a_unit_that_is_wrong_is_refused(records: Any) -> None:
    with pytest.raises(CannotAccept) as refused:
        read_payload(payload_envelope(records))
    assert refused.value.reason == "wrong_unit"


def test_units_may_be_given_or_left_out() -> None:
    said = [
        {0: "import_w", 1: "W", 2: 5},
        {0: "voltage_v", 1: "V", 2: 230},
        {0: "frequency_hz", 2: 50},
        {0: "soc_wh", 1: "Wh", 2: 7},
        {0: "air_temperature_c", 1: "Cel", 2: 4},
        {0: "cover_open", 4: True},
    ]
    [sample] = read_payload(payload_envelope([HEAD, *said])).samples
    assert sample.values == {"import_w": 5, "voltage_v": 230, "frequency_hz": 50, "soc_wh": 7, "air_temperature_c": 4, "cover_open": 1}


def test_the_first_record_may_carry_a_value_of_its_own() -> None:
    [sample] = read_payload(payload_envelope([HEAD | {-4: "W", 0: "import_w", 2: 5}])).samples
    assert sample.values == {"import_w": 5}


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(bytes.fromhex("c4821b7fffffffffffffff01"), id="a decimal with an endless exponent"),
        pytest.param(b"\x81" * 60_000, id="a very deep list"),
        pytest.param(bytes.fromhex("9b7fffffffffffffff"), id="a list that promises too much"),
        pytest.param(cbor2.dumps(cbor2.CBORTag(18, "four")), id="a text of four letters"),
        pytest.param(cbor2.dumps(cbor2.CBORTag(18, [cbor2.dumps([1, 2]), {}, b"", b""])), id="a header that is a list"),
        pytest.param(cbor2.dumps(cbor2.CBORTag(18, [cbor2.dumps({1: -8, 4: b"k"}), {}, b"", b""])), id="no counter"),
        pytest.param(
            cbor2.dumps(cbor2.CBORTag(18, [cbor2.dumps({1: -7, 4: b"k", LABEL_COUNTER: 1}), {}, b"", b""])), id="another algorithm"
        ),
    ],
)
def test_envelopes_that_mean_nothing_are_malformed(body: bytes) -> None:
    with pytest.raises(CannotAccept) as refused:
        open_envelope(body)
    assert refused.value.reason == "malformed"


def test_a_message_that_is_too_long_is_not_even_read() -> None:
    with pytest.raises(CannotAccept) as refused:
        open_envelope(b"\x00" * (LONGEST_MESSAGE_BYTES + 1))
    assert refused.value.reason == "too_large"


def test_more_records_than_a_message_may_have_are_refused() -> None:
    records = [HEAD, *({0: "import_w", 6: i, 2: 1} for i in range(4001))]
    with pytest.raises(CannotAccept) as refused:
        read_payload(payload_envelope(records))
    assert refused.value.reason == "too_large"
