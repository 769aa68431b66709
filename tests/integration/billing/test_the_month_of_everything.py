"""A month in which everything happens at once: the bills are those that somebody reckons by hand, to the cent and to the Wh."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest

from billing.models import Component, Document, PaymentRail
from billing.selectors.corrections import correction_of
from billing.selectors.rounding import rounding_report
from billing.selectors.run_summary import trial_balance
from billing.services.bank_orders import release_order
from billing.services.corrections import correct_month
from billing.services.differences import local_change
from billing.services.payments import book_payment, credit_of
from billing.services.payouts import ask_refund, prepare_payouts
from billing.services.runs import run_month
from energy.domain.quality import METHOD_MASK, Method
from energy.models import Channel, Meter, MeterDay
from grid.models import SharingDay
from kernel.intervals import Month
from members.models import Cooperative, User
from tests.integration.billing.conftest import MARCH, NOW
from tests.integration.billing.full_month import (
    DAYS,
    EXCHANGED,
    FIRST_WH,
    KEY_CHANGES,
    LAST_WH,
    MOVED,
    SHARES,
    SILENT,
    TARIFF_CHANGES,
    UNHEARD,
    FullMonth,
    index_at,
    make_full_month,
)
from tests.integration.billing.late import measure_again
from tests.month_reference import Key, Paper, Stay, Version, Village, bills

LATER = NOW + timedelta(days=20)
BERLIN = ZoneInfo("Europe/Berlin")


def F(text: str) -> Fraction:
    return Fraction(text)


VERSIONS = [
    Version("members", date(2016, 1, 1), F("0.105"), F("0.27"), F("0.324"), F("0.083"), F("0.01"), F("0.19")),
    Version("members", TARIFF_CHANGES, F("0.125"), F("0.312"), F("0.39"), F("0.071"), F("0.01"), F("0.19")),
    Version("own-sites", date(2016, 1, 1), F("0"), F("0.27"), F("0.324"), F("0.083"), F("0.01"), F("0.19")),
    Version(
        "hourly",
        date(2016, 1, 1),
        F("0.08"),
        F("0"),
        F("0"),
        F("0.05"),
        F("0"),
        F("0.19"),
        F("1.2"),
        F("0.02"),
    ),
]


@pytest.fixture
def month(db: None) -> FullMonth:
    return make_full_month()


def readings(month: FullMonth, channel: Channel) -> dict[str, dict[date, list[int]]]:
    meters = dict(Meter.objects.filter(microgrid=month.hamlet.microgrid).values_list("pk", "site__code"))
    found: dict[str, dict[date, list[int]]] = {code: {} for code in meters.values()}
    rows = MeterDay.objects.filter(meter_id__in=meters, channel=int(channel), is_current=True, day__in=DAYS)
    for meter_id, day, values in rows.values_list("meter_id", "day", "values_wh"):
        found[meters[meter_id]][day] = values
    return found


def quarter_hours(day: date) -> list[datetime]:
    """From midnight to midnight by the clock on the wall; nothing of the project's calendar is used."""
    first, after = (
        datetime.combine(d, time(), BERLIN).astimezone(UTC) for d in (day, day + timedelta(days=1))
    )
    return [
        (first + timedelta(minutes=15) * i).astimezone(BERLIN)
        for i in range((after - first) // timedelta(minutes=15))
    ]


def village(month: FullMonth) -> Village:
    """What a meter reader and the notice board know."""
    grid = month.hamlet.microgrid
    sites = list(grid.sites.select_related("member"))
    stays = {site.code: [Stay(site.member.number, DAYS[0], DAYS[-1])] for site in sites}
    stays["b 10"] = [Stay(month.went.number, DAYS[0], MOVED - timedelta(days=1)), Stay("88", MOVED, DAYS[-1])]
    tariff_of = {site.code: "members" for site in sites} | {"C-own": "own-sites", "Z 1": "hourly"}
    starts = {day: quarter_hours(day) for day in DAYS}
    hours = {
        s.replace(minute=0, tzinfo=None): s.astimezone(UTC).replace(minute=0)
        for of_day in starts.values()
        for s in of_day
    }
    return Village(
        DAYS, starts, readings(month, Channel.IMPORT), readings(month, Channel.EXPORT), stays, tariff_of, VERSIONS, "members",
        [(DAYS[0], None), (KEY_CHANGES, {code: F(share) for code, share in SHARES.items()})],
        {local: Fraction(index_at(utc)) for local, utc in hours.items()}, {s.member.number for s in sites if s.member.is_cooperative},
    )  # fmt: skip


def documents(found: Sequence[Document]) -> dict[Key, Paper]:
    return {
        (d.site.code, d.member.number, d.first_day, d.kind): Paper(
            sorted((x.component, x.window, x.quantity, x.net_minor) for x in d.lines.all()),
            d.net_minor,
            d.vat_minor,
        )
        for d in found
    }


def standing(month: FullMonth) -> list[Document]:
    rows = Document.objects.standing().filter(cooperative=month.hamlet.cooperative)
    return list(rows.select_related("site", "member").prefetch_related("lines"))


def assert_equal(said: dict[Key, Paper], reckoned: dict[Key, Paper]) -> None:
    assert said.keys() == reckoned.keys()
    for key, paper in reckoned.items():
        assert said[key].lines == paper.lines, key
        assert (said[key].net, said[key].vat) == (paper.net, paper.vat), key


def test_the_bills_of_a_month_of_everything_are_those_reckoned_by_hand(month: FullMonth) -> None:
    grid, cooperative = month.hamlet.microgrid, month.hamlet.cooperative
    run_month(microgrid=grid, month=MARCH, now=NOW)
    before = village(month)
    assert_equal(documents(standing(month)), bills(before))
    _everything_happened(month, before)

    # The one who moved out pays in full; then a day of theirs, and one of a producer's, turn out to have been read wrongly.
    bill = Document.objects.standing().get(member=month.went, kind="bill")
    book_payment(
        document=bill,
        amount_minor=bill.gross_minor,
        rail=PaymentRail.BANK,
        external_ref="all of it",
        received_at=NOW,
        now=NOW,
    )
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
    new = Document.objects.standing().get(member=month.went, kind="bill")
    told = correction_of(new)
    assert told is not None and told.difference_minor == new.gross_minor - bill.gross_minor < 0

    # What was paid beyond it is refunded to the one who moved out, not to who lives there now.
    credit = bill.gross_minor - new.gross_minor
    assert credit_of(month.went) == credit > 0 and credit_of(month.came) == 0
    user = User.objects.create_user("treasurer@march.example")
    ask_refund(
        member=month.went,
        amount_minor=credit,
        iban="DE02120300000000202051",
        why="moved out",
        user=user,
        now=LATER,
    )
    _refunded(month, credit)
    lines = rounding_report(cooperative, Month(2016, 4))
    assert {"standing", "local", "grid", "spot", "incentive", "export"} <= {line.component for line in lines}
    assert all(line.is_within for line in lines)
    balance = trial_balance(cooperative)
    assert sum(balance.values()) == balance["local_clearing"] == balance.get("rounding", 0) == 0


def _refunded(month: FullMonth, credit: int) -> None:
    """The money leaves with an order that a second person releases."""
    Cooperative.objects.filter(pk=month.hamlet.cooperative.pk).update(iban="DE89370400440532013000")
    cooperative = Cooperative.objects.get(pk=month.hamlet.cooperative.pk)
    prepares, releases = (User.objects.create_user(f"{name}@march.example") for name in ("one", "two"))
    order = prepare_payouts(cooperative=cooperative, user=prepares, now=LATER)
    release_order(order=order, user=releases, now=LATER)
    assert credit_of(month.went) == 0
    assert trial_balance(cooperative)["transit"] == -credit


def _everything_happened(month: FullMonth, before: Village) -> None:
    """The month holds what it is called after."""
    papers = documents(standing(month))
    of = {key[0]: key for key in papers if key[3] == "bill"}
    assert {line[0] for line in papers[of["Ä 1"]].lines} == {"standing"}  # zero use
    spot = [line for line in papers[of["Z 1"]].lines if line[0] == Component.SPOT]
    drawn = before.drawn["Z 1"]
    assert spot and any(  # at negative prices, and there was something to pay for
        VERSIONS[3].energy(start.hour, before.index[start.replace(minute=0, tzinfo=None)])[2] < 0 < drawn[day][place]
        for day in DAYS for place, start in enumerate(before.starts[day])
    )  # fmt: skip
    # Two keys in one month, and under each of them something was shared.
    for first, after in ((DAYS[0], KEY_CHANGES), (KEY_CHANGES, DAYS[-1] + timedelta(days=1))):
        of_key = SharingDay.objects.filter(
            microgrid=month.hamlet.microgrid, day__gte=first, day__lt=after, is_current=True
        )
        assert {row.key for row in of_key} == {"dynamic" if first == DAYS[0] else "static"}
        assert sum(sum(row.shared_wh) for row in of_key) > 0
    roof = next(paper for key, paper in papers.items() if key[0] == "B 9" and key[3] == "credit")
    assert roof.gross > papers[of["B 9"]].gross  # owed more than it owes
    assert {len(starts) for starts in before.starts.values()} == {92, 96}
    silent = MeterDay.objects.get(
        meter_id=Meter.objects.get(site=month.site("B 10")).pk,
        day=SILENT,
        channel=int(Channel.IMPORT),
        is_current=True,
    )
    assert (
        sum((flag & METHOD_MASK) != Method.MEASURED for flag in silent.quality) == 20
        and sum(silent.values_wh[40:60]) > 0
    )
    meter = Meter.objects.get(site=month.site("a 2"))
    assert meter.exchanges.get().exchanged_at.date() == EXCHANGED
    changed = MeterDay.objects.get(
        meter_id=meter.pk, day=EXCHANGED, channel=int(Channel.IMPORT), is_current=True
    )
    # What was not heard is what both registers say beyond what was: the estimate loses nothing at the exchange.
    assert changed.register_start_wh and changed.register_end_wh and sum(changed.values_wh[UNHEARD]) > 0
    assert sum(changed.values_wh) == LAST_WH - changed.register_start_wh + changed.register_end_wh - FIRST_WH
    assert {key[1] for key in papers if key[0] == "b 10"} == {month.went.number, month.came.number}
    assert len([line for line in papers[of["B 10"]].lines if line[0] == "standing"]) == 2  # two versions
