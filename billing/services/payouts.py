"""Paying out what members are owed: prepared, released, confirmed, sent back."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _
from stdnum import iban as iban_number

from billing.adapters.bank.pain import Party, TransferItem, transfer_file
from billing.domain.banking.bank_days import bank_day_from
from billing.domain.banking.references import is_in_sepa
from billing.domain.banking.return_codes import Refusal
from billing.models import AccountCode, BankOrder, BankStatementLine, ItemStatus, OrderKind, Payout, Refund
from billing.models.bank_orders import WITH_THE_BANK
from billing.services.allocations import lock_member
from billing.services.claims import set_off_all_claims
from billing.services.debits import message_id
from billing.services.ledger import account, post_transaction
from billing.services.line_postings import move_line, open_day
from billing.services.mandates import checked_iban
from billing.services.payables import SOURCES, CannotPayOut, Payable, open_payables
from billing.services.payments import credit_of
from members.language import amount
from members.models import Cooperative, Member, User


def earliest_day(cooperative: Cooperative, now: datetime) -> date:
    """The first day on which the bank can pay out."""
    return bank_day_from(now.date())


@transaction.atomic
def ask_refund(*, member: Member, amount_minor: int, iban: str, why: str, user: User, now: datetime) -> Refund:
    """Ask to pay back so much of a member's credit; it leaves with the next payout order.

    Raises:
        CannotPayOut: the member's credit, less what is asked already, is smaller.
        CannotGiveMandate: the IBAN is wrong.
    """
    member = lock_member(member.pk)
    left = credit_of(member) - asked_back(member)
    if not 0 < amount_minor <= left:
        raise CannotPayOut(
            _("%(member)s has a credit of %(left)s that is not asked back already.") % {"member": member, "left": amount(left)}
        )
    return Refund.objects.create(
        cooperative=member.cooperative,
        member=member,
        amount_minor=amount_minor,
        iban=checked_iban(iban),
        why=why[:140],
        asked_at=now,
        asked_by=user,
    )


def asked_back(member: Member) -> int:
    """What of a member's credit is asked back and has not left yet [minor units]."""
    gone = Payout.objects.filter(member=member, source="refund", status__in=("released", "done"))
    rows = Refund.objects.filter(member=member, withdrawn_at__isnull=True, failed="", allocations__isnull=True)
    left = [r for r in rows if str(r.public_id) not in set(gone.values_list("source_key", flat=True))]
    return sum(refund.amount_minor for refund in left)


@transaction.atomic
def withdraw_refund(*, refund: Refund, now: datetime) -> Refund:
    """Ask it back no longer, once.

    Raises:
        CannotPayOut: it is in an order, or left already.
    """
    lock_member(refund.member_id)
    refund = Refund.objects.select_for_update(of=("self",)).get(pk=refund.pk)
    standing = Payout.objects.filter(source="refund", source_key=str(refund.public_id), cooperative=refund.cooperative_id)
    if standing.filter(status__in=(*WITH_THE_BANK, "done")).exists() or refund.released_at:
        raise CannotPayOut(_("It is on its way already; cancel the order first."))
    if refund.withdrawn_at is None:
        refund.withdrawn_at = now
        refund.save(update_fields=["withdrawn_at"])
    return refund


def payable_now(cooperative: Cooperative) -> tuple[list[Payable], list[Payable]]:
    """What can be paid out, and what lacks an account that a bank would take."""
    rows = open_payables(cooperative)
    sound = [row for row in rows if iban_number.is_valid(row.iban) and is_in_sepa(row.iban)]
    return sound, [row for row in rows if row not in sound]


@transaction.atomic
def prepare_payouts(
    *, cooperative: Cooperative, user: User, now: datetime, wanted_day: date | None = None, sources: Iterable[str] | None = None
) -> BankOrder:
    """Put all that is owed (of some sources, or all) into an order.

    Raises:
        CannotPayOut: the cooperative has no account, or nothing is owed to an account.
    """
    Cooperative.objects.select_for_update(no_key=True).get(pk=cooperative.pk)
    if not iban_number.is_valid(cooperative.iban):
        raise CannotPayOut(_("The cooperative's IBAN is missing or wrong; enter it first."))
    set_off_all_claims(cooperative=cooperative, now=now)
    wanted = set(sources) if sources is not None else set(SOURCES)
    rows = [row for row in payable_now(cooperative)[0] if row.source in wanted]
    if not rows:
        raise CannotPayOut(_("Nothing is owed to anybody whose account is known."))
    order = BankOrder.objects.create(
        cooperative=cooperative,
        kind=OrderKind.PAYOUTS,
        message_id=message_id(cooperative, "P", now),
        execution_date=bank_day_from(max(now.date(), wanted_day or now.date())),
        prepared_at=now,
        prepared_by=user,
    )
    for number, row in enumerate(rows, 1):
        Payout.objects.create(
            order=order,
            cooperative=cooperative,
            source=row.source,
            source_key=row.key,
            member=row.member,
            debit_account=row.debit_account,
            name=row.member.name[:70],
            iban=iban_number.compact(row.iban),
            amount_minor=row.amount_minor,
            text=row.text[:140],
            end_to_end_id=f"{order.message_id}-{number}",
        )
    return order


