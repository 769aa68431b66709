"""Firmware: versions in order, a roll-out that grows and never changes its mind, a halt in time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from energy.domain.firmware import CannotRelease, folder_of, has_failed_too_often, is_newer, is_offered, version_of


def test_versions_compare_as_numbers() -> None:
    assert is_newer("1.10.0", "1.9")
    assert not is_newer("1.4.0", "1.4")
    assert not is_newer("1.3.9", "1.4.0")
    assert is_newer("0.1", "not told")
    with pytest.raises(CannotRelease, match=r"'1\.4-beta' is not a version"):
        version_of("1.4-beta")


@given(st.text(max_size=40), st.integers(0, 99))
def test_who_is_offered_a_version_stays_so_as_the_share_grows(name: str, percent: int) -> None:
    now = is_offered(device_name=name, version="1.4.0", percent=percent)
    later = is_offered(device_name=name, version="1.4.0", percent=percent + 1)
    assert later or not now
    assert is_offered(device_name=name, version="1.4.0", percent=100)
    assert not is_offered(device_name=name, version="1.4.0", percent=0)


def test_a_share_is_about_that_share_and_other_ones_for_the_next_version() -> None:
    names = [f"urn:dev:mg:{i:032x}" for i in range(2000)]
    first = {n for n in names if is_offered(device_name=n, version="1.4.0", percent=20)}
    second = {n for n in names if is_offered(device_name=n, version="1.5.0", percent=20)}
    assert 320 < len(first) < 480
    assert len(first & second) < 140


def test_one_failure_says_nothing_and_a_tenth_halts() -> None:
    assert not has_failed_too_often(tried=1, failed=1, limit_percent=10)
    assert has_failed_too_often(tried=2, failed=2, limit_percent=10)
    assert not has_failed_too_often(tried=100, failed=10, limit_percent=10)
    assert has_failed_too_often(tried=100, failed=11, limit_percent=10)
    assert has_failed_too_often(tried=1, failed=1, limit_percent=0)


def test_targets_lie_under_their_cooperative_and_model() -> None:
    assert folder_of("wiesengrund", "Example 1/β") == "wiesengrund/example-1"
    assert folder_of("wiesengrund", "..") == "wiesengrund/model"
