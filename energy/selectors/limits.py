"""What is known about meters for checking them: learned limits, and what people set for their class."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from energy.adapters.limit_numbers import read_numbers
from energy.domain.meter_class import MeterClass
from energy.domain.validation import Limits
from energy.models import ClassSettings, LearnedLimits, Microgrid

Key = tuple[int, int]
REVIEW_WORKING_DAYS = 2


@dataclass(frozen=True, slots=True)
class KnownLimits:
    """Learned limits by meter and channel, settings by class."""

    learned: dict[Key, LearnedLimits]
    settings: dict[str, ClassSettings]

    @property
    def learned_keys(self) -> list[Key]:
        return sorted(self.learned)

    def mean_wh(self, key: Key) -> float:
        """What flows in an interval on average [Wh]; 0 where nothing was learned."""
        return self.learned[key].mean_wh if key in self.learned else 0.0

    def review_days(self, key: Key) -> int:
        """Working days that a review of this meter may take."""
        one = self._settings(key)
        return one.review_working_days if one else REVIEW_WORKING_DAYS

    def arrays(self, keys: Sequence[Key], is_production: NDArray[np.bool_]) -> Limits:
        """Limits for the rows of a block, with what people set for their classes."""
        found = [self.learned.get(key) for key in keys]
        limits = read_numbers(
            [(MeterClass(one.meter_class), one.numbers) if one else None for one in found], [meter for meter, _ in keys], is_production
        )
        settings = [self._settings(key) for key in keys]
        if not any(settings):
            return limits
        factor = np.array([float(one.limit_factor) if one else 1.0 for one in settings])
        run = np.array([one.stuck_intervals if one else 0 for one in settings], dtype=np.int64)[:, None]
        night = np.array([float(one.night_percent) / 100 if one else 0.01 for one in settings])
        return replace(
            limits,
            night_share=night,
            spikes=replace(limits.spikes, height_wh=limits.spikes.height_wh * factor, rise_wh=limits.spikes.rise_wh * factor),
            stuck=replace(limits.stuck, by_size=np.maximum(limits.stuck.by_size, run), by_level=np.maximum(limits.stuck.by_level, run)),
            days=replace(
                limits.days,
                most_above=limits.days.most_above * factor,
                most_below=limits.days.most_below * factor,
                total_above=limits.days.total_above * factor,
                total_below=limits.days.total_below * factor,
            ),
        )

    def _settings(self, key: Key) -> ClassSettings | None:
        one = self.learned.get(key)
        return self.settings.get(one.meter_class) if one else None


def known_limits(*, microgrid: Microgrid, keys: Sequence[Key]) -> KnownLimits:
    """What is known about these channels of meters."""
    wanted = set(keys)
    learned = {
        (one.meter_id, one.channel): one
        for one in LearnedLimits.objects.filter(meter__microgrid=microgrid)
        if (one.meter_id, one.channel) in wanted
    }
    settings = {one.meter_class: one for one in ClassSettings.objects.filter(microgrid=microgrid)}
    return KnownLimits(learned, settings)
