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
from django.db.models import Q
from django.utils.translation import gettext as _

from billing.models import Allocation, BillingRun, Component, Document, DocumentKind, DocumentLine, FlexibilityCredit, Payment, RunKind
from billing.models.charges import HAD_ALREADY
from billing.models.documents import DocumentQuerySet, DocumentStatus
from billing.models.flexibility import FLEXIBILITY
from billing.services.allocations import lock_members, post_set_off, take_back
from billing.services.claims import claim_overpaid, set_off_claims
from billing.services.payments import use_credit
from billing.services.posting import sum_up
from members.language import amount
from members.models import Member

BLOCK = 2000
# Each line in one text, the lines of a document in one fingerprint: two documents that print alike are alike.
FINGERPRINTS = """
    SELECT d.id, md5(string_agg(concat_ws('|', l.component, l."window", l.quantity, l.unit, l.price, l.net_minor,
                                          l.vat_category, l.vat_rate, v.ground, v.recipient_rate, v.is_deducted), chr(10)
                                ORDER BY l.component, l."window", l.position)) AS print
    FROM billing_document d JOIN billing_documentline l ON l.document_id = d.id
    LEFT JOIN billing_documentvat v ON v.document_id = d.id AND v.category = l.vat_category AND v.rate = l.vat_rate
    WHERE d.id = ANY(%s) GROUP BY 1
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
        .filter(run__microgrid=run.microgrid_id, period=run.period, run__first_day__gte=run.first_day, run__last_day__lte=run.last_day)
        .exclude(run=run)
    )
    return rows if run.is_whole else rows.filter(site__in=run.only_sites)


def has_standing_documents(run: BillingRun) -> bool:
    """Whether the run's days were billed before, wholly or in part; a month's first whole run is spared the comparison."""
    return run.revision > 0 and standing_before(run).exists()


def carry_flexibility(run: BillingRun) -> None:
    """Put the lines of flexibility on standing credits on the drafts too: it was priced once and does not change. Part of the caller's transaction."""
    lines = DocumentLine.objects.filter(document__in=standing_before(run).filter(kind="credit"), component__in=FLEXIBILITY)
    drafts = {(d.site_id, d.member_id): d for d in run.documents.filter(kind="credit").order_by("-first_day")}
    carried = []
    for line in lines.select_related("document").order_by("document", "position"):
        place = (line.document.site_id, line.document.member_id)
        draft = drafts.get(place) or drafts.setdefault(place, _empty_like(line.document, run))
        carried.append((draft, line))
    next_position: dict[int, int] = defaultdict(int)
    for document_id, position in DocumentLine.objects.filter(document__in={d.pk for d, __ in carried}).values_list("document", "position"):
        next_position[document_id] = max(next_position[document_id], position + 1)
    for draft, line in carried:
        line.pk, line.document, line.position = None, draft, next_position[draft.pk]
        next_position[draft.pk] += 1
    made = DocumentLine.objects.bulk_create([line for _, line in carried])
    _open_vat_sums(made)
    sum_up([d.pk for d, _ in carried])


def _empty_like(document: Document, run: BillingRun) -> Document:
    return Document.objects.create(
        run=run,
        cooperative_id=document.cooperative_id,
        member_id=document.member_id,
        site_id=document.site_id,
        kind=document.kind,
        period=run.period,
        first_day=document.first_day,
        last_day=document.last_day,
        issue_date=run.issue_date,
        due_date=run.due_date,
        currency=document.currency,
        vat_rate=document.vat_rate,
    )


