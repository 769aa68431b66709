"""Forecasts in the application: made from what was known, kept once, judged, shown to their people only."""

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.cache import cache
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from energy.adapters.meter_day_rows import MeterDayRow, write_rows
from energy.adapters.weather_services import OpenMeteoFile
from energy.domain.forecast_model import Recipe
from energy.domain.forecast_sums import SumForecast, net_forecast
from energy.models import (
    Channel,
    ForecastKind,
    ForecastModel,
    ForecastQuantity,
    ForecastRun,
    ForecastScore,
    Meter,
    MeterDay,
    MeterForecast,
    WeatherHour,
)
from energy.models.meters import MeterKind
from energy.selectors.forecasts import accuracy, is_losing_its_lead
from energy.selectors.weather import outlook
from energy.services.forecast_models import FIRST, WEEK, reason_to_train, train_model
from energy.services.forecasts import Foreseen, NothingKnown, foresee, forget_intraday, look_ahead, make_forecast, score_day
from energy.services.maintenance import add_order, plan_order
from energy.services.partitions import ensure_months
from energy.services.weather import take_weather
from members.models import AccessRecord, Membership, Role, User
from tests.integration.energy.roofs import DAYS, NOW, Hamlet, make_roofs

pytestmark = pytest.mark.django_db

QUICK = Recipe(training_days=6, least_days=8, calibration_days=3, rounds=5, band_rounds=3, groups=0, learning_rate=0.3, midday_share=0.0)
LAST = DAYS[-1]
WEATHER = Path(__file__).parent / "open_meteo.json"


@pytest.fixture(autouse=True)
def fresh_cache() -> None:
    cache.clear()


@pytest.fixture
def hamlet(db: None) -> Hamlet:
    return make_roofs()


def midnight(hamlet: Hamlet, day: date) -> datetime:
    return hamlet.microgrid.local_day(day).start_at


def quickly_trained(hamlet: Hamlet, until: datetime) -> list[ForecastModel | None]:
    return [
        train_model(microgrid=hamlet.microgrid, quantity=quantity, until=until, reason=FIRST, now=NOW, recipe=QUICK)
        for quantity in ForecastQuantity.values
    ]


def bands(run: ForecastRun) -> dict[tuple[str, int | None], tuple[list[int], ...]]:
    return {(f.quantity, f.meter_id): (f.p10_wh, f.p50_wh, f.p90_wh) for f in run.forecasts.all()}


def absurd_from(hamlet: Hamlet, day: date) -> None:
    """Replace all readings from a day on by what nobody could have foreseen."""
    days = [d for d in DAYS if d >= day]
    rows = [
        MeterDayRow(d, meter.pk, int(channel), np.full(96, 9999, np.int32), np.zeros(96, np.int16), version=2, status=1)
        for d in days
        for meter in hamlet.microgrid.meters.all()
        for channel in ([Channel.PRODUCTION] if meter.kind == MeterKind.SOURCE else [Channel.IMPORT, Channel.EXPORT])
    ]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE energy_meterday SET is_current = false WHERE day >= %s", [day])
        write_rows(cursor, rows, microgrid_id=hamlet.microgrid.pk, provenance="test", now=NOW + timedelta(minutes=1), replace=False)


def test_what_came_after_the_origin_changes_no_figure(hamlet: Hamlet) -> None:
    origin = midnight(hamlet, LAST)
    assert all(quickly_trained(hamlet, origin))
    first = bands(make_forecast(microgrid=hamlet.microgrid, origin_at=origin, kind=ForecastKind.DAY_AHEAD, now=NOW))
    trees = [bytes(m.trees) for m in ForecastModel.objects.order_by("quantity")]
    ForecastRun.objects.all().delete()
    ForecastModel.objects.all().delete()
    absurd_from(hamlet, LAST)
    quickly_trained(hamlet, origin)
    again = bands(make_forecast(microgrid=hamlet.microgrid, origin_at=origin, kind=ForecastKind.DAY_AHEAD, now=NOW))
    assert again == first
    assert [bytes(m.trees) for m in ForecastModel.objects.order_by("quantity")] == trees


