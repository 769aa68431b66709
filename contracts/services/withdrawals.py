"""Withdrawals seen on the chain: booked once, taken back when their block has vanished for good.

A member's withdrawal counts against what the member is owed; what goes beyond that the member owes. The cooperative's own moves coins from
the contract to its wallet. Of a wallet that nobody here has linked nothing is booked: it waits, and the comparison of sums names it.

A withdrawal takes the coins of one cooperative: the member's own, or the one whose coins lie in the contract. What is more than those is
worth nothing in its books, and all whose coins are there are told.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import partial

from django.db import transaction
from django.db.models import Q, QuerySet, Sum
from django.utils.translation import gettext as _

from billing.models import AccountCode, ChargeKind
from billing.services.charges import charge_member, take_back_charge
from billing.services.claims import set_off_claims
from billing.services.ledger import account, post_transaction, reverse_transaction
from contracts.adapters.signing import address_of, private_key
from contracts.domain.chain import Chain, WithdrawalEvent
from contracts.domain.coins import NATIVE, whole_minor
from contracts.domain.withdrawals import CameIn, WentOut, leaving
from contracts.models import ChainCursor, ChainPayment, ChainWithdrawal, StableCoin, WalletLink
from contracts.selectors.coins import amount_in, coin_holders
from energy.selectors.clocks import cooperative_now
from members.language import amount
from members.models import Cooperative, Member, Role, User
from members.services.notifications import notify_in_words, staff_of

KIND = "chain_withdrawal"
CAUSE = "chain withdrawal"
ADMIN = "/admin/contracts/chainwithdrawal/"
log = logging.getLogger(__name__)


def note_withdrawals(*, chain: Chain, events: Sequence[WithdrawalEvent], now: datetime) -> int:
    """Note and book each withdrawal once, and those whose wallet was linked meanwhile; returns how many are new."""
    noted = sum(_note(chain.chain_id(), event, now) for event in events)
    for pk in _unbooked(chain.chain_id()).order_by("pk").values_list("pk", flat=True):
        _book_waiting(pk, now)
    return noted


def _unbooked(chain_id: int) -> QuerySet[ChainWithdrawal]:
    return ChainWithdrawal.objects.filter(
        chain_id=chain_id, vanished_at__isnull=True, charge__isnull=True, posted__isnull=True, worth_minor__gt=0
    )


@transaction.atomic
def _note(chain_id: int, event: WithdrawalEvent, now: datetime) -> bool:
    # Two rounds at once note one after the other: what leaves is worth what the withdrawals before it left.
    list(ChainCursor.objects.select_for_update().filter(chain_id=chain_id).order_by("pk"))
    seen = (
        ChainWithdrawal.objects.select_for_update(of=("self",))
        .filter(chain_id=chain_id, transaction_hash=event.transaction_hash, position=event.position)
        .first()
    )
    if seen is None:
        _book(_made(chain_id, event, now), now)
        return True
    was_vanished = seen.vanished_at is not None
    seen.block_number, seen.log_index, seen.missing_since, seen.vanished_at = event.block_number, event.log_index, None, None
    seen.save(update_fields=["block_number", "log_index", "missing_since", "vanished_at"])
    if was_vanished:
        _book(seen, now)
    return was_vanished


def _made(chain_id: int, event: WithdrawalEvent, now: datetime) -> ChainWithdrawal:
    coin = None if event.token == NATIVE else StableCoin.objects.filter(chain_id=chain_id, address=event.token).latest("pk")
    member = _member_of(event.payee)
    cooperative = member.cooperative if member is not None else _sole_holder()
    history = _history(chain_id, coin, cooperative, (event.block_number, event.log_index))
    out = leaving(history, event.payee, event.units)
    before = _standing(chain_id, coin, cooperative).aggregate(sum=Sum("worth_wad"))["sum"] or 0
    made = ChainWithdrawal.objects.create(
        chain_id=chain_id,
        transaction_hash=event.transaction_hash,
        position=event.position,
        block_number=event.block_number,
        log_index=event.log_index,
        payee=event.payee,
        coin=coin,
        units=event.units,
        revenue_units=out.revenue_units,
        worth_wad=out.worth_wad,
        worth_minor=whole_minor(int(before) + out.worth_wad) - whole_minor(int(before)),
        cooperative=cooperative,
        seen_at=now if cooperative is None else cooperative_now(cooperative.pk, now),
    )
    if out.beyond_units:
        _tell_beyond(made, out.beyond_units, now)
    return made


def _standing(chain_id: int, coin: StableCoin | None, cooperative: Cooperative | None) -> QuerySet[ChainWithdrawal]:
    """What left in a coin, of one cooperative's coins where one is named."""
    rows = ChainWithdrawal.objects.filter(chain_id=chain_id, vanished_at__isnull=True)
    rows = rows.filter(coin__in=_same(coin)) if coin else rows.filter(coin__isnull=True)
    return rows.filter(cooperative=cooperative) if cooperative else rows


