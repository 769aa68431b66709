"""Telling people: a row first, the e-mail from it later, by whichever worker claims it."""

import logging
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from smtplib import SMTPException

from django.core.mail import send_mail
from django.db.models import F, Q
from django.utils.translation import override

from members.language import say_kept
from members.models import Cooperative, Member, Membership, Notification, Role, User

log = logging.getLogger(__name__)
CLAIM_HOLDS = timedelta(minutes=10)
MOST_ATTEMPTS = 5
MOST_AT_ONCE = 200


def notify(*, users: Iterable[User], kind: str, key: str, subject: str, text: str, path: str = "", by_mail: bool, now: datetime) -> int:
    """Tell each of the users once what `key` is about; returns how many had not been told."""
    rows = [
        Notification(user=user, kind=kind, key=key, subject=subject[:160], text=text, path=path, by_mail=by_mail, created_at=now)
        for user in users
    ]
    told_before = set(Notification.objects.filter(key=key, user__in=[r.user for r in rows]).values_list("user", flat=True))
    fresh = [row for row in rows if row.user_id not in told_before]
    Notification.objects.bulk_create(fresh, ignore_conflicts=True)
    return len(fresh)


def notify_in_words(
    *, users: Iterable[User], words: Callable[[], tuple[str, str]], kind: str, key: str, path: str, by_mail: bool, now: datetime
) -> int:
    """As `notify`; `words` gives subject and text, and is asked in the language of each who is told."""
    told = 0
    by_language: dict[str, list[User]] = {}
    for user in users:
        by_language.setdefault(user.language, []).append(user)
    for language, readers in by_language.items():
        with override(language):
            subject, text = words()
        told += notify(users=readers, kind=kind, key=key, subject=subject, text=text, path=path, by_mail=by_mail, now=now)
    return told


def notify_member(
    *, member: Member, words: Callable[[str], tuple[str, str]], kind: str, key: str, path: str, by_mail: bool, now: datetime
) -> int:
    """As `notify`, all who act for a member; `words` gives subject and text in the language named."""
    told = 0
    for membership in member.memberships.select_related("user"):
        subject, text = words(membership.user.language)
        told += notify(users=[membership.user], kind=kind, key=key, subject=subject, text=text, path=path, by_mail=by_mail, now=now)
    return told


def staff_of(cooperative: Cooperative, *roles: Role) -> list[User]:
    """Users who have one of the roles in a cooperative."""
    ids = Membership.objects.filter(cooperative=cooperative, role__in=roles).values("user")
    return list(User.objects.filter(pk__in=ids, is_active=True))


def mark_seen(*, user: User, kind: str, now: datetime) -> None:
    """Note that a user has seen all of a kind."""
    Notification.objects.filter(user=user, kind=kind, seen_at__isnull=True).update(seen_at=now)


def send_waiting(*, now: datetime) -> int:
    """Send the e-mails that wait; returns how many left. A claim that was not used within minutes is free again.

    A worker that dies after sending and before noting it lets one e-mail go out twice, never not at all.
    """
    waiting = Notification.objects.filter(by_mail=True, mailed_at__isnull=True, attempts__lt=MOST_ATTEMPTS).filter(
        Q(claimed_at__isnull=True) | Q(claimed_at__lt=now - CLAIM_HOLDS)
    )
    sent = 0
    for row in waiting.select_related("user").order_by("created_at")[:MOST_AT_ONCE]:
        claimed = waiting.filter(pk=row.pk).update(claimed_at=now, attempts=F("attempts") + 1)
        if claimed and _mailed(row):
            Notification.objects.filter(pk=row.pk).update(mailed_at=max(now, row.created_at))
            sent += 1
    return sent


def _mailed(row: Notification) -> bool:
    with override(row.user.language):  # rows of operators are kept in English
        subject = say_kept(row.subject)
        text = "\n\n".join(say_kept(paragraph) for paragraph in row.text.split("\n\n"))
    try:
        send_mail(subject, text, None, [row.user.email])
    except (SMTPException, OSError) as problem:
        log.warning("The e-mail '%s' could not be sent and is tried again: %s", row.key, problem)
        return False
    return True
