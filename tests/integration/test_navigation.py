"""Where people can go: what their roles are for, one place once, never more than seven."""

import itertools

import pytest

from members.models import Role
from microgrid_site.pages.navigation import _places


def names(*roles: str, is_staff: bool = True) -> list[str]:
    return [place.name for place in _places(set(roles), is_staff=is_staff)]


def test_each_role_sees_what_it_is_for() -> None:
    assert names(Role.OPERATOR) == ["Grid", "Alarms", "Readings", "Sources", "Devices", "Admin", "Help"]
    assert names(Role.TARIFF_ADMIN) == ["Grid", "Bills", "Money", "Books", "What if", "Tariffs", "Help"]
    assert "Admin" not in names(Role.AUDITOR, is_staff=False)
    assert names(Role.MEMBER) == names() == ["Today", "Energy", "Bills", "Village", "You", "Help"]


@pytest.mark.parametrize("role", list(Role))
def test_nobody_with_one_role_has_more_than_seven_places(role: Role) -> None:
    assert len(names(role)) <= 7


def test_no_place_stands_twice_whatever_roles_meet() -> None:
    for roles in itertools.combinations(Role, 3):
        routes = [place.route for place in _places(set(roles), is_staff=True)]
        assert len(routes) == len(set(routes))
