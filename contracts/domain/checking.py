"""Checking a tree: what is stored now against the leaves that were kept, and those against the root on the chain."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from contracts.domain.merkle import Hash, MerkleTree

CHANGED = "what is stored now is not what was anchored"
LEAF_CHANGED = "its kept leaf was changed; what is stored now is what was anchored"
EITHER_CHANGED = "what is stored now and its kept leaf differ, and other leaves were changed as well"
GONE = "what was anchored is gone"
NO_LEAF = "has no leaf"
NO_WAY = "the kept leaves do not lead to the root on the chain"


class FindingKind(StrEnum):
    """What sort of thing does not fit."""

    CONTENT = "content"
    LEAF = "leaf"
    MISSING = "missing"
    NO_LEAF = "no leaf"
    ROOT = "root"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that does not fit: of what sort, about what, and in words."""

    kind: FindingKind
    subject: str
    detail: str

    def __str__(self) -> str:
        return f"{self.subject}: {self.detail}"


@dataclass(frozen=True, slots=True)
class LeafPair:
    """A leaf as it was kept and as it follows from what is stored now; None where there is none."""

    subject: str
    kept: Hash | None
    now: Hash | None


@dataclass(frozen=True, slots=True)
class TreeCheck:
    """What a tree's check found; `proofs_lead_to_root` tells whether the kept leaves still prove anything."""

    findings: list[Finding]
    proofs_lead_to_root: bool


def check_tree(root_on_chain: Hash, subject: str, pairs: Sequence[LeafPair]) -> TreeCheck:
    """Name every pair that does not fit, and tell changed content from changed leaves by the root on the chain."""
    kept_fits = _root([pair.kept for pair in pairs]) == root_on_chain
    content_fits = _root([pair.now for pair in pairs]) == root_on_chain
    findings = [f for pair in pairs if (f := _judge(pair, kept_fits, content_fits)) is not None]
    if not kept_fits and not content_fits:
        findings.append(Finding(FindingKind.ROOT, subject, NO_WAY))
    return TreeCheck(findings, kept_fits)


def _root(leaves: Sequence[Hash | None]) -> Hash | None:
    present = [leaf for leaf in leaves if leaf is not None]
    return MerkleTree(present).root if present else None


def _judge(pair: LeafPair, kept_fits: bool, content_fits: bool) -> Finding | None:
    if pair.kept == pair.now:
        return None
    if pair.now is None:
        return Finding(FindingKind.MISSING, pair.subject, GONE)
    if pair.kept is None:
        return Finding(FindingKind.NO_LEAF, pair.subject, NO_LEAF)
    if content_fits:
        return Finding(FindingKind.LEAF, pair.subject, LEAF_CHANGED)
    if kept_fits:
        return Finding(FindingKind.CONTENT, pair.subject, CHANGED)
    return Finding(FindingKind.CONTENT, pair.subject, EITHER_CHANGED)
