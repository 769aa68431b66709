"""The admin begins with tariffs, leaves nothing out, and shows a role only what it may see."""

import re

import pytest
from django.contrib import admin

from members.models import Cooperative, Membership, Role, User
from microgrid_site.admin_order import GROUPS, RECORDS, groups

pytestmark = pytest.mark.django_db


def test_each_page_has_one_place() -> None:
    placed = [label for labels in groups().values() for label in labels]
    assert sorted(placed) == sorted(model._meta.label_lower for model in admin.site._registry)


def test_tables_have_names_in_the_pages_language(client) -> None:
    client.force_login(
        User.objects.create_superuser("root@example.org", "a long enough word"), backend="django.contrib.auth.backends.ModelBackend"
    )
    page = client.get("/admin/", headers={"Accept-Language": "de"})
    shown = [item["title"] for group in page.context["sidebar_navigation"][:-1] for item in group["items"]]
    assert {"Netzknoten", "Notfallkontakte", "Notfälle", "Tariffassungen", "Zähler"} <= set(shown)
    listed = [str(model["name"]) for group in page.context["app_list"] for model in group["models"]]
    assert "Speicher" in listed
    assert set(RECORDS) <= {label for labels in GROUPS.values() for label in labels}


@pytest.mark.parametrize(("role", "sees"), [(Role.TARIFF_ADMIN, "Tariffs"), (Role.OPERATOR, "Grid")])
def test_a_role_sees_its_groups(client, role: Role, sees: str) -> None:
    user = User.objects.create_user("staff@example.org", "a long enough word", is_staff=True)
    Membership.objects.create(user=user, cooperative=Cooperative.objects.create(slug="c", name="C eG"), role=role)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    page = client.get("/admin/")
    assert page.status_code == 200
    shown = [group["title"] for group in page.context["sidebar_navigation"]]
    assert shown == [group for group in [*GROUPS, "Technical"] if group in shown]
    assert [group["name"] for group in page.context["app_list"]] == shown
    assert sees in shown
    assert "Technical" not in shown
    links = re.findall(r'href="(/admin/\w+/\w+/)"', page.content.decode())
    assert links
    assert all(client.get(link).status_code == 200 for link in set(links))
