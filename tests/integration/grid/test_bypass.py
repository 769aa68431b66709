"""Theft planted on the demo network: found on its feeder, dated, the right meter first; honest feeders are left alone."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from energy.adapters.meter_day_rows import MeterDayRow, write_rows
from energy.models import Channel, Line, Meter, Microgrid, Transformer
from energy.models.meters import MeterKind
from energy.services.day_close import finalise_day
from energy.services.grid_meters import CannotPlaceMeter, place_grid_meter
from energy.services.import_simbench import import_network
from energy.services.partitions import ensure_months
from grid.models import BypassCheck
from grid.selectors.network import forget_networks, load_network
from grid.selectors.village import profile_days
from grid.services.bypass import check_bypass
from members.models import Cooperative, Membership, Role, User
from tests.networks import cut_network

pytestmark = pytest.mark.django_db
FIRST, COUNT, THEFT = date(2016, 3, 1), 14, 8
DAYS = [FIRST + timedelta(days=i) for i in range(COUNT)]
NOW = datetime(2016, 3, 20, 10, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return cut_network(tmp_path_factory.mktemp("bypass") / "dorf", sites=16, first_day=FIRST, days=COUNT)


@pytest.fixture
def microgrid(db: None, folder: Path) -> Microgrid:
    cooperative = Cooperative.objects.create(slug="dorf-coop", name="Dorf eG")
    forget_networks()
    return import_network(folder=folder, cooperative=cooperative, slug="dorf", name="Dorf", time_zone="Europe/Berlin").microgrid


def true_use(microgrid: Microgrid, meters: list[Meter]) -> np.ndarray:
    """What each site really draws [Wh], by its profile; whole Wh."""
    rng = np.random.default_rng(7)
    hours = np.arange(COUNT * 96) % 96
    rows = []
    for _ in meters:
        shape = 40 + 160 * rng.random(96) ** 3
        rows.append(np.rint(shape[hours] * rng.gamma(6.0, 1 / 6, COUNT * 96)))
    return np.array(rows)


Told = dict[tuple[int, Channel], np.ndarray]


def write(microgrid: Microgrid, told: Told) -> None:
    rows = [
        MeterDayRow(day, meter_id, int(channel), series[i * 96 : (i + 1) * 96].astype(np.int32), np.zeros(96, np.int16))
        for (meter_id, channel), series in told.items()
        for i, day in enumerate(DAYS)
    ]
    ensure_months(table="energy_meterday", days=DAYS)
    with transaction.atomic(), connection.cursor() as cursor:
        write_rows(cursor, rows, microgrid_id=microgrid.pk, provenance="test", now=NOW, replace=False)


def plant(microgrid: Microgrid, grid_meters: list[Meter], thief: Meter | None, share: float) -> None:
    """Meter days of all sites, one of them bypassed, and of the grid meters, which carry what is really drawn."""
    meters = list(microgrid.meters.filter(kind=MeterKind.SITE).order_by("pk"))
    use = true_use(microgrid, meters)
    network = load_network(microgrid.pk)
    node = dict(zip(network.site_ids.tolist(), network.site_node.tolist(), strict=True))
    reactive = dict(zip(network.site_ids.tolist(), network.reactive_share.tolist(), strict=True))
    active, var = (np.zeros((COUNT * 96, len(network.node_codes))) for _ in range(2))
    for meter, wh in zip(meters, use, strict=True):
        active[:, node[meter.site_id]] += wh * 4
        var[:, node[meter.site_id]] += wh * 4 * reactive[meter.site_id]
    flows = network.network.branch_flows(active, var)
    told: Told = {}
    nothing = np.zeros(COUNT * 96)
    for meter, wh in zip(meters, use, strict=True):
        metered = wh.copy()
        if thief == meter:
            metered[THEFT * 96 :] = np.rint(metered[THEFT * 96 :] * (1 - share))
        told |= {(meter.pk, Channel.IMPORT): metered, (meter.pk, Channel.EXPORT): nothing}
    lines = list(Line.objects.filter(microgrid=microgrid).order_by("pk").values_list("pk", flat=True))
    for meter in grid_meters:
        if meter.line_id:
            place = lines.index(meter.line_id)
            # Nobody feeds in here: the upper end is the one that takes power in.
            down = np.maximum(flows.line_from_w[:, place], flows.line_to_w[:, place])
        else:
            down = -flows.transformer_lv_w[:, 0]
        told |= {(meter.pk, Channel.DOWN): np.rint(down / 4), (meter.pk, Channel.UP): nothing}
    write(microgrid, told)


def grid_meters(microgrid: Microgrid) -> list[Meter]:
    """On the transformer and on each feeder that leaves its busbar."""
    transformer = Transformer.objects.get(microgrid=microgrid)
    busbar = transformer.node_lv_id
    feeders = [line for line in Line.objects.filter(microgrid=microgrid).order_by("pk") if busbar in (line.node_from_id, line.node_to_id)]
    branches: list[Line | Transformer] = [transformer, *feeders]
    return [place_grid_meter(microgrid=microgrid, branch=b, code=f"meter on {b.code}", now=NOW) for b in branches]


def test_a_planted_theft_is_found_dated_and_named(microgrid: Microgrid) -> None:
    share = 0.5
    placed = grid_meters(microgrid)
    thief = microgrid.meters.filter(kind=MeterKind.SITE).order_by("code")[3]
    plant(microgrid, placed, thief, share)
    checks = check_bypass(microgrid=microgrid, last_day=DAYS[-1], now=NOW)
    deviating = [check for check in checks if check.since_date]
    [feeder] = [check for check in deviating if check.meter.line_id]
    assert feeder.since_date == DAYS[THEFT]
    suspects = list(feeder.suspects.order_by("place"))
    assert suspects[0].meter == thief
    assert suspects[0].share == pytest.approx(share, abs=0.07)
    lost = feeder.lost_wh_per_day
    assert suspects[0].drop_wh_per_day == pytest.approx(lost, rel=0.2)
    transformer = next((check for check in deviating if check.meter.transformer_id), None)
    if transformer is not None:
        assert transformer.explained_by == feeder
        assert not transformer.suspects.exists()


def test_honest_meters_and_losses_are_no_deviation(microgrid: Microgrid) -> None:
    placed = grid_meters(microgrid)
    plant(microgrid, placed, None, 0.0)
    checks = check_bypass(microgrid=microgrid, last_day=DAYS[-1], now=NOW)
    assert len(checks) == len(placed)
    for check in checks:
        assert check.since_date is None
        assert abs(check.residual_wh) <= 0.01 * check.allowed_wh + 1000
    user = User.objects.create_user("operator@dorf.example", "a long password")
    Membership.objects.create(user=user, cooperative=microgrid.cooperative, role=Role.OPERATOR)
    client = Client()
    client.force_login(user)
    assert f"All {len(placed)} metered branches carry" in client.get(reverse("bypass")).content.decode()


def test_a_grid_meter_disturbs_neither_day_close_nor_sums(microgrid: Microgrid) -> None:
    placed = grid_meters(microgrid)
    plant(microgrid, placed, None, 0.0)
    report = finalise_day(microgrid=microgrid, day=DAYS[0], now=NOW)
    assert report.finalised > 0
    with pytest.raises(CannotPlaceMeter, match="has a meter already"):
        place_grid_meter(microgrid=microgrid, branch=placed[0].transformer, code="again", now=NOW)
    assert profile_days(microgrid)[0] == FIRST


def test_the_page_places_a_meter_and_shows_what_deviates(microgrid: Microgrid) -> None:
    user = User.objects.create_user("operator@dorf.example", "a long password")
    Membership.objects.create(user=user, cooperative=microgrid.cooperative, role=Role.OPERATOR)
    client = Client()
    client.force_login(user)
    assert "No line or transformer is metered yet" in client.get(reverse("bypass")).content.decode()
    transformer = Transformer.objects.get(microgrid=microgrid)
    given = {"branch": f"transformer:{transformer.pk}", "code": "T1"}
    assert client.post(reverse("bypass"), given).status_code == 302
    meter = Meter.objects.get(code="T1")
    thief = microgrid.meters.filter(kind=MeterKind.SITE).order_by("code")[3]
    plant(microgrid, [meter], thief, 1.0)
    check_bypass(microgrid=microgrid, last_day=DAYS[-1], now=NOW)
    page = client.get(reverse("bypass")).content.decode()
    assert "Look here first" in page
    assert thief.code in page
    assert BypassCheck.objects.get().since_date == DAYS[THEFT]
