"""The rolling plan: always an answer, stored with what it was made from, followed by control, shown with its reasons."""

from datetime import timedelta

import numpy as np
import pytest
from django.urls import reverse
from django.utils import timezone

from energy.models import ForecastKind, ForecastQuantity, ForecastRun, Line, MeterForecast, StorageUnit
from grid.models import Plan, PlanRule, PlanSource, StoragePlan
from grid.selectors.network import forget_networks
from grid.selectors.plan_wires import wires_under
from grid.selectors.plans import foreseen_from, standing_plan, storages_of
from grid.services.planning import make_plan
from grid.services.prices import publish_prices
from members.models import Role
from tests.integration.grid.conftest import SHOWN_NOW, user_with
from tests.stored_plan import faults_of

pytestmark = pytest.mark.django_db
QUARTER = timedelta(minutes=15)


@pytest.fixture
def priced(microgrid):
    """Prices of two days: a cheap night, a dear evening."""
    for ahead in range(2):
        day = SHOWN_NOW.astimezone(microgrid.zone).date() + timedelta(days=ahead)
        count = microgrid.local_day(day).interval_count
        hours = np.arange(count) // 4
        retail = np.where((hours >= 22) | (hours < 6), 200_000, np.where((hours >= 17) & (hours < 21), 380_000, 300_000))
        publish_prices(
            microgrid=microgrid,
            day=day,
            window_names=["all"],
            windows=[0] * count,
            retail_micro=retail.tolist(),
            feed_in_micro=[80_000] * count,
            local_micro=[190_000] * count,
            now=SHOWN_NOW,
        )
    return microgrid


