"""Any moment again: kept ticks, closed days, and nothing where nothing is known."""

from datetime import timedelta

import numpy as np
import pytest
from django.urls import reverse

from energy.models import StorageUnit
from grid.domain.network.picture import unpack
from grid.models import BalanceDay, GridPicture, GridState, Plan, StoragePlan
from grid.selectors.day_picture import day_picture
from grid.selectors.drawing import draw
from grid.selectors.replay import moment
from grid.selectors.states import latest_state
from grid.services.control import run_tick
from grid.services.day_close import close_day
from tests.integration.grid.conftest import DAY, SHOWN_NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def quiet(settings) -> None:
    settings.MQTT_URL = "mqtt://127.0.0.1:9"


def test_a_tick_is_told_compactly_and_can_be_seen_again(microgrid, live, quiet):
    for seconds in (0, 4, 8, 16):
        live(sun_w=700.0 + seconds, at=SHOWN_NOW + timedelta(seconds=seconds))
        run_tick(microgrid=microgrid, now=SHOWN_NOW + timedelta(seconds=seconds))
    drawing, told = draw(microgrid, SHOWN_NOW), latest_state(microgrid)
    assert told["order"] == drawing.order
    assert len(told["voltage"]) == len(drawing.nodes)
    assert len(told["loading"]) == len(told["branch_w"]) == len(drawing.branches)
    assert len(told["storage_soc_wh"]) == len(drawing.storages) == 2
    assert GridPicture.objects.count() == 2  # every 12 s, not every tick
    newest = GridPicture.objects.order_by("-state__at").first()
    assert unpack(bytes(newest.packed)).voltage == told["voltage"]
    again = moment(microgrid, SHOWN_NOW + timedelta(seconds=11))
    state = GridState.objects.get(at=SHOWN_NOW + timedelta(seconds=8))
    assert (again["source"], again["tick"], again["production_w"]) == ("tick", state.pk, state.production_w)
    assert again["picture_at"] == SHOWN_NOW.isoformat()
    assert moment(microgrid, SHOWN_NOW - timedelta(hours=1)) is None


def test_a_closed_day_is_replayed_with_its_power_flow(microgrid, measured_days):
    close_day(microgrid=microgrid, day=DAY, now=SHOWN_NOW)
    balance = BalanceDay.objects.get(day=DAY, is_current=True)
    at = microgrid.local_day(DAY).start_at + timedelta(hours=12, minutes=7)
    seen = moment(microgrid, at)
    assert seen["source"] == "day"
    assert seen["production_w"] == balance.production_wh[48] * 4
    assert seen["at"] == (at - timedelta(minutes=7)).isoformat()
    drawing = draw(microgrid, SHOWN_NOW)
    assert len(seen["voltage"]) == len(drawing.nodes)
    transformer = next(i for i, b in enumerate(drawing.branches) if b.kind == "transformer")
    net_w = (balance.import_wh[48] - balance.export_wh[48]) * 4
    assert abs(seen["branch_w"][transformer] - net_w) < seen["losses_w"] + 50
    assert np.isfinite(seen["losses_w"])
    picture = day_picture(microgrid, DAY, SHOWN_NOW)
    assert picture["closed"]
    assert picture["production"] == balance.production_wh


def test_the_running_day_is_drawn_from_its_ticks(microgrid, live, quiet):
    live(sun_w=700.0)
    state = run_tick(microgrid=microgrid, now=SHOWN_NOW)
    picture = day_picture(microgrid, SHOWN_NOW.astimezone(microgrid.zone).date(), SHOWN_NOW)
    assert picture["production"][48] == round(state.production_w / 4)
    assert picture["production"][47] is None


