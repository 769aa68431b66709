"""Paying before using: agreed and ended, looked at by day, told once per fall, and a limit asked for as the last thing. Nothing here switches.

Whoever judges a balance holds the member's lock, as whoever books a payment does: so a top-up and a request never pass each other unseen.
"""

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from billing.domain.prepaid import Alarm, Balance, Fall, fallen, usual_minor
from billing.domain.prepaid_words import PREPAID_WORDS
from billing.domain.sentences import WORDS
from billing.models import NumberSeries, PrepaidAgreement, PrepaidAlarm, PrepaidDay, PrepaidRule
from billing.selectors.prepaid import (
    Figures,
    balance_of,
    figures_of,
    in_force,
    local_today,
    newest_bills,
    newest_days,
    prepaid_rule,
    spent_lately,
)
from billing.selectors.prepaid_history import open_limits, standing_alarms
from billing.selectors.prepaid_notices import notice_of
from billing.services.allocations import lock_member
from billing.services.deliveries import queue_letters
from billing.services.prepaid_estimate import OpenUse, open_use
from billing.services.prepaid_limits import ask_where_used_up, free_member, free_where_nobody_pays_before
from members.language import amount
from members.models import Cooperative, Member, User
from members.services.notifications import notify

KIND = "prepaid"
PATH = "/prepaid/"
SERIES = "PP"


class CannotAgreeOnPrepaid(ValueError):
    """Paying before using cannot be agreed on or changed that way; the message says why."""


def terms_text(rule: PrepaidRule, member: Member, day: date, language: str) -> str:
    """What a member agrees to, in the language in which they read it."""
    words, spoken = PREPAID_WORDS.get(language[:2], PREPAID_WORDS["en"]), WORDS.get(language[:2], WORDS["en"])
    text = words["terms"] if rule.spares_weekends else words["terms_always"]
    return str(text).format(
        day=spoken.date(day),
        friendly=f"{spoken.money(rule.friendly_minor)} {member.cooperative.currency}",
        days=rule.friendly_days,
        watts=rule.limit_w,
        night_from=rule.night_from_hour,
        night_to=rule.night_to_hour,
    )


@transaction.atomic
def agree_on_prepaid(*, member: Member, valid_from: date, by: User, now: datetime, language: str = "") -> PrepaidAgreement:
    """Agree that a member pays before using, by the rule of today.

    Args:
        language: of the page on which the terms were read; else the member's.

    Raises:
        CannotAgreeOnPrepaid: it is agreed on already, for the cooperative itself, or for a day that is over.
    """
    member = lock_member(member.pk)
    rule = prepaid_rule(member.cooperative)
    if member.is_cooperative:
        raise CannotAgreeOnPrepaid(_("The cooperative does not pay itself."))
    standing = PrepaidAgreement.objects.filter(member=member, ended_date__isnull=True)
    if standing.exists():
        raise CannotAgreeOnPrepaid(_("%(member)s pays before using already.") % {"member": member})
    agreement = PrepaidAgreement(
        member=member,
        cooperative=member.cooperative,
        valid_from=valid_from,
        terms=terms_text(rule, member, valid_from, language or member.language),
        agreed_at=now,
        agreed_by=by,
        friendly_minor=rule.friendly_minor,
        friendly_days=rule.friendly_days,
    )
    if valid_from < local_today(agreement, now):
        raise CannotAgreeOnPrepaid(_("It begins today or later."))
    agreement.reference = _reference(member.cooperative, valid_from.year)
    agreement.save()
    return agreement


def _reference(cooperative: Cooperative, year: int) -> str:
    NumberSeries.objects.get_or_create(cooperative=cooperative, series=SERIES, year=year)
    row = NumberSeries.objects.select_for_update().get(cooperative=cooperative, series=SERIES, year=year)
    row.next_number += 1
    row.save(update_fields=["next_number"])
    return f"{SERIES}{year}{row.next_number - 1:06d}"


@transaction.atomic
def end_prepaid(*, agreement: PrepaidAgreement, by: User, now: datetime) -> PrepaidAgreement:
    """End an agreement today; what lies in the books stays the member's, a limit or a request for one ends. Twice changes nothing."""
    member = lock_member(agreement.member_id)
    agreement = PrepaidAgreement.objects.select_related("cooperative").get(pk=agreement.pk)
    if agreement.ended_date is not None:
        return agreement
    today = local_today(agreement, now)
    agreement.ended_date, agreement.ended_by = max(today, agreement.valid_from), by
    agreement.save(update_fields=["ended_date", "ended_by"])
    for alarm in PrepaidAlarm.objects.filter(agreement=agreement, over_at__isnull=True):
        PrepaidAlarm.objects.filter(pk=alarm.pk).update(over_at=max(now, alarm.passed_at))
    free_member(member=member, why="why_ended", now=now)
    return agreement


