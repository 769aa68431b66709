"""Where a month has documents already: what differs is taken back and written anew, what does not stays as it is.

All sites are rated as if for the first time. A draft that says what a standing document says is thrown away; any other stands for the
one of the same site, member and kind, which a reversal takes back. Nothing posted is edited, and the documents that stand afterwards
are those that a first run would have made of the newest readings: so the differences of all who buy and sell locally sum to zero.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import F

from billing.models import (
    Allocation,
    BillingRun,
    Component,
    Document,
    DocumentLine,
    FlexibilityCredit,
    RunKind,
)
from billing.models.documents import DocumentQuerySet, DocumentStatus
from billing.models.flexibility import FLEXIBILITY

BLOCK = 2000
# Each line in one text, the lines of a document in one fingerprint: two documents that print alike are alike.
FINGERPRINTS = """
    SELECT d.id, md5(string_agg(concat_ws('|', l.component, l."window", l.quantity, l.unit, l.price, l.net_minor), chr(10)
                                ORDER BY l.component, l."window", l.position)) AS print
    FROM billing_document d JOIN billing_documentline l ON l.document_id = d.id WHERE d.id = ANY(%s) GROUP BY 1
"""


class DifferencesDoNotSum(AssertionError):
    """What consumers' local lines change by is not what producers' change by; nothing is posted."""


@dataclass(frozen=True, slots=True)
class _Place:
    """What makes two documents the same one at different times."""

    site_id: int
    member_id: int
    kind: str


def standing_before(run: BillingRun) -> DocumentQuerySet:
    """The documents that count in a run's month and lie within its days, of the sites that it is for."""
    rows = (
        Document.objects.standing()
        .filter(
            run__microgrid=run.microgrid_id, period=run.period, run__first_day__gte=run.first_day,
            run__last_day__lte=run.last_day,
        )
        .exclude(run=run)
    )  # fmt: skip
    return rows if run.is_whole else rows.filter(site__in=run.only_sites)


def has_standing_documents(run: BillingRun) -> bool:
    """Whether the run's days were billed before, wholly or in part; a month's first whole run is spared the comparison."""
    return run.revision > 0 and standing_before(run).exists()


def carry_flexibility(run: BillingRun) -> None:
    """Put the lines of flexibility on standing credits on the drafts too: it was priced once and does not change. Part of the caller's transaction."""
    lines = DocumentLine.objects.filter(
        document__in=standing_before(run).filter(kind="credit"), component__in=FLEXIBILITY
    )
    drafts = {(d.site_id, d.member_id): d for d in run.documents.filter(kind="credit")}
    carried = []
    for line in lines.select_related("document").order_by("document", "position"):
        place = (line.document.site_id, line.document.member_id)
        draft = drafts.get(place) or drafts.setdefault(place, _empty_like(line.document, run))
        carried.append((draft, line))
    next_position: dict[int, int] = defaultdict(int)
    for document_id, position in DocumentLine.objects.filter(
        document__in={d.pk for d, _ in carried}
    ).values_list("document", "position"):
        next_position[document_id] = max(next_position[document_id], position + 1)
    for draft, line in carried:
        line.pk, line.document, line.position = None, draft, next_position[draft.pk]
        next_position[draft.pk] += 1
    DocumentLine.objects.bulk_create([line for _, line in carried])
    _sum_up({d.pk for d, _ in carried})


def _empty_like(document: Document, run: BillingRun) -> Document:
    return Document.objects.create(
        run=run, cooperative_id=document.cooperative_id, member_id=document.member_id, site_id=document.site_id, kind=document.kind,
        period=run.period, issue_date=run.issue_date, due_date=run.due_date, currency=document.currency,
        vat_rate=document.vat_rate,
    )  # fmt: skip


