"""Registers across an exchange of meters: the old one's last reading joins on to the new one's first.

A meter's days keep the registers as the instruments showed them. Between two readings with exchanges in between, the energy
is their difference plus what each exchange skipped:

    energy = end - start + sum(last reading of the old one - first reading of the new one)
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


class CannotExchange(ValueError):
    """An exchange cannot be written down; the message says what is wrong."""


@dataclass(frozen=True, slots=True)
class HandOver:
    """One register at an exchange [Wh]: last of the old instrument, first of the new one."""

    last_wh: int
    first_wh: int

    @property
    def step_wh(self) -> int:
        """What to add to a later reading so that it runs on from the earlier ones [Wh]; may be negative."""
        return self.last_wh - self.first_wh


def check_exchange(
    *,
    channels: set[str],
    registers: Mapping[str, HandOver],
    exchanged_at: datetime,
    now: datetime,
    newest_wh: Mapping[str, int],
    limit_wh: int,
) -> None:
    """Check an exchange against what is known of the meter.

    Args:
        channels: the meter's channels; each needs its two readings.
        exchanged_at, now: by the microgrid's clock.
        newest_wh: the newest register reading known per channel, where there is one [Wh].
        limit_wh: where the registers roll over [Wh].

    Raises:
        CannotExchange: a reading is missing or impossible, or the exchange lies in the future.
    """
    if exchanged_at > now:
        raise CannotExchange("the exchange lies in the future")
    if set(registers) != channels:
        raise CannotExchange(f"the readings of {', '.join(sorted(channels))} are needed, and no others")
    for channel, reading in sorted(registers.items()):
        if not (0 <= reading.last_wh < limit_wh and 0 <= reading.first_wh < limit_wh):
            raise CannotExchange(f"{channel}: a reading lies between 0 and {limit_wh} Wh")
        before = newest_wh.get(channel)
        if before is not None and reading.last_wh < before and before - reading.last_wh < limit_wh // 2:
            raise CannotExchange(
                f"{channel}: the last reading {reading.last_wh} Wh lies below {before} Wh, which the meter had shown before"
            )
