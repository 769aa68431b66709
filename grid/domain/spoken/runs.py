"""Why a run was planned when it was, as its plan said it and as its result keeps it: made of the same words, so that both languages go together."""

import re

from grid.domain.planning.run_words import ENGLISH, GERMAN, RunWords
from kernel.phrases import Phrase

KIND = re.compile(r":[a-z]\}")
# The first stretches of time, by name of their places; beyond the second they are only counted.
STRETCHES = ((("a", "b"),), (("a", "b"), ("c", "d")))


def _times(words: RunWords, stretches: tuple[tuple[str, str], ...], is_more: bool) -> str:
    told = [words.stretch.format(begin=f"{{{begin}:c}}", end=f"{{{end}:q}}") for begin, end in stretches]
    if is_more:
        return words.both.join([", ".join(told), words.more.format(count="{count:n}")])
    return words.both.join(told)


def _sentences(words: RunWords) -> list[str]:
    """All that is said of a run in one language, with places."""
    tails = [
        words.too_little.format(missing="{missing:n}", left="{left:n}", until="{until:q}"),
        words.all_its_time,
        words.cheaper.format(full="{full:n}", saved="{saved:n}"),
        words.no_later,
    ]
    times = [_times(words, STRETCHES[0], False), _times(words, STRETCHES[1], False), _times(words, STRETCHES[1], True)]
    runs = [words.runs.format(times=time, worth="{worth:n}") + tail for time in times for tail in tails]
    return [words.had_all, words.no_time, words.no_room.format(until="{until:q}"), words.plans_end, *runs]


RUNS = tuple(Phrase(english, KIND.sub("}", german)) for english, german in zip(_sentences(ENGLISH), _sentences(GERMAN), strict=True))
