"""Hours of the week and months of the year as people say them: `Nov-Feb: Mon-Fri 17:00-21:00`."""

from collections.abc import Sequence
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from kernel.speech import ENGLISH, Speech

Mask = NDArray[np.bool_]
DAYS = 8
HOLIDAY = DAYS - 1
LONGEST = 240
WEEK_MINUTES = 7 * 1440


def hours_in_words(holds: Mask, speech: Speech = ENGLISH) -> str:
    """When something holds, by month, kind of day and minute; bool [12, 8, 1440]."""
    _ = speech.say
    if holds.all():
        return _("at all hours")
    weeks: dict[bytes, list[int]] = {}
    for month in range(12):
        if holds[month].any():
            weeks.setdefault(holds[month].tobytes(), []).append(month)
    said = []
    for months in weeks.values():
        week = _week_in_words(holds[months[0]], speech)
        said.append(week if len(months) == 12 else f"{months_in_words(months, speech)}: {week}")
    told = "; ".join(said)
    return told if len(told) <= LONGEST else f"{told[: LONGEST - 4].rsplit(',', 1)[0]}, ..."


def months_in_words(months: Sequence[int], speech: Speech = ENGLISH) -> str:
    """Months of the year, 0 for January, in order: `Nov-Feb`."""
    _ = speech.say
    return _spans(months, _("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec").split(), wraps=True)


def hours_a_week(holds: Mask) -> float:
    """Hours of an ordinary week, on average over the months; bool [12, 8, 1440]."""
    return float(holds[:, :HOLIDAY].sum()) / 12 / 60


def _week_in_words(week: Mask, speech: Speech) -> str:
    """One week; days with the same hours together. bool [8, 1440]."""
    alike: dict[tuple[tuple[int, int], ...], list[int]] = {}
    for day in range(DAYS):
        hours = tuple(_stretches(week[day]))
        if hours:
            alike.setdefault(hours, []).append(day)
    _ = speech.say
    both = _(" and ")
    return ", ".join(
        f"{_days(days, speech)} {both.join(_hours(start, end, speech) for start, end in hours)}".strip() for hours, days in alike.items()
    )


def _days(days: Sequence[int], speech: Speech) -> str:
    _ = speech.say
    if len(days) == DAYS:
        return _("every day")
    names = _("Mon Tue Wed Thu Fri Sat Sun holidays").split()
    week = [day for day in days if day != HOLIDAY]
    words = _spans(week, names) if week else ""
    return ", ".join(filter(None, [words, names[HOLIDAY] if HOLIDAY in days else ""]))


def _hours(start: int, end: int, speech: Speech) -> str:
    _ = speech.say
    if (start, end) == (0, 1440):
        return _("all day")
    return f"{start // 60:02d}:{start % 60:02d}-{end // 60:02d}:{end % 60:02d}"


def _stretches(day: Mask) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], day.astype(np.int8), [0]])))
    return [(int(start), int(end)) for start, end in edges.reshape(-1, 2)]


def _spans(places: Sequence[int], names: Sequence[str], *, wraps: bool = False) -> str:
    """Places in a row as `first-last`; months may run over the turn of the year."""
    runs = [[place for _, place in run] for _, run in groupby(enumerate(places), lambda pair: pair[1] - pair[0])]
    if wraps and len(runs) > 1 and runs[0][0] == 0 and runs[-1][-1] == len(names) - 1:
        runs = [[*runs[-1], *runs[0]], *runs[1:-1]]
    return ", ".join(names[run[0]] if len(run) == 1 else f"{names[run[0]]}{'-' if len(run) > 2 else ', '}{names[run[-1]]}" for run in runs)
