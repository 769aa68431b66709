"""Months of the partitioned tables, made before the first row that needs them."""

from collections.abc import Iterable
from datetime import date

from django.db import connection


def ensure_months(*, table: str, days: Iterable[date]) -> None:
    """Make the monthly partitions of `table` that hold `days`; safe to run twice and at the same time."""
    with connection.cursor() as cursor:
        for first_day in sorted({day.replace(day=1) for day in days}):
            cursor.execute("SELECT ensure_month_partition(%s, %s)", [table, first_day])
