"""CBOR (RFC 8949) from outside, read within bounds.

A general decoder follows tags into dates, fractions, patterns, mail and shared references, and believes whatever length is
declared. Messages of devices need none of that: whole numbers, floats, truth values, strings, and lists and maps of a known
length. What else there is, is refused before the decoder sees it.
"""

from typing import Any

import cbor2

# Bytes from the start of one item to the next, by its first byte; 0: the length follows; beyond any message: not ours.
_FOLLOWS, _NOT_OURS = 0, 1 << 40


class CannotRead(ValueError):
    """The bytes are not CBOR of the plain kind."""


def _steps() -> tuple[int, ...]:
    steps = [_NOT_OURS] * 256
    for major in range(6):  # numbers, negative numbers, bytes, text, lists, maps
        for low in range(24):
            steps[major << 5 | low] = 1 + (low if major in (2, 3) else 0)
    for major in (0, 1):
        for low, step in ((24, 2), (25, 3), (26, 5), (27, 9)):
            steps[major << 5 | low] = step
    for major in (2, 3):
        steps[major << 5 | 24] = steps[major << 5 | 25] = _FOLLOWS
    for major in (4, 5):
        steps[major << 5 | 24], steps[major << 5 | 25] = 2, _FOLLOWS
    steps[0xF4] = steps[0xF5] = steps[0xF6] = 1  # false, true, null
    steps[0xF9], steps[0xFA], steps[0xFB] = 3, 5, 9
    return tuple(steps)


_STEP = _steps()


def count_items(raw: bytes) -> int:
    """How many items the bytes hold, containers and what is in them; a list of more than 255 may only stand outermost.

    Raises:
        CannotRead: a tag, an endless string, list or map, a simple value that is none of ours, or an end that is missing.
    """
    place, end, items = 0, len(raw), 0
    while place < end:
        step = _STEP[raw[place]]
        if step == _FOLLOWS:
            step = _length_that_follows(raw, place)
        place += step
        items += 1
    if place != end:
        raise CannotRead("a kind of item that messages do not have, or an end that is missing")
    return items


def _length_that_follows(raw: bytes, place: int) -> int:
    head, size = raw[place], 1 if raw[place] & 0x1F == 24 else 2
    if place + size >= len(raw):
        raise CannotRead("an end that is missing")
    if head >> 5 in (4, 5):
        if place:
            raise CannotRead("a long list within another item")
        return 1 + size
    return 1 + size + int.from_bytes(raw[place + 1 : place + 1 + size], "big")


def load(raw: bytes) -> tuple[Any, int]:
    """Read one item; also how many items it should consist of, for `items_in` to compare.

    Raises:
        CannotRead: see `count_items`; or the item ends too early, is nested too deep, has text that is not UTF-8.
    """
    items = count_items(raw)
    try:
        return cbor2.loads(raw), items
    except Exception as problem:  # its decoder raises errors of many families
        raise CannotRead(type(problem).__name__) from None


def load_small(raw: bytes) -> Any:
    """Read one item of a few parts; no label may come twice, nothing may follow.

    Raises:
        CannotRead: see `load`.
    """
    value, items = load(raw)
    if items_in(value) != items:
        raise CannotRead("a label that comes twice, or something after the end")
    return value


def items_in(value: Any) -> int:
    """How many items a value was written as."""
    if isinstance(value, list | tuple):
        return 1 + sum(map(items_in, value))
    if isinstance(value, dict):
        return 1 + sum(items_in(key) + items_in(part) for key, part in value.items())
    return 1
