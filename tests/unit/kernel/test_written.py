"""Whole numbers as they stand in addresses and forms."""

import pytest

from kernel.written import whole_number


@pytest.mark.parametrize(("text", "number"), [("0", 0), ("60", 60), (" 7 ", 7), ("0012", 12), ("1440", 1440)])
def test_plain_digits_are_a_number(text: str, number: int) -> None:
    assert whole_number(text, most=1440) == number


@pytest.mark.parametrize("text", ["", " ", "-1", "+1", "1.0", "1e3", "1_000", "²", "٣", "１", "1441", "9" * 5000, "x", "\0"])
def test_anything_else_is_none(text: str) -> None:
    assert whole_number(text, most=1440) is None


def test_what_lies_below_the_least_is_none() -> None:
    assert whole_number("0", least=1) is None
