"""The clerk of control writes on, whatever one tick hands over."""

import time
from datetime import UTC, datetime

import pytest

from grid.models import GridState
from grid.services.control_clerk import Clerk

pytestmark = pytest.mark.django_db(transaction=True)


def test_what_the_database_never_takes_holds_nothing_up(caplog: pytest.LogCaptureFixture) -> None:
    clerk = Clerk(lambda: datetime.now(UTC), time.monotonic)
    written: list[str] = []
    clerk.put(lambda: written.append("before"))
    clerk.put(lambda: GridState.objects.create(status="NORMAL"))  # of no microgrid
    clerk.put(lambda: written.append("after"))
    clerk.start()
    deadline = time.monotonic() + 20
    while "after" not in written and time.monotonic() < deadline:
        time.sleep(0.05)
    clerk.stop()
    assert written == ["before", "after"]
    assert clerk.lost == 1
    assert "cannot be written and is left out" in caplog.text
