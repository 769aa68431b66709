"""The origin of stored energy through the real services: carried from day to day, corrected with the days, kept by the database."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import DatabaseError, transaction

from billing.models import Document, DocumentLine
from billing.selectors.run_summary import summarise
from billing.services.price_publication import publish_days
from billing.services.runs import run_month
from grid.domain.energy_origin import Origin
from grid.models import BalanceDay, SharingDay, StorageDay, StorageOriginRule
from grid.selectors.member_energy import member_energy
from grid.selectors.sharing import load_shares
from grid.selectors.source_mix import SourceMix, source_mix
from grid.services.day_close import CannotClose, close_in_turn
from kernel.intervals import Month
from tests.integration.grid.yard import EVENING, FIRST, NIGHT, NOON, NOW, SPRING_FORWARD, THIRD, Yard

LOCAL, PUBLIC, UNKNOWN = Origin.LOCAL, Origin.PUBLIC, Origin.UNKNOWN

pytestmark = pytest.mark.django_db


@pytest.fixture
def yard(db: None) -> Yard:
    return Yard()


def charged_at_night_and_noon(yard: Yard, day: date, *, version: int = 1, night: int = 1000) -> None:
    """The night's charge comes from the public grid, the noon's from Ben's roof."""
    yard.measure(day, (NIGHT, "Store", night, 0), (NOON, "Ben", 0, 1500), (NOON, "Store", 1000, 0), version=version)


def given_in_the_evening(yard: Yard, day: date) -> None:
    yard.measure(day, (EVENING, "Store", 0, 1200), (EVENING, "Ana", 2000, 0))


def test_grid_energy_of_the_day_before_is_carried_and_the_rest_is_shared(yard):
    charged_at_night_and_noon(yard, FIRST)
    given_in_the_evening(yard, SPRING_FORWARD)
    yard.close(FIRST)
    yard.close(SPRING_FORWARD)
    before = yard.stored(FIRST)
    assert [sum(row) for row in before.charged_wh] == [0, 1000, 1000, 0]
    assert before.layers_wh == [[0, 0, 900, 0], [0, 900, 0, 0]]
    assert before.layers_at[0] == datetime(2016, 3, 26, 1, tzinfo=UTC)
    # 1200 Wh at the terminals take 1500 of the layers: 900 public, 600 local; each bears its own loss.
    after = yard.stored(SPRING_FORWARD)
    assert len(after.stored_wh) == 92
    assert [row[EVENING] for row in after.discharged_wh] == [0, 480, 720, 0]
    assert after.layers_wh == [[0, 300, 0, 0]]
    shared = SharingDay.objects.get(day=SPRING_FORWARD)
    assert (shared.production_wh[EVENING], shared.not_local_wh[EVENING], shared.carried_wh[EVENING]) == (480, 720, 720)
    assert shared.shared_wh[EVENING] == 480
    balance = BalanceDay.objects.get(day=SPRING_FORWARD)
    assert balance.import_wh[EVENING] == 800


def test_in_proportion_by_setting(yard):
    StorageOriginRule.objects.create(microgrid=yard.microgrid, order="pro_rata", valid_from=FIRST)
    charged_at_night_and_noon(yard, FIRST)
    given_in_the_evening(yard, SPRING_FORWARD)
    yard.close(FIRST)
    yard.close(SPRING_FORWARD)
    assert [row[EVENING] for row in yard.stored(SPRING_FORWARD).discharged_wh] == [0, 600, 600, 0]


def test_days_that_are_not_followed_count_as_local_as_before(yard):
    StorageOriginRule.objects.create(microgrid=yard.microgrid, order="not_followed", valid_from=FIRST)
    charged_at_night_and_noon(yard, FIRST)
    given_in_the_evening(yard, SPRING_FORWARD)
    yard.close(FIRST)
    yard.close(SPRING_FORWARD)
    assert not StorageDay.objects.exists()
    assert SharingDay.objects.get(day=SPRING_FORWARD).shared_wh[EVENING] == 1200


def test_a_first_day_is_unknown_and_shared_only_where_the_rule_says_so(yard):
    given_in_the_evening(yard, FIRST)
    yard.close(FIRST)
    assert [row[EVENING] for row in yard.stored(FIRST).discharged_wh] == [0, 0, 0, 1200]
    assert yard.stored(FIRST).emerged_wh[EVENING] == 1500
    first = SharingDay.objects.get(day=FIRST)
    assert (first.shared_wh[EVENING], first.not_local_wh[EVENING], first.carried_wh) == (0, 1200, [])
    StorageOriginRule.objects.create(microgrid=yard.microgrid, valid_from=FIRST, unknown_is_local=True)
    yard.close(FIRST)
    assert SharingDay.objects.get(day=FIRST, is_current=True).shared_wh[EVENING] == 1200


