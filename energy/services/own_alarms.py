"""Alarms of members' own choosing: set, taken away, looked at once a day."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import numpy as np
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from energy.domain.outages import expected_share, median_of_others
from energy.domain.own_alarm_words import ENGLISH, WORDS
from energy.domain.own_alarms import AlarmKind, SiteDays, judge
from energy.models import Channel, Microgrid, OwnAlarm, OwnAlarmHit, OwnAlarmKind, Site, Source
from energy.models.assets import SourceKind
from energy.selectors.meter_days import load_channel
from energy.selectors.ownership import theirs_since_of
from energy.selectors.site_days import load_site_days, newest_days
from members.models import User
from members.selectors.scope import own_members
from members.services.notifications import notify

KIND = "own alarm"
PAGE = "/energy/alarms/"
LOOKED_BACK_DAYS = 31
MOST_PER_USER = 20
MOST_DAYS = 30
DARK_DAY_H = 0.4


class CannotSetAlarm(ValueError):
    """The site is not the user's, the limit makes no sense, or there are too many; the message says which."""


@transaction.atomic
def set_alarm(*, user: User, site: Site, kind: OwnAlarmKind, limit: Decimal, by_mail: bool, now: datetime) -> OwnAlarm:
    """Set an alarm on an own site.

    Raises:
        CannotSetAlarm: see there.
    """
    if not own_members(user).filter(pk=site.member_id).exists():
        raise CannotSetAlarm(_("An alarm is set on a site of your own."))
    _check(kind, limit, site)
    if OwnAlarm.objects.filter(user=user).count() >= MOST_PER_USER:
        raise CannotSetAlarm(_("You have {most} alarms; take one away first.").format(most=MOST_PER_USER))
    try:
        with transaction.atomic():
            return OwnAlarm.objects.create(user=user, site=site, kind=kind, limit=limit, by_mail=by_mail, created_at=now)
    except IntegrityError:
        raise CannotSetAlarm(_("You have set this very alarm already.")) from None


def _check(kind: str, limit: Decimal, site: Site) -> None:
    if limit <= 0 or (kind == OwnAlarmKind.ROOF_BELOW and limit >= 100):
        raise CannotSetAlarm(_("The limit lies above 0, and for a roof below 100 %."))
    if kind == OwnAlarmKind.NO_USE and (limit != int(limit) or limit > MOST_DAYS):
        raise CannotSetAlarm(_("Days are whole, from 1 to {most}.").format(most=MOST_DAYS))
    if kind == OwnAlarmKind.ROOF_BELOW and not site.sources.exists():
        raise CannotSetAlarm(_("There is no roof plant at this site."))


@transaction.atomic
def change_alarm(*, alarm: OwnAlarm, limit: Decimal, by_mail: bool) -> OwnAlarm:
    """Change the limit of an alarm, or whether it mails.

    Raises:
        CannotSetAlarm: as when it is set.
    """
    _check(alarm.kind, limit, alarm.site)
    same = OwnAlarm.objects.filter(user=alarm.user_id, site=alarm.site_id, kind=alarm.kind, limit=limit)
    if same.exclude(pk=alarm.pk).exists():
        raise CannotSetAlarm(_("You have set this very alarm already."))
    alarm.limit, alarm.by_mail = limit, by_mail
    alarm.save(update_fields=["limit", "by_mail"])
    return alarm


def take_away(*, alarm: OwnAlarm) -> None:
    """Take an alarm away with what it told."""
    alarm.delete()


