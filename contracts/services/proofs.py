"""Proofs: what a member needs to check a bill alone, and the same check over everything."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.conf import settings

from billing.models import BillingRun, Document
from billing.selectors.documents import documents_of_run, published_fields
from contracts.domain.chain import CallReverted, Chain, ChainUnavailable
from contracts.domain.commitments import (
    BILL_SCHEMA,
    BILL_TYPES,
    BillLeaf,
    DayLeaf,
    commit,
    document_commitment,
    field_hashes,
    hexed,
    meter_day_bytes,
    number_of_day,
    unhexed,
)
from contracts.domain.merkle import CannotProve, MerkleTree, root_from
from contracts.models import Anchor, AnchorKind, AnchorLeaf, ChainDeployment
from contracts.services.anchoring import CONTRACT_OF, meter_day_rows
from contracts.services.outbox import address_on
from energy.models import Meter, Microgrid


class NotAnchoredYet(LookupError):
    """The document's run has not been anchored; the message says what to expect."""


@dataclass(slots=True)
class ProofReport:
    """How many documents were checked, how many failed, and everything that was found, in words."""

    checked: int = 0
    failed: int = 0
    findings: list[str] = field(default_factory=list)


def proof_bundle(document: Document) -> dict[str, Any]:
    """Everything with which a document can be checked against the chain without us, as plain JSON.

    Raises:
        NotAnchoredYet: there is no root for it yet.
    """
    leaf_row = (
        AnchorLeaf.objects.select_related("anchor__transaction", "anchor__microgrid")
        .filter(document=document)
        .first()
    )
    if leaf_row is None:
        raise NotAnchoredYet("This document is not on the chain yet; usually it takes some minutes.")
    anchor = leaf_row.anchor
    fields = published_fields(document)
    leaves = [bytes(leaf) for leaf in AnchorLeaf.objects.filter(anchor=anchor).values_list("leaf", flat=True)]
    leaf = BillLeaf(
        unhexed(anchor.subject), unhexed(document.chain_ref), anchor.period, bytes(leaf_row.commitment)
    )
    deployed = (
        ChainDeployment.objects.filter(
            chain_id=anchor.transaction.chain_id, contract=CONTRACT_OF[AnchorKind.RUN]
        )
        .order_by("-pk")
        .first()
    )
    return {
        "schema": BILL_SCHEMA,
        "document": {"fields": [{"path": f.path, "label": f.label, "value": f.value} for f in fields]},
        "salt": hexed(bytes(leaf_row.salt)),
        "field_hashes": [
            hexed(h) for h in field_hashes(bytes(leaf_row.salt), [(f.path, f.value) for f in fields])
        ],
        "commitment": hexed(bytes(leaf_row.commitment)),
        "leaf": {"types": BILL_TYPES, "values": leaf.values},
        "proof": [hexed(h) for h in MerkleTree(leaves).proof(bytes(leaf_row.leaf))],
        "root": anchor.root,
        "anchor": {
            "contract": deployed.address if deployed else "",
            "subject": anchor.subject,
            "period": anchor.period,
            "revision": anchor.revision,
            "transaction_hash": anchor.transaction.hash,
            "block": anchor.transaction.block_number,
        },
        "rpc_url": settings.CHAIN_PUBLIC_RPC_URL,
        "chain_id": anchor.transaction.chain_id,
    }


def root_on_chain(chain: Chain, anchor: Anchor) -> str:
    """The root that the chain holds for an anchor; empty where it holds none."""
    contract = CONTRACT_OF[AnchorKind(anchor.kind)]
    address = address_on(chain, contract)
    if not address:
        return ""
    try:
        return hexed(
            chain.call(contract, address, "rootOf", [unhexed(anchor.subject), anchor.period, anchor.revision])
        )
    except CallReverted:
        return ""


def check_documents(*, chain: Chain, run: BillingRun) -> ProofReport:
    """Check every document of a run as a member's browser would: fields to leaf, leaf to root, root to chain."""
    report = ProofReport()
    anchor = Anchor.objects.filter(run=run).first()
    documents = list(documents_of_run(run.pk))
    report.checked = len(documents)
    problem = _anchor_problem(chain, anchor, str(run))
    if anchor is None or problem:
        report.failed = len(documents)
        report.findings.append(problem)
        return report
    rows = {row.document_id: row for row in AnchorLeaf.objects.filter(anchor=anchor)}
    tree = MerkleTree([bytes(row.leaf) for row in rows.values()])
    for document in documents:
        what = _document_problem(document, rows.get(document.pk), anchor, tree)
        if what:
            report.failed += 1
            report.findings.append(f"{document.label}: {what}")
    return report


def _anchor_problem(chain: Chain, anchor: Anchor | None, name: str) -> str:
    if anchor is None:
        return f"{name} is not anchored"
    try:
        found = root_on_chain(chain, anchor)
    except ChainUnavailable as down:
        return f"{anchor} cannot be checked: {down}"
    if not found:
        return f"{anchor} is not on the chain"
    return "" if found == anchor.root else f"{anchor} has another root on the chain"


def _document_problem(document: Document, row: AnchorLeaf | None, anchor: Anchor, tree: MerkleTree) -> str:
    if row is None:
        return "has no leaf"
    hashes = field_hashes(bytes(row.salt), [(f.path, f.value) for f in published_fields(document)])
    leaf = BillLeaf(
        unhexed(anchor.subject), unhexed(document.chain_ref), anchor.period, document_commitment(hashes)
    )
    return _leaf_problem(leaf.hash, anchor, tree)


def _leaf_problem(leaf: bytes, anchor: Anchor, tree: MerkleTree) -> str:
    try:
        proof = tree.proof(leaf)
    except CannotProve:
        return "what is stored now is not what was anchored"
    return "" if hexed(root_from(leaf, proof)) == anchor.root else "does not lead to the anchored root"


def check_days(*, chain: Chain, microgrid: Microgrid, days: Sequence[date]) -> list[str]:
    """Check the anchored meter days of `days` as they are stored now; returns what does not fit, in words."""
    findings: list[str] = []
    meters = dict(Meter.objects.filter(microgrid=microgrid).values_list("pk", "code"))
    refs = dict(Meter.objects.filter(microgrid=microgrid).values_list("pk", "chain_ref"))
    for day in days:
        anchor = (
            Anchor.objects.filter(kind=AnchorKind.DAY, microgrid=microgrid, period=number_of_day(day))
            .order_by("-revision")
            .first()
        )
        problem = _anchor_problem(chain, anchor, str(day))
        if anchor is None or problem:
            findings.append(problem)
            continue
        rows = {(row.meter_id, row.channel): row for row in AnchorLeaf.objects.filter(anchor=anchor)}
        tree = MerkleTree([bytes(row.leaf) for row in rows.values()])
        stored = meter_day_rows(microgrid, day)
        for meter_id, channel, version, values, quality in stored:
            row = rows.pop((meter_id, channel), None)
            if row is None:
                findings.append(f"{meters[meter_id]} on {day}: has no leaf")
                continue
            commitment = commit(bytes(row.salt), meter_day_bytes(day, channel, version, values, quality))
            leaf = DayLeaf(
                unhexed(microgrid.chain_ref),
                unhexed(refs[meter_id]),
                channel,
                number_of_day(day),
                version,
                commitment,
            )
            what = _leaf_problem(leaf.hash, anchor, tree)
            if what:
                findings.append(f"{meters[meter_id]} on {day}: {what}")
        findings.extend(f"{meters.get(m or 0, m)} on {day}: the anchored meter day is gone" for m, _ in rows)
    return findings
