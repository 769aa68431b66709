"""Closing an accounting month, and opening it again by a second person."""

from datetime import datetime

from django.db import connection, transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billing.models import AccountingPeriod, Document, DocumentStatus, LedgerTransaction, PeriodStatus, PeriodStep
from billing.selectors.books import MonthContent, month_content, trial_balance_of
from billing.selectors.years import closed_year_of
from kernel.intervals import Month
from members.language import amount, day_in_words
from members.models import Cooperative, User


class CannotClose(ValueError):
    """The month cannot be closed; the message says what is in the way."""


class CannotReopen(ValueError):
    """The month cannot be opened again; the message says why."""


@transaction.atomic
def close_period(*, cooperative: Cooperative, month: Month, by: User, now: datetime) -> AccountingPeriod:
    """Close a month: from then on the database takes no booking into it. A closed one stays as it is.

    Raises:
        CannotClose: it has not ended, an earlier one with bookings is open, drafts wait, or the books do not balance.
    """
    _lock(cooperative, month)
    existing = AccountingPeriod.objects.filter(cooperative=cooperative, period=month.number).first()
    if existing is not None and existing.status == PeriodStatus.CLOSED:
        return existing
    in_the_way = obstacles(cooperative=cooperative, month=month, now=now)
    if in_the_way:
        raise CannotClose(" ".join(in_the_way))
    content = month_content(cooperative, month)
    period, _ = AccountingPeriod.objects.update_or_create(
        cooperative=cooperative,
        period=month.number,
        defaults={
            "status": PeriodStatus.CLOSED,
            "closed_at": now,
            "closed_by": by,
            "reopened_at": None,
            "reopened_by": None,
            "reason": "",
            "entries": content.entries,
            "debits_minor": content.debits_minor,
            "content_sha256": content.sha256,
        },
    )
    _note(period, by, now, content)
    return period


def obstacles(*, cooperative: Cooperative, month: Month, now: datetime) -> list[str]:
    """What keeps a month from being closed, in sentences; empty where nothing does."""
    found = []
    if now.date() <= month.last_day:
        found.append(_("%(month)s has not ended yet.") % {"month": _name(month)})
    earlier = _open_months(cooperative, month)
    if earlier:
        found.append(_("Earlier months are open: %(months)s; close them first.") % {"months": ", ".join(map(_name, earlier[:3]))})
    drafts = Document.objects.filter(cooperative=cooperative, status=DocumentStatus.DRAFT, issue_date__lte=month.last_day).count()
    if drafts:
        found.append(
            ngettext(
                "%(n)s document dated up to %(day)s is a draft: post or discard it.",
                "%(n)s documents dated up to %(day)s are drafts: post or discard them.",
                drafts,
            )
            % {"n": drafts, "day": day_in_words(month.last_day)}
        )
    for currency, balance in trial_balance_of(cooperative, until=month.last_day).differences.items():
        if balance:
            found.append(_("Debits and credits differ by %(balance)s %(currency)s.") % {"balance": amount(balance), "currency": currency})
    return found


def _open_months(cooperative: Cooperative, month: Month) -> list[Month]:
    """Months before with bookings that are not closed, the oldest first."""
    booked = LedgerTransaction.objects.filter(cooperative=cooperative, booked_date__lt=month.first_day)
    closed = AccountingPeriod.objects.filter(cooperative=cooperative, status=PeriodStatus.CLOSED)
    numbers = {day.year * 100 + day.month for day in booked.dates("booked_date", "month")}
    still = sorted(numbers - set(closed.values_list("period", flat=True)))
    return [Month(n // 100, n % 100) for n in still]


@transaction.atomic
def reopen_period(*, cooperative: Cooperative, month: Month, by: User, reason: str, now: datetime) -> AccountingPeriod:
    """Open a closed month again, for a reason that stays written down.

    Raises:
        CannotReopen: it is not closed, whoever closed it asks, no reason is given, or a later month is closed.
    """
    _lock(cooperative, month)
    period = AccountingPeriod.objects.filter(cooperative=cooperative, period=month.number).first()
    if period is None or period.status == PeriodStatus.OPEN:
        raise CannotReopen(_("%(month)s is not closed.") % {"month": _name(month)})
    if period.closed_by_id == by.pk:
        raise CannotReopen(_("%(by)s closed %(month)s: somebody else has to open it again.") % {"by": by, "month": _name(month)})
    if not reason.strip():
        raise CannotReopen(_("Say why; the reason stays in the log."))
    year = closed_year_of(cooperative, month.first_day)
    if year is not None:
        raise CannotReopen(_("%(year)s is closed as a whole; open the year again first.") % {"year": year.name})
    later = AccountingPeriod.objects.filter(cooperative=cooperative, period__gt=month.number, status=PeriodStatus.CLOSED)
    if later.exists():
        raise CannotReopen(_("Months after %(month)s are closed; open the newest first.") % {"month": _name(month)})
    period.status, period.reopened_at, period.reopened_by = PeriodStatus.OPEN, now, by
    period.reason = reason.strip()[:300]
    period.save(update_fields=["status", "reopened_at", "reopened_by", "reason"])
    _note(period, by, now, month_content(cooperative, month))
    return period


def _lock(cooperative: Cooperative, month: Month) -> None:
    """Wait until nothing is on its way into the month, and keep others out until this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"books {cooperative.pk} {month.number}"])


def _note(period: AccountingPeriod, by: User, now: datetime, content: MonthContent) -> None:
    PeriodStep.objects.create(period=period, status=period.status, at=now, by=by, reason=period.reason, content_sha256=content.sha256)


def _name(month: Month) -> str:
    return f"{month.first_day:%B %Y}"
