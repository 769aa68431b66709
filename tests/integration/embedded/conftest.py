from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.embedded.house import House


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path / "var")
    yield house
    house.end()
