"""Work that one hand does at a time, while all others go on without it; whoever dies lets go of it."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def sole_hand(name: str) -> Iterator[bool]:
    """Be the only one with work of this name, or yield False; the lock goes with the database connection."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [name])
        [held] = cursor.fetchone()
        try:
            yield held
        finally:
            if held:
                cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [name])
