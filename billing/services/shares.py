"""Members' shares: paid in by bank, by hand or in books before these; given back, they are owed to the member and paid out with all else."""

from datetime import date, datetime

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils.translation import gettext as _

from billing.models import Account, AccountCode, BankStatementLine, LedgerTransaction, LineStatus, MemberShare, Payout, ShareWay
from billing.services.ledger import account, is_closed, post_transaction
from billing.services.line_postings import open_day
from billing.services.payables import CannotPayOut, Payable, join
from members.language import amount
from members.models import Cooperative, Member, User

CAUSE = "shares"
MONEY = {
    ShareWay.BANK: AccountCode.SUSPENSE,
    ShareWay.CASH: AccountCode.CASH,
    ShareWay.MOBILE: AccountCode.MOBILE_MONEY,
    ShareWay.OPENING: AccountCode.OPENING,
}


class CannotTakeShares(ValueError):
    """Shares cannot be paid in, booked or given back that way; the message says why."""


def _locked_line(cooperative: Cooperative, line: BankStatementLine | None, amount_minor: int) -> BankStatementLine:
    """The movement that brought the money, locked, still waiting, and of that sum."""
    if line is None:
        raise CannotTakeShares(_("Choose the movement of the account that brought the money."))
    found = BankStatementLine.objects.select_for_update(of=("self",)).select_related("cooperative").get(pk=line.pk)
    if found.cooperative_id != cooperative.pk or found.status != LineStatus.OPEN:
        raise CannotTakeShares(_("That movement does not wait any more; look at it again."))
    if found.amount_minor != amount_minor:
        raise CannotTakeShares(
            _("The movement is %(came)s, the shares are %(shares)s.") % {"came": amount(found.amount_minor), "shares": amount(amount_minor)}
        )
    return found


@transaction.atomic
def pay_in_shares(
    *,
    cooperative: Cooperative,
    member: Member,
    count: int,
    amount_minor: int,
    day: date,
    way: ShareWay,
    by: User,
    now: datetime,
    line: BankStatementLine | None = None,
    receipt: str = "",
) -> MemberShare:
    """Note shares that a member paid in, and book them. A movement and a receipt count once.

    Raises:
        CannotTakeShares: number or sum is nothing, the day lies ahead, or the money is not as said.
    """
    Cooperative.objects.select_for_update(no_key=True).get(pk=cooperative.pk)
    if member.cooperative_id != cooperative.pk or member.is_cooperative:
        raise CannotTakeShares(_("Shares are paid in by a member of this cooperative."))
    if count <= 0 or amount_minor <= 0:
        raise CannotTakeShares(_("Write how many shares, and what was paid for all of them."))
    if day > now.date():
        raise CannotTakeShares(_("Shares count from the day on which they were paid, and that day has come."))
    share = MemberShare.objects.create(member=member, count=count, paid_in_minor=amount_minor, paid_in_date=day, noted_by=by)
    return _book(share, cooperative, way, line, receipt, by, now)


@transaction.atomic
def book_shares(
    *, share: MemberShare, way: ShareWay, by: User, now: datetime, line: BankStatementLine | None = None, receipt: str = ""
) -> MemberShare:
    """Book shares that were noted without their money; booked ones stay as they are.

    Raises:
        CannotTakeShares: the money is not as said.
    """
    cooperative = share.member.cooperative
    Cooperative.objects.select_for_update(no_key=True).get(pk=cooperative.pk)
    share = MemberShare.objects.select_for_update(of=("self",)).select_related("member").get(pk=share.pk)
    if share.way:
        return share
    return _book(share, cooperative, way, line, receipt, by, now)


