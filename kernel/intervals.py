"""Settlement intervals and local days; both days of daylight saving are as long as they are."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

FIRST_YEAR, LAST_YEAR = 1900, 9998  # so that the instants around any month can be written down


class CannotReadPeriod(ValueError):
    """The text or number does not name a month."""


@dataclass(frozen=True, slots=True)
class LocalDay:
    """One calendar day in one time zone, cut into settlement intervals `[start, end)`."""

    day: date
    zone: ZoneInfo
    interval_minutes: int = 15

    @property
    def start_at(self) -> datetime:
        """The day's first instant, in UTC."""
        return datetime.combine(self.day, time(), tzinfo=self.zone).astimezone(UTC)

    @property
    def end_at(self) -> datetime:
        """The first instant after the day, in UTC."""
        return datetime.combine(self.day + timedelta(days=1), time(), tzinfo=self.zone).astimezone(UTC)

    @property
    def interval_count(self) -> int:
        """How many intervals the day has: 92, 96 or 100 quarter hours where clocks change."""
        return int((self.end_at - self.start_at) / timedelta(minutes=self.interval_minutes))

    def starts(self) -> list[datetime]:
        """The intervals' first instants, in UTC."""
        first, step = self.start_at, timedelta(minutes=self.interval_minutes)
        return [first + i * step for i in range(self.interval_count)]

    def local_starts(self) -> list[datetime]:
        """The intervals' first instants on the local clock."""
        return list(_local_starts(self))

    def index_of(self, instant: datetime) -> int:
        """The number of the interval that holds `instant`; it must lie within the day."""
        if not self.start_at <= instant < self.end_at:
            raise ValueError(f"{instant.isoformat()} is not within {self.day} in {self.zone.key}")
        return int((instant - self.start_at) / timedelta(minutes=self.interval_minutes))


@lru_cache(maxsize=1_024)
def _local_starts(day: LocalDay) -> tuple[datetime, ...]:
    """Asked for by every part of a run that rates the same month."""
    return tuple(start.astimezone(day.zone) for start in day.starts())


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A calendar month, written YYYY-MM for people and YYYYMM on a chain."""

    year: int
    month: int

    @classmethod
    def parse(cls, text: str) -> "Month":
        """Read `2016-03` or `201603`."""
        digits = text.replace("-", "")
        is_month = len(digits) == 6 and digits.isascii() and digits.isdigit() and 1 <= int(digits[4:]) <= 12
        if not is_month or not FIRST_YEAR <= int(digits[:4]) <= LAST_YEAR:
            raise CannotReadPeriod(f"'{text}' is not a month: write it as 2016-03")
        return cls(int(digits[:4]), int(digits[4:]))

    @property
    def number(self) -> int:
        """YYYYMM as a number."""
        return self.year * 100 + self.month

    @property
    def first_day(self) -> date:
        return date(self.year, self.month, 1)

    @property
    def last_day(self) -> date:
        return self.next.first_day - timedelta(days=1)

    @property
    def next(self) -> "Month":
        return Month(self.year + self.month // 12, self.month % 12 + 1)

    @property
    def previous(self) -> "Month":
        return Month(self.year - (self.month == 1), (self.month - 2) % 12 + 1)

    def days(self) -> list[date]:
        """All days of the month."""
        return [self.first_day + timedelta(days=i) for i in range((self.last_day - self.first_day).days + 1)]

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"


@lru_cache(maxsize=64)
def zone(name: str) -> ZoneInfo:
    """The time zone of that IANA name."""
    return ZoneInfo(name)


def months_later(day: date, months: int) -> date:
    """The same day so many months later, in a shorter month its last day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
