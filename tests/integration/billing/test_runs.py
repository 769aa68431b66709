"""A run as a whole: what it refuses, what it leaves, and that a second one changes nothing."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest
from django.db import connection, connections, transaction

from billing.models import BillingRun, Document, DocumentLine, LedgerTransaction, Tariff, TariffAssignment, TariffVersion
from billing.selectors.run_summary import summarise, trial_balance
from billing.services.rating import rate_sites
from billing.services.runs import CannotBill, RatedAnew, finish_run, prepare_run, rate_chunk
from billing.services.tariffs import draft_from, publish_version
from energy.adapters.meter_day_rows import MeterDayRow, write_rows
from energy.models import Channel, Meter
from grid.models import PriceDay, SharingDay
from grid.services.day_close import close_day
from tests.integration.billing.conftest import CODES, DAYS, MARCH, NOW, Hamlet, make_hamlet, measure, outcome


def test_numbers_follow_the_sites_codes_without_gaps(hamlet: Hamlet) -> None:
    run = hamlet.bill()
    bills = Document.objects.filter(run=run, kind="bill").order_by("number").values_list("label", "site__code")
    assert list(bills) == [(f"B-2016-{n:06d}", code) for n, code in enumerate(sorted(CODES), start=1)]
    credits = Document.objects.filter(run=run, kind="credit").order_by("number").values_list("label", "site__code")
    assert list(credits) == [(f"C-2016-{n:06d}", code) for n, code in enumerate(["B 9", "C-own", "a 2"], start=1)]


def test_what_neighbours_pay_is_what_neighbours_receive(hamlet: Hamlet) -> None:
    summary = summarise(hamlet.bill())
    assert (summary.members, summary.bills) == (7, 7)
    assert summary.residual_minor == 0
    assert summary.debits_minor == summary.credits_minor > 0
    assert summary.gross_minor == summary.net_minor + summary.vat_minor
    local = DocumentLine.objects.filter(component="local_delivered")
    assert sum(local.values_list("net_minor", flat=True)) > 0


def test_the_books_say_what_the_documents_say(hamlet: Hamlet) -> None:
    run = hamlet.bill()
    balance, summary = trial_balance(hamlet.cooperative), summarise(run)
    sums = {
        component: sum(DocumentLine.objects.filter(component=component).values_list("net_minor", flat=True))
        for component in ("standing", "grid", "incentive", "export")
    }
    assert balance["receivable"] == summary.gross_minor
    assert balance["payable"] == -summary.revenue_minor
    assert balance["vat"] == -summary.vat_minor
    assert balance["local_clearing"] == balance["rounding"] == balance["bank"] == 0
    assert balance["fees"] == -sums["standing"]
    assert balance["energy_sales"] == -sums["grid"]
    assert balance["incentives"] == -sums["incentive"] > 0
    assert balance["energy_purchases"] == sums["export"]
    assert sum(balance.values()) == 0


def test_lines_hold_every_watt_hour_of_the_shared_days(hamlet: Hamlet) -> None:
    hamlet.bill()
    shared = sum(sum(day.shared_wh) for day in SharingDay.objects.all())
    drawn = sum(sum(day.consumption_wh) for day in SharingDay.objects.all())
    quantity = {
        component: sum(DocumentLine.objects.filter(component=component).values_list("quantity", flat=True))
        for component in ("local", "grid", "local_delivered")
    }
    assert quantity["local"] == quantity["local_delivered"] == shared
    assert quantity["local"] + quantity["grid"] == drawn


def test_the_cooperatives_own_site_pays_no_vat(hamlet: Hamlet) -> None:
    hamlet.bill()
    own = Document.objects.get(site__code="C-own", kind="bill")
    assert (own.vat_minor, own.gross_minor) == (0, own.net_minor)
    assert Document.objects.get(site__code="a 2", kind="bill").vat_minor > 0


def test_a_posted_month_stays_as_it_is(hamlet: Hamlet) -> None:
    first = hamlet.bill()
    before = outcome(hamlet.cooperative)
    transactions = LedgerTransaction.objects.count()
    again = hamlet.bill(now=NOW + timedelta(days=40))
    assert (again.pk, again.posted_at) == (first.pk, first.posted_at)
    assert outcome(hamlet.cooperative) == before
    assert LedgerTransaction.objects.count() == transactions


def test_a_chunk_is_rated_once_and_a_run_waits_for_all_of_them(hamlet: Hamlet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("billing.services.runs.CHUNK_SITES", 3)
    run = prepare_run(microgrid=hamlet.microgrid, month=MARCH, now=NOW, days=DAYS)
    chunks = list(run.chunks.order_by("index").values_list("pk", flat=True))
    assert len(chunks) == 3
    assert rate_chunk(chunk_id=chunks[0]) is True
    assert rate_chunk(chunk_id=chunks[0]) is False
    with pytest.raises(CannotBill, match="2 parts of the run are not rated yet"):
        finish_run(run_id=run.pk, now=NOW)
    assert not Document.objects.exclude(status="draft").exists()


def test_chunks_change_no_figure(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, parts = make_hamlet("whole"), make_hamlet("parts")
    whole.bill()
    monkeypatch.setattr("billing.services.runs.CHUNK_SITES", 2)
    parts.bill()
    assert BillingRun.objects.get(microgrid=parts.microgrid).chunks.count() == 4
    assert outcome(parts.cooperative) == outcome(whole.cooperative)


def test_days_that_are_not_closed_are_named(hamlet: Hamlet) -> None:
    with pytest.raises(CannotBill, match=r"29 days are not closed yet: 2016-03-01, 2016-03-02"):
        prepare_run(microgrid=hamlet.microgrid, month=MARCH, now=NOW)
    assert not BillingRun.objects.exists()


def test_sites_without_a_tariff_are_named(hamlet: Hamlet) -> None:
    TariffAssignment.objects.filter(site__code="B 10").delete()
    with pytest.raises(CannotBill, match=r"1 sites have no tariff: B 10"):
        hamlet.bill()


def test_a_site_whose_tariff_begins_too_late_is_named_with_the_day(hamlet: Hamlet) -> None:
    TariffAssignment.objects.filter(site__code="B 10").update(valid_from=DAYS[1])
    with pytest.raises(CannotBill, match=r"Site 'B 10' has no tariff on 2016-03-26"):
        hamlet.bill()
    assert not BillingRun.objects.exists()


def test_a_tariff_that_has_ended_is_named(hamlet: Hamlet) -> None:
    TariffVersion.objects.filter(pk=hamlet.version.pk).update(valid_to=DAYS[1])
    with pytest.raises(CannotBill, match=r"'members' has no published version for 2016-03-27"):
        hamlet.bill()


def test_closed_days_whose_prices_the_clock_missed_are_priced_when_a_run_is_prepared(hamlet: Hamlet) -> None:
    later = [date(2016, 3, 28)]
    measure(hamlet.microgrid, later)
    stood = {row.day: row.published_at for row in PriceDay.objects.filter(microgrid=hamlet.microgrid)}
    assert later[0] not in stood
    assert hamlet.bill(days=[*DAYS, *later]).status == "posted"
    now = {row.day: row.published_at for row in PriceDay.objects.filter(microgrid=hamlet.microgrid)}
    assert now == {**stood, later[0]: now[later[0]]}


def test_without_a_tariff_to_price_local_energy_by_the_missing_mark_is_named(hamlet: Hamlet) -> None:
    later = [date(2016, 3, 28)]
    measure(hamlet.microgrid, later)
    Tariff.objects.update(is_reference=False)
    with pytest.raises(CannotBill, match=r"is marked as reference; mark one"):
        hamlet.bill(days=[*DAYS, *later])


def test_a_tariff_that_changes_within_the_month_splits_every_line(hamlet: Hamlet) -> None:
    draft = draft_from(version=hamlet.version, now=NOW)
    draft.valid_from, draft.energy_per_kwh, draft.export_per_kwh = DAYS[1], Decimal("0.31"), Decimal("0.09")
    draft.incentive_per_kwh, draft.standing_per_day = Decimal("0.02"), Decimal("0.2")
    draft.save()
    publish_version(version=draft, user=None, now=NOW)
    hamlet.bill()
    lines = DocumentLine.objects.filter(document__site__code="B 9").order_by("document__kind", "position")
    prices = [(x.component, x.window, str(x.price)) for x in lines if x.component not in ("local", "local_delivered")]
    assert prices == [
        ("standing", "", "0.105000"),
        ("standing", "", "0.200000"),
        ("grid", "base", "0.270000"),
        ("grid", "evening", "0.324000"),
        ("grid", "base", "0.310000"),
        ("grid", "evening", "0.372000"),
        ("incentive", "", "-0.010000"),
        ("incentive", "", "-0.020000"),
        ("export", "", "0.083000"),
        ("export", "", "0.090000"),
    ]
    assert summarise(BillingRun.objects.get()).residual_minor == 0


def test_readings_that_no_longer_fit_what_was_shared_are_named(hamlet: Hamlet) -> None:
    run = prepare_run(microgrid=hamlet.microgrid, month=MARCH, now=NOW, days=DAYS)
    meter, day = Meter.objects.get(code="b 10"), DAYS[0]
    row = MeterDayRow(day, meter.pk, int(Channel.IMPORT), np.zeros(96, np.int32), np.zeros(96, np.int16), version=2)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE energy_meterday SET is_current = false WHERE meter_id = %s AND day = %s AND channel = 1", [meter.pk, day])
        write_rows(cursor, [row], microgrid_id=hamlet.microgrid.pk, provenance="late", now=NOW, replace=False)
    with pytest.raises(CannotBill, match=r"1 sites no longer fit what was shared \(b 10\)"):
        rate_chunk(chunk_id=run.chunks.get().pk)
    assert not Document.objects.exists()
    close_day(microgrid=hamlet.microgrid, day=day, now=NOW)
    assert rate_chunk(chunk_id=run.chunks.get().pk)


def _measure_again(hamlet: Hamlet, code: str, day: date) -> None:
    """A later version of one site's day: one Wh more in each interval."""
    meter = Meter.objects.get(code=code)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE energy_meterday SET is_current = false WHERE meter_id = %s AND day = %s AND channel = 1 RETURNING values_wh",
            [meter.pk, day],
        )
        [(values,)] = cursor.fetchall()
        more, measured = np.array(values, np.int32) + 1, np.zeros(len(values), np.int16)
        row = MeterDayRow(day, meter.pk, int(Channel.IMPORT), more, measured, version=2)
        write_rows(cursor, [row], microgrid_id=hamlet.microgrid.pk, provenance="late", now=NOW, replace=False)


