"""Long arrays as parameters: PostgreSQL's own notation, which a driver takes as one text and not item by item."""

from collections.abc import Iterable


def whole_numbers(values: Iterable[int]) -> str:
    """An array of whole numbers; the statement casts it (`%s::bigint[]`)."""
    return "{" + ",".join(map(str, values)) + "}"


def byte_strings(values: Iterable[bytes]) -> str:
    """An array of byte strings; the statement casts it (`%s::bytea[]`)."""
    return "{" + ",".join(f'"\\\\x{value.hex()}"' for value in values) + "}"