def choose_own_alarms(*, agreement: PrepaidAgreement, days: int | None, amount_minor: int | None) -> PrepaidAgreement:
    """Let a member be told earlier than by the rule; nothing given: as the rule says.

    Raises:
        CannotAgreeOnPrepaid: it would be later than the rule's, or more than 90 days ahead.
    """
    rule = prepaid_rule(agreement.cooperative)
    if days is not None and not rule.low_days <= days <= 90:
        raise CannotAgreeOnPrepaid(_("Between %(low_days)s and 90 days ahead.") % {"low_days": rule.low_days})
    if amount_minor is not None and not rule.little_minor <= amount_minor <= 10**9:
        raise CannotAgreeOnPrepaid(_("At %(little)s or more.") % {"little": amount(rule.little_minor)})
    agreement.own_days, agreement.own_minor = days, amount_minor
    agreement.save(update_fields=["own_days", "own_minor"])
    return agreement


def look_at_balances(*, cooperative: Cooperative, now: datetime) -> int:
    """Estimate the use of all prepaid members and keep how they stand today, then judge each; returns how many. Safe to repeat and to kill."""
    microgrids = list(cooperative.microgrids.order_by("pk"))
    if not microgrids:
        return 0
    free_where_nobody_pays_before(cooperative=cooperative, now=now)
    today = now.astimezone(microgrids[0].zone).date()
    agreements = list(PrepaidAgreement.objects.filter(in_force(today), cooperative=cooperative).select_related("member").order_by("pk"))
    members = [agreement.member_id for agreement in agreements]
    if not agreements:
        return 0
    uses = {microgrid.pk: open_use(microgrid=microgrid, member_ids=members, now=now) for microgrid in microgrids}
    figures = figures_of(member_ids=members, microgrid_ids=list(uses))
    before = spent_lately([agreement.pk for agreement in agreements], today)
    billed = newest_bills(members)
    rows = [
        _look(agreement, uses, figures, before[agreement.pk], billed.get(agreement.member_id, (0, 0)), today, now)
        for agreement in agreements
    ]
    PrepaidDay.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["agreement", "day"],
        update_fields=[
            "books_minor",
            "spent_minor",
            "unbilled_minor",
            "unbilled_days",
            "estimated_days",
            "unread_days",
            "usual_minor",
            "looked_at",
        ],
    )
    for agreement in _stirred(cooperative, agreements, rows):
        # Each in a transaction of its own: cut off in between, the next look goes on.
        judge_balance(member=agreement.member, now=now)
    return len(rows)


def _stirred(cooperative: Cooperative, agreements: list[PrepaidAgreement], rows: list[PrepaidDay]) -> list[PrepaidAgreement]:
    """Those of whom there is something to judge: an alarm passed or over, all used up, or a limit. Of the others nothing is asked one by one."""
    rule, standing = prepaid_rule(cooperative), standing_alarms(agreements)
    limited = open_limits([agreement.member for agreement in agreements])
    found = []
    for agreement, row in zip(agreements, rows, strict=True):
        alarms = {Alarm(alarm.alarm): alarm for alarm in standing.get(agreement.pk, [])}
        balance = Balance(row.books_minor, row.unbilled_minor, row.usual_minor)
        fall = _fall(agreement, rule, balance, alarms, row.day)
        if fall.passed or fall.over or Alarm.USED_UP in alarms or limited.get(agreement.member_id):
            found.append(agreement)
    return found


def _fall(agreement: PrepaidAgreement, rule: PrepaidRule, balance: Balance, standing: dict[Alarm, PrepaidAlarm], today: date) -> Fall:
    friendly = standing.get(Alarm.FRIENDLY)
    since = friendly.passed_at.date() if friendly else today
    return fallen(balance, agreement.thresholds(rule), standing.keys(), friendly_since=since, today=today)


def _look(
    agreement: PrepaidAgreement,
    uses: dict[int, OpenUse],
    figures: Figures,
    before: list[tuple[date, int]],
    last_bill: tuple[int, int],
    today: date,
    now: datetime,
) -> PrepaidDay:
    member = agreement.member_id
    unbilled = 0
    days, estimated, unread = set[date](), set[date](), set[date]()
    for microgrid, use in uses.items():
        open_months = {
            period: gross
            for (period, whose), gross in use.gross_minor.items()
            if whose == member and (microgrid, period) not in figures.final
        }
        # What a month's bills came to so far, for parts of its days, is in the books already.
        unbilled += sum(gross - figures.billed_minor.get((member, microgrid, period), 0) for period, gross in open_months.items())
        for found, chosen in ((days, use.days), (estimated, use.estimated), (unread, use.unread)):
            found |= {day for day in chosen[member] if day.year * 100 + day.month in open_months}
    spent = figures.billed_of(member) + unbilled
    return PrepaidDay(
        agreement=agreement,
        day=today,
        books_minor=figures.books_minor.get(member, 0),
        spent_minor=spent,
        unbilled_minor=unbilled,
        unbilled_days=len(days),
        estimated_days=len(estimated),
        unread_days=len(unread),
        looked_at=now,
        usual_minor=usual_minor([*before, (today, spent)], before=[(unbilled, len(days)), last_bill]),
    )


