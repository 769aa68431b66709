"""Sharing out: prepared, released by another person, then owed to members and paid out with all else that is owed."""

from datetime import date, datetime

from django.db import transaction
from django.db.models import F, Sum

from billing.domain.distribution import CannotShareOut, Claim, share_out
from billing.models import (
    AccountCode,
    Component,
    Distribution,
    DistributionShare,
    DistributionStatus,
    DocumentKind,
    DocumentLine,
    MemberShares,
    Payout,
)
from billing.services.ledger import account, post_transaction
from billing.services.payables import CannotPayOut, Payable, join
from members.models import Cooperative, Member, User

DELIVERED = (Component.LOCAL_DELIVERED, Component.CARRIED, Component.EXPORT)


class CannotDistribute(ValueError):
    """The sum cannot be shared out; the message says why."""


@transaction.atomic
def prepare_distribution(
    *, cooperative: Cooperative, name: str, total_minor: int, first_day: date, last_day: date, energy_percent: int, by: User, now: datetime
) -> Distribution:  # fmt: skip
    """Work out who gets what; nothing is owed before another person releases it.

    Raises:
        CannotDistribute: the name is taken, or there is nothing to share it out by.
    """
    Cooperative.objects.select_for_update(no_key=True).get(pk=cooperative.pk)
    standing = Distribution.objects.filter(cooperative=cooperative, name=name).exclude(
        status=DistributionStatus.CANCELLED
    )
    if not name.strip() or standing.exists():
        raise CannotDistribute(f"There is a distribution '{name}' already; give it another name." if name.strip() else "Give it a name.")  # fmt: skip
    if first_day > last_day or not 0 <= energy_percent <= 100:
        raise CannotDistribute("The first day comes before the last, and the part by energy is 0 to 100 %.")
    members = list(Member.objects.filter(cooperative=cooperative, is_cooperative=False).order_by("number"))
    delivered, shares = (
        _delivered(cooperative, first_day, last_day),
        shares_on(cooperative=cooperative, day=last_day),
    )
    claims = [Claim(m.number, delivered.get(m.pk, 0), shares.get(m.pk, 0)) for m in members]
    try:
        parts = share_out(total_minor, claims, energy_percent=energy_percent)
    except CannotShareOut as why:
        raise CannotDistribute(str(why)) from None
    made = Distribution.objects.create(
        cooperative=cooperative, name=name.strip(), total_minor=total_minor, first_day=first_day, last_day=last_day,
        energy_percent=energy_percent, prepared_at=now, prepared_by=by,
    )  # fmt: skip
    DistributionShare.objects.bulk_create(
        DistributionShare(distribution=made, member=m, delivered_wh=c.delivered_wh, shares=c.shares, amount_minor=part)
        for m, c, part in zip(members, claims, parts, strict=True)
        if part
    )  # fmt: skip
    return made


def _delivered(cooperative: Cooperative, first_day: date, last_day: date) -> dict[int, int]:
    """Wh by member on the credit documents of runs that lie in the period, what was taken back counted against them."""
    lines = DocumentLine.objects.filter(
        document__cooperative=cooperative, document__number__isnull=False, component__in=DELIVERED,
        document__run__first_day__gte=first_day, document__run__last_day__lte=last_day,
    )  # fmt: skip
    found: dict[int, int] = {}
    for kind, sign in ((DocumentKind.CREDIT, 1), (DocumentKind.CREDIT_REVERSAL, -1)):
        rows = lines.filter(document__kind=kind).values_list("document__member").annotate(wh=Sum("quantity"))
        for member_id, wh in rows.order_by():
            found[member_id] = found.get(member_id, 0) + sign * wh
    return {member_id: max(wh, 0) for member_id, wh in found.items()}


def shares_on(*, cooperative: Cooperative, day: date) -> dict[int, int]:
    """Shares by member as they stand on a day."""
    rows = MemberShares.objects.filter(member__cooperative=cooperative, valid_from__lte=day)
    return dict(rows.order_by("member", "-valid_from").distinct("member").values_list("member", "shares"))


@transaction.atomic
def release_distribution(*, distribution: Distribution, by: User, now: datetime) -> Distribution:
    """Owe the members their parts: one balanced transaction, once. Payouts take them from there.

    Raises:
        CannotDistribute: whoever prepared it asks, or it was cancelled.
        CannotPost: the month is closed.
    """
    row = Distribution.objects.select_for_update().get(pk=distribution.pk)
    if row.status == DistributionStatus.RELEASED:
        return row
    if row.status == DistributionStatus.CANCELLED or row.prepared_by_id == by.pk:
        raise CannotDistribute("Somebody else than who prepared it releases it, and only while it stands.")
    cooperative, parts = row.cooperative, row.parts.select_related("member")
    amounts = {account(cooperative, AccountCode.PAYABLE, part.member): -part.amount_minor for part in parts}
    post_transaction(
        cooperative=cooperative, idempotency_key=f"distribution:{row.public_id}", cause="distribution", cause_ref=row.public_id,
        booked_date=now.date(), now=now, amounts={account(cooperative, AccountCode.DISTRIBUTIONS): row.total_minor, **amounts},
    )  # fmt: skip
    row.status, row.released_at, row.released_by = DistributionStatus.RELEASED, now, by
    row.save(update_fields=["status", "released_at", "released_by"])
    return row


def cancel_distribution(*, distribution: Distribution) -> bool:
    """Drop what was prepared and not released; returns whether it was still so."""
    return bool(
        Distribution.objects.filter(pk=distribution.pk, status=DistributionStatus.PREPARED).update(
            status=DistributionStatus.CANCELLED
        )
    )


class DistributionShares:
    """Members' parts of released distributions, among all else that is paid out."""

    code = "distribution"

    def open(self, cooperative: Cooperative) -> list[Payable]:
        rows = (
            DistributionShare.objects.filter(
                distribution__cooperative=cooperative, distribution__status=DistributionStatus.RELEASED, amount_minor__gt=F("paid_minor")
            )
            .select_related("member", "distribution")
            .order_by("pk")
        )  # fmt: skip
        return [
            Payable(
                self.code, str(r.public_id), r.member, r.amount_minor - r.paid_minor, r.distribution.name, r.member.iban, AccountCode.PAYABLE
            )
            for r in rows
        ]  # fmt: skip

    def settle(self, payout: Payout, now: datetime) -> None:
        changed = DistributionShare.objects.filter(
            public_id=payout.source_key, amount_minor__gte=F("paid_minor") + payout.amount_minor
        ).update(paid_minor=F("paid_minor") + payout.amount_minor)
        if not changed:
            raise CannotPayOut(f"{payout.text}: {payout.amount_minor} is no longer owed.")

    def reopen(self, payout: Payout, now: datetime) -> None:
        DistributionShare.objects.filter(public_id=payout.source_key).update(
            paid_minor=F("paid_minor") - payout.amount_minor
        )


join(DistributionShares())


def statements_of(member: Member) -> list[DistributionShare]:
    """What a member got out of released distributions, the newest first."""
    rows = DistributionShare.objects.filter(member=member, distribution__status=DistributionStatus.RELEASED)
    return list(rows.select_related("distribution").order_by("-distribution__released_at"))