def test_a_corrected_day_is_followed_again_and_so_are_the_days_after_it(yard):
    charged_at_night_and_noon(yard, FIRST)
    given_in_the_evening(yard, SPRING_FORWARD)
    yard.measure(THIRD, (NOON, "Ana", 500, 0))
    for day in (FIRST, SPRING_FORWARD, THIRD):
        yard.close(day)
    charged_at_night_and_noon(yard, FIRST, version=2, night=0)
    closing = yard.close(FIRST)
    assert closing.revision == 1
    after = yard.stored(SPRING_FORWARD)
    assert after.revision == 1
    assert [row[EVENING] for row in after.discharged_wh] == [0, 720, 0, 480]
    assert BalanceDay.objects.get(day=SPRING_FORWARD, is_current=True).revision == 1
    assert yard.stored(THIRD).layers_wh == []
    assert StorageDay.objects.filter(day=SPRING_FORWARD).count() == 2
    # Nothing more to do: the same facts leave everything as it is.
    yard.close(FIRST)
    assert {row.revision for row in StorageDay.objects.filter(is_current=True)} == {1}


def test_days_that_were_closed_out_of_turn_are_put_right(yard):
    charged_at_night_and_noon(yard, FIRST)
    given_in_the_evening(yard, SPRING_FORWARD)
    yard.close(SPRING_FORWARD)
    assert SharingDay.objects.get(day=SPRING_FORWARD).shared_wh[EVENING] == 0
    yard.close(FIRST)
    assert SharingDay.objects.get(day=SPRING_FORWARD, is_current=True).shared_wh[EVENING] == 480


def test_workers_close_days_in_turn_whoever_comes_first(yard):
    charged_at_night_and_noon(yard, FIRST)
    given_in_the_evening(yard, SPRING_FORWARD)
    with pytest.raises(CannotClose, match="2016-03-26 is closed before"):
        close_in_turn(microgrid=yard.microgrid, day=SPRING_FORWARD, now=NOW)
    close_in_turn(microgrid=yard.microgrid, day=FIRST, now=NOW)
    assert {row.revision for row in SharingDay.objects.all()} == {0}
    assert SharingDay.objects.count() == 2


def spoil_a_loss(row: StorageDay) -> None:
    row.lost_wh[PUBLIC][EVENING] -= 1


def spoil_a_layer(row: StorageDay) -> None:
    row.layers_wh[0][LOCAL] += 1


def swap_origins(row: StorageDay) -> None:
    row.discharged_wh[PUBLIC][EVENING] -= 100
    row.discharged_wh[LOCAL][EVENING] += 100


def by_producer(yard: Yard, day: date) -> dict[str, tuple[int, int, int]]:
    """Taken in, given and lying in the end, by the producing site's code."""
    row = yard.stored(day)
    names = {meter.site_id: name for name, meter in yard.meters.items()}
    return {
        names.get(producer, "?"): (row.produced_charged_wh[p], row.produced_discharged_wh[p], sum(parcel[p] for parcel in row.parcels_wh))
        for p, producer in enumerate(row.producers)
    }


def test_it_is_known_whose_energy_a_battery_held_and_gave_days_later(yard):
    charged_at_night_and_noon(yard, FIRST)
    given_in_the_evening(yard, SPRING_FORWARD)
    yard.close(FIRST)
    yard.close(SPRING_FORWARD)
    assert by_producer(yard, FIRST) == {"Ben": (1000, 0, 900)}
    assert by_producer(yard, SPRING_FORWARD) == {"Ben": (0, 480, 300)}
    after = yard.stored(SPRING_FORWARD)
    assert after.parcels_at == [yard.stored(FIRST).layers_at[1]]


def test_a_correction_that_changes_only_whose_energy_it_was_is_carried_on(yard):
    charged_at_night_and_noon(yard, FIRST)
    given_in_the_evening(yard, SPRING_FORWARD)
    yard.close(FIRST)
    yard.close(SPRING_FORWARD)
    yard.measure(FIRST, (NIGHT, "Store", 1000, 0), (NOON, "Ana", 0, 1500), (NOON, "Store", 1000, 0), version=2)
    yard.close(FIRST)
    assert by_producer(yard, SPRING_FORWARD) == {"Ana": (0, 480, 300)}
    assert yard.stored(SPRING_FORWARD).revision == 1


def lose_a_producer(row: StorageDay) -> None:
    row.produced_discharged_wh[0] -= 1
    row.produced_lost_wh[0] += 1