@transaction.atomic
def judge_balance(*, member: Member, now: datetime) -> Balance | None:
    """Compare a member's balance as it is now with the thresholds: tell what was passed, end what is over, ask for or take back a limit.

    None where the member does not pay before using, or nobody has looked yet.
    """
    held = _held(member)
    if held is None:
        return None
    agreement, day, balance = held
    rule = prepaid_rule(agreement.cooperative)
    fall = _end_alarms(agreement, rule, balance, day, now)
    made = PrepaidAlarm.objects.bulk_create(
        PrepaidAlarm(
            agreement=agreement,
            alarm=alarm.value,
            passed_at=now,
            shown_minor=balance.shown_minor,
            days_left=balance.days_left,
            is_told=alarm == fall.worst,
        )
        for alarm in fall.passed
    )
    for row in made:
        if row.is_told:
            _tell(row, now)
    used_up = PrepaidAlarm.objects.filter(agreement=agreement, alarm=Alarm.USED_UP.value, over_at__isnull=True).first()
    if used_up is None:
        free_member(member=member, why="why_topped_up", now=now)
    else:
        ask_where_used_up(agreement=agreement, rule=rule, since=used_up.passed_at, now=now)
    return balance


def take_top_up(*, member: Member) -> None:
    """Money came in: end the alarms it lifts the balance above, and any limit, at once. Part of the caller's transaction.

    What was passed is noted by looks alone: whoever books money may have another clock than the microgrid, so the last look's counts here.
    """
    held = _held(member)
    if held is None:
        return
    agreement, day, balance = held
    _end_alarms(agreement, prepaid_rule(agreement.cooperative), balance, day, day.looked_at)
    if not PrepaidAlarm.objects.filter(agreement=agreement, alarm=Alarm.USED_UP.value, over_at__isnull=True).exists():
        free_member(member=member, why="why_topped_up", now=day.looked_at)


def _held(member: Member) -> tuple[PrepaidAgreement, PrepaidDay, Balance] | None:
    """The member's agreement, the newest look and the balance of now; the member is locked until the transaction ends."""
    if not PrepaidAgreement.objects.filter(member=member, ended_date__isnull=True).exists():
        return None
    lock_member(member.pk)
    rows = PrepaidAgreement.objects.filter(member=member, ended_date__isnull=True)
    agreement = rows.select_related("member", "cooperative").first()
    day = newest_days([agreement]).get(agreement.pk) if agreement else None
    if agreement is None or day is None:
        return None
    balance = balance_of(day, member.pk, figures_of(member_ids=[member.pk]))
    if (balance.books_minor, balance.unbilled_minor) != (day.books_minor, day.unbilled_minor):
        day.books_minor, day.unbilled_minor = balance.books_minor, balance.unbilled_minor
        day.save(update_fields=["books_minor", "unbilled_minor"])
    return agreement, day, balance


def _end_alarms(agreement: PrepaidAgreement, rule: PrepaidRule, balance: Balance, day: PrepaidDay, now: datetime) -> Fall:
    """Note which alarms are over; returns these, and what the balance passed."""
    rows = {Alarm(row.alarm): row for row in PrepaidAlarm.objects.filter(agreement=agreement, over_at__isnull=True)}
    fall = _fall(agreement, rule, balance, rows, day.day)
    for alarm in fall.over:
        PrepaidAlarm.objects.filter(pk=rows[alarm].pk).update(over_at=max(now, rows[alarm].passed_at))
    return fall


def _tell(row: PrepaidAlarm, now: datetime) -> None:
    """In the portal and by e-mail where somebody logs in for the member, else by e-mail to the member's address."""
    member = row.agreement.member
    users = users_of(member)
    subject, text = notice_of(row)
    notify(users=users, kind=KIND, key=row.key, subject=subject, text=text, path=PATH, by_mail=True, now=now)
    if not users:
        queue_letters(letters=[row], now=now)


def users_of(member: Member) -> list[User]:
    """Who acts for a member."""
    return list(User.objects.filter(memberships__member=member, is_active=True).distinct())
