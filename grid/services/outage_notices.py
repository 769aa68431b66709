"""Telling members of work that cuts their supply: at approval, again shortly before, and of every change. Each is told once of each."""

from datetime import datetime, timedelta

from grid.domain.outage_notices import Notice, Work, write
from grid.models import OutageRule, OutageState, PlannedOutage
from members.models import User
from members.services.notifications import notify

KIND, PATH = "outage", "/live/"


def rule_of(outage: PlannedOutage) -> OutageRule:
    """The microgrid's rule, or the defaults."""
    found = OutageRule.objects.filter(microgrid=outage.microgrid_id).first()
    return found or OutageRule(microgrid_id=outage.microgrid_id)


def tell_members(*, outage: PlannedOutage, notice: Notice, now: datetime, key: str = "") -> int:
    """Write to everybody whose site is without supply, in their language, naming their own sites; returns how many were told."""
    by_user: dict[int, list[str]] = {}
    rows = User.objects.filter(is_active=True, memberships__member__sites__in=outage.sites_lost.all())
    for pk, name in rows.values_list("pk", "memberships__member__sites__name"):
        by_user.setdefault(pk, []).append(name)
    users = User.objects.in_bulk(by_user)
    told = 0
    for pk, names in by_user.items():
        subject, text = write(notice, _work(outage, sorted(set(names))), users[pk].language)
        told += notify(
            users=[users[pk]],
            kind=KIND,
            key=f"outage:{outage.public_id}:{notice}{key}",
            subject=subject,
            text=text,
            path=PATH,
            by_mail=True,
            now=now,
        )
    return told


def _work(outage: PlannedOutage, sites: list[str]) -> Work:
    zone = outage.microgrid.zone
    return Work(
        outage.microgrid.name,
        sites,
        outage.start_at.astimezone(zone),
        outage.end_at.astimezone(zone),
        outage.reason,
        outage.waits_for_clearance,
    )


def is_short_notice(outage: PlannedOutage, now: datetime) -> bool:
    """Whether members would be told later than the microgrid's rule says."""
    return outage.start_at - now < timedelta(hours=rule_of(outage).notice_hours)


def remind_members(*, outage: PlannedOutage, now: datetime) -> int:
    """Remind of an approved outage once its time has come, unless members were told within the same time."""
    hours = rule_of(outage).remind_hours
    due_at = outage.start_at - timedelta(hours=hours)
    was_told_lately = outage.decided_at is None or outage.decided_at >= due_at
    if outage.state != OutageState.APPROVED or not hours or was_told_lately or not due_at <= now < outage.start_at:
        return 0
    return tell_members(outage=outage, notice=Notice.REMINDER, now=now)