def swap_a_parcel(row: StorageDay) -> None:
    row.parcels_wh[0][0] += 1
    row.produced_lost_wh[0] -= 1


def give_what_was_not_there(row: StorageDay) -> None:
    row.produced_before_wh[0] += 1


@pytest.mark.parametrize("spoil", [lose_a_producer, swap_a_parcel, give_what_was_not_there])
def test_the_database_refuses_energy_that_changes_its_producer(yard, spoil: Callable[[StorageDay], None]):
    charged_at_night_and_noon(yard, FIRST)
    given_in_the_evening(yard, SPRING_FORWARD)
    yard.close(FIRST)
    yard.close(SPRING_FORWARD)
    row = yard.stored(SPRING_FORWARD)
    spoil(row)
    with pytest.raises(DatabaseError, match=r"produce|parcels"), transaction.atomic():
        row.save()


@pytest.mark.parametrize("spoil", [spoil_a_loss, spoil_a_layer, swap_origins])
def test_the_database_refuses_energy_that_changes_its_origin(yard, spoil: Callable[[StorageDay], None]):
    charged_at_night_and_noon(yard, FIRST)
    given_in_the_evening(yard, SPRING_FORWARD)
    yard.close(FIRST)
    yard.close(SPRING_FORWARD)
    row = yard.stored(SPRING_FORWARD)
    spoil(row)
    with pytest.raises(DatabaseError, match="not conserved"), transaction.atomic():
        row.save()


def test_what_was_carried_is_paid_as_the_grid_is_and_the_books_balance(yard):
    charged_at_night_and_noon(yard, FIRST)
    given_in_the_evening(yard, SPRING_FORWARD)
    days = [FIRST, SPRING_FORWARD]
    for day in days:
        yard.close(day)
    publish_days(microgrid=yard.microgrid, days=days, now=NOW)
    run = run_month(microgrid=yard.microgrid, month=Month(2016, 3), now=NOW, days=days)
    credit = Document.objects.get(run=run, kind="credit", site__code="Store")
    lines = {row.component: (row.quantity, row.net_minor) for row in DocumentLine.objects.filter(document=credit)}
    # 720 Wh x 0.30 as the public grid would have cost; 480 Wh of 1480 Wh local at 0.19.
    assert lines == {"carried": (720, 22), "local_delivered": (480, 9)}
    bill = Document.objects.get(run=run, kind="bill", site__code="Ana")
    drawn = {row.component: row.quantity for row in bill.lines.all()}
    assert drawn == {"standing": 2, "local": 480, "grid": 1520}
    summary = summarise(run)
    assert (summary.residual_minor, summary.debits_minor) == (0, summary.credits_minor)
    shares = load_shares(microgrid=yard.microgrid, days=days, site_ids=[credit.site_id])
    assert (shares.not_local_wh.sum(), shares.carried_wh.sum()) == (720, 720)


def test_the_day_after_a_long_gap_goes_on_with_what_was_stored(yard):
    charged_at_night_and_noon(yard, FIRST)
    later = FIRST + timedelta(days=2)
    given_in_the_evening(yard, later)
    yard.close(FIRST)
    yard.close(later)
    assert [row[EVENING] for row in yard.stored(later).discharged_wh] == [0, 480, 720, 0]


def test_carbon_follows_public_energy_through_a_battery_and_is_counted_once(yard):
    charged_at_night_and_noon(yard, FIRST)
    given_in_the_evening(yard, SPRING_FORWARD)
    days = [FIRST, SPRING_FORWARD]
    for day in days:
        yard.close(day)

    def mix_of(name: str) -> SourceMix:
        sites = [yard.meters[name].site]
        mine = member_energy(microgrid=yard.microgrid, sites=sites, days=days)
        return source_mix(microgrid=yard.microgrid, sites=sites, days=days, received_wh=mine.received_wh, from_grid_wh=mine.from_grid_wh)

    ana, store = mix_of("Ana"), mix_of("Store")
    assert (ana.neighbours_wh, ana.neighbours_stored_wh, ana.neighbours_direct_wh) == (480, 480, 0)
    assert (ana.grid_wh, ana.grid_stored_wh, ana.carbon_wh) == (1520, 720, 1520)
    # Of 1000 Wh charged the battery lost 100 going in and 180 coming out; the rest Ana used.
    assert (store.grid_wh, store.carbon_wh) == (1000, 280)
    imported = sum(sum(row.import_wh) for row in BalanceDay.objects.filter(day__in=days))
    assert ana.carbon_wh + store.carbon_wh == imported
