"""What tests with a database share."""

from collections.abc import Iterator

import pytest
from django.db import connection
from django.utils import translation
from pytest_django import DjangoDbBlocker


@pytest.fixture(autouse=True)
def language_of_nobody() -> Iterator[None]:
    """Forget the language of the last request: a test client leaves it in the thread, and the next test's refusals would speak it."""
    yield
    translation.deactivate()


@pytest.fixture(autouse=True)
def partitions_are_emptied(request: pytest.FixtureRequest, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Empty the partitioned tables after a test that commits: they are no models' own, so the usual cleaning leaves them."""
    yield
    marker = request.node.get_closest_marker("django_db")
    commits = "transactional_db" in request.fixturenames or (marker and marker.kwargs.get("transaction"))
    if not commits:
        return
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relkind = 'p' ORDER BY relname")
        tables = [name for (name,) in cursor.fetchall()]
        cursor.execute(f"TRUNCATE {', '.join(tables)}")