@pytest.fixture
def unpriced(microgrid):
    """A forecast of a day and a night from an hour ago."""
    origin = SHOWN_NOW.replace(minute=0) - timedelta(hours=1)
    run = ForecastRun.objects.create(
        microgrid=microgrid,
        kind=ForecastKind.INTRADAY,
        origin_at=origin,
        made_at=origin,
        interval_minutes=15,
        horizon=100,
        model_version="1",
        weather="none",
    )
    for quantity, middle in ((ForecastQuantity.CONSUMPTION, 900), (ForecastQuantity.PRODUCTION, 200)):
        MeterForecast.objects.create(
            run=run, quantity=quantity, p10_wh=[middle // 2] * 100, p50_wh=[middle] * 100, p90_wh=[middle * 2] * 100, from_like_days=True
        )
    return microgrid


@pytest.fixture
def foreseen(unpriced, priced):
    PlanRule.objects.create(microgrid=priced, peak_micro_per_kw=5_000_000)
    return priced


def test_a_plan_is_made_once_and_keeps_what_it_was_made_from(foreseen):
    plan = make_plan(microgrid=foreseen, now=SHOWN_NOW + timedelta(minutes=3))
    assert (plan.source, plan.status, plan.origin_at) == (PlanSource.LEAST_COST, "optimal", SHOWN_NOW)
    assert plan.settings["peak_micro_per_kw"] == 5_000_000
    assert plan.forecast_at == SHOWN_NOW - timedelta(hours=1)
    assert len(plan.use_w) == 96 and len(plan.sentences) == 96 and plan.sentences[0]
    assert make_plan(microgrid=foreseen, now=SHOWN_NOW + timedelta(minutes=9)) == plan
    assert Plan.objects.count() == 1


def test_the_band_of_the_net_power_is_the_forecasts_own_where_it_has_one(foreseen):
    independent = foreseen_from(foreseen, SHOWN_NOW).net
    assert independent.high_w[0] - independent.middle_w[0] == pytest.approx(np.hypot(3600, 400))
    ForecastRun.objects.update(
        net_p10_wh=[600] * 100, net_p50_wh=[710] * 100, net_p90_wh=[900] * 100, net_persistence_permille=[*range(100)]
    )
    told = foreseen_from(foreseen, SHOWN_NOW)
    own = told.net
    assert (told.persistence[:2] * 1000).tolist() == [4, 5]  # foreseen an hour ago
    assert (own.low_w[0], own.middle_w[0], own.high_w[0]) == (2400, 2840, 3600)
    assert len(own.middle_w) == len(independent.middle_w) == 96


def test_a_plan_balances_and_keeps_the_storages_limits(foreseen):
    plan = make_plan(microgrid=foreseen, now=SHOWN_NOW)
    net = np.array(plan.use_w) - np.array(plan.production_w)
    for row in plan.storages.select_related("storage"):
        charge, discharge, soc = (np.array(getattr(row, n)) for n in ("charge_w", "discharge_w", "soc_wh"))
        assert not (charge * discharge).any()
        assert charge.max() <= row.storage.charge_max_w + 1
        assert (soc >= row.storage.soc_min_wh - 1).all() and (soc <= row.storage.soc_max_wh + 1).all()
        net = net + charge - discharge
    assert np.abs(net - (np.array(plan.import_w) - np.array(plan.export_w))).max() <= 4
    assert sum(row.discharge_w[28] for row in plan.storages.all()) > 0  # 19:00 is dear


def test_control_follows_a_plan_as_long_as_it_stands(foreseen):
    plan = make_plan(microgrid=foreseen, now=SHOWN_NOW)
    standing = standing_plan(foreseen, storages_of(foreseen), SHOWN_NOW + QUARTER)
    first, second = standing.targets_at(SHOWN_NOW), standing.targets_at(SHOWN_NOW + QUARTER)
    assert len(first.measured_w) == len(plan.answer_w) > 0
    assert not len(second.measured_w)
    assert standing.targets_at(SHOWN_NOW + timedelta(hours=7)) is None
    assert standing.targets_at(SHOWN_NOW - QUARTER) is None


def test_without_a_new_forecast_the_last_plan_moves_on(foreseen):
    first = make_plan(microgrid=foreseen, now=SHOWN_NOW)
    ForecastRun.objects.all().delete()
    second = make_plan(microgrid=foreseen, now=SHOWN_NOW + QUARTER)
    assert second.source == PlanSource.SHIFTED
    assert second.use_w == first.use_w[1:]
    assert "no forecast" in second.reasons[0]
    moved = StoragePlan.objects.get(plan=second, storage=first.storages.first().storage)
    assert moved.charge_w == first.storages.first().charge_w[1:]


def test_when_time_runs_out_the_last_plan_moves_on_from_what_is_really_stored(foreseen):
    """One battery is empty where it was to give, the other full where it was to take; six hours later nothing is known any more."""
    first = make_plan(microgrid=foreseen, now=SHOWN_NOW)
    empty, full = storages_of(foreseen)
    StorageUnit.objects.filter(pk=empty.pk).update(soc_wh=500, soc_min_wh=500, self_discharge_per_day="0.02")
    StorageUnit.objects.filter(pk=full.pk).update(soc_wh=full.soc_max_wh)
    stored = {empty.pk: 500, full.pk: full.soc_max_wh}
    for quarters in (1, 2):
        plan = make_plan(microgrid=foreseen, now=SHOWN_NOW + quarters * QUARTER, patience_s=0.0)
        assert (plan.source, len(plan.use_w)) == (PlanSource.SHIFTED, 96 - quarters)
        assert "time ran out" in plan.reasons[0]
        assert faults_of(plan, stored) == []
        assert plan.use_w == first.use_w[quarters:]
    assert plan.storages.get(storage=empty).charge_w[0] > 0  # its lower limit needs it, whatever was planned
    assert make_plan(microgrid=foreseen, now=SHOWN_NOW + 24 * QUARTER, patience_s=0.0).source == PlanSource.SHIFTED
    last = make_plan(microgrid=foreseen, now=SHOWN_NOW + 25 * QUARTER, patience_s=0.0)
    assert (last.source, last.use_w) == (PlanSource.RULE, [])
    assert "time ran out" in last.reasons[0]
    assert make_plan(microgrid=foreseen, now=SHOWN_NOW + 26 * QUARTER).source == PlanSource.LEAST_COST


def test_when_time_runs_out_before_there_was_any_plan_the_plain_rule_is_the_answer(foreseen):
    plan = make_plan(microgrid=foreseen, now=SHOWN_NOW, patience_s=0.0)
    assert (plan.source, plan.use_w, list(plan.storages.all())) == (PlanSource.RULE, [], [])
    assert "time ran out" in plan.reasons[0]


def test_a_battery_that_the_last_plan_did_not_know_rests_while_it_moves_on(foreseen):
    first = make_plan(microgrid=foreseen, now=SHOWN_NOW)
    new, known = storages_of(foreseen)
    first.storages.filter(storage=new).delete()
    plan = make_plan(microgrid=foreseen, now=SHOWN_NOW + QUARTER, patience_s=0.0)
    resting = plan.storages.get(storage=new)
    assert not any(resting.charge_w) and not any(resting.discharge_w)
    assert plan.storages.get(storage=known).charge_w == first.storages.get(storage=known).charge_w[1:]


def test_without_anything_the_plain_rule_is_the_answer_and_names_what_is_missing(microgrid):
    plan = make_plan(microgrid=microgrid, now=SHOWN_NOW)
    assert (plan.source, plan.use_w) == (PlanSource.RULE, [])
    assert "no forecast" in plan.reasons[0]
    assert standing_plan(microgrid, storages_of(microgrid), SHOWN_NOW) is None


def test_missing_prices_are_named(unpriced):
    assert "No prices" in make_plan(microgrid=unpriced, now=SHOWN_NOW).reasons[0]


def test_page_and_api_show_the_plan_to_whom_it_concerns(client, foreseen, household):
    now = foreseen.now(timezone.now())
    run = ForecastRun.objects.get()
    run.origin_at = now.replace(minute=0, second=0, microsecond=0)
    run.save()
    plan = make_plan(microgrid=foreseen, now=now)
    assert plan.source == PlanSource.LEAST_COST
    address = reverse("api-plan", args=[foreseen.public_id])
    client.force_login(user_with(foreseen, "desk@hamlet.example", Role.OPERATOR))
    page = client.get(reverse("plan"))
    assert page.status_code == 200
    assert "Hour by hour" in page.content.decode()
    told = client.get(address).json()
    assert told["source"] == "least_cost"
    assert len(told["storages"]) == 2
    assert [a + b for a, b in zip(*(row["charge_w"] for row in told["storages"]), strict=True)] == told["charge_w"]
    client.force_login(household)
    assert client.get(reverse("plan")).status_code == 404
    assert client.get(address).json()["storages"] == []


def test_a_cable_that_the_plan_would_overload_is_kept_and_named(foreseen):
    """The cable to a battery carries seven tenths of what the plan without it wants; the flow is solved anew with what was stored."""
    blind = make_plan(microgrid=foreseen, now=SHOWN_NOW)
    worst, most = _heaviest_loading(foreseen, blind)
    line = Line.objects.get(microgrid=foreseen, code=worst)
    Line.objects.filter(pk=line.pk).update(max_current_a=line.max_current_a * most * 0.7)
    forget_networks()
    assert _heaviest_loading(foreseen, blind) == (worst, pytest.approx(1 / 0.7, rel=1e-3))
    Plan.objects.all().delete()
    seeing = make_plan(microgrid=foreseen, now=SHOWN_NOW)
    assert (seeing.source, seeing.status, seeing.reasons) == (PlanSource.LEAST_COST, "optimal", [])
    # Stored powers are whole watts, and the plan may use a cable to the full.
    assert _heaviest_loading(foreseen, seeing)[1] <= 1.0 + 1e-3
    assert any(f"cable {worst} is at its limit" in sentence for sentence in seeing.sentences)


def _heaviest_loading(microgrid, plan):
    """By power-grid-model, instant by instant: the cable that a stored plan loads most by what batteries do, and how much."""
    storages = storages_of(microgrid)
    wires = wires_under(microgrid, plan.origin_at, foreseen_from(microgrid, plan.origin_at), storages, ())
    rows = {row.storage_id: row for row in plan.storages.all()}
    moved = np.array([np.subtract(rows[s.pk].charge_w, rows[s.pk].discharge_w) for s in storages])
    drawn = wires.drawn(moved.astype(float), np.zeros((0, moved.shape[1])))
    at = int(np.abs(moved).sum(axis=0).argmax())
    loading = np.array([wires.network.solve(w, v).line_loading for w, v in zip(drawn, wires.draw_var, strict=True)])
    resting = wires.network.solve(wires.draw_w[at], wires.draw_var[at]).line_loading
    line = int((loading[at] - resting).argmax())
    return wires.network.wires[line].code, float(loading[:, line].max())


def test_the_published_peak_charge_counts_unless_the_plan_rule_says_otherwise(unpriced):
    day = SHOWN_NOW.astimezone(unpriced.zone).date()
    publish_prices(
        microgrid=unpriced,
        day=day,
        window_names=["all"],
        windows=[0] * 96,
        retail_micro=[300_000] * 96,
        feed_in_micro=[80_000] * 96,
        local_micro=[190_000] * 96,
        now=SHOWN_NOW,
        peak_micro_per_kw=7_000_000,
    )
    plan = make_plan(microgrid=unpriced, now=SHOWN_NOW)
    assert plan.settings["peak_micro_per_kw"] == 7_000_000 and plan.peak_target_w is not None
    PlanRule.objects.create(microgrid=unpriced, peak_micro_per_kw=0)
    later = make_plan(microgrid=unpriced, now=SHOWN_NOW + QUARTER)
    assert later.settings["peak_micro_per_kw"] == 0 and later.peak_target_w is None
