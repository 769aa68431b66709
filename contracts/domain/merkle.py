"""Merkle trees in the form of OpenZeppelin's StandardMerkleTree: sorted double-hashed leaves, sorted pairs."""

from collections.abc import Sequence

import sha3

Hash = bytes


class CannotProve(LookupError):
    """The leaf is not in the tree."""


def keccak(data: bytes) -> Hash:
    """Ethereum's keccak-256."""
    return bytes(sha3.keccak_256(data).digest())


def leaf_hash(encoded: bytes) -> Hash:
    """The leaf of ABI-encoded values, hashed twice so that no inner node can be passed off as a leaf."""
    return keccak(keccak(encoded))


def hash_pair(a: Hash, b: Hash) -> Hash:
    """A node: the smaller hash first."""
    return keccak(a + b if a < b else b + a)


class MerkleTree:
    """A tree over at least one leaf; the array holds the root first and the leaves, sorted, last in reverse."""

    def __init__(self, leaves: Sequence[Hash]) -> None:
        if not leaves:
            raise CannotProve("A tree needs at least one leaf.")
        count = len(leaves)
        nodes: list[Hash] = [b""] * (2 * count - 1)
        for i, leaf in enumerate(sorted(leaves)):
            nodes[len(nodes) - 1 - i] = leaf
        for i in range(count - 2, -1, -1):
            nodes[i] = hash_pair(nodes[2 * i + 1], nodes[2 * i + 2])
        self._nodes = nodes
        self._place = {leaf: i for i, leaf in enumerate(nodes) if i >= count - 1}

    @property
    def root(self) -> Hash:
        return self._nodes[0]

    def proof(self, leaf: Hash) -> list[Hash]:
        """The siblings from the leaf up to the root.

        Raises:
            CannotProve: the leaf is not in the tree.
        """
        if leaf not in self._place:
            raise CannotProve("The leaf is not in the tree.")
        i, siblings = self._place[leaf], []
        while i:
            siblings.append(self._nodes[i + 1 if i % 2 else i - 1])
            i = (i - 1) // 2
        return siblings


def root_from(leaf: Hash, proof: Sequence[Hash]) -> Hash:
    """The root to which a leaf and its siblings lead."""
    for sibling in proof:
        leaf = hash_pair(leaf, sibling)
    return leaf
