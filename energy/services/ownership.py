"""A site is handed over on a day: entered ahead, on the day or afterwards, and taken back while it has not begun."""

from datetime import date, datetime, timedelta

from django.db import transaction

from energy.models import AssetRequest, Microgrid, OwnAlarm, RequestState, Site, SiteOwnership
from members.models import Member, User

LONGEST_AHEAD = timedelta(days=366)


class CannotMove(ValueError):
    """A site cannot be handed over like that; the message says why."""


@transaction.atomic
def hand_over(*, site: Site, member: Member | None, day: date, by: User | None, now: datetime, reason: str = "") -> SiteOwnership:
    """Let a site be another member's from a day on. Nobody moves in where `member` is None: its landlord pays, or the cooperative.

    Part of `billing.services.moves.move`, which also ends what the member before had arranged.

    Raises:
        CannotMove: it is theirs already, another move lies ahead, or day or member do not fit.
    """
    site = Site.objects.select_for_update(of=("self",)).select_related("microgrid", "landlord").get(pk=site.pk)
    last, payer = check(site=site, member=member, day=day, now=now)
    last.valid_to = day
    last.save(update_fields=["valid_to"])
    row = SiteOwnership.objects.create(
        site=site, member=payer, valid_from=day, is_vacant=member is None, entered_at=now, entered_by=by, reason=reason.strip()[:300]
    )
    begin(ownership=row, now=now)
    return row


def _payer_of_nobody(site: Site) -> Member:
    if site.landlord is not None:
        return site.landlord
    own = Member.objects.filter(cooperative=site.microgrid.cooperative_id, is_cooperative=True).first()
    if own is None:
        raise CannotMove(f"Nobody moves into {site}: name a landlord who pays meanwhile, or a member for the cooperative itself.")
    return own


def check(*, site: Site, member: Member | None, day: date, now: datetime) -> tuple[SiteOwnership, Member]:
    """Whether a site can be handed over: whose it is last, and who has it then.

    Raises:
        CannotMove: it cannot; the message says why.
    """
    last = SiteOwnership.objects.select_related("member").get(site=site, valid_to=None)
    payer = member or _payer_of_nobody(site)
    if not last.has_begun:
        raise CannotMove(f"{last.member} takes {site} over on {last.valid_from}; take that back first.")
    if payer.cooperative_id != site.microgrid.cooperative_id:
        raise CannotMove(f"{payer} is no member of {site.microgrid.cooperative}.")
    if (payer.pk, member is None) == (last.member_id, last.is_vacant):
        raise CannotMove(f"{site} is {payer}'s already.")
    if last.valid_from is not None and day <= last.valid_from:
        raise CannotMove(f"{last.member} has {site} from {last.valid_from} on; choose a later day.")
    if day > now.astimezone(site.microgrid.zone).date() + LONGEST_AHEAD:
        raise CannotMove("A move is entered a year ahead at most.")
    return last, payer


def begin(*, ownership: SiteOwnership, now: datetime) -> bool:
    """Let an ownership begin once its first day has come; returns whether it did. Safe to repeat. Part of the caller's transaction."""
    site = ownership.site
    today = now.astimezone(site.microgrid.zone).date()
    if ownership.has_begun or (ownership.valid_from is not None and ownership.valid_from > today):
        return False
    ownership.has_begun = True
    ownership.save(update_fields=["has_begun"])
    Site.objects.filter(pk=site.pk).update(member=ownership.member)
    OwnAlarm.objects.filter(site=site).exclude(user__memberships__member=ownership.member).delete()
    waiting = AssetRequest.objects.filter(site=site, state=RequestState.OPEN)
    waiting.exclude(asked_by__memberships__member=ownership.member).update(state=RequestState.WITHDRAWN, decided_at=now)
    return True


def due(microgrid: Microgrid, now: datetime) -> list[SiteOwnership]:
    """Ownerships whose first day has come and that have not begun."""
    today = now.astimezone(microgrid.zone).date()
    rows = SiteOwnership.objects.filter(site__microgrid=microgrid, has_begun=False, valid_from__lte=today)
    return list(rows.select_related("site__microgrid", "member").order_by("pk"))


@transaction.atomic
def take_back(*, ownership: SiteOwnership) -> None:
    """Take a move back that has not begun: whose the site is stays as it was.

    Raises:
        CannotMove: it has begun; who has the site then is moved out again.
    """
    site = Site.objects.select_for_update(of=("self",)).get(pk=ownership.site_id)
    row = SiteOwnership.objects.select_for_update(of=("self",)).get(pk=ownership.pk)
    if row.has_begun:
        raise CannotMove(f"{site} is handed over already; enter a move back.")
    row.delete()
    SiteOwnership.objects.filter(site=site, valid_to=row.valid_from).update(valid_to=None)
