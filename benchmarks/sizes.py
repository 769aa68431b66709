"""Sizes that a measurement is asked for, checked before anything starts."""

from argparse import ArgumentTypeError
from collections.abc import Callable


def at_least(least: int) -> Callable[[str], int]:
    """The type of an argument that counts something."""

    def whole(text: str) -> int:
        number = int(text) if text.lstrip("-").isdecimal() else least - 1
        if number < least:
            raise ArgumentTypeError(f"is {text}; give a whole number, at least {least}")
        return number

    return whole