def test_a_run_holds_each_meter_and_the_sums_in_order_and_once(hamlet: Hamlet) -> None:
    origin = midnight(hamlet, LAST)
    run = make_forecast(microgrid=hamlet.microgrid, origin_at=origin, kind=ForecastKind.DAY_AHEAD, now=NOW)
    assert make_forecast(microgrid=hamlet.microgrid, origin_at=origin, kind=ForecastKind.DAY_AHEAD, now=NOW) == run
    assert run.horizon == 192 and run.weather.startswith("nobody foretold: clear sky")
    assert run.forecasts.filter(quantity="consumption").count() == 8
    assert run.forecasts.filter(quantity="production").count() == 5
    for found in run.forecasts.all():
        low, middle, high = (np.array(v) for v in (found.p10_wh, found.p50_wh, found.p90_wh))
        assert (low >= 0).all() and (low <= middle).all() and (middle <= high).all()
    roof = run.forecasts.get(quantity="production", meter=None)
    assert not any(roof.p90_wh[:16]) and max(roof.p50_wh) > 1000  # the sun rises at six


def test_without_a_reading_before_the_origin_nothing_is_foreseen(hamlet: Hamlet) -> None:
    with pytest.raises(NothingKnown):
        make_forecast(microgrid=hamlet.microgrid, origin_at=midnight(hamlet, DAYS[0]), kind=ForecastKind.DAY_AHEAD, now=NOW)


def test_work_that_is_planned_on_a_source_is_foreseen(hamlet: Hamlet) -> None:
    origin = midnight(hamlet, LAST)
    source = hamlet.sources[0]

    def production() -> Foreseen:
        found = foresee(microgrid=hamlet.microgrid, quantity="production", origin_at=origin, horizon=96)
        assert found is not None
        return found

    before = production()
    order = add_order(source=source, work="repair", reason="Inverter", due_date=LAST, now=NOW)
    noon = origin + timedelta(hours=12)
    plan_order(order=order, start_at=noon, end_at=noon + timedelta(hours=2), available_percent=0, assigned_to="Solarteur")
    after = production()
    row, work = before.meter_ids.index(source.meter.pk), np.s_[48:56]
    old, new = before.forecast.band, after.forecast.band
    assert old.p50_wh[row, work].sum() > 0
    assert not new.p90_wh[row, work].any()
    others = np.arange(len(before.meter_ids)) != row
    assert np.array_equal(new.p50_wh[:-1][others], old.p50_wh[:-1][others])
    lost = old.p50_wh[row, work] / old.p50_wh[:-1, work].sum(axis=0)
    assert new.p50_wh[-1, work] == pytest.approx(old.p50_wh[-1, work] * (1 - lost))
    assert np.array_equal(new.p50_wh[:, :48], old.p50_wh[:, :48])


def test_a_day_is_scored_beside_habit(hamlet: Hamlet) -> None:
    day = DAYS[14]
    run = make_forecast(microgrid=hamlet.microgrid, origin_at=midnight(hamlet, day), kind=ForecastKind.DAY_AHEAD, now=NOW)
    assert score_day(microgrid=hamlet.microgrid, day=day, now=NOW) == 13
    assert score_day(microgrid=hamlet.microgrid, day=day, now=NOW) == 13
    meter = Meter.objects.get(site=hamlet.sites[6], kind=MeterKind.SITE)
    found = ForecastScore.objects.get(meter=meter, day=day)
    rows = {row.day: np.array(row.values_wh) for row in MeterDay.objects.filter(meter_id=meter.pk, channel=Channel.IMPORT, is_current=True)}
    foreseen = np.array(MeterForecast.objects.get(run=run, meter=meter).p50_wh[:96])
    assert found.mae_wh == pytest.approx(np.abs(foreseen - rows[day]).mean())
    assert found.yesterday_mae_wh == pytest.approx(np.abs(rows[DAYS[13]] - rows[day]).mean())
    assert found.last_week_mae_wh == pytest.approx(np.abs(rows[DAYS[7]] - rows[day]).mean())
    right = accuracy(hamlet.microgrid, "consumption", meter, before=NOW)
    assert right is not None and right.days == 1 and right.mae_wh == found.mae_wh


def test_what_is_due_is_done_once(hamlet: Hamlet) -> None:
    quickly_trained(hamlet, midnight(hamlet, LAST + timedelta(days=1)))
    make_forecast(microgrid=hamlet.microgrid, origin_at=midnight(hamlet, LAST), kind=ForecastKind.DAY_AHEAD, now=NOW)
    done = look_ahead(microgrid=hamlet.microgrid, now=NOW + timedelta(minutes=25))
    assert (done.trained, done.runs, done.days_scored) == (0, 2, 1)
    again = look_ahead(microgrid=hamlet.microgrid, now=NOW + timedelta(minutes=26))
    assert (again.trained, again.runs, again.days_scored) == (0, 0, 0)
    later = look_ahead(microgrid=hamlet.microgrid, now=NOW + timedelta(minutes=36))
    assert (later.trained, later.runs, later.days_scored) == (0, 1, 0)
    intraday = ForecastRun.objects.filter(kind=ForecastKind.INTRADAY).order_by("origin_at")
    assert [run.origin_at for run in intraday] == [NOW, NOW + timedelta(minutes=15)]
    run = ForecastRun.objects.get(kind=ForecastKind.DAY_AHEAD, origin_at=midnight(hamlet, LAST + timedelta(days=1)))
    assert run.made_by.count() == 2
    assert len(run.net_p50_wh) == run.horizon
    assert (np.diff([run.net_p10_wh, run.net_p50_wh, run.net_p90_wh], axis=0) >= 0).all()
    assert forget_intraday(microgrid=hamlet.microgrid, now=NOW + timedelta(days=4)) > 0
    assert not ForecastRun.objects.filter(kind=ForecastKind.INTRADAY).exists()