def _same(coin: StableCoin) -> QuerySet[StableCoin]:
    """The rows of a token: one that was named again has several."""
    return StableCoin.objects.filter(chain_id=coin.chain_id, address=coin.address)


def _history(chain_id: int, coin: StableCoin | None, cooperative: Cooperative | None, place: tuple[int, int]) -> Iterator[CameIn | WentOut]:
    """What came in and went out in a coin before a place of the chain, in order; of one cooperative's coins where one is named."""
    block, index = place
    earlier = Q(block_number__lt=block) | Q(block_number=block, log_index__lt=index)
    payments = ChainPayment.objects.filter(earlier, chain_id=chain_id, vanished_at__isnull=True)
    payments = payments.filter(coin__in=_same(coin)) if coin else payments.filter(coin__isnull=True)
    payments = payments.filter(document__cooperative=cooperative) if cooperative else payments
    came = payments.values_list("block_number", "log_index", "payer", "paid_units", "applied_wad", "credit_wei")
    went = _standing(chain_id, coin, cooperative).filter(earlier)
    left = went.values_list("block_number", "log_index", "payee", "revenue_units", "worth_wad")
    rows: list[tuple[int, int, CameIn | WentOut]] = [
        (b or 0, i or 0, CameIn(who, int(paid), int(applied), 0 if coin else int(credit))) for b, i, who, paid, applied, credit in came
    ]
    rows += [(b, i, WentOut(who, int(units), int(worth))) for b, i, who, units, worth in left]
    return (event for _block, _index, event in sorted(rows, key=lambda row: row[:2]))


def _member_of(payee: str) -> Member | None:
    if payee == address_of(private_key()):
        return None
    link = WalletLink.objects.filter(address__iexact=payee).select_related("member__cooperative").first()
    return link.member if link is not None else None


def _sole_holder() -> Cooperative | None:
    """The cooperative whose coins lie in the contract, where it is one: of several nobody can say whose were withdrawn."""
    holders = coin_holders()[:2]
    return holders[0] if len(holders) == 1 else None


@transaction.atomic
def _book_waiting(pk: int, now: datetime) -> None:
    seen = ChainWithdrawal.objects.select_for_update(of=("self",)).get(pk=pk)
    if seen.vanished_at is None and seen.charge_id is None and seen.posted_id is None:
        _book(seen, now)


def _book(seen: ChainWithdrawal, now: datetime) -> None:
    """Book a withdrawal where it is known whose it is. Part of the caller's transaction."""
    if seen.worth_minor <= 0:
        return
    member, is_own = _member_of(seen.payee), seen.payee == address_of(private_key())
    cooperative = seen.cooperative
    # A member of another cooperative than whose coins these are is a stranger here.
    if cooperative is None or not (is_own or (member is not None and member.cooperative_id == cooperative.pk)):
        _tell_unknown(seen, now)
        return
    shown, key = cooperative_now(cooperative.pk, now), f"withdrawn:{seen.public_id}:{seen.bookings}"
    if member is not None:
        seen.charge = charge_member(
            member=member,
            kind=ChargeKind.WITHDRAWN,
            key=key,
            amount_minor=seen.worth_minor,
            now=shown,
            text=f"Withdrawn on the chain: {amount_in(seen.revenue_units, seen.coin)}",
        )
        set_off_claims(member=member, now=shown)
        _tell_member(seen, member, shown)
    else:
        seen.posted = post_transaction(
            cooperative=cooperative,
            idempotency_key=key,
            cause=CAUSE,
            cause_ref=seen.public_id,
            booked_date=shown.date(),
            now=shown,
            amounts={
                account(cooperative, AccountCode.OWN_WALLET): seen.worth_minor,
                account(cooperative, AccountCode.CHAIN_WALLET): -seen.worth_minor,
            },
        )
    seen.cooperative, seen.bookings = cooperative, seen.bookings + 1
    seen.save(update_fields=["charge", "posted", "cooperative", "bookings"])


@transaction.atomic
def take_back_withdrawal(pk: int, now: datetime) -> bool:
    """Undo the booking of a withdrawal whose block has vanished, and tell who keeps the books. False where it was undone already."""
    seen = ChainWithdrawal.objects.select_for_update(of=("self",)).get(pk=pk)
    if seen.vanished_at is not None:
        return False
    charge, posted, cooperative = seen.charge, seen.posted, seen.cooperative
    seen.vanished_at, seen.charge, seen.posted = now, None, None
    seen.save(update_fields=["vanished_at", "charge", "posted"])
    log.error("Withdrawal %s by %s has vanished from the chain.", seen.transaction_hash, seen.payee)
    if cooperative is None:
        return True
    shown = cooperative_now(cooperative.pk, now)
    if charge is not None:
        take_back_charge(charge=charge, now=shown)
    if posted is not None:
        reverse_transaction(posted=posted, cause=CAUSE, cause_ref=seen.public_id, booked_date=shown.date(), now=shown)
    _tell(seen, cooperative, partial(_told_vanished, seen), f"{KIND}:{seen.pk}:{seen.missing_since:%Y%m%dT%H%M%S}", shown)
    return True


