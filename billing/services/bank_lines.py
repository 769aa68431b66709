"""What becomes of a movement of the account: booked where it is sure, else left to a person, and undone where that was wrong."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time

from django.db import transaction
from django.utils.translation import gettext as _

from billing.domain.banking.matching import Ledger, Proposal, Share, match
from billing.models import (
    AccountCode,
    BankStatementLine,
    CoinSale,
    Document,
    LedgerTransaction,
    LineStatus,
    Payment,
    PaymentRail,
    ReturnKind,
)
from billing.selectors.matching import entry_of
from billing.services.card_payouts import book_card_payout_line
from billing.services.coin_sales import LINE_KEY, book_coin_sale_line, bring_money
from billing.services.debits import book_debit_line, members_of_debits
from billing.services.ledger import reverse_transaction
from billing.services.line_postings import book_fee, move_line
from billing.services.payments import CannotBook, Origin, book_member_payment, return_payment
from billing.services.payouts import book_payout_line, is_payout_line, members_of_payouts
from members.language import amount
from members.models import Cooperative, Member, User

CHARGE_CODES = ("/CHRG", "/COMM", "/FEES")


class CannotResolve(ValueError):
    """A movement cannot be assigned that way; the message says why."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """So much of a movement for a bill, or on account of a member where there is no bill."""

    member: Member
    document: Document | None
    amount_minor: int


def readings_of(line: BankStatementLine, ledger: Ledger) -> list[Proposal]:
    """What a new movement may be for, the best first; nothing for money that went out, came back, or is a sum of several."""
    entry = entry_of(line)
    if line.amount_minor <= 0 or entry.is_return or entry.is_whole_batch:
        return []
    return match(entry, ledger)


def members_of(lines: list[BankStatementLine], readings: Iterable[Sequence[Proposal]]) -> set[int]:
    """Whose money the booking of new movements will move: whom sure readings, debits and payouts name."""
    sure = (proposals[0].shares for proposals in readings if proposals and proposals[0].is_sure)
    named = {share.member_id for shares in sure for share in shares}
    return named | members_of_debits(lines) | members_of_payouts(lines)


def book_line(*, line: BankStatementLine, readings: Sequence[Proposal], now: datetime) -> bool:
    """Book a new movement if what it is for is sure; returns whether it is. Part of the import's transaction, which holds the members' locks."""
    why = _book(line, readings, now)
    if not why:
        return False
    _settle(line, LineStatus.BOOKED, why, now, None)
    return True


def _book(line: BankStatementLine, readings: Sequence[Proposal], now: datetime) -> str:
    """What was booked, in words; empty where a person has to look."""
    if not line.amount_minor:
        return "nothing moved"
    for asked in (book_debit_line, book_payout_line, book_card_payout_line, book_coin_sale_line):
        why = asked(line=line, now=now)
        if why:
            return why
    if line.amount_minor < 0 and line.bank_code.endswith(CHARGE_CODES):
        move_line(line=line, code=AccountCode.BANK_CHARGES, what="charges", now=now)
        return "the bank's charges"
    if not readings or not readings[0].is_sure:
        return ""
    _pay(line, _assignments(line.cooperative, readings[0].shares), now, None)
    return readings[0].why


def _assignments(cooperative: Cooperative, shares: Sequence[Share]) -> list[Assignment]:
    documents = Document.objects.in_bulk([share.bill_id for share in shares if share.bill_id])
    members = Member.objects.filter(cooperative=cooperative).in_bulk([share.member_id for share in shares])
    return [Assignment(members[s.member_id], documents[s.bill_id] if s.bill_id else None, s.amount_minor) for s in shares]


def _pay(line: BankStatementLine, shares: Sequence[Assignment], now: datetime, user: User | None) -> None:
    """One payment for each share, from the account of unclear money."""
    for number, share in enumerate(sorted(shares, key=lambda s: s.member.pk)):
        book_member_payment(
            member=share.member,
            document=share.document,
            amount_minor=share.amount_minor,
            rail=PaymentRail.BANK,
            external_ref=f"line:{line.public_id}:{line.resolutions}:{number}",
            received_at=datetime.combine(line.booked_date, time(12), tzinfo=UTC),
            now=now,
            origin=Origin(bank_line=line, taken_by=user),
        )


def _settle(line: BankStatementLine, status: LineStatus, why: str, now: datetime, user: User | None) -> None:
    line.status, line.why, line.resolved_at, line.resolved_by = status, why[:200], now, user
    line.save(update_fields=["status", "why", "resolved_at", "resolved_by"])


def _locked(line: BankStatementLine, *statuses: LineStatus) -> BankStatementLine:
    """The line as it is now, locked; imports and people of one cooperative go one after the other.

    Raises:
        CannotResolve: somebody has decided otherwise meanwhile.
    """
    Cooperative.objects.select_for_update(no_key=True).get(pk=line.cooperative_id)
    found = BankStatementLine.objects.select_for_update(of=("self",)).select_related("cooperative").get(pk=line.pk)
    if found.status not in statuses:
        raise CannotResolve(_("The movement is '%(state)s' meanwhile; look at it again.") % {"state": found.get_status_display()})
    return found


@transaction.atomic
def assign_line(*, line: BankStatementLine, shares: Sequence[Assignment], user: User, now: datetime) -> BankStatementLine:
    """A person says what a doubtful movement is for: one or several bills, or a member's credit.

    Raises:
        CannotResolve: it is decided already, or the shares do not make its sum, or are not of this cooperative.
    """
    line = _locked(line, LineStatus.OPEN)
    if line.amount_minor <= 0:
        raise CannotResolve(_("Money that went out is not assigned to bills."))
    if any(share.amount_minor <= 0 for share in shares):
        raise CannotResolve(_("Each part is above nothing."))
    total = sum(share.amount_minor for share in shares)
    if total != line.amount_minor:
        raise CannotResolve(
            _("The parts make %(total)s, the movement is %(amount)s.") % {"total": amount(total), "amount": amount(line.amount_minor)}
        )
    if any(s.member.cooperative_id != line.cooperative_id or (s.document and s.document.member_id != s.member.pk) for s in shares):
        raise CannotResolve(_("A bill or member is not of this cooperative."))
    try:
        _pay(line, shares, now, user)
    except CannotBook as problem:
        raise CannotResolve(str(problem)) from problem
    names = ", ".join(str(s.document or f"credit of {s.member}") for s in shares)
    _settle(line, LineStatus.BOOKED, f"assigned by a person: {names}", now, user)
    return line


@transaction.atomic
def mark_not_ours(*, line: BankStatementLine, why: str, user: User, now: datetime) -> BankStatementLine:
    """Set a movement aside: it is not for bills. The money stays on the account of unclear money until it is sent back or explained.

    Raises:
        CannotResolve: it is decided already.
    """
    line = _locked(line, LineStatus.OPEN)
    _settle(line, LineStatus.NOT_OURS, f"not ours: {why}".strip(": "), now, user)
    return line


@transaction.atomic
def return_by_line(*, line: BankStatementLine, payment: Payment, user: User, now: datetime) -> BankStatementLine:
    """A person says that a movement out takes a payment back (a recall, a return without our ids).

    Raises:
        CannotResolve: it is decided already, or not of the payment's sum.
    """
    line = _locked(line, LineStatus.OPEN)
    fee = -line.amount_minor - payment.amount_minor
    if line.amount_minor >= 0 or payment.cooperative_id != line.cooperative_id or fee < 0:
        raise CannotResolve(_("A movement that takes a payment back went out, with at least the payment's sum."))
    try:
        __, fresh = return_payment(
            payment=payment, kind=ReturnKind.BANK, code=line.return_code, fee_minor=fee, line=line, user=user, now=now
        )
    except CannotBook as problem:
        raise CannotResolve(str(problem)) from problem
    if not fresh:
        raise CannotResolve(_("The payment was taken back already."))
    if fee:
        book_fee(line=line, fee_minor=fee, now=now)
    _settle(line, LineStatus.BOOKED, f"takes {payment} back", now, user)
    return line


@transaction.atomic
def sale_by_line(*, line: BankStatementLine, sale: CoinSale, user: User, now: datetime) -> BankStatementLine:
    """A person says that a movement in is what an exchange paid for coins, where it does not name the sale's reference.

    Raises:
        CannotResolve: it is decided already, the sale does not wait for money, or is of another sum.
    """
    line = _locked(line, LineStatus.OPEN)
    sale = CoinSale.objects.select_for_update(of=("self",)).get(pk=sale.pk)
    if sale.cooperative_id != line.cooperative_id or not sale.waits_for_money:
        raise CannotResolve(_("That sale of coins does not wait for money any more."))
    if sale.figures.net_minor != line.amount_minor:
        raise CannotResolve(
            _(
                "The movement is %(amount)s, the sale comes to %(net)s: take the sale back and record it with the fee that the exchange kept."
            )
            % {"amount": amount(line.amount_minor), "net": amount(sale.figures.net_minor)}
        )
    bring_money(sale=sale, line=line, now=now)
    _settle(line, LineStatus.BOOKED, f"coins sold: {sale.reference}", now, user)
    return line


@transaction.atomic
def undo_line(*, line: BankStatementLine, user: User, now: datetime) -> BankStatementLine:
    """Take back what was decided of a movement: payments are undone, bills open again, and it waits for a person.

    Raises:
        CannotResolve: it waits already, or part of it cannot be undone (paid back, or a return that the bank made).
    """
    line = _locked(line, LineStatus.BOOKED, LineStatus.NOT_OURS)
    if line.returns.exists() or line.debits_collected.exists() or is_payout_line(line) or hasattr(line, "card_payout"):
        raise CannotResolve(_("What the bank did with a debit or payout is its own word and not undone by hand."))
    if hasattr(line, "member_share"):
        raise CannotResolve(_("It paid for shares: they are given back on their own page, not undone here."))
    for payment in line.payments.filter(taken_back__isnull=True).order_by("member_id", "pk"):
        try:
            return_payment(payment=payment, kind=ReturnKind.UNDONE, user=user, now=now)
        except CannotBook as problem:
            raise CannotResolve(str(problem)) from problem
    CoinSale.objects.filter(bank_line=line).update(bank_line=None)
    moved = LedgerTransaction.objects.filter(
        cooperative=line.cooperative,
        idempotency_key__in=[f"line {what}:{line.public_id}:{line.resolutions}" for what in ("charges", LINE_KEY)],
    )
    for posted in moved:
        reverse_transaction(posted=posted, cause="bank line", booked_date=now.date(), now=now)
    line.resolutions += 1
    line.status, line.why, line.resolved_at, line.resolved_by = LineStatus.OPEN, "undone", None, None
    line.save(update_fields=["resolutions", "status", "why", "resolved_at", "resolved_by"])
    return line