def _sum_up(document_ids: set[int]) -> None:
    """Credits bear no VAT, so their sums are those of their lines."""
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE billing_document SET net_minor = sums.net, gross_minor = sums.net + vat_minor
               FROM (SELECT document_id, sum(net_minor) AS net FROM billing_documentline
                     WHERE document_id = ANY(%s) GROUP BY 1) AS sums
               WHERE billing_document.id = sums.document_id""",
            [list(document_ids)],
        )


def settle_differences(run: BillingRun) -> None:
    """Leave the drafts that differ from what stands, and draft a reversal for each document that they stand for. Part of the caller's transaction.

    Raises:
        DifferencesDoNotSum: local money would come from nowhere, or be lost.
    """
    before = list(standing_before(run).select_related("run").order_by("run__revision", "pk"))
    drafts = list(run.documents.all())
    residual = _local_residual([d.pk for d in before])
    old_at: dict[_Place, list[Document]] = defaultdict(list)
    for document in before:
        old_at[_place(document)].append(document)
    prints = _fingerprints([d.pk for d in (*before, *drafts)])
    dropped, kept, stays = [], [], set()
    for draft in drafts:
        old = old_at.get(_place(draft), [])
        if not run.is_whole and draft.site_id not in run.only_sites:
            dropped.append(draft.pk)
        elif len(old) == 1 and _is_alike(old[0], draft, prints):
            dropped.append(draft.pk)
            stays.add(old[0].pk)
        else:
            kept.append((draft, old[-1] if old else None))
    _drop(dropped)
    for draft, newest in kept:
        draft.replaces = newest
    Document.objects.bulk_update([draft for draft, newest in kept if newest], ["replaces"], batch_size=BLOCK)
    taken_back = [document.pk for document in before if document.pk not in stays]
    draft_reversals(run, taken_back)
    _check_sum(run, residual)


def _place(document: Document) -> _Place:
    return _Place(document.site_id, document.member_id, document.kind)


def _is_alike(old: Document, draft: Document, prints: dict[int, str]) -> bool:
    """Whether a document says what a draft says; an interim bill is taken back by the final one in any case."""
    return (
        old.run.kind != RunKind.INTERIM
        and old.vat_rate == draft.vat_rate
        and prints.get(old.pk) == prints.get(draft.pk)
        and (old.net_minor, old.gross_minor) == (draft.net_minor, draft.gross_minor)
    )


def _fingerprints(document_ids: list[int]) -> dict[int, str]:
    with connection.cursor() as cursor:
        cursor.execute(FINGERPRINTS, [document_ids])
        return dict(cursor.fetchall())


def _drop(document_ids: list[int]) -> None:
    """Throw drafts away; flexibility that waited for them waits again."""
    for start in range(0, len(document_ids), BLOCK):
        Document.objects.filter(
            pk__in=document_ids[start : start + BLOCK], status=DocumentStatus.DRAFT
        ).delete()


def draft_reversals(run: BillingRun, document_ids: list[int]) -> None:
    """One draft for each document that is taken back: the same lines and sums, under a kind that turns their sign."""
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO billing_document (public_id, run_id, cooperative_id, member_id, site_id, kind, status, series, label,
                   period, issue_date, due_date, currency, net_minor, vat_rate, vat_minor, gross_minor, paid_minor,
                   payment_reference, chain_ref, cancels_id)
               SELECT uuidv7(), %(run)s, cooperative_id, member_id, site_id, kind || '_reversal', 'draft', '', '', period,
                   %(issued)s, %(due)s, currency, net_minor, vat_rate, vat_minor, gross_minor, 0, '',
                   '0x' || replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), id
               FROM billing_document WHERE id = ANY(%(ids)s)""",
            {"run": run.pk, "issued": run.issue_date, "due": run.due_date, "ids": document_ids},
        )
        cursor.execute(
            """INSERT INTO billing_documentline (document_id, position, component, "window", quantity, unit, price, exact_micro,
                   net_minor)
               SELECT r.id, l.position, l.component, l."window", l.quantity, l.unit, l.price, l.exact_micro, l.net_minor
               FROM billing_documentline l JOIN billing_document r ON r.cancels_id = l.document_id AND r.run_id = %s""",
            [run.pk],
        )


def _check_sum(run: BillingRun, residual_minor: int) -> None:
    """What neighbours pay less what neighbours receive: a whole run ends at nothing, wherever it began."""
    if not run.is_whole:
        return
    change = local_change(run)
    if change.paid_minor - change.received_minor != -residual_minor:
        raise DifferencesDoNotSum(
            f"{run}: neighbours' bills for local energy change by {change.paid_minor}, what producers receive for it by "
            f"{change.received_minor}, and {residual_minor} was open before."
        )


@dataclass(frozen=True, slots=True)
class LocalChange:
    """By how much a run changes what is paid and what is received for local energy [minor units]."""

    paid_minor: int
    received_minor: int


def local_change(run: BillingRun) -> LocalChange:
    """New documents less those taken back."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT coalesce(sum(CASE WHEN l.component IN ('local', 'deviation') THEN s.sign * l.net_minor END), 0),
                      coalesce(sum(CASE WHEN l.component IN ('local_delivered', 'compensation') THEN s.sign * l.net_minor END), 0)
               FROM billing_documentline l JOIN billing_document d ON d.id = l.document_id
               CROSS JOIN LATERAL (SELECT CASE WHEN d.cancels_id IS NULL THEN 1 ELSE -1 END AS sign) s
               WHERE d.run_id = %s""",
            [run.pk],
        )
        return LocalChange(*(int(value) for value in cursor.fetchone()))


