"""The name of a state on the live and the emergency page says no flow that the figures beside it do not show."""

import pytest

from grid.domain.standing import standing


@pytest.mark.parametrize(
    ("status", "import_w", "export_w", "name"),
    [
        ("DEFICIT", 800, 0, "DEFICIT"),
        ("DEFICIT", 49, 0, "NORMAL"),
        ("DEFICIT", 0, 0, "NORMAL"),
        ("DEFICIT", 0, 300, "SURPLUS"),
        ("SURPLUS", 0, 900, "SURPLUS"),
        ("SURPLUS", 0, 20, "NORMAL"),
        ("SURPLUS", 120, 0, "DEFICIT"),
        ("NORMAL", 300, 0, "NORMAL"),
        ("PEAK", 0, 0, "PEAK"),
        ("ISLANDED", 0, 0, "ISLANDED"),
        ("", 0, 0, ""),
    ],
)
def test_a_state_that_tells_of_a_flow_stands_beside_one(status, import_w, export_w, name):
    assert standing(status, import_w, export_w) == name
