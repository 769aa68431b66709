"""Days on which money moves between banks in euro (TARGET): not on weekends, nor on six holidays."""

from datetime import date, timedelta


def easter(year: int) -> date:
    """Easter Sunday, Gregorian (Meeus, Jones, Butcher)."""
    a, b, c = year % 19, year // 100, year % 100
    d, e = b // 4, b % 4
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = c // 4, c % 4
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = (a + 11 * h + 22 * m) // 451
    month, day = divmod(h + m - 7 * n + 114, 31)
    return date(year, month, day + 1)


def is_bank_day(day: date) -> bool:
    """Whether TARGET settles on that day."""
    sunday = easter(day.year)
    closed = {
        date(day.year, 1, 1),
        sunday - timedelta(days=2),
        sunday + timedelta(days=1),
        date(day.year, 5, 1),
        date(day.year, 12, 25),
        date(day.year, 12, 26),
    }
    return day.weekday() < 5 and day not in closed


def bank_day_from(day: date) -> date:
    """That day, or the next on which banks work."""
    while not is_bank_day(day):
        day += timedelta(days=1)
    return day
