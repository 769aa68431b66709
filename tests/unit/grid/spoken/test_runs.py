"""What a result kept of its plan in English is read back as the plan would have said it in German."""

from itertools import product

import numpy as np
import pytest

from grid.domain.planning.flexible_runs import OpenRun, reason_of
from grid.domain.planning.run_words import ENGLISH, GERMAN
from grid.domain.spoken.book import in_language
from grid.domain.spoken.runs import RUNS
from kernel.phrases import PLACE

CLOCK = [f"{h:02d}:{m:02d}" for h in range(4) for m in (0, 15, 30, 45)]
POWERS = {
    "all": [1000.0] * 16,
    "one": [0.0] * 4 + [1000.0] * 4 + [0.0] * 8,
    "two": [1000.0] * 2 + [0.0] * 12 + [1000.0] * 2,
    "four": [1000.0, 0, 0, 0] * 4,
    "nothing": [0.0] * 16,
}
PRICES = {"flat": [0.3] * 16, "falling": np.linspace(0.6, 0.05, 16).tolist()}


@pytest.mark.parametrize("power, price, left", list(product(POWERS, PRICES, (0.0, 1000.0, 4000.0, 9999.0))))
def test_a_kept_reason_is_said_in_german_as_a_plan_would(power: str, price: str, left: float) -> None:
    run = OpenRun("car", energy_wh=left, told_wh=0.0, power_w=1000.0, start_hours=0.0, ready_hours=4.0, may_pause=True)
    words = (run, np.array(POWERS[power]), np.array(PRICES[price]), 0.25, CLOCK)
    english, german = reason_of(*words, ENGLISH), reason_of(*words, GERMAN)
    assert in_language(english, "de") == german
    assert in_language(english, "en") == english


@pytest.mark.parametrize("phrase", RUNS, ids=lambda phrase: phrase.english[:60])
def test_each_shape_is_read_back(phrase) -> None:
    kinds = {"n": "7", "c": "12:00", "q": "the plan's end", None: "x"}
    english = PLACE.sub(lambda place: kinds[place[2]], phrase.english)
    german = in_language(english, "de")
    assert german != english and german.count("7") == english.count("7")
    assert german.count("Ende des Plans") == english.count("the plan's end")
