"""The outbox on a real node: killed, emptied, poor, refused, slow, and always each thing once."""

from datetime import timedelta

import psycopg
import pytest
from django.db import connection

from billing.models import BillingRun
from billing.services.corrections import correct_month
from contracts.adapters.ethereum import EthereumChain
from contracts.adapters.signing import address_of, private_key
from contracts.domain.chain import CannotPayForGas, ChainUnavailable
from contracts.domain.commitments import hexed, unhexed
from contracts.models import Anchor, ChainDeployment, ChainTransaction, TransactionStatus
from contracts.services.anchoring import CONTRACT_OF
from contracts.services.deployment import deploy_contracts
from contracts.services.mirrors import consenting_sites
from contracts.services.outbox import address_on, drain, enqueue, try_again
from contracts.services.proofs import check_days, check_documents, root_on_chain
from contracts.services.witness import witness
from energy.models import Microgrid, Source, StorageUnit
from energy.selectors.expected_use import expected_import
from grid.models import DayClosing
from grid.services.day_close import close_day
from kernel.intervals import Month
from microgrid_site.embedded import anvil
from tests.integration.grid.conftest import SHOWN_NOW

pytestmark = pytest.mark.django_db
DEPLOYED = 6  # transactions: five contracts, and the coin's name


def book() -> list[tuple[str, str, bytes, int | None]]:
    """What the outbox holds: key, hash, raw bytes, nonce."""
    rows = ChainTransaction.objects.order_by("pk").values_list("idempotency_key", "hash", "raw", "nonce")
    return [(key, tx_hash, bytes(raw or b""), nonce) for key, tx_hash, raw, nonce in rows]


def all_confirmed() -> bool:
    return not ChainTransaction.objects.exclude(status=TransactionStatus.CONFIRMED).exists()


def anchor_something(chain: EthereumChain, period: int) -> ChainTransaction:
    arguments = [b"\x01" * 32, period, 0, b"\x02" * 32, 1, ""]
    return enqueue(chain=chain, key=f"test:{period}", contract="GridBalancing", function="anchorRoot", arguments=arguments, now=SHOWN_NOW)


class DeafChain(EthereumChain):
    """A node that dies at the moment of sending."""

    def send(self, raw: bytes) -> None:
        raise ChainUnavailable("gone at the worst moment")


class UnfundedChain(EthereumChain):
    """A chain that gives nobody play money."""

    def provide_play_money(self, address: str) -> None:
        return None


def test_contracts_are_deployed_once(chain):
    first = deploy_contracts(chain=chain, now=SHOWN_NOW)
    before = book()
    again = deploy_contracts(chain=chain, now=SHOWN_NOW)
    assert [d.address for d in first] == [d.address for d in again]
    assert {d.contract for d in first} == {"EnergyProduction", "EnergyConsumption", "GridBalancing", "Billing", "TestCoin"}
    assert all(chain.has_code(d.address) for d in first)
    assert book() == before
    assert all_confirmed()


def test_a_round_anchors_and_mirrors_and_the_next_does_nothing(chain, settled, microgrid, measured_days):
    done = witness(chain=chain, now=SHOWN_NOW)
    assert done.anchored == len(measured_days) + 1
    assert all_confirmed()
    before = book()
    again = witness(chain=chain, now=SHOWN_NOW)
    assert (again.anchored, again.sent, again.payments) == (0, 0, 0)
    assert book() == before
    for anchor in Anchor.objects.all():
        assert root_on_chain(chain, anchor) == anchor.root
        contract = CONTRACT_OF[anchor.kind]
        count = chain.call(contract, address_on(chain, contract), "revisionCount", [unhexed(anchor.subject), anchor.period])
        assert count == 1


def test_the_contracts_know_what_was_registered_and_recorded(chain, settled, microgrid):
    witness(chain=chain, now=SHOWN_NOW)
    production = address_on(chain, "EnergyProduction")
    sources = Source.objects.filter(site__microgrid=microgrid)
    total = sum(chain.call("EnergyProduction", production, "productionOf", [unhexed(s.chain_ref), settled.period]) for s in sources)
    balances = microgrid.balance_days.filter(is_current=True)
    assert total == sum(sum(b.production_wh) for b in balances) > 0


