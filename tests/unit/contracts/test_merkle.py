"""Trees against @openzeppelin/merkle-tree 1.0.8, and what must hold of every tree."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.domain.commitments import BillLeaf, DayLeaf
from contracts.domain.merkle import CannotProve, MerkleTree, hash_pair, keccak, leaf_hash, root_from

# StandardMerkleTree.of(rows, types) of @openzeppelin/merkle-tree 1.0.8 with the types
# ["string","bytes32","bytes32","uint8","uint32","uint32","bytes32"] and, for i = 0..4, the rows
# ["microgrid-day-1", 0xaa..aa, (i+1) repeated, i+1, 20160327, i, (0x50+i) repeated].
DAY_ROOTS = {
    1: "da786d83b7cfb92e7658335d9e2d158c23e8fddc0c63b7dd7112843d685f1187",
    2: "ca554bc493bf121ab8ec90cc739e5a4ab3b6b3e964ba4c85b6c44293b112512b",
    3: "63747509cc275ae71066a41f899a1e730e342693ace4aae1a54b1a9b45cf1b25",
    5: "018265299bc449bf0307623124a63546ec6cbaa92df2f6a1b9332c4fff06b771",
}
PROOF_OF_THE_THIRD = [
    "803744612b91b76f5ed91871b3ab88be37e67f14a5c746113c295da384d9f058",
    "eca182d577a74eb198c6d8d8f584133c3335fd2d56f2526ab3829f6f53daec19",
    "0b2ba7521ece9b66a697d7a3d924f46dd71aee6278e0b4cf4d5c34647d7704a2",
]
# As above with ["string","bytes32","bytes32","uint32","bytes32"] and, for i = 0..2,
# ["microgrid-bill-1", 0xaa..aa, (i+1) repeated, 201603, (0x70+i) repeated].
BILL_ROOT = "066ad27a0c8b3905119a5ea03ca7c5a3ec402963856747d3d4e1c3174a92bd41"
FIRST_BILL = "6369902422352646a3d58553ffb6f142af669a09551acebad64d70580dd25359"

leaf_lists = st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=40, unique=True)


def word(byte: int) -> bytes:
    return bytes([byte]) * 32


def day_leaves(count: int) -> list[bytes]:
    return [DayLeaf(word(0xAA), word(i + 1), i + 1, 20160327, i, word(0x50 + i)).hash for i in range(count)]


def bill_leaves() -> list[bytes]:
    return [BillLeaf(word(0xAA), word(i + 1), 201603, word(0x70 + i)).hash for i in range(3)]


def test_keccak_is_ethereums_and_not_sha3():
    # keccak256("") as the Ethereum Yellow Paper gives it; SHA3-256("") begins a7ffc6f8.
    assert keccak(b"").hex() == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"


@pytest.mark.parametrize("count", sorted(DAY_ROOTS))
def test_roots_of_days_are_those_of_the_standard_tree(count):
    assert MerkleTree(day_leaves(count)).root.hex() == DAY_ROOTS[count]


def test_a_proof_is_that_of_the_standard_tree():
    leaves = day_leaves(5)
    assert [node.hex() for node in MerkleTree(leaves).proof(leaves[2])] == PROOF_OF_THE_THIRD


def test_leaf_and_root_of_bills_are_those_of_the_standard_tree():
    leaves = bill_leaves()
    assert leaves[0].hex() == FIRST_BILL
    assert MerkleTree(leaves).root.hex() == BILL_ROOT


@given(leaf_lists)
def test_every_leaf_is_proved(leaves):
    tree = MerkleTree(leaves)
    assert all(root_from(leaf, tree.proof(leaf)) == tree.root for leaf in leaves)


@given(leaf_lists, st.randoms(use_true_random=False))
def test_the_order_in_which_leaves_come_does_not_matter(leaves, random):
    shuffled = list(leaves)
    random.shuffle(shuffled)
    assert MerkleTree(shuffled).root == MerkleTree(leaves).root


@given(leaf_lists, st.integers(0, 31), st.integers(1, 255), st.data())
def test_one_changed_byte_is_another_root(leaves, place, change, data):
    number = data.draw(st.integers(0, len(leaves) - 1))
    wounded = bytearray(leaves[number])
    wounded[place] ^= change
    changed = [*leaves[:number], bytes(wounded), *leaves[number + 1 :]]
    assert MerkleTree(changed).root != MerkleTree(leaves).root
    assert root_from(bytes(wounded), MerkleTree(leaves).proof(leaves[number])) != MerkleTree(leaves).root


@given(leaf_lists, st.binary(min_size=32, max_size=32))
def test_what_is_not_in_the_tree_has_no_proof(leaves, stranger):
    if stranger in leaves:
        leaves = [leaf for leaf in leaves if leaf != stranger] or [keccak(stranger)]
    with pytest.raises(CannotProve):
        MerkleTree(leaves).proof(stranger)


def test_an_inner_node_is_no_leaf():
    leaves = day_leaves(4)
    inner = hash_pair(*sorted(leaves)[2:])
    with pytest.raises(CannotProve):
        MerkleTree(leaves).proof(inner)
    assert leaf_hash(b"".join(sorted(leaves)[2:])) != inner


def test_a_tree_without_leaves_is_refused():
    with pytest.raises(CannotProve):
        MerkleTree([])
