"""Where a person can go: by what they want, never more than seven entries."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from energy.selectors.scope import READING_ROLES, operated_microgrids
from grid.selectors.alarms import unseen_alarms
from members.models import Cooperative, Membership, Role
from members.selectors.scope import user_of


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the navigation; `count` says how many things wait there."""

    name: str
    url: str
    sign: str
    current: bool
    count: Callable[[], int] = int


@dataclass(frozen=True, slots=True)
class Place:
    """Somewhere to go, and for whom among the staff; nobody named means everybody. `beside`: pages with addresses of their own."""

    name: str
    route: str
    sign: str
    roles: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()


MONEY_PAGES = ("payments", "prices", "shared-out", "own-incentives")
LOG_IN_PAGES = ("account_email", "account_change_password", "mfa_index")
MEMBER = (
    Place(gettext_noop("Today"), "home", "today"),
    Place(gettext_noop("Energy"), "energy", "sun"),
    Place(gettext_noop("Bills"), "bills", "bill", beside=MONEY_PAGES),
    Place(gettext_noop("Village"), "village", "roofs"),
    Place(gettext_noop("You"), "profile", "person", beside=LOG_IN_PAGES),
    Place(gettext_noop("Help"), "help", "help"),
)
STAFF = (
    Place(gettext_noop("Grid"), "live", "pylon", beside=("plan", "indicators", "events", "emergency")),
    Place(gettext_noop("Alarms"), "alarms", "bell", (Role.OPERATOR,)),
    Place(gettext_noop("Readings"), "readings", "meter", (Role.OPERATOR,)),
    Place(gettext_noop("Sources"), "sources", "sun", (Role.OPERATOR,)),
    Place(gettext_noop("Devices"), "devices", "chip", READING_ROLES),
    Place(gettext_noop("Village"), "village", "roofs", (Role.SUPPORT,)),
    Place(gettext_noop("Bills"), "bills", "bill", (Role.AUDITOR, Role.TARIFF_ADMIN, Role.SUPPORT)),
    Place(gettext_noop("Money"), "money", "coins", (Role.TARIFF_ADMIN, Role.AUDITOR)),
    Place(gettext_noop("Books"), "books", "book", (Role.TARIFF_ADMIN, Role.AUDITOR)),
    Place(gettext_noop("What if"), "what-if", "scales", (Role.TARIFF_ADMIN,)),
    Place(gettext_noop("Tariffs"), "admin:index", "tag", (Role.TARIFF_ADMIN,)),
    Place(gettext_noop("Admin"), "admin:index", "drawers", (Role.OPERATOR, Role.AUDITOR, Role.SUPPORT)),
    Place(gettext_noop("Help"), "help", "help"),
)


def navigation(request: HttpRequest) -> dict[str, Any]:
    """Context of every page: the entries of the user's roles, and the cooperative's name."""
    if not request.user.is_authenticated:
        return {}
    roles = list(Membership.objects.filter(user=request.user).values_list("role", "cooperative__name"))
    held = {role for role, _ in roles}
    places = _places(held, is_staff=request.user.is_staff)
    # Asked for by the pages that show it; the admin has a navigation of its own.
    counts = {"alarms": lambda: _unseen_alarms(request)}
    entries = [_entry(place, request.path, counts.get(place.route, int)) for place in places]
    first = Cooperative.objects.first() if not roles else None
    return {"navigation": entries, "cooperative_name": roles[0][1] if roles else (first.name if first else "")}


def _places(held: set[str], *, is_staff: bool) -> list[Place]:
    """Where somebody with these roles can go; who has none sees the members' places."""
    if not held or held & {Role.MEMBER, Role.PRODUCER}:
        return list(MEMBER)
    open_to = [place for place in STAFF if not place.roles or held & set(place.roles)]
    by_route = {place.route: place for place in reversed(open_to) if is_staff or place.route != "admin:index"}
    return list(reversed(by_route.values()))


def _unseen_alarms(request: HttpRequest) -> int:
    """How many alarms wait for somebody; shown on every page of an operator."""
    user, now = user_of(request), timezone.now()
    return unseen_alarms(user, list(operated_microgrids(user)), now)


def _entry(place: Place, path: str, count: Callable[[], int]) -> Entry:
    url = reverse(place.route)
    below = tuple(address for address in (url, *map(reverse, place.beside)) if address != "/")
    return Entry(_(place.name), url, place.sign, path == url or path.startswith(below), count)