def release_items(*, order: BankOrder, us: Callable[..., Party], now: datetime) -> bytes | None:
    """Settle each item at its source and post it; what is no longer owed is left out. Part of the release."""
    items = []
    for payout in order.payouts.filter(status=ItemStatus.PREPARED).select_related("member").order_by("member_id", "pk"):
        lock_member(payout.member_id)
        try:
            with transaction.atomic():
                SOURCES[payout.source].settle(payout, now)
                _post(payout, payout.amount_minor, "payout", now)
        except CannotPayOut:
            payout.status = ItemStatus.CANCELLED
        else:
            payout.status = ItemStatus.RELEASED
            items.append(payout)
        payout.save(update_fields=["status"])
    if not items:
        return None
    return transfer_file(
        us=us(order.cooperative),
        message_id=order.message_id,
        day=order.execution_date,
        now=now,
        items=[TransferItem(p.name, p.iban, p.amount_minor, p.end_to_end_id, p.text) for p in sorted(items, key=lambda p: p.pk)],
    )


def _post(payout: Payout, amount_minor: int, what: str, now: datetime) -> None:
    """The debt is settled, the money is on its way; the reverse where it came back."""
    cooperative = payout.cooperative
    debt = account(cooperative, AccountCode(payout.debit_account), payout.member)
    post_transaction(
        cooperative=cooperative,
        idempotency_key=f"{what}:{payout.public_id}",
        cause=what,
        booked_date=now.date(),
        now=now,
        amounts={debt: amount_minor, account(cooperative, AccountCode.TRANSIT): -amount_minor},
    )


def group_ids(order: BankOrder) -> dict[str, str]:
    """The payment group of each payout in the order's file, by end-to-end id: all are of one."""
    sent = order.payouts.exclude(status=ItemStatus.CANCELLED)
    return dict.fromkeys(sent.values_list("end_to_end_id", flat=True), f"{order.message_id}-1")


def refuse_items(*, order: BankOrder, refused: Mapping[str, Refusal], now: datetime) -> int:
    """What the bank refused: owed again."""
    rows = order.payouts.filter(status=ItemStatus.RELEASED, end_to_end_id__in=refused)
    count = 0
    for payout in rows.select_related("member", "cooperative").order_by("member_id", "pk"):
        _owe_again(payout, ItemStatus.REJECTED, refused[payout.end_to_end_id].code, now)
        count += 1
    return count


def _owe_again(payout: Payout, status: ItemStatus, code: str, now: datetime) -> None:
    lock_member(payout.member_id)
    payout.status, payout.code = status, code[:8]
    payout.save(update_fields=["status", "code"])
    SOURCES[payout.source].reopen(payout, now)
    _post(payout, -payout.amount_minor, "payout back", now)


def book_payout_line(*, line: BankStatementLine, now: datetime) -> str:
    """Book a line that is about payouts; returns what was booked, in words, empty if it is not about them. Part of the import."""
    if line.amount_minor < 0 and not (line.return_code or line.is_reversal):
        return _confirm(line, now)
    if line.amount_minor > 0 and (line.return_code or line.is_reversal):
        return _take_return(line, now)
    return ""


def members_of_payouts(lines: list[BankStatementLine]) -> set[int]:
    """Whose payouts new movements may bring back."""
    ids = {line.end_to_end_id for line in lines if line.end_to_end_id and line.amount_minor > 0}
    if not ids:
        return set()
    rows = Payout.objects.filter(cooperative=lines[0].cooperative_id, end_to_end_id__in=ids)
    return set(rows.values_list("member", flat=True))


def _confirm(line: BankStatementLine, now: datetime) -> str:
    released = Payout.objects.filter(cooperative=line.cooperative, status=ItemStatus.RELEASED)
    payout = released.filter(end_to_end_id=line.end_to_end_id).first() if line.end_to_end_id else None
    rows = [payout] if payout else []
    if not rows and line.batch_ref:
        reference = line.batch_ref.rsplit("-", 1)[0] if line.batch_ref.count("-") > 1 else line.batch_ref
        rows = list(released.filter(order__message_id=reference))
    fee = -line.amount_minor - sum(row.amount_minor for row in rows)
    if not rows or (fee and fee != line.charges_minor):
        return ""
    for row in rows:
        row.status, row.bank_line = ItemStatus.DONE, line
        row.save(update_fields=["status", "bank_line"])
    move_line(line=line, code=AccountCode.TRANSIT, what="payouts", now=now)
    if fee:
        _split_fee(line, fee, now)
    return f"{len(rows)} payouts left" if len(rows) > 1 else f"the payout {rows[0].end_to_end_id} left"


def _split_fee(line: BankStatementLine, fee: int, now: datetime) -> None:
    """What the bank took on top is its charge, not money on its way."""
    cooperative = line.cooperative
    post_transaction(
        cooperative=cooperative,
        idempotency_key=f"line fee:{line.public_id}:{line.resolutions}",
        cause="bank line",
        booked_date=open_day(line, now),
        now=now,
        amounts={account(cooperative, AccountCode.BANK_CHARGES): fee, account(cooperative, AccountCode.TRANSIT): -fee},
    )


def _take_return(line: BankStatementLine, now: datetime) -> str:
    payout = (
        Payout.objects.filter(cooperative=line.cooperative, status__in=("released", "done"), end_to_end_id=line.end_to_end_id)
        .select_related("member", "cooperative")
        .first()
        if line.end_to_end_id
        else None
    )
    if payout is None:
        return ""
    fee = payout.amount_minor - line.amount_minor
    if fee < 0 or fee > payout.amount_minor // 2:
        return ""
    _owe_again(payout, ItemStatus.RETURNED, line.return_code, now)
    payout.returned_line = line
    payout.save(update_fields=["returned_line"])
    move_line(line=line, code=AccountCode.TRANSIT, what="payout back", now=now)
    if fee:
        _split_fee(line, fee, now)
    return f"the payout {payout.end_to_end_id} came back ({line.return_code or 'no reason'})"


def is_payout_line(line: BankStatementLine) -> bool:
    """Whether a line confirmed or returned payouts."""
    return bool(line.payouts.exists() or line.returned_payouts.exists())
