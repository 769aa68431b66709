"""Collecting bills by direct debit: prepared, released, credited, refused, returned."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import partial

from django.db import transaction
from django.db.models import F, Max, Q
from django.utils.translation import gettext as _
from stdnum import iban as iban_number

from billing.adapters.bank.pain import DebitItem, Party, debit_file
from billing.domain.banking.bank_days import bank_day_from
from billing.domain.banking.payer_words import debit_notice, debit_refused, debit_returned
from billing.domain.banking.references import is_creditor_id
from billing.domain.banking.return_codes import Refusal, fee_minor, reason_of
from billing.models import (
    BankOrder,
    BankStatementLine,
    ChargeKind,
    Debit,
    Document,
    DocumentKind,
    DocumentStatus,
    ItemStatus,
    Mandate,
    MandateStatus,
    OrderKind,
    PaymentRail,
    ReturnKind,
    Sequence,
)
from billing.services.allocations import lock_member
from billing.services.charges import charge_member
from billing.services.line_postings import book_fee
from billing.services.mandates import pause_mandate
from billing.services.payments import Origin, book_member_payment, return_payment, rules_of
from kernel.intervals import months_later
from members.models import Cooperative, User
from members.services.notifications import notify_member

MANDATE_LASTS_MONTHS = 36
# For a mandate's life what was presented counts, rejected or returned too (SDD Core rulebook, 36 months without a collection).
PRESENTED = (ItemStatus.RELEASED, ItemStatus.DONE, ItemStatus.REJECTED, ItemStatus.RETURNED)
# A debit that the bank refused before any money moved leaves its mandate unused, so that the next is a first one again; one that came
# in and went back was settled, so that the next is a recurring one (the EPC on re-presenting R-transactions; since November 2016 its rulebooks take RCUR for the first too).
USES_A_MANDATE = (ItemStatus.RELEASED, ItemStatus.DONE, ItemStatus.RETURNED)


class CannotCollect(ValueError):
    """Bills cannot be collected; the message says what is missing."""


def earliest_day(cooperative: Cooperative, now: datetime) -> date:
    """The first day on which money can be collected, since members are told so many days before."""
    return bank_day_from(now.date() + timedelta(days=rules_of(cooperative).prenotification_days))


def collectable(cooperative: Cooperative, now: datetime, day: date | None = None) -> list[tuple[Document, Mandate]]:
    """Open bills with a mandate that holds, which the bank is not collecting already; the oldest first.

    Args:
        day: on which it would be collected; the first possible one where none is given.
    """
    day = day or earliest_day(cooperative, now)
    mandates = {m.member_id: m for m in Mandate.objects.filter(cooperative=cooperative, status=MandateStatus.ACTIVE)}
    last_used = dict(
        Debit.objects.filter(cooperative=cooperative, status__in=PRESENTED)
        .values_list("mandate_id")
        .annotate(last=Max("order__execution_date"))
    )
    bills = (
        Document.objects.filter(
            cooperative=cooperative,
            kind=DocumentKind.BILL,
            status=DocumentStatus.OPEN,
            gross_minor__gt=F("paid_minor"),
            member__in=mandates,
        )
        .exclude(debits__status__in=("prepared", "released"))
        .select_related("member")
        .order_by("due_date", "label")
    )
    found = [(bill, mandates[bill.member_id]) for bill in bills]
    return [(b, m) for b, m in found if day <= months_later(last_used.get(m.pk, m.signed_date), MANDATE_LASTS_MONTHS)]


@transaction.atomic
def prepare_debits(*, cooperative: Cooperative, user: User, now: datetime, wanted_day: date | None = None) -> BankOrder:
    """Put all collectable bills into an order, each with its whole rest.

    Raises:
        CannotCollect: the cooperative lacks account or creditor identifier, or there is nothing to collect.
    """
    Cooperative.objects.select_for_update(no_key=True).get(pk=cooperative.pk)
    rules = rules_of(cooperative)
    if not iban_number.is_valid(cooperative.iban):
        raise CannotCollect(_("The cooperative's IBAN is missing or wrong; enter it first."))
    if not is_creditor_id(rules.creditor_id):
        raise CannotCollect(_("The creditor identifier is missing or wrong; enter it in the payment rules."))
    day = bank_day_from(max(earliest_day(cooperative, now), wanted_day or now.date()))
    found = collectable(cooperative, now, day)
    if not found:
        raise CannotCollect(_("No open bill has a mandate that holds, or the bank is collecting all of them."))
    order = BankOrder.objects.create(
        cooperative=cooperative,
        kind=OrderKind.DEBITS,
        message_id=message_id(cooperative, "D", now),
        execution_date=day,
        prepared_at=now,
        prepared_by=user,
    )
    used = _used_mandates(cooperative)
    for bill, mandate in found:
        tries = Debit.objects.filter(document=bill).count()
        Debit.objects.create(
            order=order,
            cooperative=cooperative,
            document=bill,
            mandate=mandate,
            amount_minor=bill.rest_minor,
            sequence=_next_sequence(mandate, used),
            end_to_end_id=f"{bill.payment_reference}-{tries + 1}",
        )
    return order


def _used_mandates(cooperative: Cooperative) -> set[int]:
    """Mandates under which a first debit is with the bank or was settled once, whatever came after."""
    rows = Debit.objects.filter(cooperative=cooperative, status__in=USES_A_MANDATE)
    return set(rows.values_list("mandate_id", flat=True))


def _next_sequence(mandate: Mandate, used: set[int]) -> Sequence:
    """What the next debit under a mandate is; notes in `used` that there is one now."""
    sequence = Sequence.RECURRING if mandate.pk in used else Sequence.FIRST
    used.add(mandate.pk)
    return sequence


def message_id(cooperative: Cooperative, letter: str, now: datetime) -> str:
    """An id that the bank repeats in its answers; one per cooperative, counted while the cooperative is locked."""
    count = BankOrder.objects.filter(cooperative=cooperative).count() + 1
    return f"{letter}{now:%Y%m%d}-{count}"


def release_items(*, order: BankOrder, us: Callable[..., Party], now: datetime) -> bytes | None:
    """Check each item once more, tell the members, write the file; None where nothing is left. Part of the release."""
    rules = rules_of(order.cooperative)
    rows = order.debits.filter(status=ItemStatus.PREPARED).select_related("document", "mandate", "document__member")
    used = _used_mandates(order.cooperative)
    items = []
    for debit in rows.order_by("document__member_id", "pk"):
        lock_member(debit.document.member_id)
        debit.document.refresh_from_db(fields=["paid_minor", "status"])
        still = debit.document.rest_minor == debit.amount_minor and debit.mandate.status == MandateStatus.ACTIVE
        debit.status = ItemStatus.RELEASED if still else ItemStatus.CANCELLED
        if still:  # said as it is now: what was prepared before it may have gone or been refused meanwhile
            debit.sequence = _next_sequence(debit.mandate, used)
        debit.save(update_fields=["status", "sequence"])
        if still:
            items.append(debit)
            _tell_before(debit, order, rules.creditor_id, now)
    if not items:
        return None
    return debit_file(
        us=us(order.cooperative, rules.creditor_id),
        message_id=order.message_id,
        day=order.execution_date,
        now=now,
        items=[
            DebitItem(
                d.mandate.holder,
                d.mandate.iban,
                d.mandate.bic,
                d.amount_minor,
                d.end_to_end_id,
                f"{d.document.label} {d.document.payment_reference}",
                d.sequence,
                d.mandate.reference,
                d.mandate.signed_date,
            )
            for d in sorted(items, key=lambda d: d.pk)
        ],
    )


def _tell_before(debit: Debit, order: BankOrder, creditor_id: str, now: datetime) -> None:
    """The notice before a debit: how much, when, by which mandate."""
    words = partial(
        debit_notice,
        amount_minor=debit.amount_minor,
        currency=debit.document.currency,
        day=order.execution_date,
        label=debit.document.label,
        mandate=debit.mandate.reference,
        account=debit.mandate.masked_iban,
        creditor_id=creditor_id,
    )
    _tell(debit, "debit", words, now)


def _tell(debit: Debit, what: str, words: Callable[[str], tuple[str, str]], now: datetime) -> None:
    """Tell who pays by a debit once what became of it."""
    notify_member(
        member=debit.document.member, words=words, kind="debit", key=f"{what}:{debit.public_id}", path="/payments/", by_mail=True, now=now
    )


def group_ids(order: BankOrder) -> dict[str, str]:
    """The payment group of each debit in the order's file, by end-to-end id: one for each sequence, as they first come."""
    sent = order.debits.exclude(status=ItemStatus.CANCELLED).order_by("pk")
    rows = list(sent.values_list("end_to_end_id", "sequence"))
    places = {sequence: n for n, sequence in enumerate(dict.fromkeys(s for _, s in rows), 1)}
    return {end_to_end_id: f"{order.message_id}-{places[sequence]}" for end_to_end_id, sequence in rows}