def _local_residual(document_ids: list[int]) -> int:
    """What consumers pay for local energy less what producers receive for it, on some documents [minor units]."""
    lines = DocumentLine.objects.filter(document__in=document_ids)
    paid = sum(
        lines.filter(component__in=(Component.LOCAL, Component.DEVIATION)).values_list("net_minor", flat=True)
    )
    owed_by = (Component.LOCAL_DELIVERED, Component.COMPENSATION)
    received = sum(lines.filter(component__in=owed_by).values_list("net_minor", flat=True))
    return paid - received


def take_back(run: BillingRun, now: datetime) -> None:
    """Mark what a numbered run takes back, and let payments and flexibility go on to what stands now. Part of the caller's transaction."""
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE billing_document old SET status = 'cancelled'
               FROM billing_document r WHERE r.run_id = %s AND r.cancels_id = old.id""",
            [run.pk],
        )
    _move_payments(run, now)
    _move_flexibility(run)


def _move_payments(run: BillingRun, now: datetime) -> None:
    """What was paid on a document that was taken back counts for the one in its place; more than that stays the member's credit.

    In the ledger nothing moves: payments stand on the member's account already, and the reversal credits it by the old amount.
    """
    moves = """
        SELECT r.cancels_id AS old_id, n.id AS new_id FROM billing_document r
        JOIN billing_document n ON n.run_id = r.run_id AND n.site_id = r.site_id AND n.member_id = r.member_id
            AND n.kind || '_reversal' = r.kind
        WHERE r.run_id = %(run)s AND r.cancels_id IS NOT NULL
    """
    with connection.cursor() as cursor:
        cursor.execute(
            f"""WITH moves AS ({moves}), standing AS (
                    SELECT a.*, m.old_id, m.new_id FROM moves m
                    JOIN billing_allocation a ON a.document_id = m.old_id OR a.credit_id = m.old_id
                    WHERE a.reverses_id IS NULL
                      AND NOT EXISTS (SELECT FROM billing_allocation c WHERE c.reverses_id = a.id)),
                back AS (
                    INSERT INTO billing_allocation (public_id, payment_id, credit_id, document_id, charge_id, payout_id,
                                                    amount_minor, reverses_id, made_at, why)
                    SELECT uuidv7(), payment_id, credit_id, document_id, charge_id, payout_id, -amount_minor, id, %(now)s, 'corrected'
                    FROM standing)
                SELECT s.new_id, s.payment_id, s.credit_id = s.old_id, s.document_id = s.old_id, s.credit_id, s.document_id,
                       s.charge_id, s.payout_id, s.amount_minor
                FROM standing s ORDER BY s.new_id, s.id""",
            {"run": run.pk, "now": now},
        )
        Allocation.objects.bulk_create(_moved_allocations(cursor.fetchall(), now))
        cursor.execute(
            f"""WITH moves AS ({moves})
                UPDATE billing_payment p SET document_id = m.new_id FROM moves m WHERE p.document_id = m.old_id""",
            {"run": run.pk},
        )


def _moved_allocations(rows: list[Any], now: datetime) -> list[Allocation]:
    """What stood on documents that were taken back, on the new ones as far as they go."""
    left = dict(
        Document.objects.filter(pk__in={row[0] for row in rows}).values_list(
            "pk", F("gross_minor") - F("paid_minor")
        )
    )
    moved = []
    for (
        new_id,
        payment_id,
        is_credit,
        is_document,
        credit_id,
        document_id,
        charge_id,
        payout_id,
        amount,
    ) in rows:
        part = min(amount, left[new_id])
        if part <= 0:
            continue
        left[new_id] -= part
        moved.append(
            Allocation(
                payment_id=payment_id, credit_id=new_id if is_credit else credit_id, document_id=new_id if is_document else document_id,
                charge_id=charge_id, payout_id=payout_id, amount_minor=part, made_at=now, why="corrected",
            )
        )  # fmt: skip
    return moved


def _move_flexibility(run: BillingRun) -> None:
    """Flexibility behind the lines of a credit that was taken back stands behind the same lines of the new one."""
    rows: list[Any] = list(
        FlexibilityCredit.objects.filter(document__cancelled_by__run=run).select_related("document")
    )
    if not rows:
        return
    lines: dict[tuple[Any, ...], list[DocumentLine]] = defaultdict(list)
    for line in DocumentLine.objects.filter(
        document__run=run, document__kind="credit", component__in=FLEXIBILITY
    ).select_related("document").order_by("position"):  # fmt: skip
        key = (line.document.site_id, line.document.member_id, line.component, line.window, line.exact_micro)
        lines[key].append(line)
    for row in sorted(rows, key=lambda row: row.position or 0):
        key = (row.document.site_id, row.document.member_id, row.component, row.window, row.exact_micro)
        line = lines[key].pop(0)
        row.document, row.position = line.document, line.position
    FlexibilityCredit.objects.bulk_update(rows, ["document", "position"], batch_size=500)
