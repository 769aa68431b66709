"""Orders to the bank: prepared by one person, released by another, answered by the bank."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from billing.adapters.bank.pain import Party
from billing.adapters.bank.pain002 import StatusReport, read_status_report
from billing.domain.banking.bank_days import bank_day_from
from billing.domain.banking.return_codes import Refusal
from billing.models import BankOrder, ItemStatus, OrderKind, OrderStatus
from billing.services import debits, payouts
from members.models import Cooperative, User

REJECTED = "RJCT"


class CannotRelease(ValueError):
    """An order cannot be released; the message says why."""


class UnknownOrder(ValueError):
    """A bank's answer is to an order that is none of ours."""


@dataclass(frozen=True, slots=True)
class BankAnswer:
    """What an answer did to an order: how many of its payments were refused, and which ids in it are none of the order's."""

    order: BankOrder
    refused: int
    unknown: tuple[str, ...]


def us(cooperative: Cooperative, creditor_id: str = "") -> Party:
    """The cooperative as party of an order."""
    return Party(cooperative.name, cooperative.iban.replace(" ", ""), cooperative.bic, cooperative.currency, creditor_id)


def _locked(order: BankOrder) -> BankOrder:
    Cooperative.objects.select_for_update(no_key=True).get(pk=order.cooperative_id)
    return BankOrder.objects.select_for_update(of=("self",)).select_related("cooperative").get(pk=order.pk)


@transaction.atomic
def release_order(*, order: BankOrder, user: User, now: datetime) -> BankOrder:
    """Release an order: what is no longer so is left out, the rest is written into a file that stays as it is. Once.

    Raises:
        CannotRelease: by the same person who prepared it, cancelled, or nothing is left of it.
        InvalidOrder: an account or name in it is none; the order stays prepared.
    """
    order = _locked(order)
    if order.status == OrderStatus.RELEASED:
        return order
    if order.status == OrderStatus.CANCELLED:
        raise CannotRelease(_("The order was cancelled; prepare another."))
    if order.prepared_by_id == user.pk:
        raise CannotRelease(_("A second person releases what you prepared."))
    room = debits if order.kind == OrderKind.DEBITS else payouts
    order.execution_date = max(order.execution_date, room.earliest_day(order.cooperative, now))
    content = room.release_items(order=order, us=us, now=now)
    if content is None:
        raise CannotRelease(_("Nothing of the order is still to be done; cancel it and prepare another."))
    order.content, order.digest = content, hashlib.sha256(content).hexdigest()
    order.status, order.released_by, order.released_at = OrderStatus.RELEASED, user, now
    order.save()
    return order


@transaction.atomic
def cancel_order(*, order: BankOrder, now: datetime) -> BankOrder:
    """Drop an order that was not released; its items are free for another.

    Raises:
        CannotRelease: it was released, so the bank may have it.
    """
    order = _locked(order)
    if order.status == OrderStatus.RELEASED:
        raise CannotRelease(_("The order was released; ask the bank to recall it."))
    items = order.debits if order.kind == OrderKind.DEBITS else order.payouts
    items.filter(status=ItemStatus.PREPARED).update(status=ItemStatus.CANCELLED)
    order.status = OrderStatus.CANCELLED
    order.save(update_fields=["status"])
    return order


def next_bank_day(now: datetime, days: int) -> date:
    """The first day on which banks work, `days` from now on."""
    return bank_day_from(now.date() + timedelta(days=days))


@transaction.atomic
def take_status_report(*, cooperative: Cooperative, content: bytes, now: datetime) -> BankAnswer:
    """Take the bank's answer (pain.002): refused items are undone. Again, it changes nothing.

    Raises:
        CannotReadFile: it is no answer.
        UnknownOrder: to no order of ours.
    """
    report = read_status_report(content)
    order = BankOrder.objects.filter(cooperative=cooperative, message_id=report.message_id, status=OrderStatus.RELEASED).first()
    if order is None:
        raise UnknownOrder(_("The answer is to %(message_id)s, which is no released order here.") % {"message_id": report.message_id})
    order = _locked(order)
    room = debits if order.kind == OrderKind.DEBITS else payouts
    groups = room.group_ids(order)
    refused = _refused(report, groups)
    count = room.refuse_items(order=order, refused=refused, now=now)
    order.bank_status = _status_of(order, report, refused)
    order.save(update_fields=["bank_status"])
    unknown = tuple(item.end_to_end_id for item in report.items if item.end_to_end_id not in groups)
    return BankAnswer(order, count, unknown)


def _refused(report: StatusReport, group_ids: Mapping[str, str]) -> dict[str, Refusal]:
    """What was refused by end-to-end id: a payment by its own answer, else by its group's, else by the whole file's.

    A payment that the bank says it took is not refused by what it says of the file around it.
    """
    groups = dict(report.rejected_groups)
    answers = {item.end_to_end_id: item for item in report.items}
    found = {}
    for end_to_end_id, group_id in group_ids.items():
        answer = answers.get(end_to_end_id)
        if answer is not None and answer.status:
            if answer.status == REJECTED:
                found[end_to_end_id] = Refusal(answer.code or groups.get(group_id, report.code), is_own=True)
        elif group_id in groups:
            found[end_to_end_id] = Refusal(groups[group_id] or report.code, is_own=False)
        elif report.status == REJECTED:
            found[end_to_end_id] = Refusal(report.code, is_own=False)
    return found


def _status_of(order: BankOrder, report: StatusReport, refused: Mapping[str, Refusal]) -> str:
    """The bank's word for the whole order; where it gives none, what its answers to parts come to."""
    if report.status:
        return report.status[:4]
    if not refused:
        return order.bank_status
    items = order.debits if order.kind == OrderKind.DEBITS else order.payouts
    left = items.exclude(status__in=(ItemStatus.REJECTED, ItemStatus.CANCELLED)).exists()
    return "PART" if left else REJECTED