def refuse_items(*, order: BankOrder, refused: Mapping[str, Refusal], now: datetime) -> int:
    """What the bank refused before any money moved: the bill is free again, the member told, the mandate paused where the bank's reason says so.

    What it says of a whole group or file is no word about a mandate.
    """
    rows = order.debits.filter(status=ItemStatus.RELEASED, end_to_end_id__in=refused).select_related("mandate", "document__member")
    count = 0
    for debit in rows.order_by("document__member_id", "pk"):
        refusal = refused[debit.end_to_end_id]
        debit.status, debit.code = ItemStatus.REJECTED, refusal.code[:8]
        debit.save(update_fields=["status", "code"])
        if refusal.is_own and reason_of(debit.code).pauses_mandate:
            pause_mandate(mandate=debit.mandate, code=debit.code, now=now)
        _tell_refusal(debit, now)
        count += 1
    return count


def _tell_refusal(debit: Debit, now: datetime) -> None:
    """Who was told of a debit is told that it does not come."""
    reason = reason_of(debit.code)

    def words(language: str) -> tuple[str, str]:
        return debit_refused(
            language,
            amount_minor=debit.amount_minor,
            currency=debit.document.currency,
            label=debit.document.label,
            why=reason.german if language == "de" else reason.english,
            reference=debit.document.payment_reference,
        )

    _tell(debit, "refused", words, now)