def _tell(seen: ChainWithdrawal, cooperative: Cooperative, words: Callable[[], tuple[str, str]], key: str, shown: datetime) -> None:
    notify_in_words(
        users=staff_of(cooperative, Role.TARIFF_ADMIN, Role.AUDITOR),
        words=words,
        kind=KIND,
        key=key,
        path=f"{ADMIN}{seen.pk}/change/",
        by_mail=True,
        now=shown,
    )


def _tell_unknown(seen: ChainWithdrawal, now: datetime) -> None:
    if seen.cooperative is not None:
        shown = cooperative_now(seen.cooperative.pk, now)
        _tell(seen, seen.cooperative, partial(_told_unknown, seen), f"{KIND}:{seen.pk}:unknown", shown)
        return
    log.error("Withdrawal %s by %s belongs to no one cooperative and is not booked.", seen.transaction_hash, seen.payee)
    for holder in coin_holders():
        shown = cooperative_now(holder.pk, now)
        _tell(seen, holder, partial(_told_of_several, seen), f"{KIND}:{seen.pk}:several:{holder.pk}", shown)


def _tell_beyond(seen: ChainWithdrawal, units: int, now: datetime) -> None:
    """Tell all whose coins lie in the contract, and whose the withdrawal is, that it took more than its own."""
    log.error("Withdrawal %s by %s took %s units more than the books know of.", seen.transaction_hash, seen.payee, units)
    concerned = {holder.pk: holder for holder in coin_holders()}
    if seen.cooperative is not None:
        concerned[seen.cooperative.pk] = seen.cooperative
    for cooperative in concerned.values():
        shown = cooperative_now(cooperative.pk, now)
        _tell(seen, cooperative, partial(_told_beyond, seen, units), f"{KIND}:{seen.pk}:beyond:{cooperative.pk}", shown)


def _tell_member(seen: ChainWithdrawal, member: Member, shown: datetime) -> None:
    users = User.objects.filter(memberships__member=member, is_active=True)
    notify_in_words(
        users=users,
        words=partial(_told_member, seen, member),
        kind=KIND,
        key=f"{KIND}:{seen.public_id}:{seen.bookings}",
        path="/payments/",
        by_mail=True,
        now=shown,
    )


def _told_vanished(seen: ChainWithdrawal) -> tuple[str, str]:
    return _("A withdrawal has vanished from the chain"), _(
        "%(amount)s to %(payee)s in transaction %(transaction)s: the chain has other blocks now, without it. Its booking was taken back."
    ) % {"amount": amount_in(seen.units, seen.coin), "payee": seen.payee, "transaction": seen.transaction_hash}


def _told_unknown(seen: ChainWithdrawal) -> tuple[str, str]:
    return _("Coins left the contract to an unknown wallet"), _(
        "%(amount)s went to %(payee)s in transaction %(transaction)s. No member of this cooperative has linked this wallet, so nothing is booked: ask whose it is and let them link it; then it is booked by itself."
    ) % {"amount": amount_in(seen.units, seen.coin), "payee": seen.payee, "transaction": seen.transaction_hash}


def _told_of_several(seen: ChainWithdrawal) -> tuple[str, str]:
    return _("Coins left the contract, and nobody can say whose"), _(
        "%(amount)s went to %(payee)s in transaction %(transaction)s. Bills of several cooperatives were paid into this contract, which does not keep their coins apart, so nothing is booked: agree whose they are and book it by hand."
    ) % {"amount": amount_in(seen.units, seen.coin), "payee": seen.payee, "transaction": seen.transaction_hash}


def _told_beyond(seen: ChainWithdrawal, units: int) -> tuple[str, str]:
    whose = seen.cooperative.name if seen.cooperative is not None else _("nobody known")
    return _("More coins left the contract than are there for %(whose)s") % {"whose": whose}, _(
        "%(amount)s went to %(payee)s in transaction %(transaction)s. Of these, %(beyond)s are not there for %(whose)s by the books: they are another's. They count for nothing here; settle it with those whose coins they are."
    ) % {
        "amount": amount_in(seen.units, seen.coin),
        "payee": seen.payee,
        "transaction": seen.transaction_hash,
        "beyond": amount_in(units, seen.coin),
        "whose": whose,
    }


def _told_member(seen: ChainWithdrawal, member: Member) -> tuple[str, str]:
    return _("You withdrew %(amount)s") % {"amount": amount_in(seen.revenue_units, seen.coin)}, _(
        "It counts as %(worth)s %(currency)s of what we owe you for your energy. What goes beyond that is set off against what we owe you next."
    ) % {"worth": amount(seen.worth_minor), "currency": member.cooperative.currency}
