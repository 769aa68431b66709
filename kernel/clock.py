"""A microgrid's clock: the real one, or a replay with a start and a speed."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ReplayClock:
    """Maps real time to a microgrid's time: at `real_start` it shows `shown_start`, then runs `speed` times as fast."""

    real_start: datetime
    shown_start: datetime
    speed: float

    def now(self, real_now: datetime) -> datetime:
        """The microgrid's time at the real instant `real_now`."""
        return self.shown_start + (real_now - self.real_start) * self.speed