def _open_vat_sums(lines: list[DocumentLine]) -> None:
    """A VAT sum of nothing where a document has none yet for a line's category and rate, with the reason the line's old document gave."""
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO billing_documentvat (document_id, category, rate, net_minor, vat_minor, reason, ground, recipient_rate,
                   recipient_vat_minor, is_deducted)
               SELECT DISTINCT ON (l.document_id, l.vat_category, l.vat_rate) l.document_id, l.vat_category, l.vat_rate, 0, 0,
                   coalesce(v.reason, ''), coalesce(v.ground, 'taxed'), coalesce(v.recipient_rate, 0), 0, coalesce(v.is_deducted, true)
               FROM billing_documentline l JOIN billing_document d ON d.id = l.document_id
               LEFT JOIN billing_document o ON o.site_id = d.site_id AND o.member_id = d.member_id AND o.kind = d.kind
                   AND o.period = d.period AND o.id <> d.id
               LEFT JOIN billing_documentvat v ON v.document_id = o.id AND v.category = l.vat_category AND v.rate = l.vat_rate
               WHERE l.id = ANY(%s) ORDER BY 1, 2, 3, v.id DESC NULLS LAST
               ON CONFLICT DO NOTHING""",
            [[line.pk for line in lines]],
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
    taken: set[int] = set()
    for draft in drafts:
        # Who moved out and in again, or whose part of a plant changed, has several of a kind in a month.
        old = [d for d in old_at.get(_place(draft), []) if d.first_day <= draft.last_day and d.last_day >= draft.first_day]
        if not run.is_whole and draft.site_id not in run.only_sites:
            dropped.append(draft.pk)
        elif len(old) == 1 and _is_alike(old[0], draft, prints):
            dropped.append(draft.pk)
            stays.add(old[0].pk)
        else:
            newest = next((d for d in reversed(old) if d.pk not in taken), None)
            taken.update({newest.pk} if newest else ())
            kept.append((draft, newest))
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
        and (old.first_day, old.last_day) == (draft.first_day, draft.last_day)
        and (old.net_minor, old.gross_minor) == (draft.net_minor, draft.gross_minor)
    )


def _fingerprints(document_ids: list[int]) -> dict[int, str]:
    with connection.cursor() as cursor:
        cursor.execute(FINGERPRINTS, [document_ids])
        return dict(cursor.fetchall())


def _drop(document_ids: list[int]) -> None:
    """Throw drafts away; flexibility that waited for them waits again."""
    for start in range(0, len(document_ids), BLOCK):
        Document.objects.filter(pk__in=document_ids[start : start + BLOCK], status=DocumentStatus.DRAFT).delete()


def draft_reversals(run: BillingRun, document_ids: list[int]) -> None:
    """One draft for each document that is taken back: the same lines and sums, under a kind that turns their sign."""
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO billing_document (public_id, run_id, cooperative_id, member_id, site_id, kind, status, series, label,
                   period, first_day, last_day, issue_date, due_date, currency, net_minor, vat_rate, vat_minor, gross_minor,
                   paid_minor, payment_reference, chain_ref, cancels_id)
               SELECT uuidv7(), %(run)s, cooperative_id, member_id, site_id, kind || '_reversal', 'draft', '', '', period,
                   first_day, last_day, %(issued)s, %(due)s, currency, net_minor, vat_rate, vat_minor, gross_minor, 0, '',
                   '0x' || replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), id
               FROM billing_document WHERE id = ANY(%(ids)s)""",
            {"run": run.pk, "issued": run.issue_date, "due": run.due_date, "ids": document_ids},
        )
        cursor.execute(
            """INSERT INTO billing_documentline (document_id, position, component, "window", quantity, unit, price, exact_micro,
                   net_minor, vat_category, vat_rate)
               SELECT r.id, l.position, l.component, l."window", l.quantity, l.unit, l.price, l.exact_micro, l.net_minor,
                   l.vat_category, l.vat_rate
               FROM billing_documentline l JOIN billing_document r ON r.cancels_id = l.document_id AND r.run_id = %s""",
            [run.pk],
        )
        cursor.execute(
            """INSERT INTO billing_documentvat (document_id, category, rate, net_minor, vat_minor, reason, ground, recipient_rate,
                   recipient_vat_minor, is_deducted)
               SELECT r.id, v.category, v.rate, v.net_minor, v.vat_minor, v.reason, v.ground, v.recipient_rate, v.recipient_vat_minor,
                   v.is_deducted
               FROM billing_documentvat v JOIN billing_document r ON r.cancels_id = v.document_id AND r.run_id = %s""",
            [run.pk],
        )