def test_the_contract_predicts_what_was_foreseen(chain, settled, microgrid):
    witness(chain=chain, now=SHOWN_NOW)
    month = Month.parse(str(settled.period)).next
    own = {m.pk: m.chain_ref for m in consenting_sites(microgrid)}
    expected = expected_import(microgrid=microgrid, month=month)
    group = sum(wh for meter, wh in expected.items() if meter not in own)
    address = address_on(chain, "EnergyConsumption")
    found = chain.call("EnergyConsumption", address, "predictDemand", [unhexed(microgrid.chain_ref)])
    assert found == group > 0
    for meter, ref in own.items():
        assert chain.call("EnergyConsumption", address, "predictDemand", [unhexed(ref)]) == expected[meter]


def test_what_joins_later_is_registered_too(chain, settled, microgrid):
    witness(chain=chain, now=SHOWN_NOW)
    source = Source.objects.filter(site__microgrid=microgrid).first()
    assert source is not None
    later = Source.objects.create(site=source.site, code="later", kind=source.kind, capacity_w=4000)
    witness(chain=chain, now=SHOWN_NOW)
    found = chain.call("EnergyProduction", address_on(chain, "EnergyProduction"), "getSource", [unhexed(later.chain_ref)])
    assert 4000 in found
    assert all_confirmed()
    assert StorageUnit.objects.filter(site__microgrid=microgrid).count() == 2


def test_the_same_bytes_go_out_again_when_the_node_died_before_sending(node, chain):
    deploy_contracts(chain=chain, now=SHOWN_NOW)
    anchor_something(chain, 20160601)
    with pytest.raises(ChainUnavailable):
        drain(chain=DeafChain(node.url), now=SHOWN_NOW)
    signed = book()
    assert signed[-1][1] and signed[-1][3] == DEPLOYED
    assert ChainTransaction.objects.filter(status=TransactionStatus.SENT).count() == 1
    assert drain(chain=chain, now=SHOWN_NOW) == 1
    assert book() == signed
    assert all_confirmed()


def test_a_chain_that_lost_everything_gets_everything_again_at_the_old_addresses(node, settled, microgrid):
    chain = node.chain
    witness(chain=chain, now=SHOWN_NOW)
    before, addresses = (book(), list(ChainDeployment.objects.order_by("pk").values_list("contract", "address")))
    chain = node.lose_everything()
    assert chain.next_nonce(address_of(private_key())) == 0
    without = check_documents(chain=chain, run=settled)
    assert without.failed == without.checked > 0
    done = witness(chain=chain, now=SHOWN_NOW)
    assert done.anchored == 0
    assert chain.next_nonce(address_of(private_key())) == len(before)
    assert book() == before
    assert list(ChainDeployment.objects.order_by("pk").values_list("contract", "address")) == addresses
    assert all_confirmed()
    assert check_documents(chain=chain, run=settled).findings == []


def test_a_chain_that_began_with_another_genesis_gets_everything_again(node, settled, microgrid, monkeypatch):
    witness(chain=node.chain, now=SHOWN_NOW)
    before, genesis = book(), node.chain.genesis_hash()
    monkeypatch.setattr(anvil, "GENESIS_TIMESTAMP", anvil.GENESIS_TIMESTAMP + 1000)
    chain = node.lose_everything()
    assert chain.genesis_hash() != genesis
    witness(chain=chain, now=SHOWN_NOW)
    assert book() == before
    assert all_confirmed()
    assert check_documents(chain=chain, run=settled).findings == []
    assert check_days(chain=chain, microgrid=microgrid, days=[settled.first_day]) == []


def test_only_the_blocks_that_were_lost_are_filled_again(node):
    chain = node.chain
    deploy_contracts(chain=chain, now=SHOWN_NOW)
    node.stop()  # the state so far is on the disk
    kept = (node.folder / "chain" / "state.json").read_bytes()
    chain = node.start()
    for period in (20160601, 20160602, 20160603):
        anchor_something(chain, period)
    drain(chain=chain, now=SHOWN_NOW)
    assert all_confirmed()
    before = book()
    node.kill()
    (node.folder / "chain" / "state.json").write_bytes(kept)
    chain = node.start()
    assert chain.next_nonce(address_of(private_key())) == DEPLOYED
    assert drain(chain=chain, now=SHOWN_NOW) == 3
    assert book() == before
    assert all_confirmed()
    grid = address_on(chain, "GridBalancing")
    for period in (20160601, 20160602, 20160603):
        root = chain.call("GridBalancing", grid, "rootOf", [b"\x01" * 32, period, 0])
        assert hexed(root) == hexed(b"\x02" * 32)


