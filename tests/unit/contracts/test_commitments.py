"""Canonical bytes and commitments: bound to every figure, silent without the salt."""

import struct
from datetime import date

import numpy as np
import pytest
from eth_abi import encode
from hypothesis import given
from hypothesis import strategies as st

from contracts.domain.commitments import (
    BILL_SCHEMA,
    BILL_TYPES,
    DAY_SCHEMA,
    DAY_TYPES,
    BillLeaf,
    DayLeaf,
    commit,
    document_commitment,
    field_hashes,
    hexed,
    meter_day_bytes,
    number_of_day,
    unhexed,
)
from contracts.domain.merkle import keccak, leaf_hash

words = st.binary(min_size=32, max_size=32)
texts = st.text(max_size=20)


def test_a_meter_day_has_the_bytes_that_the_manual_describes():
    content = meter_day_bytes(date(2016, 3, 27), 1, 2, [1, 70_000], [0, 3])
    assert content == (
        b"microgrid-day-1\n"
        + bytes.fromhex("01339f470100020002")  # 20160327, channel, version, count
        + bytes.fromhex("0000000100011170")  # values, Wh
        + bytes.fromhex("00000003")  # flags
    )
    assert number_of_day(date(2016, 3, 27)) == 0x01339F47


def test_bytes_do_not_depend_on_the_type_the_numbers_come_in():
    day = date(2016, 10, 30)
    lists = meter_day_bytes(day, 3, 1, [5] * 100, [0] * 100)
    arrays = meter_day_bytes(day, 3, 1, np.full(100, 5, np.int64), np.zeros(100, np.int16))
    assert lists == arrays


@given(st.lists(st.integers(0, 2**31 - 1), min_size=1, max_size=100), st.integers(1, 2**31 - 1), st.data())
def test_each_figure_of_a_day_changes_its_bytes(values, change, data):
    place = data.draw(st.integers(0, len(values) - 1))
    changed = [*values[:place], (values[place] + change) % 2**31, *values[place + 1 :]]
    flags = [0] * len(values)
    day = date(2016, 3, 1)
    assert meter_day_bytes(day, 1, 1, values, flags) != meter_day_bytes(day, 1, 1, changed, flags)


def test_day_channel_version_and_flags_are_bound_too():
    base = meter_day_bytes(date(2016, 3, 1), 1, 1, [7], [0])
    others = [
        meter_day_bytes(date(2016, 3, 2), 1, 1, [7], [0]),
        meter_day_bytes(date(2016, 3, 1), 2, 1, [7], [0]),
        meter_day_bytes(date(2016, 3, 1), 1, 2, [7], [0]),
        meter_day_bytes(date(2016, 3, 1), 1, 1, [7], [1]),
    ]
    assert len({base, *others}) == 5


@given(words, words, st.binary(max_size=50))
def test_the_same_content_under_another_salt_is_another_commitment(salt, other, content):
    assert (commit(salt, content) == commit(other, content)) == (salt == other)


def test_a_field_is_hashed_as_the_manual_says():
    salt = b"\x07" * 32
    second = keccak(keccak(salt + struct.pack(">I", 1)) + b"net_minor=1234")
    hashes = field_hashes(salt, [("number", "B-2016-000001"), ("net_minor", "1234")])
    assert hashes[1] == second
    assert document_commitment(hashes) == keccak(hashes[0] + hashes[1])


@given(words, st.lists(st.tuples(texts, texts), min_size=1, max_size=12), st.data())
def test_a_changed_field_changes_its_own_hash_only(salt, fields, data):
    place = data.draw(st.integers(0, len(fields) - 1))
    path, value = fields[place]
    changed = [*fields[:place], (path, value + "!"), *fields[place + 1 :]]
    before, after = field_hashes(salt, fields), field_hashes(salt, changed)
    assert [k for k in range(len(fields)) if before[k] != after[k]] == [place]
    assert document_commitment(before) != document_commitment(after)


@given(words, words, st.integers(0, 255), st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1), words)
def test_a_day_leaf_is_encoded_as_the_abi_says(grid, meter, channel, day, version, commitment):
    encoded = encode(DAY_TYPES, [DAY_SCHEMA, grid, meter, channel, day, version, commitment])
    assert DayLeaf(grid, meter, channel, day, version, commitment).hash == leaf_hash(encoded)


@given(words, words, st.integers(0, 2**32 - 1), words)
def test_a_bill_leaf_is_encoded_as_the_abi_says(grid, document, period, commitment):
    encoded = encode(BILL_TYPES, [BILL_SCHEMA, grid, document, period, commitment])
    assert BillLeaf(grid, document, period, commitment).hash == leaf_hash(encoded)


def test_the_values_of_a_leaf_are_what_its_hash_is_made_of():
    leaf = BillLeaf(b"\x01" * 32, b"\x02" * 32, 201603, b"\x03" * 32)
    values = [unhexed(v) if isinstance(v, str) and v.startswith("0x") else v for v in leaf.values]
    assert leaf_hash(encode(BILL_TYPES, values)) == leaf.hash


@pytest.mark.parametrize("data", [b"", b"\x00", b"\xff" * 32])
def test_hex_goes_there_and_back(data):
    assert unhexed(hexed(data)) == data
