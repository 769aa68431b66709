"""An operator's orders by hand: proposed, confirmed, ended; `now` is the microgrid's."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from energy.models import Microgrid, Source, StorageUnit
from grid.models import Emergency, EmergencyStep, OperatorOverride, OverrideKind
from members.models import User

CONFIRM_WITHIN = timedelta(minutes=10)
LONGEST_MINUTES = 24 * 60


class CannotOverride(ValueError):
    """The order cannot be given; the message says why."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be ordered: a storage's set-point, a source's limit, or a tier that is let go."""

    kind: str
    minutes: int
    reason: str
    storage: StorageUnit | None = None
    source: Source | None = None
    tier: int | None = None
    charge_w: int = 0
    discharge_w: int = 0
    limit_w: int | None = None


def propose_override(*, microgrid: Microgrid, order: Order, by: User, now: datetime) -> OperatorOverride:
    """The first step: write the order down; nothing happens yet.

    Raises:
        CannotOverride: it is not for this microgrid, beyond what the device can do, too long, or without a reason.
    """
    _check(microgrid, order)
    return OperatorOverride.objects.create(
        microgrid=microgrid,
        kind=order.kind,
        storage=order.storage,
        source=order.source,
        tier=order.tier,
        charge_w=order.charge_w,
        discharge_w=order.discharge_w,
        limit_w=order.limit_w,
        minutes=order.minutes,
        reason=order.reason.strip()[:200],
        proposed_by=by,
        proposed_at=now,
    )


def _check(microgrid: Microgrid, order: Order) -> None:
    if not order.reason.strip():
        raise CannotOverride("Say why: whoever looks at this later must understand it.")
    if not 1 <= order.minutes <= LONGEST_MINUTES:
        raise CannotOverride("An order stands for 1 minute to 24 hours; then control decides again.")
    asset = order.storage or order.source
    if asset is not None and asset.site.microgrid_id != microgrid.pk:
        raise CannotOverride("That device belongs to another microgrid.")
    if order.kind == OverrideKind.STORAGE and order.storage is not None:
        if order.charge_w and order.discharge_w:
            raise CannotOverride("A storage charges or discharges, not both.")
        if order.charge_w > order.storage.charge_max_w or order.discharge_w > order.storage.discharge_max_w:
            raise CannotOverride(
                f"{order.storage.code} can take {order.storage.charge_max_w} W and give {order.storage.discharge_max_w} W."
            )
    elif order.kind == OverrideKind.SOURCE and order.source is not None:
        if order.limit_w is None or order.limit_w < 0:
            raise CannotOverride("Say how much the source may give.")
    elif order.kind == OverrideKind.TIER:
        if order.tier not in (1, 2, 3, 4):
            raise CannotOverride("Only tiers 1 to 4 can be let go; tier 0 never is.")
    else:
        raise CannotOverride("Choose what the order is for.")


@transaction.atomic
def confirm_override(*, override: OperatorOverride, by: User, now: datetime) -> OperatorOverride:
    """The second step: from now on it stands, until its time is over. A newer order for the same thing ends an older one.

    Raises:
        CannotOverride: it was confirmed or ended already, or proposed too long ago.
    """
    row = OperatorOverride.objects.select_for_update(of=("self",)).select_related("microgrid").get(pk=override.pk)
    if row.confirmed_at is not None or row.ended_early_at is not None:
        raise CannotOverride("This order was confirmed or ended already.")
    limit = CONFIRM_WITHIN * max(row.microgrid.clock_speed, 1.0)
    if not row.proposed_at <= now <= row.proposed_at + limit:
        raise CannotOverride("This order was proposed more than ten minutes ago; propose it again.")
    same = OperatorOverride.objects.filter(
        microgrid=row.microgrid,
        storage=row.storage,
        source=row.source,
        tier=row.tier,
        confirmed_at__isnull=False,
        ended_early_at__isnull=True,
        ends_at__gt=now,
    )
    same.update(ended_early_at=now, ended_by=by)
    row.confirmed_by, row.confirmed_at = by, now
    row.ends_at = now + timedelta(minutes=row.minutes)
    row.save(update_fields=["confirmed_by", "confirmed_at", "ends_at"])
    _note(row, f"By hand: {row.order}, for {row.minutes} min ({row.reason})", by, now)
    return row


@transaction.atomic
def end_override(*, override: OperatorOverride, by: User, now: datetime) -> None:
    """Let control decide again, or take a proposal back; twice changes nothing."""
    changed = OperatorOverride.objects.filter(pk=override.pk, ended_early_at__isnull=True).update(ended_early_at=now, ended_by=by)
    if changed and override.confirmed_at is not None:
        _note(override, f"By hand no more: {override.order}", by, now)


def _note(override: OperatorOverride, text: str, by: User, now: datetime) -> None:
    """What is ordered during an emergency belongs to its story."""
    for emergency in Emergency.objects.filter(microgrid=override.microgrid, ended_at__isnull=True, is_drill=False):
        EmergencyStep.objects.create(emergency=emergency, at=now, text=text[:300], by=by)