def test_page_and_doors_show_a_moment(microgrid, measured_days, operator, household, stranger, client):
    close_day(microgrid=microgrid, day=DAY, now=SHOWN_NOW)
    replay = reverse("api-replay", args=[microgrid.public_id])
    client.force_login(household)
    assert client.get(replay, {"at": f"{DAY}T03:00:00+02:00"}).json()["source"] == "day"
    assert client.get(replay, {"at": "soon"}).status_code == 400
    assert client.get(replay, {"at": "2015-01-01T00:00:00Z"}).status_code == 404
    order = client.get(reverse("api-network", args=[microgrid.public_id])).json()
    page = client.get(reverse("live"), {"at": f"{DAY}T12:00"}).content.decode()
    assert "From the closed day" in page
    assert "1 Jun 2016, 12:00" in page
    assert 'value="2016-06-01T12:00"' in page
    assert page.count("<li value=") == len(order["nodes"]) + len(order["branches"])
    assert "% of its rating" in page
    node = next(n["code"] for n in order["nodes"] if not n["is_coupling"])
    own = client.get(reverse("live-element"), {"node": node, "at": f"{DAY}T12:00"}).content.decode()
    assert "p.u." in own
    assert "Sites" not in own
    client.force_login(operator)
    shown = client.get(reverse("live-element"), {"branch": order["branches"][0]["code"]}, headers={"HX-Request": "true"})
    assert "Rating" in shown.content.decode()
    assert client.get(reverse("live-element"), {"node": "nowhere"}).status_code == 404
    assert client.get(reverse("live-day"), {"day": DAY.isoformat()}).json()["closed"]
    assert client.get(reverse("live-day"), {"day": "x"}).status_code == 404
    client.force_login(stranger)
    assert client.get(replay, {"at": f"{DAY}T03:00:00+02:00"}).status_code == 404


def test_the_day_shows_what_was_planned_beside_what_was(microgrid):
    storages = list(StorageUnit.objects.filter(site__microgrid=microgrid).order_by("pk"))
    start = microgrid.local_day(DAY).start_at
    for hour, charge_w, length in ((10, 800, 4), (11, 400, 4)):
        arrays = dict.fromkeys(
            ("use_w", "production_w", "import_w", "export_w", "retail_micro", "feed_in_micro", "energy_micro"), [0] * length
        )
        plan = Plan.objects.create(
            microgrid=microgrid,
            origin_at=start + timedelta(hours=hour),
            made_at=SHOWN_NOW,
            source="least_cost",
            status="optimal",
            interval_minutes=15,
            sentences=[""] * length,
            **arrays,
        )
        for storage in storages:
            StoragePlan.objects.create(
                plan=plan, storage=storage, charge_w=[charge_w] * length, discharge_w=[0] * length, soc_wh=[0] * length
            )
    picture = day_picture(microgrid, DAY, SHOWN_NOW)
    assert picture["planned_charge"][39:42] == [None, 400, None]  # two batteries, 800 W, a quarter of an hour
    assert picture["planned_charge"][43:49] == [None, 200, 200, 200, 200, None]
    assert picture["planned_discharge"][44] == 0


def test_the_page_of_the_whole_network_is_light(microgrid, live, quiet, operator, client):
    """129 nodes, 128 lines and their words twice drawn and once listed: what it weighs is what a phone on a farm waits for."""
    live(sun_w=9000.0)
    state = run_tick(microgrid=microgrid, now=SHOWN_NOW)
    for i in range(1, 310):
        state.pk, state.at = None, SHOWN_NOW - i * timedelta(seconds=4)
        state.save(force_insert=True)
    client.force_login(operator)
    page = client.get(reverse("live"))
    text = page.content.decode()
    drawing = page.context["drawing"]
    assert len(drawing.nodes) > 100
    assert len(page.content) < 100_000
    assert text.count("<li value=") == len(drawing.branches) + len(drawing.nodes)
    for branch in drawing.branches:
        assert f'd="{branch.path}"' in text
        assert branch.map_path in text
    recent = page.context["recent"]
    assert len(recent["after_s"]) == len(recent["exchange_w"]) == 300
    assert recent["after_s"][:2] == [0, 4]