def book_debit_line(*, line: BankStatementLine, now: datetime) -> str:
    """Book a line that is about debits; returns what was booked, in words, empty if it is not about them. Part of the import."""
    if line.amount_minor > 0 and not (line.return_code or line.is_reversal):
        return _collect(line, now)
    if line.amount_minor < 0:
        return _take_return(line, now)
    return ""


def members_of_debits(lines: list[BankStatementLine]) -> set[int]:
    """Whose debits new movements may be about: by our ids, by the file they were sent in, by mandate."""
    if not lines:
        return set()
    batches = {line.batch_ref for line in lines if line.batch_ref}
    named = (
        Q(end_to_end_id__in={line.end_to_end_id for line in lines if line.end_to_end_id})
        | Q(order__message_id__in=batches | {ref.rsplit("-", 1)[0] for ref in batches})
        | Q(mandate__reference__in={line.mandate_ref for line in lines if line.mandate_ref})
    )
    rows = Debit.objects.filter(named, cooperative=lines[0].cooperative_id, status__in=(ItemStatus.RELEASED, ItemStatus.DONE))
    return set(rows.values_list("document__member", flat=True))


def _collect(line: BankStatementLine, now: datetime) -> str:
    released = Debit.objects.filter(cooperative=line.cooperative, status=ItemStatus.RELEASED)
    debit = released.filter(end_to_end_id=line.end_to_end_id).first() if line.end_to_end_id else None
    if debit is not None:
        if debit.amount_minor != line.amount_minor:
            return ""
        _book(debit, line, now)
        return "the bank collected it"
    reference = line.batch_ref.rsplit("-", 1)[0] if line.batch_ref.count("-") > 1 else line.batch_ref
    whole = list(released.filter(order__message_id=reference).select_related("order")) if reference else []
    if line.batch_ref != reference:
        whole = _of_group(whole, line)
    if not whole or sum(debit.amount_minor for debit in whole) != line.amount_minor:
        return ""
    for debit in sorted(whole, key=lambda d: d.document_id):
        _book(debit, line, now)
    return f"the bank collected {len(whole)} debits"


