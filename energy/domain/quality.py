"""How a value came to be, and what was found about it: one small integer per interval.

The low four bits name the method, each higher bit is the outcome of one check (validation, estimation and editing).
"""

from enum import IntEnum, IntFlag


class Method(IntEnum):
    """How a value came to be."""

    MEASURED = 0
    CALCULATED = 1
    INTERPOLATED = 2
    LIKE_DAY = 3
    PROFILE = 4
    EDITED = 5
    MISSING = 15

    @property
    def label(self) -> str:
        """As it is written for people: `like-day`."""
        return self.name.lower().replace("_", "-")


METHOD_MASK = 0x0F


class Check(IntFlag):
    """What a check found."""

    CLOCK = 0x10
    SUM_FAILED = 0x20
    HIGH = 0x40
    SPIKE = 0x80
    STUCK = 0x100
    UNUSUAL = 0x200
    IMPLAUSIBLE = 0x400
