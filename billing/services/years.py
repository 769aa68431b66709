"""Closing a fiscal year: what it brought is carried to equity by one transaction, prepared by one person and released by another."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from billing.domain.year_accounts import FiscalYear, carried_to_equity
from billing.models import Account, AccountCode, AccountingPeriod, LedgerEntry, LedgerTransaction, PeriodStatus, YearClosing, YearStatus
from billing.models.ledger import YEAR_CLOSING
from billing.selectors.distributions import margin_lines, standing
from billing.selectors.years import closings_of, income_statement, to_be_emptied
from billing.services.ledger import account, amounts_of, post_transaction
from kernel.intervals import Month
from members.models import Cooperative, User


class CannotCloseYear(ValueError):
    """The year cannot be closed, or not opened again; the message says what is in the way."""


@dataclass(frozen=True, slots=True)
class YearPlan:
    """What a closing would carry [minor units of the cooperative's currency], and what is in the way (empty where nothing is)."""

    year: FiscalYear
    result_minor: int
    shared_minor: int
    free_minor: int
    entries: int
    obstacles: list[str]


def plan_year(*, cooperative: Cooperative, year: FiscalYear, now: datetime) -> YearPlan:
    """Work out what closing a year would do; writes nothing."""
    result = sum(line.amount_minor for line in income_statement(cooperative, year))
    shared = _shared_in(cooperative, year)
    entries = sum(len(to_be_emptied(cooperative, year, currency=c)) for c in _currencies(cooperative))
    return YearPlan(
        year, result, shared, max(min(result - shared, _not_used(cooperative, year)), 0), entries, _obstacles(cooperative, year, now)
    )


def _currencies(cooperative: Cooperative) -> list[str]:
    rows = Account.objects.filter(cooperative=cooperative).order_by("currency")
    return list(rows.values_list("currency", flat=True).distinct())


def _shared_in(cooperative: Cooperative, year: FiscalYear) -> int:
    rows = LedgerEntry.objects.filter(
        account__cooperative=cooperative,
        account__code=AccountCode.DISTRIBUTIONS,
        account__currency=cooperative.currency,
        transaction__booked_date__range=(year.first_day, year.last_day),
    ).exclude(transaction__cause=YEAR_CLOSING)
    sums = rows.aggregate(debits=Sum("debit_minor"), credits=Sum("credit_minor"))
    return (sums["debits"] or 0) - (sums["credits"] or 0)


def _not_used(cooperative: Cooperative, year: FiscalYear) -> int:
    """What standing distributions left of the margin of the year's months, whenever they were booked."""
    margin = sum(line.amount_minor for line in margin_lines(cooperative, year.first_day, year.last_day))
    rows = standing(cooperative).filter(first_day__lte=year.last_day, last_day__gte=year.first_day)
    return margin - (rows.aggregate(sum=Sum("used_minor"))["sum"] or 0)


def _obstacles(cooperative: Cooperative, year: FiscalYear, now: datetime) -> list[str]:
    found = []
    if now.date() <= year.last_day:
        found.append(_("%(year)s has not ended yet.") % {"year": year.name})
    if open_months := _open_months(cooperative, year):
        found.append(_("These months are open: %(months)s; close them first.") % {"months": ", ".join(str(m) for m in open_months[:12])})
    booked = LedgerTransaction.objects.filter(cooperative=cooperative).exclude(cause=YEAR_CLOSING)
    if not booked.filter(booked_date__range=(year.first_day, year.last_day)).exists():
        found.append(_("Nothing is booked in %(year)s.") % {"year": year.name})
    before = booked.filter(booked_date__lt=year.first_day).order_by("-booked_date").first()
    if before is not None and not _is_closed_on(cooperative, before):
        found.append(_("The year before is open: %(month)s holds bookings. Close it first.") % {"month": f"{before.booked_date:%Y-%m}"})
    return found


def _is_closed_on(cooperative: Cooperative, posted: LedgerTransaction) -> bool:
    day = posted.booked_date
    rows = YearClosing.objects.filter(cooperative=cooperative, counters=None, status=YearStatus.RELEASED)
    return rows.filter(first_day__lte=day, last_day__gte=day).exists()


def _open_months(cooperative: Cooperative, year: FiscalYear) -> list[Month]:
    """Months of the year with bookings that are not closed. Months without any are closed by the year itself."""
    booked = LedgerTransaction.objects.filter(cooperative=cooperative, booked_date__range=(year.first_day, year.last_day)).exclude(
        cause=YEAR_CLOSING
    )
    closed = AccountingPeriod.objects.filter(cooperative=cooperative, status=PeriodStatus.CLOSED)
    numbers = {day.year * 100 + day.month for day in booked.dates("booked_date", "month")}
    still = sorted(numbers - set(closed.values_list("period", flat=True)))
    return [Month(n // 100, n % 100) for n in still]


@transaction.atomic
def prepare_closing(*, cooperative: Cooperative, year: FiscalYear, reserve_minor: int = 0, by: User, now: datetime) -> YearClosing:
    """Keep what a closing would carry; nothing is booked before another person releases it. One that waits is returned as it is.

    Raises:
        CannotCloseYear: something is in the way, or more than what is left of the result would go to the reserves.
    """
    _lock(cooperative)
    existing = closings_of(cooperative, year).filter(counters=None, status__in=("prepared", "released")).first()
    if existing is not None and (existing.status == YearStatus.RELEASED or existing.reserve_minor == reserve_minor):
        return existing
    plan = plan_year(cooperative=cooperative, year=year, now=now)
    obstacles = list(plan.obstacles)
    if existing is not None:
        obstacles.append(_("A closing of %(year)s waits to be released; cancel it first.") % {"year": year.name})
    if not 0 <= reserve_minor <= plan.free_minor:
        obstacles.append(
            _("Between 0 and %(most)s can go to the reserves; more is not left of the result.") % {"most": f"{plan.free_minor / 100:.2f}"}
        )
    if obstacles:
        raise CannotCloseYear(" ".join(obstacles))
    return YearClosing.objects.create(
        cooperative=cooperative,
        first_day=year.first_day,
        last_day=year.last_day,
        result_minor=plan.result_minor,
        shared_minor=plan.shared_minor,
        reserve_minor=reserve_minor,
        entries=plan.entries,
        prepared_at=now,
        prepared_by=by,
    )


def _lock(cooperative: Cooperative) -> None:
    """One at a time."""
    Cooperative.objects.select_for_update(no_key=True).get(pk=cooperative.pk)


def _opened(closing: YearClosing) -> YearClosing:
    _lock(closing.cooperative)
    rows = YearClosing.objects.select_for_update(of=("self",)).select_related("cooperative", "counters")
    return rows.get(pk=closing.pk)


@transaction.atomic
def release_closing(*, closing: YearClosing, by: User, now: datetime) -> YearClosing:
    """Carry the result to equity, or take that back: all in one, once. From then on the database keeps the year, or lets it go.

    Raises:
        CannotCloseYear: whoever prepared it asks, it was cancelled, a month was opened since, or it comes to other amounts now.
    """
    row = _opened(closing)
    if row.status in (YearStatus.RELEASED, YearStatus.REOPENED):
        return row
    if row.status == YearStatus.CANCELLED:
        raise CannotCloseYear(_("It was cancelled; prepare it anew."))
    if row.prepared_by_id == by.pk:
        raise CannotCloseYear(_("You prepared it: a second person releases it."))
    _hold_months(row)
    year = FiscalYear(row.first_day, row.last_day)
    if row.counters is None:
        _check_fresh(row, year, now)
        amounts = _amounts(row, year)
    else:
        _check_newest(row.counters)
        amounts = _mirrored(row.counters)
    row.status, row.released_at, row.released_by = YearStatus.RELEASED, now, by
    row.save(update_fields=["status", "released_at", "released_by"])
    if row.counters is not None:
        YearClosing.objects.filter(pk=row.counters.pk).update(status=YearStatus.REOPENED)
    for currency, signed in amounts.items():
        post_closing(row, currency, signed, now)
    return row


def post_closing(row: YearClosing, currency: str, signed: Mapping[int, int], now: datetime) -> None:
    """One balanced transaction of a currency on the year's last day, beside the month that is closed."""
    accounts = Account.objects.in_bulk(signed)
    post_transaction(
        cooperative=row.cooperative,
        idempotency_key=f"{YEAR_CLOSING}:{row.public_id}:{currency}",
        cause=YEAR_CLOSING,
        cause_ref=row.public_id,
        booked_date=row.last_day,
        now=now,
        amounts={accounts[pk]: minor for pk, minor in signed.items()},
    )


def _hold_months(row: YearClosing) -> None:
    """Wait until nothing is on its way into any month of the year, and keep others out until this transaction ends."""
    month = Month(row.first_day.year, row.first_day.month)
    with connection.cursor() as cursor:
        while month.first_day <= row.last_day:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"books {row.cooperative_id} {month.number}"])
            month = month.next


def _check_fresh(row: YearClosing, year: FiscalYear, now: datetime) -> None:
    plan = plan_year(cooperative=row.cooperative, year=year, now=now)
    if plan.obstacles:
        raise CannotCloseYear(" ".join(plan.obstacles))
    if (plan.result_minor, plan.shared_minor, plan.entries) != (
        row.result_minor,
        row.shared_minor,
        row.entries,
    ) or row.reserve_minor > plan.free_minor:
        raise CannotCloseYear(_("The year comes to other amounts than when it was prepared; cancel it and prepare it anew."))


def _amounts(row: YearClosing, year: FiscalYear) -> dict[str, dict[int, int]]:
    """What empties the accounts, by currency; the reserves are in the cooperative's own."""
    found = {}
    for currency in _currencies(row.cooperative):
        emptied = to_be_emptied(row.cooperative, year, currency=currency)
        own = currency == row.cooperative.currency
        if emptied or own:
            retained, reserves = (
                account(row.cooperative, code, currency=currency).pk for code in (AccountCode.RETAINED, AccountCode.RESERVES)
            )
            found[currency] = carried_to_equity(
                emptied, retained=retained, reserves=reserves, reserve_minor=row.reserve_minor if own else 0
            )
    return found


def _mirrored(closed: YearClosing) -> dict[str, dict[int, int]]:
    posted = LedgerTransaction.objects.filter(cooperative=closed.cooperative_id, cause=YEAR_CLOSING, cause_ref=closed.public_id)
    return {t.currency: {pk: -minor for pk, minor in amounts_of(t).items()} for t in posted.order_by("pk")}


def _check_newest(closed: YearClosing) -> None:
    later = YearClosing.objects.filter(
        cooperative=closed.cooperative_id, counters=None, first_day__gt=closed.last_day, status__in=("prepared", "released")
    ).first()
    if later is not None:
        raise CannotCloseYear(_("%(year)s is closed, or about to be; open the newest year first.") % {"year": later.name})


@transaction.atomic
def cancel_closing(*, closing: YearClosing) -> bool:
    """Drop what was prepared and not released; returns whether it was still so."""
    rows = YearClosing.objects.filter(pk=closing.pk, status=YearStatus.PREPARED)
    return bool(rows.update(status=YearStatus.CANCELLED))


@transaction.atomic
def prepare_reopening(*, closing: YearClosing, why: str, by: User, now: datetime) -> YearClosing:
    """Prepare the counter-transaction that opens a closed year again; another person releases it.

    Raises:
        CannotCloseYear: the year is not closed, a later one is, no reason is given, or it waits already.
    """
    row = _opened(closing)
    if row.counters is not None or row.status != YearStatus.RELEASED:
        raise CannotCloseYear(_("Only a closed year can be opened again."))
    if not why.strip():
        raise CannotCloseYear(_("Say why; it stays written down."))
    _check_newest(row)
    if row.countered_by.exclude(status=YearStatus.CANCELLED).exists():
        raise CannotCloseYear(_("Opening it again is prepared already; a second person releases it."))
    return YearClosing.objects.create(
        cooperative=row.cooperative,
        first_day=row.first_day,
        last_day=row.last_day,
        result_minor=row.result_minor,
        shared_minor=row.shared_minor,
        reserve_minor=row.reserve_minor,
        entries=row.entries,
        counters=row,
        why=why.strip()[:200],
        prepared_at=now,
        prepared_by=by,
    )