def test_what_a_contract_refuses_is_named_and_holds_up_nothing(chain):
    deploy_contracts(chain=chain, now=SHOWN_NOW)
    wrong = enqueue(chain=chain, key="wrong", contract="Billing", function="settleOffChain", arguments=[[b"\x09" * 32]], now=SHOWN_NOW)
    right = anchor_something(chain, 20160601)
    drain(chain=chain, now=SHOWN_NOW)
    wrong.refresh_from_db()
    right.refresh_from_db()
    assert right.status == TransactionStatus.CONFIRMED
    assert (wrong.status, wrong.nonce) == (TransactionStatus.FAILED, None)
    assert wrong.problem == "BillUnknown(0x" + "09" * 32 + ")"
    assert try_again(transaction_id=wrong.pk)
    assert not try_again(transaction_id=right.pk)
    wrong.refresh_from_db()
    assert (wrong.status, wrong.problem) == (TransactionStatus.PENDING, "")


def test_without_money_for_gas_everything_waits(node, chain):
    poor = UnfundedChain(node.url)
    with pytest.raises(CannotPayForGas, match="cannot pay for gas"):
        deploy_contracts(chain=poor, now=SHOWN_NOW)
    assert not ChainTransaction.objects.filter(status=TransactionStatus.FAILED).exists()
    node.ask("anvil_setBalance", address_of(private_key()), hex(10**20))
    deploy_contracts(chain=poor, now=SHOWN_NOW)
    assert ChainTransaction.objects.count() == DEPLOYED
    assert all_confirmed()


def test_a_call_waits_for_its_contract(chain):
    row = anchor_something(chain, 20160601)
    assert drain(chain=chain, now=SHOWN_NOW) == 0
    row.refresh_from_db()
    assert row.status == TransactionStatus.PENDING
    deploy_contracts(chain=chain, now=SHOWN_NOW)
    drain(chain=chain, now=SHOWN_NOW)
    assert all_confirmed()


def test_there_is_one_sender_at_a_time(chain):
    anchor_something(chain, 20160601)
    sender = address_of(private_key())
    words = {k: v for k, v in connection.get_connection_params().items() if k in {"host", "port", "user", "password", "dbname"}}
    with psycopg.connect(**words, autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [f"sender {sender.lower()}"])
        deploy_contracts(chain=chain, now=SHOWN_NOW)
        assert set(ChainTransaction.objects.values_list("status", flat=True)) == {TransactionStatus.PENDING}
    deploy_contracts(chain=chain, now=SHOWN_NOW)
    drain(chain=chain, now=SHOWN_NOW)
    assert all_confirmed()


def test_a_nonce_that_somebody_else_used_is_named(node, chain):
    deploy_contracts(chain=chain, now=SHOWN_NOW)
    row = anchor_something(chain, 20160601)
    with pytest.raises(ChainUnavailable):
        drain(chain=DeafChain(node.url), now=SHOWN_NOW)
    sender = address_of(private_key())
    node.ask("anvil_impersonateAccount", sender)
    node.transact(sender, sender, 1)
    drain(chain=chain, now=SHOWN_NOW)
    row.refresh_from_db()
    assert row.status == TransactionStatus.SENT
    assert row.problem == f"nonce {DEPLOYED} was used by another transaction of this key"


def test_with_the_node_stopped_days_close_and_bills_post_and_the_witness_catches_up(node, microgrid, measured_days, request):
    chain = node.chain
    deploy_contracts(chain=chain, now=SHOWN_NOW)
    node.stop()
    run = request.getfixturevalue("settled")
    assert run.status == "posted"
    with pytest.raises(ChainUnavailable, match="does not answer"):
        witness(chain=node.chain, now=SHOWN_NOW)
    assert str(check_documents(chain=node.chain, run=run).findings[0])
    chain = node.start()
    assert witness(chain=chain, now=SHOWN_NOW).anchored == 3
    assert all_confirmed()
    assert check_documents(chain=chain, run=run).findings == []


LATER = SHOWN_NOW + timedelta(minutes=4)


def stuck(node, chain) -> ChainTransaction:
    """A transaction that the chain does not take: its fee is too low for what the chain asks for now."""
    deploy_contracts(chain=chain, now=SHOWN_NOW)
    node.ask("evm_setAutomine", False)
    row = anchor_something(chain, 20160601)
    drain(chain=chain, now=SHOWN_NOW)
    node.ask("anvil_setNextBlockBaseFeePerGas", hex(60 * 10**9))
    node.ask("anvil_mine", "0x1")
    row.refresh_from_db()
    assert row.status == TransactionStatus.SENT
    return row