def test_a_day_closed_again_while_the_run_is_rated_is_rated_anew(hamlet: Hamlet) -> None:
    run = prepare_run(microgrid=hamlet.microgrid, month=MARCH, now=NOW, days=DAYS)
    [chunk] = run.chunks.all()
    rate_chunk(chunk_id=chunk.pk)
    _measure_again(hamlet, "b 10", DAYS[0])
    with pytest.raises(CannotBill, match=f"not final: {DAYS[0]}; close them again"):
        finish_run(run_id=run.pk, now=NOW)
    close_day(microgrid=hamlet.microgrid, day=DAYS[0], now=NOW)
    with pytest.raises(RatedAnew):
        finish_run(run_id=run.pk, now=NOW)
    assert not Document.objects.exists()
    assert rate_chunk(chunk_id=chunk.pk)
    finish_run(run_id=run.pk, now=NOW)
    billed = DocumentLine.objects.filter(document__site__code="b 10", component__in=["local", "grid"])
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sum((SELECT sum(v) FROM unnest(d.values_wh) v)) FROM energy_meterday d JOIN energy_meter m ON m.id = d.meter_id"
            " WHERE m.code = 'b 10' AND channel = 1 AND is_current"
        )
        assert cursor.fetchone() == (sum(billed.values_list("quantity", flat=True)),)


