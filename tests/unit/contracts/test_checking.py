"""Which of three stories is told when a tree does not fit: content, leaf, or root."""

from hypothesis import given
from hypothesis import strategies as st

from contracts.domain.checking import Finding, FindingKind, LeafPair, check_tree
from contracts.domain.merkle import MerkleTree, keccak

hashes = st.lists(st.binary(min_size=32, max_size=32), min_size=2, max_size=12, unique=True)


def pairs_of(leaves: list[bytes]) -> list[LeafPair]:
    return [LeafPair(f"B-{i}", leaf, leaf) for i, leaf in enumerate(leaves)]


def kinds(findings: list[Finding]) -> list[tuple[FindingKind, str]]:
    return [(finding.kind, finding.subject) for finding in findings]


@given(hashes)
def test_a_whole_tree_has_no_findings(leaves):
    check = check_tree(MerkleTree(leaves).root, "run", pairs_of(leaves))
    assert check.findings == []
    assert check.proofs_lead_to_root


@given(hashes, st.data())
def test_changed_content_is_named_and_the_proofs_of_others_stand(leaves, data):
    place = data.draw(st.integers(0, len(leaves) - 1))
    pairs = pairs_of(leaves)
    pairs[place] = LeafPair(f"B-{place}", leaves[place], keccak(leaves[place]))
    check = check_tree(MerkleTree(leaves).root, "run", pairs)
    assert kinds(check.findings) == [(FindingKind.CONTENT, f"B-{place}")]
    assert check.proofs_lead_to_root


@given(hashes, st.data())
def test_a_changed_leaf_is_told_from_changed_content(leaves, data):
    place = data.draw(st.integers(0, len(leaves) - 1))
    pairs = pairs_of(leaves)
    pairs[place] = LeafPair(f"B-{place}", keccak(leaves[place]), leaves[place])
    check = check_tree(MerkleTree(leaves).root, "run", pairs)
    assert kinds(check.findings) == [(FindingKind.LEAF, f"B-{place}")]
    assert not check.proofs_lead_to_root


@given(hashes, st.data())
def test_what_is_gone_or_was_added_is_named(leaves, data):
    place = data.draw(st.integers(0, len(leaves) - 1))
    pairs = pairs_of(leaves)
    pairs[place] = LeafPair(f"B-{place}", leaves[place], None)
    pairs.append(LeafPair("B-new", None, keccak(b"new")))
    found = kinds(check_tree(MerkleTree(leaves).root, "run", pairs).findings)
    assert found == [(FindingKind.MISSING, f"B-{place}"), (FindingKind.NO_LEAF, "B-new")]


@given(hashes, st.binary(min_size=32, max_size=32))
def test_a_tree_that_fits_itself_but_not_the_chain_is_named_as_a_whole(leaves, root):
    if root == MerkleTree(leaves).root:
        root = keccak(root)
    check = check_tree(root, "run", pairs_of(leaves))
    assert kinds(check.findings) == [(FindingKind.ROOT, "run")]
    assert not check.proofs_lead_to_root


def test_a_leaf_and_another_content_changed_together_are_both_named():
    leaves = [keccak(bytes([i])) for i in range(4)]
    pairs = pairs_of(leaves)
    pairs[1] = LeafPair("B-1", keccak(b"x"), leaves[1])
    pairs[2] = LeafPair("B-2", leaves[2], keccak(b"y"))
    check = check_tree(MerkleTree(leaves).root, "run", pairs)
    assert [f.subject for f in check.findings] == ["B-1", "B-2", "run"]


def test_a_tree_without_leaves_is_a_finding():
    check = check_tree(bytes(32), "run", [])
    assert kinds(check.findings) == [(FindingKind.ROOT, "run")]