def test_a_lead_that_is_lost_trains_again(hamlet: Hamlet) -> None:
    until = midnight(hamlet, LAST)
    quantity = ForecastQuantity.CONSUMPTION
    assert reason_to_train(microgrid=hamlet.microgrid, quantity=quantity, until=until) == FIRST
    quickly_trained(hamlet, until - timedelta(days=5))
    assert reason_to_train(microgrid=hamlet.microgrid, quantity=quantity, until=until) == ""
    assert reason_to_train(microgrid=hamlet.microgrid, quantity=quantity, until=until + timedelta(days=3)) == WEEK
    ForecastScore.objects.bulk_create(
        ForecastScore(
            microgrid=hamlet.microgrid,
            day=LAST - timedelta(days=i),
            quantity=quantity,
            meter=None,
            intervals=96,
            mae_wh=12.0,
            pinball_wh=4.0,
            coverage=0.8,
            yesterday_mae_wh=10.0,
            like_days_mae_wh=11.0,
            scored_at=NOW,
        )
        for i in range(1, 9)
    )
    assert is_losing_its_lead(hamlet.microgrid, quantity, before=until)
    assert "lead" in reason_to_train(microgrid=hamlet.microgrid, quantity=quantity, until=until)


def test_weather_counts_from_when_it_was_known(hamlet: Hamlet) -> None:
    issued = midnight(hamlet, LAST)
    assert take_weather(microgrid=hamlet.microgrid, service=OpenMeteoFile(WEATHER), now=issued) == 24
    assert take_weather(microgrid=hamlet.microgrid, service=OpenMeteoFile(WEATHER), now=issued) == 24
    assert WeatherHour.objects.count() == 24
    assert take_weather(microgrid=hamlet.microgrid, service=OpenMeteoFile(WEATHER.parent / "none.json"), now=NOW) == 0
    span = {"first_at": issued, "last_at": issued + timedelta(hours=24)}
    told = outlook(microgrid=hamlet.microgrid, known_at=issued, **span)
    assert told.words.startswith("Open-Meteo")
    assert told.ahead.values[1, 8] == pytest.approx(7.5) and np.nanmax(told.ahead.values[3]) == 640.0
    before = outlook(microgrid=hamlet.microgrid, known_at=issued - timedelta(seconds=1), **span)
    assert before.words.startswith("nobody foretold") and np.isnan(before.ahead.values[1:]).all()
    assert before.ahead.values[0].max() > 500  # a clear sky is known without anybody


def get(client: Client, user: User, name: str, *args: Any, **query: str) -> Any:
    client.force_login(user)
    return client.get(reverse(name, args=args), query)


def test_doors_show_forecasts_to_their_people_only(client: Client, hamlet: Hamlet) -> None:
    origin = midnight(hamlet, LAST)
    grid, own = hamlet.microgrid, Meter.objects.get(site=hamlet.sites[0], kind=MeterKind.SITE)
    other = Meter.objects.get(site=hamlet.sites[5], kind=MeterKind.SITE)
    assert get(client, hamlet.member, "api-meter-forecast", own.public_id).status_code == 409
    make_forecast(microgrid=grid, origin_at=origin, kind=ForecastKind.DAY_AHEAD, now=NOW)
    score_day(microgrid=grid, day=LAST, now=NOW)
    answer = get(client, hamlet.member, "api-meter-forecast", own.public_id)
    assert answer.status_code == 200, answer.content
    found = answer.json()
    assert found["quantity"] == "consumption" and len(found["p50_wh"]) == len(found["starts"]) == 192
    assert found["starts"][0] == "2016-04-23T22:00:00Z" and found["accuracy"]["days"] == 1
    assert get(client, hamlet.member, "api-meter-forecast", other.public_id).status_code == 404
    whole = get(client, hamlet.member, "api-microgrid-forecast", grid.public_id, quantity="production")
    assert whole.status_code == 200 and whole.json()["quantity"] == "production"
    assert get(client, hamlet.member, "api-microgrid-forecast", grid.public_id, quantity="x").status_code == 400
    assert get(client, hamlet.operator, "api-meter-forecast", own.public_id).status_code == 200
    assert AccessRecord.objects.filter(member=own.site.member, what="forecast").count() == 1
    foreign = User.objects.create_user("foreign@elsewhere.example")
    assert get(client, foreign, "api-microgrid-forecast", grid.public_id).status_code == 404