def _check_sum(run: BillingRun, residual_minor: int) -> None:
    """What neighbours pay less what neighbours receive: a whole run ends at nothing, wherever it began."""
    if not run.is_whole:
        return
    change = local_change(run)
    if change.paid_minor - change.received_minor != -residual_minor:
        raise DifferencesDoNotSum(
            _(
                "%(run)s: neighbours' bills for local energy change by %(paid)s, what producers receive for it by %(received)s, and %(residual)s was open before."
            )
            % {"run": run, "paid": amount(change.paid_minor), "received": amount(change.received_minor), "residual": amount(residual_minor)}
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
    paid = sum(lines.filter(component__in=(Component.LOCAL, Component.DEVIATION)).values_list("net_minor", flat=True))
    owed_by = (Component.LOCAL_DELIVERED, Component.COMPENSATION)
    received = sum(lines.filter(component__in=owed_by).values_list("net_minor", flat=True))
    return paid - received


def take_back_documents(run: BillingRun, now: datetime) -> None:
    """Mark what a numbered run takes back, and let payments and flexibility go on to what stands now. Part of the caller's transaction."""
    lock_members(Member.objects.filter(documents__run=run).values_list("pk", flat=True))
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE billing_document old SET status = 'cancelled'
               FROM billing_document r WHERE r.run_id = %s AND r.cancels_id = old.id""",
            [run.pk],
        )
    _move_allocations(run, now)
    _move_flexibility(run)


def _move_allocations(run: BillingRun, now: datetime) -> None:
    """What was paid on, or out of, a document that was taken back counts for the one in its place; more than that stays the member's credit.

    In the ledger nothing moves: payments stand on the member's account already, and the reversal credits it by the old amount.
    """
    reversal_of = {d.cancels_id: d for d in run.documents.filter(cancels__isnull=False)}
    touched = Allocation.objects.filter(reverses=None, reversed_by=None).filter(Q(document__in=reversal_of) | Q(credit__in=reversal_of))
    rows = list(touched.order_by("pk").select_related("payment", "credit", "payout__member__cooperative"))
    if not rows:
        return
    new = list(run.documents.filter(cancels=None).order_by("-first_day"))
    new_at: dict[_Place | int, Document] = {_place(d): d for d in new}
    new_at |= {d.replaces_id: d for d in new if d.replaces_id}
    for row in rows:
        reversal = reversal_of.get(row.document_id) or reversal_of[row.credit_id]
        take_back(allocation=row, now=now, why=taken_back_by(reversal))
    for row in rows:
        _allocate_anew(row, _in_place_of(row.document_id, reversal_of, new_at), _in_place_of(row.credit_id, reversal_of, new_at), now)
    for document_id, reversal in reversal_of.items():
        # Who paid the old bill meant what stands in its place now.
        instead = _in_place_of(document_id, reversal_of, new_at)
        if instead is not None and reversal.is_for_use:
            Payment.objects.filter(document=document_id).update(document=instead)
    for member_id in sorted({row.payment.member_id for row in rows if row.payment}):
        use_credit(member=Member.objects.get(pk=member_id), now=now)
    _claim_back(run, rows, now)


def _claim_back(run: BillingRun, rows: list[Allocation], now: datetime) -> None:
    """What was paid out beyond the credits as they stand now is owed by the member; what they are owed anew goes against it."""
    payouts = {row.payout.pk: row.payout for row in rows if row.payout}
    claim_overpaid(payouts=payouts.values(), cause=str(run.public_id), now=now)
    for member in Member.objects.filter(documents__run=run, charges__kind__in=HAD_ALREADY).distinct().order_by("pk"):
        set_off_claims(member=member, now=now)


def taken_back_by(reversal: Document) -> str:
    """Why an allocation of a document that was taken back is no more."""
    return f"taken back by {reversal.label}"


def _in_place_of(document_id: int | None, reversal_of: dict[int | None, Document], new_at: dict[_Place | int, Document]) -> Document | None:
    """The document that an allocation goes on to: the same where it was not taken back, None where nothing took its place."""
    if document_id is None:
        return None
    reversal = reversal_of.get(document_id)
    if reversal is None:
        return Document.objects.get(pk=document_id)
    kind = DocumentKind.BILL if reversal.is_for_use else DocumentKind.CREDIT
    found = new_at.get(document_id) or new_at.get(_Place(reversal.site_id, reversal.member_id, kind))
    if found is not None:
        found.refresh_from_db(fields=["paid_minor", "status"])
    return found


def _allocate_anew(row: Allocation, document: Document | None, credit: Document | None, now: datetime) -> None:
    """As much of an allocation as the documents in the place of those that were taken back can bear."""
    if (row.document_id and document is None) or (row.credit_id and credit is None):
        return
    amount = min([row.amount_minor, *(d.rest_minor for d in (document, credit) if d is not None)])
    if amount > 0:
        made = Allocation.objects.create(
            payment=row.payment,
            credit=credit,
            document=document,
            charge_id=row.charge_id,
            payout_id=row.payout_id,
            amount_minor=amount,
            made_at=now,
            why="goes on after a correction",
        )
        post_set_off(made, now)


def _move_flexibility(run: BillingRun) -> None:
    """Flexibility behind the lines of a credit that was taken back stands behind the same lines of the new one."""
    rows: list[Any] = list(FlexibilityCredit.objects.filter(document__cancelled_by__run=run).select_related("document"))
    if not rows:
        return
    lines: dict[tuple[Any, ...], list[DocumentLine]] = defaultdict(list)
    for line in (
        DocumentLine.objects.filter(document__run=run, document__kind="credit", component__in=FLEXIBILITY)
        .select_related("document")
        .order_by("position")
    ):
        key = (line.document.site_id, line.document.member_id, line.component, line.window, line.exact_micro)
        lines[key].append(line)
    for row in sorted(rows, key=lambda row: row.position or 0):
        key = (row.document.site_id, row.document.member_id, row.component, row.window, row.exact_micro)
        line = lines[key].pop(0)
        row.document, row.position = line.document, line.position
    FlexibilityCredit.objects.bulk_update(rows, ["document", "position"], batch_size=500)
