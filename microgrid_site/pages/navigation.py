"""Where a person can go: by what they want, never more than seven entries."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from energy.selectors.scope import READING_ROLES
from members.models import Cooperative, Membership, Role


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the navigation."""

    name: str
    url: str
    sign: str
    current: bool


MEMBER = (("Today", "home", "today"), ("Energy", "energy", "sun"), ("Bills", "bills", "bill"), ("Village", "village", "roofs"),
          ("You", "profile", "person"), ("Help", "help", "help"))  # fmt: skip
STAFF = (
    ("Grid", "live", "pylon"),
    ("Devices", "devices", "chip"),
    ("Village", "village", "roofs"),
    ("Bills", "bills", "bill"),
    ("Help", "help", "help"),
)
DOCUMENT_ROLES = (Role.AUDITOR, Role.TARIFF_ADMIN, Role.SUPPORT)


def navigation(request: HttpRequest) -> dict[str, Any]:
    """Context of every page: the entries of the user's roles, and the cooperative's name."""
    if not request.user.is_authenticated:
        return {}
    roles = list(Membership.objects.filter(user=request.user).values_list("role", "cooperative__name"))
    is_member = any(role in (Role.MEMBER, Role.PRODUCER) for role, _ in roles)
    entries = []
    shown = MEMBER if is_member or not roles else STAFF
    if not any(role in READING_ROLES for role, _ in roles):
        shown = tuple(entry for entry in shown if entry[1] != "devices")
    if not is_member and roles and not any(role in DOCUMENT_ROLES for role, _ in roles):
        shown = tuple(entry for entry in shown if entry[1] != "bills")  # operators see none
    for name, route, sign in shown:
        url = reverse(route)
        current = request.path == url or (url != "/" and request.path.startswith(url))
        entries.append(Entry(name, url, sign, current))
    if not is_member and any(role == Role.OPERATOR for role, _ in roles):
        url = reverse("readings")
        entries.insert(1, Entry("Readings", url, "meter", request.path.startswith(url)))
        url = reverse("sources")
        entries.insert(2, Entry("Sources", url, "sun", request.path.startswith(url)))
    if not is_member and request.user.is_staff:
        entries.insert(len(entries) - 1, Entry("Tariffs", reverse("admin:index"), "coins", False))
    first = Cooperative.objects.first() if not roles else None
    return {
        "navigation": entries,
        "cooperative_name": roles[0][1] if roles else (first.name if first else ""),
    }
