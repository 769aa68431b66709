"""Bundles: everything with which one document or one meter day can be checked against the chain without us, as plain JSON."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.conf import settings

from billing.models import Document
from billing.selectors.documents import PublishedField, published_fields
from contracts.domain.commitments import (
    BILL_SCHEMA,
    BILL_TYPES,
    DAY_SCHEMA,
    DAY_TYPES,
    BillLeaf,
    DayLeaf,
    field_hashes,
    hexed,
    meter_day_bytes,
    number_of_day,
    unhexed,
)
from contracts.domain.merkle import Hash, MerkleTree
from contracts.models import Anchor, AnchorKind, AnchorLeaf, ChainDeployment
from energy.models import Channel, Meter, MeterDay

HASH_BYTES = 32
CONTRACT_OF = {AnchorKind.DAY: "GridBalancing", AnchorKind.RUN: "Billing"}


class NotAnchoredYet(LookupError):
    """There is no root for it yet; the message says what to expect."""


def proof_bundle(document: Document) -> dict[str, Any]:
    """The bundle of a document: what it says now, and the hashes of what it said when it was anchored.

    Raises:
        NotAnchoredYet: there is no root for it yet.
    """
    rows = AnchorLeaf.objects.select_related("anchor__transaction")
    row = rows.filter(document=document).first()
    if row is None:
        raise NotAnchoredYet("This document is not on the chain yet; usually it takes some minutes.")
    anchor, fields = row.anchor, published_fields(document)
    leaf = BillLeaf(unhexed(anchor.subject), unhexed(document.chain_ref), anchor.period, bytes(row.commitment))
    return {
        "schema": BILL_SCHEMA,
        "document": {"fields": [{"path": f.path, "label": f.label, "value": f.value} for f in fields]},
        "salt": hexed(bytes(row.salt)),
        "field_hashes": [hexed(h) for h in anchored_field_hashes(row, fields)],
        "commitment": hexed(bytes(row.commitment)),
        "leaf": {"types": BILL_TYPES, "values": leaf.values},
        "proof": _proof(_tree(anchor), row),
        **_anchor_words(anchor),
    }


def day_bundle(meter: Meter, day: date) -> dict[str, Any]:
    """The bundle of a meter's day, channel by channel, by the newest root of that day.

    Raises:
        NotAnchoredYet: there is no root for it yet.
    """
    rows = AnchorLeaf.objects.select_related("anchor__transaction").filter(
        anchor__kind=AnchorKind.DAY, anchor__period=number_of_day(day), meter_id=meter.pk
    )
    newest = rows.order_by("-anchor__revision").first()
    if newest is None:
        raise NotAnchoredYet("This day is not on the chain yet; it comes there after it is closed.")
    tree, channels = _tree(newest.anchor), []
    for row in rows.filter(anchor=newest.anchor).order_by("channel"):
        channels.append(_channel_words(meter, day, row, _proof(tree, row)))
    return {"schema": DAY_SCHEMA, "meter": meter.code, "channels": channels, **_anchor_words(newest.anchor)}


def _channel_words(meter: Meter, day: date, row: AnchorLeaf, proof: list[str]) -> dict[str, Any]:
    anchor, channel, version = row.anchor, row.channel or 0, row.version or 0
    stored = MeterDay.objects.filter(microgrid_id=anchor.microgrid_id, meter_id=meter.pk, day=day, channel=channel, version=version).first()
    content = meter_day_bytes(day, channel, version, stored.values_wh, stored.quality) if stored is not None else b""
    leaf = DayLeaf(unhexed(anchor.subject), unhexed(meter.chain_ref), channel, anchor.period, version, bytes(row.commitment))
    return {
        "channel": Channel(channel).label,
        "values_wh": stored.values_wh if stored is not None else [],
        "content": hexed(content),
        "salt": hexed(bytes(row.salt)),
        "commitment": hexed(bytes(row.commitment)),
        "leaf": {"types": DAY_TYPES, "values": leaf.values},
        "proof": proof,
    }


def anchored_field_hashes(row: AnchorLeaf, fields: Sequence[PublishedField]) -> list[Hash]:
    """The hashes of a document's fields as they were anchored, so that each figure is judged by itself."""
    kept = bytes(row.field_hashes)
    if not kept:
        return field_hashes(bytes(row.salt), [(f.path, f.value) for f in fields])
    return [kept[i : i + HASH_BYTES] for i in range(0, len(kept), HASH_BYTES)]


def _tree(anchor: Anchor) -> MerkleTree:
    leaves = AnchorLeaf.objects.filter(anchor=anchor).values_list("leaf", flat=True)
    return MerkleTree([bytes(leaf) for leaf in leaves])


def _proof(tree: MerkleTree, row: AnchorLeaf) -> list[str]:
    return [hexed(node) for node in tree.proof(bytes(row.leaf))]


def _anchor_words(anchor: Anchor) -> dict[str, Any]:
    """Root, and where on which chain it stands."""
    deployed = ChainDeployment.objects.filter(chain_id=anchor.transaction.chain_id, contract=CONTRACT_OF[AnchorKind(anchor.kind)])
    newest = deployed.order_by("-pk").first()
    return {
        "root": anchor.root,
        "anchor": {
            "contract": newest.address if newest else "",
            "subject": anchor.subject,
            "period": anchor.period,
            "revision": anchor.revision,
            "transaction_hash": anchor.transaction.hash,
            "block": anchor.transaction.block_number,
        },
        "rpc_url": settings.CHAIN_PUBLIC_RPC_URL,
        "chain_id": anchor.transaction.chain_id,
    }
