"""The check of everything that was anchored, as a member's browser would check one bill."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from billing.models import BillingRun, Document
from billing.selectors.documents import documents_of_run, published_fields
from contracts.domain.chain import CallReverted, Chain, ChainUnavailable
from contracts.domain.checking import Finding, FindingKind, LeafPair, check_tree
from contracts.domain.commitments import (
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
from contracts.models import Anchor, AnchorKind, AnchorLeaf
from contracts.selectors.bundles import CONTRACT_OF, HASH_BYTES, anchored_field_hashes
from contracts.services.anchoring import meter_day_rows
from contracts.services.outbox import address_on
from energy.models import Channel, Meter, Microgrid


@dataclass(slots=True)
class ProofReport:
    """How many documents were checked, how many cannot be proved to their members, and everything that was found."""

    checked: int = 0
    failed: int = 0
    findings: list[Finding] = field(default_factory=list)


def root_on_chain(chain: Chain, anchor: Anchor) -> str:
    """The root that the chain holds for an anchor; empty where it holds none."""
    contract = CONTRACT_OF[AnchorKind(anchor.kind)]
    address = address_on(chain, contract)
    if not address:
        return ""
    try:
        return hexed(chain.call(contract, address, "rootOf", [unhexed(anchor.subject), anchor.period, anchor.revision]))
    except CallReverted:
        return ""


def check_documents(*, chain: Chain, run: BillingRun) -> ProofReport:
    """Check every document of a run as a member's browser would: fields to leaf, leaf to root, root to chain.

    All is recomputed from what is stored now; each finding names the document and, where the kept hashes of its fields are
    whole, the very figure.
    """
    documents = list(documents_of_run(run.pk))
    report = ProofReport(checked=len(documents), failed=len(documents))
    anchor = Anchor.objects.filter(run=run).first()
    problem = _anchor_problem(chain, anchor, str(run))
    if anchor is None or problem is not None:
        report.findings.extend([problem] if problem else [])
        return report
    leaves = AnchorLeaf.objects.filter(anchor=anchor)
    rows = {row.document_id: row for row in leaves if row.document_id is not None}
    pairs = [_document_pair(anchor, document, rows.get(document.pk)) for document in documents]
    known = {document.pk for document in documents}
    names = dict(Document.objects.filter(pk__in=rows.keys() - known).values_list("pk", "chain_ref"))
    pairs += [LeafPair(names.get(pk, f"document {pk}"), bytes(row.leaf), None) for pk, row in rows.items() if pk not in known]
    check = check_tree(unhexed(anchor.root), str(run), pairs)
    failed = {finding.subject for finding in check.findings}
    report.failed = sum(d.label in failed for d in documents) if check.proofs_lead_to_root else len(documents)
    by_label = {document.label: document for document in documents}
    for finding in check.findings:
        report.findings.extend(_named_fields(finding, by_label.get(finding.subject), rows))
    return report


def _document_pair(anchor: Anchor, document: Document, row: AnchorLeaf | None) -> LeafPair:
    if row is None:
        return LeafPair(document.label, None, document_commitment([bytes(HASH_BYTES)]))
    hashes = field_hashes(bytes(row.salt), [(f.path, f.value) for f in published_fields(document)])
    leaf = BillLeaf(unhexed(anchor.subject), unhexed(document.chain_ref), anchor.period, document_commitment(hashes))
    return LeafPair(document.label, bytes(row.leaf), leaf.hash)


def _named_fields(finding: Finding, document: Document | None, rows: dict[int, AnchorLeaf]) -> list[Finding]:
    """The finding told figure by figure, where the hashes that were kept at anchoring are those of the kept leaf."""
    if finding.kind is not FindingKind.CONTENT or document is None:
        return [finding]
    row = rows[document.pk]
    fields = published_fields(document)
    kept = anchored_field_hashes(row, fields)
    if not row.field_hashes or document_commitment(kept) != bytes(row.commitment):
        return [finding]
    if len(kept) != len(fields):
        return [replace(finding, detail=f"{finding.detail}: it had {len(kept)} fields and has {len(fields)} now")]
    now = field_hashes(bytes(row.salt), [(f.path, f.value) for f in fields])
    return [
        replace(finding, detail=f"{f.label} ({f.path}) is {f.value!r} now: {finding.detail}")
        for f, before, after in zip(fields, kept, now, strict=True)
        if before != after
    ] or [finding]


def _anchor_problem(chain: Chain, anchor: Anchor | None, name: str) -> Finding | None:
    if anchor is None:
        return Finding(FindingKind.ROOT, name, f"{name} is not anchored")
    try:
        found = root_on_chain(chain, anchor)
    except ChainUnavailable as down:
        return Finding(FindingKind.UNREACHABLE, name, f"{anchor} cannot be checked: {down}")
    if not found:
        return Finding(FindingKind.ROOT, name, f"{anchor} is not on the chain")
    if found != anchor.root:
        return Finding(FindingKind.ROOT, name, f"{anchor} has another root on the chain")
    return None


def check_days(*, chain: Chain, microgrid: Microgrid, days: Sequence[date]) -> list[Finding]:
    """Check the anchored meter days of `days` as they are stored now, each day by its newest root."""
    meters = {meter.pk: meter for meter in Meter.objects.filter(microgrid=microgrid)}
    findings: list[Finding] = []
    for day in days:
        newest = Anchor.objects.filter(kind=AnchorKind.DAY, microgrid=microgrid, period=number_of_day(day))
        anchor = newest.order_by("-revision").first()
        problem = _anchor_problem(chain, anchor, str(day))
        if anchor is None or problem is not None:
            findings.extend([problem] if problem else [])
            continue
        pairs = _day_pairs(microgrid, day, anchor, meters)
        findings += check_tree(unhexed(anchor.root), str(day), pairs).findings
    return findings


def _day_pairs(microgrid: Microgrid, day: date, anchor: Anchor, meters: dict[int, Meter]) -> list[LeafPair]:
    leaves = AnchorLeaf.objects.filter(anchor=anchor)
    rows = {(row.meter_id, row.channel): row for row in leaves if row.meter_id is not None and row.channel is not None}
    pairs = []
    for meter_id, channel, version, values, quality in meter_day_rows(microgrid, day):
        name = f"{meters[meter_id].code} on {day}, {Channel(channel).label}"
        row = rows.pop((meter_id, channel), None)
        if row is None:
            pairs.append(LeafPair(name, None, bytes(HASH_BYTES)))
            continue
        commitment = commit(bytes(row.salt), meter_day_bytes(day, channel, version, values, quality))
        leaf = DayLeaf(unhexed(microgrid.chain_ref), unhexed(meters[meter_id].chain_ref), channel, number_of_day(day), version, commitment)
        pairs.append(LeafPair(name, bytes(row.leaf), leaf.hash))
    for (gone_id, channel), row in rows.items():
        code = meters[gone_id].code if gone_id in meters else f"meter {gone_id}"
        pairs.append(LeafPair(f"{code} on {day}, {Channel(channel).label}", bytes(row.leaf), None))
    return pairs
