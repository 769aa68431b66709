"""Prices of an index fetched from a market's service, and an alarm where they are late."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

from django.db.models import Q

from billing.adapters.spot.sources import SourceUnavailable
from billing.domain.spot_feeds import LATE, may_ask, words_of_lack
from billing.domain.spot_index import IndexSource
from billing.models import SpotDay, SpotFeed, SpotIndex, TariffVersion, VersionStatus
from billing.services.spot_prices import CannotImportPrices, import_spot_prices
from kernel.intervals import LocalDay, zone
from members.models import Role
from members.services.notifications import notify, staff_of

TOMORROW = timedelta(days=1)


def fetch_prices(*, feed: SpotFeed, source: IndexSource, now: datetime) -> list[date]:
    """Ask for the days that are wanted and not wholly known; returns those that are now. What went wrong is kept with the feed.

    Today's prices are wanted at any time, tomorrow's from the feed's hour on. Two workers do not ask at once.
    """
    missing = _missing(feed.index, _wanted(feed, now))
    if not feed.is_on or not missing or not may_ask(feed.tried_at, feed.failures, now):
        return []
    if not SpotFeed.objects.filter(pk=feed.pk, tried_at=feed.tried_at).update(tried_at=now):
        return []  # somebody else is asking
    here = zone(feed.index.time_zone)
    problem = ""
    for day in missing:
        try:
            _take(feed, source, LocalDay(day, here), now)
        except (SourceUnavailable, CannotImportPrices) as refusal:
            problem = str(refusal)
            break
    left = _missing(feed.index, missing)
    if left and not problem:
        problem = f"{source.name} knows not all prices of {left[0]} yet."
    _note(feed, problem, now)
    return [day for day in missing if day not in left]


def _wanted(feed: SpotFeed, now: datetime) -> list[date]:
    local = now.astimezone(zone(feed.index.time_zone))
    today = local.date()
    return [today, today + TOMORROW] if local.time() >= feed.asks_from else [today]


def _missing(index: SpotIndex, days: list[date]) -> list[date]:
    rows = SpotDay.objects.filter(index=index, day__in=days).values_list("day", "price_micro")
    known = {day for day, prices in rows if None not in prices}
    return [day for day in days if day not in known]


def _take(feed: SpotFeed, source: IndexSource, day: LocalDay, now: datetime) -> None:
    import_spot_prices(
        index=feed.index,
        source=source.name,
        file_name=f"{feed.form}-{day.day}",
        content=source.document(day),
        user=None,
        now=now,
        exchange_rate=feed.exchange_rate,
    )


def _note(feed: SpotFeed, problem: str, now: datetime) -> None:
    feed.refresh_from_db()
    feed.problem = problem[:300]
    feed.failures = min(feed.failures + 1, 1000) if problem else 0
    if not problem:
        feed.succeeded_at = now
    feed.save(update_fields=["problem", "failures", "succeeded_at"])


def fetch_all(*, source_for: Callable[[SpotFeed], IndexSource], now_of: Callable[[SpotIndex], datetime]) -> int:
    """Ask for every feed that is turned on; returns how many days became known."""
    feeds = SpotFeed.objects.filter(is_on=True).select_related("index__cooperative").order_by("pk")
    return sum(len(fetch_prices(feed=feed, source=source_for(feed), now=now_of(feed.index))) for feed in feeds)


def warn_of_lack(*, index: SpotIndex, now: datetime) -> int:
    """Tell whoever makes tariffs, once a day, where a tariff in force follows the index and its prices of tomorrow are late or today's missing."""
    local = now.astimezone(zone(index.time_zone))
    today = local.date()
    days = _missing(index, [today, today + TOMORROW] if local.time() >= LATE else [today])
    feed = SpotFeed.objects.filter(index=index).first()
    if feed is not None and _is_being_asked(feed):
        return 0
    told = 0
    for day in days if _is_followed(index, days) else []:
        problem = feed.problem if feed is not None else ""
        for user in staff_of(index.cooperative, Role.TARIFF_ADMIN):
            subject, text = words_of_lack(index.name, day, problem, user.language)
            told += notify(
                users=[user],
                kind="tariffs",
                key=f"spot-{index.pk}-{day}",
                subject=subject,
                text=text,
                path=f"/admin/billing/spotindex/{index.pk}/change/",
                by_mail=True,
                now=now,
            )
    return told


def _is_being_asked(feed: SpotFeed) -> bool:
    """Whether another worker waits for an answer just now, and none has failed before: it is too early to call the prices late."""
    if feed.tried_at is None or feed.failures:
        return False
    return feed.succeeded_at is None or feed.succeeded_at < feed.tried_at


def _is_followed(index: SpotIndex, days: list[date]) -> bool:
    if not days:
        return False
    return TariffVersion.objects.filter(
        Q(valid_to__isnull=True) | Q(valid_to__gt=min(days)),
        tariff__cooperative=index.cooperative_id,
        status=VersionStatus.PUBLISHED,
        valid_from__lte=max(days),
        parts__contains=[{"kind": "spot", "index": index.code}],
    ).exists()