def week_before(hamlet: Hamlet) -> None:
    """Another week of readings, equal to the first."""
    days = DAYS[:7]
    ensure_months(table="energy_meterday", days=[day - timedelta(days=7) for day in days])
    rows = MeterDay.objects.filter(microgrid_id=hamlet.microgrid.pk, day__in=days, is_current=True)
    for row in rows:
        row.day -= timedelta(days=7)
    MeterDay.objects.bulk_create(rows)


def test_the_last_hours_tell_of_the_sum_where_four_weeks_are_known(hamlet: Hamlet) -> None:
    origin = midnight(hamlet, LAST) + timedelta(hours=10)

    def sums() -> dict[str, SumForecast]:
        found = (
            foresee(microgrid=hamlet.microgrid, quantity=quantity, origin_at=origin, horizon=96) for quantity in ForecastQuantity.values
        )
        return {part.quantity: part.forecast.whole for part in found if part is not None}

    assert not any(len(whole.errors_wh) for whole in sums().values())
    week_before(hamlet)
    told = sums()
    assert all(len(whole.errors_wh) for whole in told.values())
    run = make_forecast(microgrid=hamlet.microgrid, origin_at=origin, kind=ForecastKind.INTRADAY, now=NOW)
    net = net_forecast(told[ForecastQuantity.CONSUMPTION], told[ForecastQuantity.PRODUCTION], hamlet.microgrid.interval_minutes)
    assert run.net_p90_wh == np.rint(net.p90_wh).astype(int).tolist()
    assert run.net_persistence_permille == np.rint(net.persistence * 1000).astype(int).tolist()
    row = run.forecasts.get(quantity=ForecastQuantity.PRODUCTION, meter=None)
    assert row.p50_wh[:20] == np.rint(told[ForecastQuantity.PRODUCTION].band.p50_wh[0, :20]).astype(int).tolist()


def hours_later(hamlet: Hamlet) -> None:
    """Three hours into the day another day and night are foreseen, otherwise than before."""
    at = midnight(hamlet, LAST + timedelta(days=1)) + timedelta(hours=3)
    run = make_forecast(microgrid=hamlet.microgrid, origin_at=at, kind=ForecastKind.INTRADAY, now=NOW)
    for row in run.forecasts.all():
        row.p90_wh = [value + 10 for value in row.p90_wh]
        row.save()


def test_pages_tell_what_is_ahead_and_how_sure(client: Client, hamlet: Hamlet) -> None:
    empty = get(client, hamlet.member, "own-forecast").content.decode()
    assert "Nothing is foreseen yet" in empty
    for day in (LAST, LAST + timedelta(days=1)):
        make_forecast(microgrid=hamlet.microgrid, origin_at=midnight(hamlet, day), kind=ForecastKind.DAY_AHEAD, now=NOW)
    score_day(microgrid=hamlet.microgrid, day=LAST, now=NOW)
    page = get(client, hamlet.member, "own-forecast").content.decode()
    assert "wrong" in page and "Like days alone" in page and "No weather forecast is connected" in page
    assert "Production" in page
    village = get(client, hamlet.operator, "village-forecast", of="production").content.decode()
    assert "What the roofs will give" in village and "forecast-data" in village
    sheet = get(client, hamlet.member, "own-forecast", format="csv").content.decode().splitlines()
    assert sheet[0].startswith("Hour,") and len(sheet) == 49
    hours_later(hamlet)
    newer = get(client, hamlet.member, "own-forecast", format="csv").content.decode().splitlines()
    assert [one == other for one, other in zip(sheet, newer, strict=True)] == [True] * 4 + [False] * 24 + [True] * 21
    outsider = User.objects.create_user("outsider@elsewhere.example")
    Membership.objects.create(user=outsider, cooperative=hamlet.microgrid.cooperative, member=hamlet.sites[5].member, role=Role.MEMBER)
    assert "Home 0" not in get(client, outsider, "own-forecast", site=str(hamlet.sites[0].public_id)).content.decode()