def _of_group(debits: list[Debit], line: BankStatementLine) -> list[Debit]:
    """The debits of the payment group that a line names."""
    groups = {order: group_ids(order) for order in {debit.order for debit in debits}}
    return [d for d in debits if groups[d.order].get(d.end_to_end_id) == line.batch_ref]


def _book(debit: Debit, line: BankStatementLine, now: datetime) -> None:
    debit.payment, _ = book_member_payment(
        member=debit.document.member,
        document=debit.document,
        amount_minor=debit.amount_minor,
        rail=PaymentRail.DEBIT,
        external_ref=str(debit.public_id),
        received_at=datetime.combine(line.booked_date, time(12), tzinfo=UTC),
        now=now,
        origin=Origin(bank_line=line),
    )
    debit.status, debit.bank_line = ItemStatus.DONE, line
    debit.save(update_fields=["status", "payment", "bank_line"])


def _take_return(line: BankStatementLine, now: datetime) -> str:
    debit = _returned_debit(line)
    if debit is None or debit.payment is None:
        return ""
    fee = -line.amount_minor - debit.amount_minor
    if fee < 0 or (line.original_minor is not None and line.original_minor != debit.amount_minor):
        return ""
    debit.status, debit.code = ItemStatus.RETURNED, line.return_code[:8]
    debit.save(update_fields=["status", "code"])
    return_payment(payment=debit.payment, kind=ReturnKind.BANK, code=debit.code, fee_minor=fee, line=line, now=now)
    if fee:
        book_fee(line=line, fee_minor=fee, now=now)
    reason, rules = reason_of(debit.code), rules_of(line.cooperative)
    if reason.pauses_mandate:
        pause_mandate(mandate=debit.mandate, code=debit.code, now=now)
    asked = fee_minor(rules.return_fee, code=debit.code, bank_minor=fee or line.charges_minor, fixed_minor=rules.return_fee_minor)
    if asked > 0:
        charge_member(
            member=debit.document.member,
            kind=ChargeKind.RETURN_FEE,
            key=f"return:{debit.public_id}",
            text=f"Returned debit {debit.document.label}",
            amount_minor=asked,
            now=now,
        )
    _tell_return(debit, asked, now)
    return f"the bank took {debit.end_to_end_id} back: {reason.english}"


def _returned_debit(line: BankStatementLine) -> Debit | None:
    """The debit that a return names: by our id, else by mandate and sum where only one fits."""
    done = Debit.objects.filter(cooperative=line.cooperative, status=ItemStatus.DONE).select_related(
        "mandate", "document__member", "payment"
    )
    named = done.filter(end_to_end_id=line.end_to_end_id).first() if line.end_to_end_id else None
    if named is not None or not line.mandate_ref:
        return named
    sums = {sum_minor for sum_minor in (-line.amount_minor, line.original_minor) if sum_minor is not None}
    fitting = list(done.filter(mandate__reference=line.mandate_ref, amount_minor__in=sums)[:2])
    return fitting[0] if len(fitting) == 1 else None


def _tell_return(debit: Debit, fee: int, now: datetime) -> None:
    """Who pays is told that the money went back, what that costs and what to do."""
    reason = reason_of(debit.code)

    def words(language: str) -> tuple[str, str]:
        return debit_returned(
            language,
            amount_minor=debit.amount_minor,
            currency=debit.document.currency,
            label=debit.document.label,
            why=reason.german if language == "de" else reason.english,
            fee_minor=fee,
            paused=reason.pauses_mandate,
            reference=debit.document.payment_reference,
        )

    _tell(debit, "return", words, now)
