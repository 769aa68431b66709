"""A limit of power for a site, step by step: asked, decided by a person, put in force, lifted; `now` is the microgrid's.

What it is asked for is its asker's business. Here is what always holds: somebody decides, where somebody depends on supply nothing is
limited, and whoever takes a request back needs nobody's leave.
"""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from energy.models import Site
from grid.models import SupplyRequest, SupplyRequestStatus, SupplyStep
from grid.models.supply_requests import OPEN_REQUESTS
from grid.selectors.supply_limits import depends_on_supply, is_held_by_devices
from members.models import Role, User
from members.services.notifications import notify, staff_of

KIND = "supply request"
PAGE = "/live/supply/"
# Where a request comes to when nothing is to be limited any more; by device it is lifted at once.
TAKEN_BACK = {"asked": "withdrawn", "agreed": "withdrawn", "in_force": "lift_asked"}


class CannotLimit(ValueError):
    """A site's power cannot be limited, or the request is not where it would have to be; the message says why."""


@transaction.atomic
def ask_limit(*, site: Site, limit_w: int, why: str, now: datetime) -> SupplyRequest:
    """Ask to hold a site's power down, and tell the operators; asked for again while one is open, the same request.

    Raises:
        CannotLimit: somebody there depends on supply.
    """
    Site.objects.select_for_update(no_key=True).get(pk=site.pk)
    standing = SupplyRequest.objects.filter(site=site, status__in=OPEN_REQUESTS).first()
    if standing is not None:
        return standing
    if depends_on_supply(site):
        raise CannotLimit(f"Somebody at {site.code} depends on supply: it is never limited.")
    request = SupplyRequest.objects.create(site=site, limit_w=limit_w, why=why[:200], asked_at=now)
    _note(request, now, None, why)
    notify(
        users=staff_of(site.microgrid.cooperative, Role.OPERATOR),
        kind=KIND,
        key=f"supply-request:{request.public_id}",
        by_mail=True,
        now=now,
        subject=f"To decide: {site.code} at most {limit_w} W",
        text=f"{why}\n\nNothing happens before somebody has decided.",
        path=PAGE,
    )
    return request


@transaction.atomic
def decide_request(*, request: SupplyRequest, agree: bool, why: str, by: User, now: datetime) -> SupplyRequest:
    """Agree to a request or decline it, once, with a reason. Devices that can hold the limit are told by control; else it is work for a person.

    Raises:
        CannotLimit: it is not open any more, no reason is given, or somebody depends on supply.
    """
    row = _held(request)
    if row.status != SupplyRequestStatus.ASKED:
        raise CannotLimit(f"There is nothing to decide: it is {row.get_status_display()}.")
    if not why.strip():
        raise CannotLimit("Say why: the member reads it.")
    if agree and depends_on_supply(row.site):
        raise CannotLimit(f"Somebody at {row.site.code} depends on supply: it is never limited.")
    row.decided_at, row.decided_by, row.decided_why = now, by, why.strip()[:200]
    row.by_device = agree and is_held_by_devices(row.site)
    agreed = SupplyRequestStatus.IN_FORCE if row.by_device else SupplyRequestStatus.AGREED
    return _go(row, agreed if agree else SupplyRequestStatus.DECLINED, now, by, why)


@transaction.atomic
def note_set(*, request: SupplyRequest, by: User, now: datetime) -> SupplyRequest:
    """Note that a person has set an agreed limit at the site.

    Raises:
        CannotLimit: it is not agreed any more, or somebody depends on supply by now.
    """
    row = _held(request)
    if row.status != SupplyRequestStatus.AGREED:
        raise CannotLimit(f"It is {row.get_status_display()}: leave the site as it is.")
    if depends_on_supply(row.site):
        raise CannotLimit(f"Somebody at {row.site.code} depends on supply: it is never limited.")
    return _go(row, SupplyRequestStatus.IN_FORCE, now, by, "set at the site")


@transaction.atomic
def note_lifted(*, request: SupplyRequest, by: User, now: datetime) -> SupplyRequest:
    """Note that a person has lifted the limit at the site; twice changes nothing.

    Raises:
        CannotLimit: it waits for something else.
    """
    row = _held(request)
    if row.status == SupplyRequestStatus.LIFTED:
        return row
    if row.status != SupplyRequestStatus.LIFT_ASKED:
        raise CannotLimit(f"There is nothing to lift: it is {row.get_status_display()}.")
    return _go(row, SupplyRequestStatus.LIFTED, now, by, "lifted at the site")


@transaction.atomic
def cancel_requests(*, sites: Iterable[Site], why: str, now: datetime, by: User | None = None) -> list[SupplyRequest]:
    """Take back whatever is open for some sites: what is not set yet is withdrawn, what devices hold is lifted at once, the rest is to be lifted."""
    rows = SupplyRequest.objects.select_for_update(of=("self",)).filter(site__in=[site.pk for site in sites], status__in=tuple(TAKEN_BACK))
    return [
        _go(
            row,
            SupplyRequestStatus.LIFTED if row.by_device and row.status == "in_force" else SupplyRequestStatus(TAKEN_BACK[row.status]),
            now,
            by,
            why,
        )
        for row in rows.select_related("site__microgrid__cooperative").order_by("pk")
    ]


def _held(request: SupplyRequest) -> SupplyRequest:
    """The request as it is now, locked until the transaction ends."""
    rows = SupplyRequest.objects.select_for_update(of=("self",)).select_related("site__microgrid__cooperative", "site__member__cooperative")
    return rows.get(pk=request.pk)


def _go(row: SupplyRequest, status: SupplyRequestStatus, now: datetime, by: User | None, why: str) -> SupplyRequest:
    row.status = status
    row.save(update_fields=["status", "decided_at", "decided_by", "decided_why", "by_device"])
    _note(row, now, by, why)
    if status == SupplyRequestStatus.LIFT_ASKED:
        notify(
            users=staff_of(row.site.microgrid.cooperative, Role.OPERATOR),
            kind=KIND,
            key=f"supply-lift:{row.public_id}",
            by_mail=True,
            now=now,
            subject=f"Lift now: {row.site.code}",
            text=f"{why}\n\nThe limit of {row.limit_w} W is to be lifted at the site.",
            path=PAGE,
        )
    return row


def _note(row: SupplyRequest, now: datetime, by: User | None, why: str) -> None:
    SupplyStep.objects.create(request=row, status=row.status, at=now, by=by, why=why.strip()[:200])
