"""Encrypted batches: each member's own days open with the member's key, nobody else's, and with none once it is destroyed."""

import pytest
from cryptography.exceptions import InvalidTag

from contracts.adapters.ipfs import BlockMissing, BlockStore, cid_of
from contracts.domain.commitments import commit, meter_day_bytes
from contracts.models import Anchor, AnchorKind, AnchorLeaf, MemberDataKey
from contracts.services.batches import BatchEntry, KeyDestroyed, data_keys, read_batch, store_batch
from contracts.services.witness import witness
from energy.models import Meter
from members.models import Member
from tests.integration.grid.conftest import DAY, SHOWN_NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def day_anchor(chain, settled) -> Anchor:
    witness(chain=chain, now=SHOWN_NOW)
    return Anchor.objects.get(kind=AnchorKind.DAY, period=20160601)


@pytest.fixture
def members(microgrid) -> list[Member]:
    return list(Member.objects.filter(sites__microgrid=microgrid).distinct().order_by("pk"))


def test_what_a_member_decrypts_opens_the_commitments_of_the_leaves(day_anchor, members):
    opened = 0
    for member in members:
        for content in read_batch(cid=day_anchor.cid, member=member):
            meter = Meter.objects.get(chain_ref=content["meter"])
            assert meter.site.member_id == member.pk
            leaf = AnchorLeaf.objects.get(anchor=day_anchor, meter_id=meter.pk, channel=content["channel"])
            canonical = meter_day_bytes(DAY, content["channel"], content["version"], content["values_wh"], content["quality"])
            assert commit(content["salt"], canonical) == bytes(leaf.commitment)
            opened += 1
    assert opened == day_anchor.leaves


def test_nothing_readable_lies_in_the_blocks(day_anchor, members, settings):
    blocks = b"".join(path.read_bytes() for path in settings.IPFS_STORE_DIR.rglob("*") if path.is_file())
    assert len(blocks) > 10_000
    for member in members:
        assert member.name.encode() not in blocks
    for meter in Meter.objects.all():
        assert meter.chain_ref.encode() not in blocks
        assert meter.code.encode() not in blocks


def test_one_members_key_does_not_open_anothers(day_anchor, members):
    first, second = members[:2]
    keys = data_keys([first, second])
    store = BlockStore.configured()
    sealed = next(part[second.chain_ref] for part in map(store.get, store.get(day_anchor.cid)["parts"]) if second.chain_ref in part)
    with pytest.raises(InvalidTag):
        keys[first.pk].decrypt(sealed[:12], sealed[12:], second.chain_ref.encode())


def test_with_the_key_destroyed_the_days_are_erased(day_anchor, members):
    member = members[0]
    assert read_batch(cid=day_anchor.cid, member=member)
    MemberDataKey.objects.get(member=member).delete()
    with pytest.raises(KeyDestroyed):
        read_batch(cid=day_anchor.cid, member=member)


def test_a_member_with_more_than_a_block_holds_gets_several(members, microgrid):
    contents = [{"meter": f"m{i}", "values_wh": [100_000 + i] * 2_000} for i in range(300)]
    cid = store_batch(microgrid, DAY, 0, [BatchEntry(members[0], content) for content in contents])
    assert len(BlockStore.configured().get(cid)["parts"]) > 3
    assert read_batch(cid=cid, member=members[0]) == contents
    assert MemberDataKey.objects.filter(member=members[0]).count() == 1


def test_a_damaged_block_is_no_block(settings):
    store = BlockStore.configured()
    cid = store.put({"a": 1})
    assert store.get(cid) == {"a": 1}
    [path] = [p for p in settings.IPFS_STORE_DIR.rglob("*") if p.is_file()]
    path.write_bytes(path.read_bytes() + b"\x00")
    with pytest.raises(BlockMissing, match="damaged"):
        store.get(cid)
    with pytest.raises(BlockMissing):
        store.get(cid_of(b"\xa0"))


def test_a_block_bears_the_cid_that_kubo_would_give():
    # `echo '{"hello":"world"}' | ipfs dag put` gives this CID (IPLD's documentation of dag-cbor).
    assert BlockStore.configured().put({"hello": "world"}) == "bafyreidykglsfhoixmivffc5uwhcgshx4j465xwqntbmu43nb2dzqwfvae"


def test_a_block_that_no_node_would_take_is_refused():
    with pytest.raises(ValueError, match="too large"):
        BlockStore.configured().put({"x": b"\x00" * 1_100_000})
