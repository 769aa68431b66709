"""A tick with silent meters: what they draw is stood in for, said, and counted; a reading that does not fit is named."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

import numpy as np
import pytest
from django.utils import timezone

from energy.adapters.live_store import LiveSample, live_key, valkey, write_samples
from energy.models import ForecastKind, ForecastRun, Meter, MeterForecast, Microgrid
from energy.models.meters import MeterKind
from energy.selectors.live import live_readings
from energy.services.grid_meters import place_grid_meter
from grid.domain.network.sensitivities import linearise
from grid.selectors.control_layout import lay_out, load_layout
from grid.selectors.expectations import forget_expectations
from grid.selectors.network import load_network
from grid.selectors.readings import fresh_readings
from grid.services.control import run_tick
from grid.services.observation import Observed, observe, weigh
from tests.integration.grid.conftest import SHOWN_NOW

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def nothing_kept() -> None:
    forget_expectations()


def look(microgrid: Microgrid, now: datetime) -> Observed:
    layout = load_layout(microgrid, now)
    scene = lay_out(layout, fresh_readings(live_readings(microgrid.pk), microgrid, now))
    return observe(layout, scene, weigh(layout, scene))


def home(microgrid: Microgrid) -> Meter:
    return Meter.objects.filter(microgrid=microgrid, kind=MeterKind.SITE, site__sources__isnull=True, site__storages__isnull=True).order_by(
        "pk"
    )[0]


def test_a_silent_home_is_stood_in_for_by_its_neighbours_and_counted(microgrid: Microgrid, live: Callable[..., None]) -> None:
    meter = home(microgrid)
    live(sun_w=0.0, silent=frozenset([meter.pk]))
    state = run_tick(microgrid=microgrid, now=SHOWN_NOW)
    assert state is not None
    assert (state.points_estimated, state.sites_total - state.sites_reporting) == (1, 1)
    assert any("1 by typical share" in reason for reason in state.reasons)


def test_a_forecast_stands_in_before_anything_else(microgrid: Microgrid, live: Callable[..., None]) -> None:
    meter = home(microgrid)
    run = ForecastRun.objects.create(
        microgrid=microgrid,
        kind=ForecastKind.INTRADAY,
        origin_at=SHOWN_NOW - timedelta(hours=1),
        made_at=SHOWN_NOW,
        interval_minutes=15,
        horizon=96,
        model_version="test",
        weather="none",
    )
    MeterForecast.objects.create(
        run=run, quantity="consumption", meter=meter, p10_wh=[100] * 96, p50_wh=[*range(96)], p90_wh=[300] * 96, from_like_days=False
    )
    live(sun_w=0.0, silent=frozenset([meter.pk]))
    seen = look(microgrid, SHOWN_NOW)
    row = load_layout(microgrid, SHOWN_NOW).site_ids.tolist().index(meter.site_id)
    assert seen.sites.value_w[row] == 4 * 4  # the fifth quarter hour, 4 Wh
    assert seen.sites.sigma_w[row] == pytest.approx(200 * 4 / 2.563)
    assert "1 by forecast" in seen.words[0]


def test_like_days_stand_in_where_nothing_is_foreseen(microgrid: Microgrid, measured_days: list[date], live: Callable[..., None]) -> None:
    meter = home(microgrid)
    now = SHOWN_NOW + timedelta(days=5)  # a Wednesday; 1 June was one
    live(sun_w=0.0, at=now, silent=frozenset([meter.pk]))
    seen = look(microgrid, now)
    assert "1 by typical share" in seen.words[0]  # one like day is too few


def test_a_transformer_meter_that_contradicts_all_others_is_named(microgrid: Microgrid, live: Callable[..., None]) -> None:
    def seen(error_w: float) -> Observed:
        samples = {meter.pk: LiveSample(SHOWN_NOW.timestamp(), {"import_w": flow_w + error_w, "export_w": 0.0})}
        write_samples({microgrid.pk: samples})
        return look(microgrid, SHOWN_NOW)

    branch = microgrid.transformers.get()
    live(sun_w=0.0)
    meter = place_grid_meter(microgrid=microgrid, branch=branch, code="station", now=timezone.now())
    found = look(microgrid, SHOWN_NOW)
    assert found.flow is not None
    network = load_network(microgrid.pk, SHOWN_NOW).network
    # It counts at the low-voltage side.
    flow_w = float(linearise(network, found.draw_w, found.draw_var).transformer_output_w[0])
    assert 0 < flow_w < found.flow.transformer_power_w[0] - 1000
    assert seen(0.0).words == []
    wrong = seen(20_000.0)
    assert "station does not fit the others" in wrong.words[0]
    assert wrong.flow is not None
    assert np.allclose(wrong.flow.transformer_power_w, found.flow.transformer_power_w, rtol=0.02)


def station_meter(microgrid: Microgrid, flow_w: float) -> None:
    """A meter at the transformer that tells what leaves it."""
    branch = microgrid.transformers.get()
    meter = place_grid_meter(microgrid=microgrid, branch=branch, code="station", now=timezone.now())
    samples = {meter.pk: LiveSample(SHOWN_NOW.timestamp(), {"import_w": flow_w, "export_w": 0.0})}
    write_samples({microgrid.pk: samples})


def true_flow_w(microgrid: Microgrid, more_w: dict[int, float]) -> float:
    """What leaves the transformer when every home draws 1 kW, and some sites more."""
    layout = load_layout(microgrid, SHOWN_NOW)
    scene = lay_out(layout, fresh_readings(live_readings(microgrid.pk), microgrid, SHOWN_NOW))
    seen = observe(layout, scene)
    draw = seen.draw_w.copy()
    node_of = dict(zip(layout.network.site_ids.tolist(), layout.network.site_node.tolist(), strict=True))
    for site, more in more_w.items():
        draw[node_of[site]] += more
    return float(linearise(layout.network.network, draw, seen.draw_var).transformer_output_w[0])


def test_control_counts_a_silent_site_with_what_the_transformer_says(microgrid: Microgrid, live: Callable[..., None]) -> None:
    meter = home(microgrid)
    live(sun_w=0.0)
    station_meter(microgrid, true_flow_w(microgrid, {meter.site_id: 11_000.0}))  # a car charges behind a meter that is silent
    layout = load_layout(microgrid, SHOWN_NOW)
    with valkey() as client:
        client.hdel(live_key(microgrid.pk), str(meter.pk))
    place = layout.site_ids.tolist().index(meter.site_id)
    seen = look(microgrid, SHOWN_NOW)
    assert seen.estimated_w[place] == pytest.approx(12_000, abs=700)
    assert np.isnan(np.delete(seen.estimated_w, place)).all()
    Microgrid.objects.filter(pk=microgrid.pk).update(import_limit_w=10_000)
    microgrid.refresh_from_db()
    state = run_tick(microgrid=microgrid, now=SHOWN_NOW)
    assert state is not None
    assert any("import" in reason.lower() and "bind" in reason for reason in state.reasons)


def test_a_meter_that_lies_is_left_out_and_stood_in_for(microgrid: Microgrid, live: Callable[..., None]) -> None:
    meter = home(microgrid)
    live(sun_w=0.0)
    station_meter(microgrid, true_flow_w(microgrid, {}))
    write_samples({microgrid.pk: {meter.pk: LiveSample(SHOWN_NOW.timestamp(), {"import_w": 31_000.0, "export_w": 0.0})}})
    layout = load_layout(microgrid, SHOWN_NOW)
    scene = lay_out(layout, fresh_readings(live_readings(microgrid.pk), microgrid, SHOWN_NOW))
    judged = weigh(layout, scene)
    # One further reading cannot tell which of the two lies: the station's is told, and left out.
    assert judged.bad_readings == {"station"}
    assert not judged.bad_sites.any()
    assert "one of them may be wrong as well" in judged.words[0]