def _book(
    share: MemberShare, cooperative: Cooperative, way: ShareWay, line: BankStatementLine | None, receipt: str, by: User, now: datetime
) -> MemberShare:
    key, day = f"shares in:{share.public_id}", share.paid_in_date
    if way == ShareWay.BANK:
        line = _locked_line(cooperative, line, share.paid_in_minor)
        key, day = f"shares in:line:{line.public_id}:{line.resolutions}", open_day(line, now)
    elif way in (ShareWay.CASH, ShareWay.MOBILE):
        if not receipt.strip():
            raise CannotTakeShares(_("Write the receipt's number: it keeps money from being entered twice."))
        key = f"shares in:{way}:{receipt.strip()}"[:120]
    if LedgerTransaction.objects.filter(cooperative=cooperative, idempotency_key=key).exists():
        raise CannotTakeShares(_("That money was entered before."))
    _post(share, cooperative, key, MONEY[way], share.paid_in_minor, _open(cooperative, day, now), now)
    share.way, share.bank_line = way, line if way == ShareWay.BANK else None
    share.save(update_fields=["way", "bank_line"])
    if way == ShareWay.BANK and line is not None:
        line.status, line.why = LineStatus.BOOKED, f"shares of {share.member}"[:200]
        line.resolved_at, line.resolved_by = now, by
        line.save(update_fields=["status", "why", "resolved_at", "resolved_by"])
    return share


def _open(cooperative: Cooperative, day: date, now: datetime) -> date:
    """The day itself, or today where its month is closed."""
    return now.date() if is_closed(cooperative, day) else day


def _post(
    share: MemberShare, cooperative: Cooperative, key: str, against: AccountCode, amount_minor: int, day: date, now: datetime
) -> None:
    """So much more in members' shares (less, below nothing), against where it came from or goes to."""
    other: Account = account(cooperative, against, share.member)
    post_transaction(
        cooperative=cooperative,
        idempotency_key=key,
        cause=CAUSE,
        cause_ref=share.public_id,
        booked_date=day,
        now=now,
        amounts={other: amount_minor, account(cooperative, AccountCode.MEMBER_SHARES): -amount_minor},
    )


@transaction.atomic
def give_back_shares(*, share: MemberShare, day: date, now: datetime) -> MemberShare:
    """Let shares count no longer from a day on, and owe the member what was paid for them; once. Payouts take it from there.

    Raises:
        CannotTakeShares: they were never booked, or count until another day already.
    """
    cooperative = share.member.cooperative
    Cooperative.objects.select_for_update(no_key=True).get(pk=cooperative.pk)
    share = MemberShare.objects.select_for_update(of=("self",)).select_related("member").get(pk=share.pk)
    if share.returned_date is not None and share.returned_date != day:
        raise CannotTakeShares(_("They count until %(day)s already.") % {"day": share.returned_date})
    if not share.way:
        raise CannotTakeShares(_("They are not in the books: book first how they were paid."))
    if day < share.paid_in_date:
        raise CannotTakeShares(_("They cannot be given back before they were paid in."))
    share.returned_date = day
    share.save(update_fields=["returned_date"])
    _post(
        share,
        cooperative,
        f"shares back:{share.public_id}",
        AccountCode.PAYABLE,
        -share.paid_in_minor,
        _open(cooperative, min(day, now.date()), now),
        now,
    )
    return share


class SharesGivenBack:
    """What members are owed for shares that they gave back, among all else that is paid out, once they count no longer."""

    code = "shares"

    def open(self, cooperative: Cooperative) -> list[Payable]:
        rows = self._owed().filter(member__cooperative=cooperative).select_related("member")
        return [
            Payable(
                self.code,
                f"{r.public_id}:{r.repaid_minor}" if r.repaid_minor else str(r.public_id),
                r.member,
                r.paid_in_minor - r.repaid_minor,
                f"{r.count} shares given back",
                r.member.iban,
                AccountCode.PAYABLE,
            )
            for r in rows.order_by("pk")
        ]

    @staticmethod
    def _owed() -> QuerySet[MemberShare]:
        return MemberShare.objects.exclude(way="").filter(returned_date__isnull=False, repaid_minor__lt=F("paid_in_minor"))

    def settle(self, payout: Payout, now: datetime) -> None:
        share = self._owed().select_for_update().filter(public_id=payout.source_key.split(":")[0]).first()
        if share is None or payout.amount_minor > share.paid_in_minor - share.repaid_minor:
            raise CannotPayOut(_("%(text)s: %(amount)s is no longer owed.") % {"text": payout.text, "amount": amount(payout.amount_minor)})
        share.repaid_minor += payout.amount_minor
        share.save(update_fields=["repaid_minor"])

    def reopen(self, payout: Payout, now: datetime) -> None:
        MemberShare.objects.filter(public_id=payout.source_key.split(":")[0]).update(repaid_minor=F("repaid_minor") - payout.amount_minor)


join(SharesGivenBack())
