"""The third register of a site meter: signed, imported, estimated, checked, exchanged as the others, and refused where it is not counted."""

from datetime import timedelta
from typing import Any

import pytest

from energy.domain.exchange import CannotExchange, HandOver
from energy.domain.quality import METHOD_MASK, Method
from energy.domain.telemetry import IntervalBlock
from energy.models import Channel, ImportStatus, MeterDay
from energy.selectors.register_readings import register_readings, register_readings_by_site
from energy.services.day_close import finalise_day
from energy.services.evidence import check_evidence
from energy.services.exchanges import exchange_meter
from tests.integration.energy.conftest import FIRST_DAY, REAL_NOW, Sender
from tests.integration.energy.test_imports import staged

DAY = FIRST_DAY + timedelta(days=2)


def reactive(sender: Sender, first: int, values: list[int], register: int) -> IntervalBlock:
    """Some intervals of the day, with the register before and after them [varh]."""
    start = sender.microgrid.local_day(DAY).start_at + timedelta(minutes=15 * first)
    return IntervalBlock("reactive", start, 900, tuple(values), register, register + sum(values))


def stored(sender: Sender) -> MeterDay:
    return MeterDay.objects.get(meter_id=sender.meter.pk, day=DAY, channel=Channel.REACTIVE, is_current=True)


def test_it_is_refused_where_the_meter_does_not_count_it(sender: Sender, accept: Any) -> None:
    [receipt] = accept(sender.message(blocks=[reactive(sender, 0, [5] * 96, 700)]))
    assert (receipt.outcome, receipt.reason) == ("refused", "wrong_channel")
    file = f"meter;channel;time;value\n{sender.meter.code};reactive;2016-03-28 00:00;5\n"
    faulty = staged(sender.microgrid, file, "long")
    assert faulty.status == ImportStatus.FAULTY
    assert "counts no reactive energy" in faulty.problems.get().what


def test_what_is_signed_is_kept_and_what_is_missing_comes_from_the_register(sender: Sender, accept: Any) -> None:
    sender.meter.reactive_from = DAY
    sender.meter.save()
    morning, evening = reactive(sender, 0, [5] * 40, 700), reactive(sender, 44, [7] * 52, 948)
    receipts = accept(sender.message(blocks=[morning]), sender.message(blocks=[evening]))
    assert {receipt.outcome for receipt in receipts} == {"accepted"}
    finalise_day(microgrid=sender.microgrid, day=DAY, now=sender.microgrid.now(REAL_NOW))
    row = stored(sender)
    assert (row.register_start_wh, row.register_end_wh) == (700, 948 + 52 * 7)
    # Between the two messages the register counted 948 - 900 = 48.
    assert sum(row.values_wh[40:44]) == 48
    assert {q & METHOD_MASK for q in row.quality[40:44]} == {Method.CALCULATED}
    site = sender.meter.site
    [found] = [r for r in register_readings(site=site, days=[DAY]) if r.channel == "reactive"]
    assert (found.unit, found.start_wh, found.end_wh, found.estimated_intervals) == ("varh", 700, 1312, 4)
    assert found in register_readings_by_site(microgrid=sender.microgrid, sites=[site], days=[DAY])[site.pk]
    assert [f for f in check_evidence(microgrid=sender.microgrid, days=[DAY]) if "reactive" in f.what] == []
    # The day before it counted nothing, and nothing is expected of it.
    finalise_day(microgrid=sender.microgrid, day=FIRST_DAY, now=sender.microgrid.now(REAL_NOW))
    assert not MeterDay.objects.filter(day=FIRST_DAY, channel=Channel.REACTIVE).exists()


def test_an_operator_s_file_and_an_exchange_bring_it_too(sender: Sender, accept: Any) -> None:
    sender.meter.reactive_from = DAY
    sender.meter.save()
    lines = ["Zählpunkt;OBIS;Von;Bis;Wert;Einheit;Status"]
    for start in sender.microgrid.local_day(DAY).local_starts()[:4]:
        lines.append(f"{sender.meter.code};1-1:3.29.0;{start:%d.%m.%Y %H:%M};;0,012;kvarh;W")
    found = staged(sender.microgrid, "\n".join(lines).encode(), "load_profile")
    assert (found.status, found.total_wh) == (ImportStatus.STAGED, 48)
    at = sender.microgrid.local_day(DAY).start_at + timedelta(hours=8)
    hands = {"import": HandOver(70_325, 7), "export": HandOver(0, 0)}
    asked = {"meter": sender.meter, "exchanged_at": at, "new_serial": "2", "now": REAL_NOW, "by": None}
    with pytest.raises(CannotExchange, match="reactive"):
        exchange_meter(registers=hands, **asked)
    exchange = exchange_meter(registers=hands | {"reactive": HandOver(948, 3)}, **asked).exchange
    assert str(exchange.registers.get(channel=Channel.REACTIVE)) == "reactive: 948 varh, then 3 varh"
