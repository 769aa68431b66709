"""Members' own devices: asked for, entered by an operator as ordinary loads and storages, or refused with a reason."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from energy.models import AssetRequest, Consumer, RequestedKind, RequestState, Site, StorageUnit
from energy.models.assets import AssetStatus, ConsumerKind
from energy.services.device_meters import CannotMeterDevice, check_free, place_device_meter
from members.models import Role, User
from members.services.notifications import notify, staff_of

KIND = "asset request"
OWN_PAGE, OPERATORS_PAGE = "/energy/devices/", "/devices/requests/"
MOST_OPEN = 5
VOLTS, PHASES = 230, 3
USUAL_EFFICIENCY = Decimal("0.95")
"""One way; the operator corrects it where the data sheet says another."""
NORMAL_TIER, DEFERRABLE_TIER, FLEXIBLE_TIER = 2, 3, 4


class CannotRequest(ValueError):
    """A device cannot be asked for, or a request not decided like that; the message says why."""


@dataclass(frozen=True, slots=True)
class Wish:
    """A device as its owner describes it; capacity and feed-in for a battery only."""

    kind: RequestedKind
    name: str
    power_w: int
    may_wait: bool
    capacity_wh: int | None = None
    feed_in_w: int | None = None
    note: str = ""
    meter_code: str = ""


@transaction.atomic
def request_asset(*, site: Site, wish: Wish, by: User, now: datetime) -> AssetRequest:
    """Ask for a device at an own site; operators are told.

    Raises:
        CannotRequest: it cannot be like that at this connection, or too many wait already.
    """
    Site.objects.select_for_update(no_key=True).get(pk=site.pk)
    is_battery = wish.kind == RequestedKind.BATTERY
    if not wish.name.strip():
        raise CannotRequest(_("Say what it is: make and model, or a name."))
    if wish.power_w <= 0 or (is_battery and (not wish.capacity_wh or not wish.feed_in_w)):
        raise CannotRequest(_("Power, and for a battery what it holds and gives, must be above nothing."))
    most_w = max(wish.power_w, (wish.feed_in_w or 0) if is_battery else 0)
    if site.fuse_a is not None and most_w > site.fuse_a * VOLTS * PHASES:
        raise CannotRequest(
            _("Your connection carries {most} kW; this device is larger. Talk to the office first.").format(
                most=f"{site.fuse_a * VOLTS * PHASES / 1000:.1f}"
            )
        )
    if site.asset_requests.filter(state=RequestState.OPEN).count() >= MOST_OPEN:
        raise CannotRequest(_("{most} requests wait already.").format(most=MOST_OPEN))
    row = AssetRequest.objects.create(
        site=site,
        meter_code=_free_meter(site, wish.meter_code),
        kind=wish.kind,
        name=wish.name.strip()[:60],
        power_w=wish.power_w,
        may_wait=wish.may_wait,
        note=wish.note.strip()[:300],
        capacity_wh=wish.capacity_wh if is_battery else None,
        feed_in_w=wish.feed_in_w if is_battery else None,
        asked_by=by,
        asked_at=now,
    )
    notify(
        users=staff_of(site.microgrid.cooperative, Role.OPERATOR),
        kind=KIND,
        key=f"asset-request:{row.public_id}",
        subject=f"{site}: {row.get_kind_display()} asked for",
        text=f"{row}, {row.power_w / 1000:.1f} kW. It waits for your decision.",
        path=OPERATORS_PAGE,
        by_mail=False,
        now=now,
    )
    return row


@transaction.atomic
def approve_request(*, request: AssetRequest, by: User, now: datetime, answer: str = "") -> AssetRequest:
    """Enter what was asked for: a load at once; a storage as in maintenance, until somebody has linked it and set it active.

    Raises:
        CannotRequest: it was decided already, or by whom it was asked, or its meter was placed elsewhere meanwhile.
    """
    row = _open(request, by)
    code = _free_code(row)
    if row.kind == RequestedKind.BATTERY:
        row.storage = StorageUnit.objects.create(
            site=row.site,
            code=code,
            status=AssetStatus.MAINTENANCE,
            capacity_wh=row.capacity_wh or 0,
            charge_max_w=row.power_w,
            discharge_max_w=row.feed_in_w or 0,
            eta_charge=USUAL_EFFICIENCY,
            eta_discharge=USUAL_EFFICIENCY,
            soc_max_wh=row.capacity_wh or 0,
            soc_wh=0,
        )
    else:
        row.consumer = Consumer.objects.create(
            site=row.site, code=code, kind=ConsumerKind(row.kind), max_demand_w=row.power_w, priority_tier=_tier(row)
        )
    device = row.consumer or row.storage
    if row.meter_code and device is not None:
        try:
            place_device_meter(device=device, code=row.meter_code, now=now)
        except CannotMeterDevice as why:
            raise CannotRequest(str(why)) from None
    return _decide(row, RequestState.APPROVED, by, answer, now)


@transaction.atomic
def refuse_request(*, request: AssetRequest, by: User, why: str, now: datetime) -> AssetRequest:
    """Refuse it with a reason that the member reads.

    Raises:
        CannotRequest: it was decided already, by whom it was asked, or without a reason.
    """
    if not why.strip():
        raise CannotRequest("Say why; the member reads it.")
    return _decide(_open(request, by), RequestState.REFUSED, by, why, now)


@transaction.atomic
def withdraw_request(*, request: AssetRequest, now: datetime) -> bool:
    """Take it back while nobody has decided; False afterwards."""
    rows = AssetRequest.objects.filter(pk=request.pk, state=RequestState.OPEN)
    return bool(rows.update(state=RequestState.WITHDRAWN, decided_at=now))


def _open(request: AssetRequest, by: User) -> AssetRequest:
    row = AssetRequest.objects.select_for_update(of=("self",)).select_related("site__microgrid", "asked_by")
    found = row.get(pk=request.pk)
    if found.state != RequestState.OPEN:
        raise CannotRequest(f"{found} was decided already.")
    if found.asked_by_id == by.pk:
        raise CannotRequest("You asked for it yourself: somebody else decides.")
    return found


def _free_meter(site: Site, code: str) -> str:
    """The number of a meter that nobody has and nobody else asks for; empty where none is named."""
    if not code.strip():
        return ""
    try:
        found = check_free(site.microgrid, code)
    except CannotMeterDevice as why:
        raise CannotRequest(str(why)) from None
    asked = AssetRequest.objects.filter(site__microgrid=site.microgrid, state=RequestState.OPEN, meter_code=found)
    if asked.exists():
        raise CannotRequest(_("The meter {code} is another one's already; look at the plate again.").format(code=found))
    return found


def _free_code(row: AssetRequest) -> str:
    """The site's code with the name, and a number where it is taken."""
    base = f"{row.site.code} {row.name}"[:110]
    taken = {
        *Consumer.objects.filter(site=row.site).values_list("code", flat=True),
        *StorageUnit.objects.filter(site=row.site).values_list("code", flat=True),
    }
    return next(code for n in range(1, len(taken) + 2) if (code := base if n == 1 else f"{base} {n}") not in taken)


def _tier(row: AssetRequest) -> int:
    """What may wait is steered: a car as flexible, anything else as deferrable."""
    if not row.may_wait:
        return NORMAL_TIER
    return FLEXIBLE_TIER if row.kind == RequestedKind.CAR_CHARGER else DEFERRABLE_TIER


def _decide(row: AssetRequest, state: RequestState, by: User, answer: str, now: datetime) -> AssetRequest:
    row.state, row.decided_by, row.decided_at, row.answer = state, by, now, answer.strip()[:300]
    row.save()
    with override(row.asked_by.language):
        told = _("{name} is entered.") if state == RequestState.APPROVED else _("{name} cannot be entered.")
        notify(
            users=[row.asked_by],
            kind=KIND,
            key=f"asset-request:{row.public_id}:{state}",
            subject=told.format(name=row.name),
            text=row.answer,
            path=OWN_PAGE,
            by_mail=True,
            now=now,
        )
    return row
