"""JSON nested without end, at doors that anybody can knock at: refused in words, and the process lives on."""

import sys
from typing import Any

import pytest
from django.urls import reverse

NESTED = b"[" * 100_000


@pytest.mark.parametrize("door", ["api-device-enrol", "api-device-rotate"])
def test_a_door_without_log_in_refuses_json_nested_without_end(db: None, client: Any, door: str) -> None:
    answer = client.post(reverse(door), NESTED, content_type="application/json")
    assert answer.status_code == 400, answer.content
    assert "nested too deeply" in answer.json()["detail"]


def test_no_library_raises_the_limit_of_recursion() -> None:
    assert "py_ecc" in sys.modules and sys.getrecursionlimit() < 10_000
