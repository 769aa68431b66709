"""CBOR from outside is read within bounds: what a general decoder would follow is refused before it sees it."""

import time
import tracemalloc
from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from energy.domain.cbor import CannotRead, count_items, load, load_small

plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**64), 2**64 - 1)
    | st.floats(allow_nan=False)
    | st.binary(max_size=300)
    | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.integers(-9, 9) | st.text(max_size=3), inner, max_size=5),
    max_leaves=20,
)


@given(plain)
def test_plain_values_are_read_as_a_general_decoder_reads_them(value: Any) -> None:
    raw = cbor2.dumps(value)
    assert load_small(raw) == cbor2.loads(raw)


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(bytes.fromhex("c074323031332d30332d32315432303a30343a30305a"), id="a date"),
        pytest.param(bytes.fromhex("c249010000000000000000"), id="a large number"),
        pytest.param(bytes.fromhex("c48221196ab3"), id="a decimal fraction"),
        pytest.param(bytes.fromhex("d81e820103"), id="a rational"),
        pytest.param(bytes.fromhex("d8236161"), id="a pattern"),
        pytest.param(bytes.fromhex("d82478"), id="mail"),
        pytest.param(bytes.fromhex("d81c81d81d00"), id="a list that holds itself"),
        pytest.param(bytes.fromhex("9f01ff"), id="a list without a length"),
        pytest.param(bytes.fromhex("5f4101ff"), id="a string without a length"),
        pytest.param(bytes.fromhex("bf0102ff"), id="a map without a length"),
        pytest.param(bytes.fromhex("9a7fffffff"), id="a list that promises billions"),
        pytest.param(bytes.fromhex("5b7fffffffffffffff"), id="a string that promises more than there is memory"),
        pytest.param(bytes.fromhex("5a40000000") + bytes(100), id="a string that promises a gigabyte"),
        pytest.param(bytes.fromhex("8199ffff"), id="a long list within another"),
        pytest.param(bytes.fromhex("f7"), id="undefined"),
        pytest.param(bytes.fromhex("e0"), id="a simple value that means nothing"),
        pytest.param(bytes.fromhex("a200010002"), id="a label twice"),
        pytest.param(bytes.fromhex("0000"), id="something after the end"),
        pytest.param(bytes.fromhex("1900"), id="half a number"),
        pytest.param(bytes.fromhex("59"), id="a length without an end"),
        pytest.param(bytes.fromhex("61ff"), id="text that is not UTF-8"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_what_messages_do_not_have_is_refused(raw: bytes) -> None:
    with pytest.raises(CannotRead):
        load_small(raw)


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reading(raw: bytes) -> None:
    try:
        load_small(raw)
    except CannotRead:
        return


@pytest.mark.parametrize("head", ["81", "98ff", "b8ff", "a100"])
def test_deep_nesting_costs_neither_time_nor_memory(head: str) -> None:
    raw = (bytes.fromhex(head) * 65_536)[:65_536]
    tracemalloc.start()
    began = time.process_time()
    with pytest.raises(CannotRead):
        load(raw)
    assert time.process_time() - began < 1.0
    assert tracemalloc.get_traced_memory()[1] < 16 << 20
    tracemalloc.stop()


def test_containers_and_what_is_in_them_are_counted() -> None:
    assert count_items(cbor2.dumps([{0: "import", 2: 5}, {1: [1.5, True]}])) == 11
