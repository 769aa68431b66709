"""Anchoring: a root per closed day and per posted run, each once."""

import os
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction

from billing.models import BillingRun
from billing.selectors.documents import documents_of_run, published_fields
from contracts.domain.chain import Chain
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
from contracts.domain.merkle import MerkleTree
from contracts.models import Anchor, AnchorKind, AnchorLeaf
from contracts.selectors.bundles import CONTRACT_OF
from contracts.services.batches import BatchEntry, store_batch
from contracts.services.outbox import enqueue
from energy.models import Meter, Microgrid
from energy.selectors.ownership import members_on

SALT_BYTES = 32


class NothingToAnchor(LookupError):
    """There is no meter day or document to make a tree of."""


def meter_day_rows(microgrid: Microgrid, day: date) -> list[tuple[int, int, int, list[int], list[int]]]:
    """Current final rows of a day: meter, channel, version, values, quality; in order."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT meter_id, channel, version, values_wh, quality FROM energy_meterday
               WHERE microgrid_id = %s AND day = %s AND is_current AND status = 1 ORDER BY meter_id, channel""",
            [microgrid.pk, day],
        )
        return list(cursor.fetchall())


@transaction.atomic
def anchor_day(*, chain: Chain, microgrid: Microgrid, day: date, revision: int, now: datetime) -> Anchor:
    """Build the tree of a closed day and put its root into the outbox; the same revision again is the same anchor.

    Raises:
        NothingToAnchor: the day has no meter days.
    """
    Microgrid.objects.select_for_update().get(pk=microgrid.pk)
    existing = Anchor.objects.filter(kind=AnchorKind.DAY, subject=microgrid.chain_ref, period=number_of_day(day), revision=revision).first()
    if existing is not None:
        return existing
    meters = {meter.pk: meter for meter in Meter.objects.filter(microgrid=microgrid).select_related("site")}
    # Encrypted to whose day it was, whoever has the site when it is sealed.
    owners = members_on([meter.site_id for meter in meters.values()], day)
    subject = unhexed(microgrid.chain_ref)
    leaves, entries = [], []
    for meter_id, channel, version, values, quality in meter_day_rows(microgrid, day):
        meter, salt = meters[meter_id], os.urandom(SALT_BYTES)
        commitment = commit(salt, meter_day_bytes(day, channel, version, values, quality))
        leaf = DayLeaf(subject, unhexed(meter.chain_ref), channel, number_of_day(day), version, commitment)
        leaves.append(AnchorLeaf(meter_id=meter_id, channel=channel, version=version, salt=salt, commitment=commitment, leaf=leaf.hash))
        content = {"meter": meter.chain_ref, "channel": channel, "version": version, "salt": salt, "values_wh": values, "quality": quality}
        entries.append(BatchEntry(owners[meter.site_id], content))
    cid = store_batch(microgrid, day, revision, entries) if entries else ""
    return _store(chain, AnchorKind.DAY, microgrid, microgrid.chain_ref, number_of_day(day), revision, leaves, cid, None, now)


@transaction.atomic
def anchor_run(*, chain: Chain, run: BillingRun, now: datetime) -> Anchor:
    """Build the tree of a posted run's documents and put its root into the outbox; again it is the same anchor.

    Raises:
        NothingToAnchor: the run has no documents.
    """
    BillingRun.objects.select_for_update().get(pk=run.pk)
    existing = Anchor.objects.filter(run=run).first()
    if existing is not None:
        return existing
    subject = unhexed(run.microgrid.chain_ref)
    leaves = []
    for document in documents_of_run(run.pk):
        salt = os.urandom(SALT_BYTES)
        hashes = field_hashes(salt, [(field.path, field.value) for field in published_fields(document)])
        commitment = document_commitment(hashes)
        leaf = BillLeaf(subject, unhexed(document.chain_ref), run.period, commitment)
        leaves.append(AnchorLeaf(document=document, salt=salt, commitment=commitment, leaf=leaf.hash, field_hashes=b"".join(hashes)))
    # The chain counts a month's roots without gaps; runs that were withdrawn, or changed nothing, have none.
    earlier = Anchor.objects.filter(kind=AnchorKind.RUN, microgrid=run.microgrid_id, period=run.period).count()
    return _store(chain, AnchorKind.RUN, run.microgrid, run.microgrid.chain_ref, run.period, earlier, leaves, "", run, now)


def _store(
    chain: Chain,
    kind: AnchorKind,
    microgrid: Microgrid,
    subject: str,
    period: int,
    revision: int,
    leaves: Sequence[AnchorLeaf],
    cid: str,
    run: BillingRun | None,
    now: datetime,
) -> Anchor:
    if not leaves:
        raise NothingToAnchor(f"{kind} {period} of {microgrid} is empty.")
    root = MerkleTree([bytes(leaf.leaf) for leaf in leaves]).root
    arguments: list[Any] = [unhexed(subject), period, revision, root, len(leaves), cid]
    row = enqueue(
        chain=chain,
        key=f"anchor:{chain.chain_id()}:{kind}:{subject}:{period}:{revision}",
        contract=CONTRACT_OF[kind],
        function="anchorRoot",
        arguments=arguments,
        now=now,
    )
    anchor = Anchor.objects.create(
        kind=kind,
        microgrid=microgrid,
        run=run,
        subject=subject,
        period=period,
        revision=revision,
        root=hexed(root),
        leaves=len(leaves),
        cid=cid,
        transaction=row,
        created_at=now,
    )
    for leaf in leaves:
        leaf.anchor = anchor
    AnchorLeaf.objects.bulk_create(leaves, batch_size=2000)
    return anchor
