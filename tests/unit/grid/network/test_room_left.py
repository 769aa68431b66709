"""What is left at a node and what a loss means, as classes of a picture."""

import pytest

from grid.domain.network.room_left import bottlenecks, loss, room


@pytest.mark.parametrize(
    ("power_w", "expected"),
    [
        (None, "unknown"),
        (0, "none"),
        (10_999, "none"),
        (11_000, "few"),
        (32_999, "few"),
        (33_000, "some"),
        (110_000, "many"),
        (220_000, "plenty"),
    ],
)
def test_room_is_counted_in_devices(power_w: int | None, expected: str) -> None:
    assert room(power_w, 11_000) == expected


@pytest.mark.parametrize(
    ("lost", "with_tie", "is_within", "expected"),
    [
        (0, None, True, "calm"),
        (5, 0, True, "notable"),
        (5, None, True, "high"),
        (50, 10, True, "high"),
        (11, None, True, "over"),
        (0, None, False, "over"),
        (50, 50, True, "over"),
    ],
)
def test_a_loss_weighs_by_who_stays_dark(lost: int, with_tie: int | None, is_within: bool, expected: str) -> None:
    assert loss(lost, with_tie, is_within, 100) == expected


def test_bottlenecks_come_by_how_much_they_limit() -> None:
    limiting = [("line", "A"), ("voltage", "N"), ("line", "B"), ("line", "B"), ("transformer", "A"), ("", "")]
    assert list(bottlenecks(limiting).items()) == [(("line", "B"), 2), (("line", "A"), 1), (("transformer", "A"), 1)]