def judge_alarms(*, microgrid: Microgrid, now: datetime) -> int:
    """Look at all alarms of a microgrid on its newest final day; returns how many went off. Safe to repeat.

    Somebody is told on the first day of a run; the days after are only noted.
    """
    today = now.astimezone(microgrid.zone).date()
    days = newest_days(microgrid, before=today, most=LOOKED_BACK_DAYS)
    if not days:
        return 0
    newest = days[-1]
    alarms = [
        alarm
        for alarm in OwnAlarm.objects.filter(site__microgrid=microgrid).select_related("user", "site")
        if alarm.judged_date is None or alarm.judged_date < newest
    ]
    if not alarms:
        return 0
    block = load_site_days(microgrid=microgrid, days=days, site_ids=sorted({alarm.site_id for alarm in alarms}))
    wanted = {a.site_id for a in alarms if a.kind == OwnAlarmKind.ROOF_BELOW}
    roofs = roof_shares(microgrid=microgrid, days=days) if wanted else {}
    use, gone_off = block.on_the_clock, 0
    place_of = {site_id: place for place, site_id in enumerate(block.site_ids)}
    since = theirs_since_of(place_of)
    for alarm in alarms:
        place = place_of.get(alarm.site_id)
        value = None
        if place is not None:
            value = judge(
                AlarmKind(alarm.kind),
                float(alarm.limit),
                SiteDays(use[place], block.complete[place] & _theirs(block.days, since.get(alarm.site_id)), roofs.get(alarm.site_id)),
            )
        gone_off += _note(alarm, newest, value, now)
    return gone_off


def _theirs(days: list[date], since: date | None) -> NDArray[np.bool_]:
    """Which of the days an alarm may tell of: none from before a move."""
    return np.array([since is None or day >= since for day in days], dtype=bool)


@transaction.atomic
def _note(alarm: OwnAlarm, day: date, value: float | None, now: datetime) -> int:
    # Who has judged it meanwhile, or taken it away, was first.
    open_ones = OwnAlarm.objects.filter(Q(judged_date__lt=day) | Q(judged_date__isnull=True), pk=alarm.pk)
    if not open_ones.update(judged_date=day) or value is None:
        return 0
    words = WORDS.get(alarm.user.language, ENGLISH)
    text = words.sentence(AlarmKind(alarm.kind), value, float(alarm.limit))
    OwnAlarmHit.objects.get_or_create(alarm=alarm, day=day, defaults={"value": value, "text": text})
    if not alarm.hits.filter(day=day - timedelta(days=1)).exists():
        notify(
            users=[alarm.user],
            kind=KIND,
            key=f"own-alarm:{alarm.public_id}:{day}",
            subject=f"{alarm.site}, {day.isoformat()}: {text}",
            text=f"{text}\n\n{words.asked}",
            path=PAGE,
            by_mail=alarm.by_mail,
            now=now,
        )
    return 1


def roof_shares(*, microgrid: Microgrid, days: list[date]) -> dict[int, float]:
    """What each site's solar plants gave on the newest day, over what its neighbours' let expect; by site id.

    Missing where there are fewer than two neighbours, or the day was too dark to tell.
    """
    meters = {
        meter: (site, capacity)
        for meter, site, capacity in Source.objects.filter(
            site__microgrid=microgrid, kind=SourceKind.SOLAR, meter__isnull=False, capacity_w__gt=0
        ).values_list("meter__pk", "site_id", "capacity_w")
    }
    block = load_channel(microgrid=microgrid, channel=Channel.PRODUCTION, days=days, meter_ids=list(meters), with_quality=False)
    if not len(block.meter_ids):
        return {}
    capacity = np.array([meters[pk][1] for pk in block.meter_ids.tolist()], dtype=np.float64)
    hours = np.add.reduceat(block.values_wh, block.offsets[:-1], axis=1) / capacity[:, None]
    others = median_of_others(hours, block.present)
    earlier = block.present.copy()
    earlier[:, -1] = False
    share = expected_share(hours, others, earlier)
    expected = np.nan_to_num(others[:, -1]) * share * capacity
    given: dict[int, float] = {}
    wanted: dict[int, float] = {}
    for row, meter_id in enumerate(block.meter_ids.tolist()):
        site = meters[meter_id][0]
        if block.present[row, -1] and np.nan_to_num(others[row, -1]) >= DARK_DAY_H:
            given[site] = given.get(site, 0.0) + float(hours[row, -1] * capacity[row])
            wanted[site] = wanted.get(site, 0.0) + float(expected[row])
    return {site: given[site] / wanted[site] for site in given if wanted[site] > 0}
