"""A month in which everything happens at once: the bills are those that somebody reckons by hand, to the cent and to the Wh."""

from datetime import UTC, date, timedelta

import pytest

from billing.models import Component, Document, PaymentRail
from billing.selectors.corrections import correction_of
from billing.selectors.rounding import rounding_report
from billing.selectors.run_summary import trial_balance
from billing.services.corrections import correct_month
from billing.services.differences import local_change
from billing.services.payments import book_payment, credit_of
from billing.services.payouts import ask_refund
from billing.services.runs import run_month
from energy.domain.quality import METHOD_MASK, Method
from energy.models import Channel, Meter, MeterDay
from grid.models import SharingDay
from kernel.intervals import Month
from members.models import User
from tests.integration.billing.conftest import MARCH, NOW
from tests.integration.billing.full_month import EXCHANGED, FIRST_WH, KEY_CHANGES, LAST_WH, SILENT, FullMonth, Plan, make_full_month
from tests.integration.billing.late import measure_again
from tests.integration.billing.reckoned import assert_equal, documents, refunds_leave, standing, versions, village
from tests.month_reference import Village, bills

LATER = NOW + timedelta(days=20)
PLAN = Plan()
DAYS = PLAN.days


@pytest.fixture
def month(db: None) -> FullMonth:
    return make_full_month()


def test_the_bills_of_a_month_of_everything_are_those_reckoned_by_hand(month: FullMonth) -> None:
    grid, cooperative = month.hamlet.microgrid, month.hamlet.cooperative
    (_, went), (_, came) = month.stays["b 10"]
    run_month(microgrid=grid, month=MARCH, now=NOW)
    before = village(month)
    assert_equal(documents(standing(month)), bills(before))
    _everything_happened(month, before)

    # The one who moved out pays in full; then a day of theirs, and one of a producer's, turn out to have been read wrongly.
    bill = Document.objects.standing().get(member=went, kind="bill")
    book_payment(document=bill, amount_minor=bill.gross_minor, rail=PaymentRail.BANK, external_ref="all of it", received_at=NOW, now=NOW)
    measure_again(month.hamlet, "b 10", date(2016, 3, 10), -60)
    measure_again(month.hamlet, "B 9", date(2016, 3, 27), 35, channel=Channel.EXPORT)
    run = correct_month(microgrid=grid, month=MARCH, now=LATER)
    after = bills(village(month))
    assert_equal(documents(standing(month)), after)
    change = local_change(run)
    assert change.paid_minor == change.received_minor
    reversed_ = {d.cancels_id: d for d in run.documents.filter(cancels__isnull=False)}
    for old, reversal in reversed_.items():
        assert reversal.gross_minor == Document.objects.get(pk=old).gross_minor
    new = Document.objects.standing().get(member=went, kind="bill")
    told = correction_of(new)
    assert told is not None and told.difference_minor == new.gross_minor - bill.gross_minor < 0

    # What was paid beyond it is refunded to the one who moved out, not to who lives there now.
    credit = bill.gross_minor - new.gross_minor
    assert credit_of(went) == credit > 0 and credit_of(came) == 0
    user = User.objects.create_user("treasurer@march.example")
    ask_refund(member=went, amount_minor=credit, iban="DE02120300000000202051", why="moved out", user=user, now=LATER)
    refunds_leave(month, LATER)
    assert credit_of(went) == 0
    assert trial_balance(cooperative)["transit"] == -credit
    lines = rounding_report(cooperative, Month(2016, 4))
    assert {"standing", "local", "grid", "spot", "incentive", "export"} <= {line.component for line in lines}
    assert all(line.is_within for line in lines)
    balance = trial_balance(cooperative)
    assert sum(balance.values()) == balance["local_clearing"] == balance.get("rounding", 0) == 0


def _everything_happened(month: FullMonth, before: Village) -> None:
    """The month holds what it is called after."""
    papers = documents(standing(month))
    of = {key[0]: key for key in papers if key[3] == "bill"}
    assert {line[0] for line in papers[of["Ä 1"]].lines} == {"standing"}  # zero use
    spot = [line for line in papers[of["Z 1"]].lines if line[0] == Component.SPOT]
    drawn, hourly = before.drawn["Z 1"], versions(month)[-1]
    assert spot and any(  # at negative prices, and there was something to pay for
        hourly.energy(start.hour, before.index[start.astimezone(UTC)])[2] < 0 < drawn[day][place]
        for day in DAYS
        for place, start in enumerate(before.starts[day])
    )
    # Two keys in one month, and under each of them something was shared.
    for first, after in ((DAYS[0], KEY_CHANGES), (KEY_CHANGES, DAYS[-1] + timedelta(days=1))):
        of_key = SharingDay.objects.filter(microgrid=month.hamlet.microgrid, day__gte=first, day__lt=after, is_current=True)
        assert {row.key for row in of_key} == {"dynamic" if first == DAYS[0] else "static"}
        assert sum(sum(row.shared_wh) for row in of_key) > 0
    roof = next(paper for key, paper in papers.items() if key[0] == "B 9" and key[3] == "credit")
    assert roof.gross > papers[of["B 9"]].gross  # owed more than it owes
    assert {len(starts) for starts in before.starts.values()} == {92, 96}
    silent = MeterDay.objects.get(
        meter_id=Meter.objects.get(site=month.site("B 10")).pk, day=SILENT, channel=int(Channel.IMPORT), is_current=True
    )
    assert sum((flag & METHOD_MASK) != Method.MEASURED for flag in silent.quality) == 20 and sum(silent.values_wh[40:60]) > 0
    meter = Meter.objects.get(site=month.site("a 2"))
    assert meter.exchanges.get().exchanged_at.date() == EXCHANGED
    changed = MeterDay.objects.get(meter_id=meter.pk, day=EXCHANGED, channel=int(Channel.IMPORT), is_current=True)
    # What was not heard is what both registers say beyond what was: the estimate loses nothing at the exchange.
    assert changed.register_start_wh and changed.register_end_wh and sum(changed.values_wh[PLAN.exchange.intervals]) > 0
    assert sum(changed.values_wh) == LAST_WH - changed.register_start_wh + changed.register_end_wh - FIRST_WH
    assert {key[1] for key in papers if key[0] == "b 10"} == {member.number for _, member in month.stays["b 10"]}
    assert len([line for line in papers[of["B 10"]].lines if line[0] == "standing"]) == 2  # two versions
