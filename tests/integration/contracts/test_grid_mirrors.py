"""Peaks and storages on a real chain: what was decided, in Wh, without what would tell of a home."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from contracts.domain.commitments import unhexed
from contracts.models import ChainTransaction, StorageMirror, TransactionStatus
from contracts.services.grid_mirrors import levels, mirror_storages
from contracts.services.outbox import address_on
from contracts.services.stored_energy import Stores
from contracts.services.witness import witness
from energy.models import Channel, Site, StorageUnit
from energy.selectors.meter_days import load_channel
from grid.models import DemandEvent, DemandProgramme, DemandResponse
from members.models import Member
from tests.integration.grid.conftest import SHOWN_NOW

pytestmark = pytest.mark.django_db(transaction=True)
START = datetime(2016, 6, 2, 16, 0, tzinfo=UTC)


def level_on(chain, storage: StorageUnit) -> int:
    """The third word of the contract's storage."""
    return chain.call("GridBalancing", address_on(chain, "GridBalancing"), "getStorage", [unhexed(storage.chain_ref)])[2]


def test_levels_stay_within_the_capacity_and_whole() -> None:
    assert levels(500, 1000, np.array([100.4, 900.0, -2000.0, 10.6])) == [600, 1000, 0, 11]


def test_the_chain_follows_the_cooperatives_storages_and_no_homes(chain, settled, microgrid):
    own, home = StorageUnit.objects.filter(site__microgrid=microgrid).order_by("pk")
    assert own.site.member.is_cooperative
    Member.objects.update(publishes_usage=False)
    member = Member.objects.filter(sites__microgrid=microgrid, is_cooperative=False).first()
    Site.objects.filter(pk=home.site_id).update(member=member)
    witness(chain=chain, now=SHOWN_NOW)
    meter = own.meter
    taken, given = (
        load_channel(microgrid=microgrid, channel=c, days=settled.days(), meter_ids=[meter.pk]).values_wh.sum()
        for c in (Channel.CHARGE, Channel.DISCHARGE)
    )
    assert taken + given > 0
    mirrored = StorageMirror.objects.get(storage=own)
    assert level_on(chain, own) == mirrored.level_wh
    assert level_on(chain, home) == home.capacity_wh // 2
    assert not StorageMirror.objects.filter(storage=home).exists()
    assert not ChainTransaction.objects.exclude(status=TransactionStatus.CONFIRMED).exists()
    before = ChainTransaction.objects.count()
    mirror_storages(chain=chain, run=settled, now=SHOWN_NOW)
    witness(chain=chain, now=SHOWN_NOW)
    assert ChainTransaction.objects.count() == before


def test_an_event_is_a_peak_that_was_handled(chain, settled, microgrid, operator):
    programme = DemandProgramme.objects.create(microgrid=microgrid, name="Evenings", incentive_per_kwh="0.2", offered_at=SHOWN_NOW)
    event = DemandEvent.objects.create(
        programme=programme,
        start_at=START,
        end_at=START + timedelta(hours=1),
        reason="Clouds.",
        called_by=operator,
        called_at=START - timedelta(hours=3),
        measured_at=SHOWN_NOW,
    )
    for site, delivered in zip(Site.objects.filter(microgrid=microgrid).order_by("pk")[:2], (700, -50), strict=True):
        DemandResponse.objects.create(event=event, site=site, delivered_wh=delivered)
    witness(chain=chain, now=SHOWN_NOW)
    row = ChainTransaction.objects.get(idempotency_key__startswith="peaks:")
    assert row.status == TransactionStatus.CONFIRMED
    balance = microgrid.balance_days.get(day=START.date(), is_current=True)
    hours = slice(72, 76)
    expected = sum(balance.consumption_wh[hours]) + sum(balance.charge_wh[hours]) + 700
    assert chain.encode("GridBalancing", "handlePeakDemand", [expected]) in bytes(row.calldata)
    rows = microgrid.balance_days.filter(day__lte=START.date(), is_current=True).order_by("day")
    stores = Stores.of(microgrid)
    held = round(stores.after(dict(stores.course(rows))[balance], balance, hours.stop))
    supply = sum(balance.production_wh[hours]) + sum(balance.discharge_wh[hours])
    state = [int(event.end_at.timestamp()), supply, expected - 700, held]
    assert 0 < held < stores.capacity_wh
    assert chain.encode("GridBalancing", "recordGridState", state) in bytes(row.calldata)