def test_a_month_whose_readings_changed_after_closing_does_not_begin(hamlet: Hamlet) -> None:
    _measure_again(hamlet, "b 10", DAYS[0])
    with pytest.raises(CannotBill, match="not final"):
        prepare_run(microgrid=hamlet.microgrid, month=MARCH, now=NOW, days=DAYS)
    close_day(microgrid=hamlet.microgrid, day=DAYS[0], now=NOW)
    assert hamlet.bill().status == "posted"


def test_a_meter_that_was_taken_out_takes_no_neighbours_figures(hamlet: Hamlet) -> None:
    """A site without a meter is billed its standing charge alone, and nobody's watt-hours move to another row."""
    run = prepare_run(microgrid=hamlet.microgrid, month=MARCH, now=NOW, days=DAYS)
    [chunk] = run.chunks.all()
    consumer = Meter.objects.get(code="Z 1")
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM grid_siteshareday WHERE site_id = %s", [consumer.site_id])
    Meter.objects.filter(pk=consumer.pk).update(removed_at=NOW)
    rate_sites(run=run, site_ids=chunk.site_ids, days=DAYS)
    bill = Document.objects.get(site=consumer.site, kind="bill")
    assert [line.component for line in bill.lines.all()] == ["standing"]
    drawn = {
        code: sum(
            DocumentLine.objects.filter(document__site__code=code, component__in=["local", "grid"]).values_list("quantity", flat=True)
        )
        for code in CODES
    }
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT m.code, (SELECT sum(v) FROM energy_meterday d, unnest(d.values_wh) v WHERE d.meter_id = m.id AND channel = 1)"
            " FROM energy_meter m WHERE m.removed_at IS NULL"
        )
        assert dict(cursor.fetchall()) == {code: wh for code, wh in drawn.items() if code != "Z 1"}


@pytest.mark.django_db(transaction=True)
def test_parts_of_a_run_are_rated_side_by_side(committed_hamlet: Hamlet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("billing.services.runs.CHUNK_SITES", 4)
    run = prepare_run(microgrid=committed_hamlet.microgrid, month=MARCH, now=NOW, days=DAYS)
    first, second = run.chunks.order_by("index").values_list("pk", flat=True)

    def rate_the_second() -> bool:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '5s'")
            return rate_chunk(chunk_id=second)
        finally:
            connections.close_all()

    # Used before, so that no part has to say so: that alone is said by one after the other.
    TariffVersion.objects.filter(used_at__isnull=True).update(used_at=NOW)
    with ThreadPoolExecutor(1) as other, transaction.atomic():
        assert rate_chunk(chunk_id=first)
        assert other.submit(rate_the_second).result()