def test_what_is_stuck_is_sent_again_with_a_higher_fee_under_the_same_nonce(node, chain):
    row = stuck(node, chain)
    first = (row.hash, row.nonce)
    drain(chain=chain, now=SHOWN_NOW + timedelta(minutes=2))
    assert row.versions.count() == 1
    drain(chain=chain, now=LATER)
    row.refresh_from_db()
    assert (row.versions.count(), row.nonce) == (2, first[1])
    assert row.hash != first[0]
    low, high = row.versions.order_by("pk").values_list("max_fee_wei", flat=True)
    assert high >= low * 5 / 4
    node.ask("anvil_mine", "0x1")
    drain(chain=chain, now=LATER)
    row.refresh_from_db()
    assert row.status == TransactionStatus.CONFIRMED
    assert all_confirmed()
    node.ask("evm_setAutomine", True)
    anchor_something(chain, 20160602)
    drain(chain=chain, now=LATER)
    assert all_confirmed()


def test_the_former_version_counts_where_it_is_the_one_that_was_mined(node, chain):
    row = stuck(node, chain)
    first = row.hash
    with pytest.raises(ChainUnavailable):
        drain(chain=DeafChain(node.url), now=LATER)  # signed dearer and stored, and then the node dies
    row.refresh_from_db()
    assert row.hash != first
    node.ask("anvil_setNextBlockBaseFeePerGas", hex(10**9))
    node.ask("anvil_mine", "0x1")
    chain.send(bytes(row.versions.get(hash=first).raw))  # another node still had it
    node.ask("anvil_mine", "0x1")
    drain(chain=chain, now=LATER)
    row.refresh_from_db()
    assert (row.status, row.hash) == (TransactionStatus.CONFIRMED, first)
    assert row.problem == ""
    root = chain.call("GridBalancing", address_on(chain, "GridBalancing"), "rootOf", [b"\x01" * 32, 20160601, 0])
    assert hexed(root) == hexed(b"\x02" * 32)


def test_no_fee_passes_the_highest_one(node, chain, settings):
    settings.CHAIN_HIGHEST_FEE_GWEI = 50
    row = stuck(node, chain)
    drain(chain=chain, now=LATER)
    row.refresh_from_db()
    assert row.versions.count() == 1
    assert "CHAIN_HIGHEST_FEE_GWEI" in row.problem


def test_many_microgrids_can_share_a_chain(chain, settled, microgrid):
    other = Microgrid.objects.create(cooperative=microgrid.cooperative, slug="other", name="Other", time_zone="Europe/Berlin")
    witness(chain=chain, now=SHOWN_NOW)
    assert all_confirmed()
    assert ChainTransaction.objects.filter(idempotency_key__contains=other.chain_ref).exists()


def test_an_empty_day_or_run_holds_up_nothing(chain, settled, microgrid):
    other = Microgrid.objects.create(cooperative=microgrid.cooperative, slug="empty", name="Empty", time_zone="Europe/Berlin")
    DayClosing.objects.create(microgrid=other, day=settled.first_day, revision=0, closed_at=SHOWN_NOW, estimated_values=0)
    BillingRun.objects.create(
        microgrid=other,
        period=settled.period,
        first_day=settled.first_day,
        last_day=settled.last_day,
        prepared_at=SHOWN_NOW,
        issue_date=settled.issue_date,
        due_date=settled.due_date,
        status="posted",
        posted_at=SHOWN_NOW,
        released_at=SHOWN_NOW,
        release_rule="test",
    )
    assert witness(chain=chain, now=SHOWN_NOW).anchored == 3
    assert all_confirmed()


def test_a_correction_is_the_months_next_root_and_cancels_what_it_takes_back(chain, settled, bill, correct_meter, microgrid):
    witness(chain=chain, now=SHOWN_NOW)
    correct_meter(bill.site.meters.get(kind="site"), settled.first_day, 9000)
    close_day(microgrid=microgrid, day=settled.first_day, now=SHOWN_NOW)
    run = correct_month(microgrid=microgrid, month=Month(2016, 6), now=SHOWN_NOW)
    witness(chain=chain, now=SHOWN_NOW)
    assert all_confirmed()
    assert Anchor.objects.get(run=run).revision == 1
    assert check_documents(chain=chain, run=run).findings == []
    cancelled = ChainTransaction.objects.filter(idempotency_key__startswith="cancelled:").count()
    assert cancelled == run.documents.filter(kind="bill_reversal").count() > 0
