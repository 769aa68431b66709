"""What other rooms add to the page of a device: grid knows what it was told."""

from collections.abc import Callable
from datetime import datetime

from energy.models import Device

Section = Callable[[Device, datetime], str]
SECTIONS: list[Section] = []


def add_section(section: Section) -> Section:
    """Have the page show what `section` writes of a device at its microgrid's instant; empty text shows nothing."""
    SECTIONS.append(section)
    return section
