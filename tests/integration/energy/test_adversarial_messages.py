"""Five thousand messages as nobody should send them; `script/bench adversarial` does the same with a hundred thousand."""

from collections.abc import Callable, Sequence

import pytest
from django.db import connection

from benchmarks.adversarial import attack, make_attack
from benchmarks.rereading import compare, read_again
from energy.models import DeviceAlarm, Microgrid, RefusalCount
from energy.services.telemetry import Receipt
from tests.integration.energy.conftest import REAL_NOW

MESSAGES, SEED = 5_000, 20160329


@pytest.mark.django_db
def test_each_is_refused_with_a_reason_or_accepted_once(microgrid: Microgrid, accept: Callable[..., list[Receipt]]) -> None:
    plan = make_attack(microgrid, REAL_NOW, microgrid.now(REAL_NOW), SEED)

    def hand_in(bodies: Sequence[bytes]) -> list[Receipt]:
        return accept(*bodies)

    outcome = attack(plan.attempts(MESSAGES), hand_in, batches=SEED)
    assert outcome.messages == MESSAGES
    assert outcome.wrong == []
    assert outcome.log == []
    with connection.cursor() as cursor:
        found = read_again(cursor, microgrid.pk)
        assert compare(cursor, microgrid.pk, microgrid.time_zone, found) == []
    assert found.messages == outcome.outcomes["accepted"] > 500
    refused = MESSAGES - outcome.outcomes["accepted"] - outcome.outcomes["replayed"]
    assert sum(RefusalCount.objects.values_list("count", flat=True)) == refused
    assert DeviceAlarm.objects.filter(kind="refusals").exists()


@pytest.mark.django_db
def test_a_changed_meter_day_is_found_by_the_other_reader(microgrid: Microgrid, accept: Callable[..., list[Receipt]]) -> None:
    """The comparison above can fail."""
    plan = make_attack(microgrid, REAL_NOW, microgrid.now(REAL_NOW), SEED)
    attack(plan.attempts(200), lambda bodies: accept(*bodies), batches=SEED)
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE energy_meterday SET values_wh[5] = values_wh[5] + 1
               WHERE (day, meter_id, channel) = (SELECT day, meter_id, channel FROM energy_meterday
                                                 WHERE quality[5] & 15 = 0 LIMIT 1)"""
        )
        assert cursor.rowcount == 1
        assert len(compare(cursor, microgrid.pk, microgrid.time_zone, read_again(cursor, microgrid.pk))) == 1
