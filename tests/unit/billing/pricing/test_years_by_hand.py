"""Tariffs of all kinds over a leap year whose clocks change: by our own conventions what somebody reckons hour by hour, to the cent."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from benchmarks.load_kinds import LOADS, Energy
from benchmarks.tariff_kinds import KINDS
from billing.domain.pricing.axis import axis_of_starts
from billing.domain.pricing.engine import rate
from billing.domain.pricing.metered import Metered
from billing.domain.pricing.urdb import Metering, tariff_from_urdb
from tests.tariff_reference import bills

BERLIN = ZoneInfo("Europe/Berlin")
FIRST, AFTER = (datetime(year, 1, 1, tzinfo=BERLIN).astimezone(UTC) for year in (2016, 2017))
STARTS = [(FIRST + timedelta(hours=i)).astimezone(BERLIN) for i in range((AFTER - FIRST) // timedelta(hours=1))]
AXIS = axis_of_starts(STARTS, 60)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "power of months before"])
def test_a_year_by_any_kind_of_tariff_is_what_it_is_by_hand(kind: str) -> None:
    random = np.random.default_rng([len(kind), *kind.encode()])
    load = LOADS[str(random.choice(list(LOADS)))](random)
    drawn, fed_in = (np.rint(np.resize(kwh, len(STARTS)) * 1000).astype(np.int64) for kwh in load)
    # Our two registers may both run within an hour.
    fed_in += random.integers(0, 300, len(fed_in)) * (random.random(len(fed_in)) < 0.1)
    tariff = json.loads(json.dumps(KINDS[kind](random, Energy(*load))), parse_float=Decimal)
    metering: Metering = "net-billing" if random.random() < 0.5 else "none"
    read = tariff_from_urdb(tariff, metering=metering, tier_rule="chronological")
    sold = fed_in if metering != "none" else np.zeros_like(fed_in)
    rated = rate(read.tariff, AXIS, Metered(drawn[None], sold[None]))
    said = [
        {
            "fixed": int(rated.of("standing")[0, m]),
            "energy": int(rated.of("energy")[0, m]),
            "demand": int(rated.of("demand")[0, m]),
            "export_credit": -int(rated.of("export_credit")[0, m]),
            "minimum": int(rated.of("minimum")[0, m]),
            "total": int(rated.net[0, m]),
        }
        for m in range(12)
    ]
    assert said == bills(tariff, STARTS, drawn.tolist(), fed_in.tolist(), metering == "net-billing")
