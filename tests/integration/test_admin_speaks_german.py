"""The admin in German: each name, help text and kind of the rooms' rows is said, and help texts are tied to their fields."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib import admin
from django.db.models import Model
from django.test import Client
from django.utils import translation
from django.utils.functional import Promise

from energy.models import Microgrid, Site, Source
from grid.models import GridState
from members.admin.roles import label_said
from members.models import Cooperative, Member, User

ROOMS = {"billing", "contracts", "energy", "grid", "members"}
NAMES_EVERYWHERE = {"ID", "IBAN", "BIC", "CID"}
PROPER_NAMES = {"Deutsch", "English", "Energy-Charts", "ENTSO-E Transparency Platform (A44)", "OpenADR 3", "SunSpec Modbus TCP", "aWATTar"}
ID = re.compile(r'\bid="([^"]+)"')
DESCRIBED = re.compile(r'aria-describedby="([^"]+)"')


def models_of_the_admin() -> Iterator[type[Model]]:
    for model, page in admin.site._registry.items():
        for one in (model, *(inline.model for inline in page.inlines)):
            if one._meta.app_label in ROOMS:
                yield one


def fields_of_the_admin() -> Iterator[tuple[type[Model], Any]]:
    for model in models_of_the_admin():
        for field in (*model._meta.local_fields, *model._meta.local_many_to_many):
            yield model, field


def test_each_row_and_field_has_a_name_that_is_said() -> None:
    rows = {model.__name__ for model in models_of_the_admin() if not isinstance(model._meta.verbose_name, Promise)}
    fields = {
        f"{model.__name__}.{field.name}: {field.verbose_name}"
        for model, field in fields_of_the_admin()
        if not isinstance(field.verbose_name, Promise) and field.verbose_name not in NAMES_EVERYWHERE
    }
    assert (sorted(rows), sorted(fields)) == ([], [])


def test_each_table_has_a_name_that_is_said() -> None:
    pages = [model for model in admin.site._registry if model._meta.app_label in ROOMS]
    with translation.override("en"):
        english = {model: str(model._meta.verbose_name_plural) for model in pages}
    with translation.override("de"):
        same = {name for model, name in english.items() if str(model._meta.verbose_name_plural) == name}
    assert same == {"Gateways"}


def test_each_help_text_is_said() -> None:
    silent = {
        f"{model.__name__}.{field.name}: {field.help_text}"
        for model, field in fields_of_the_admin()
        if field.help_text and not isinstance(field.help_text, Promise)
    }
    assert sorted(silent) == []


def test_each_kind_is_said() -> None:
    with translation.override("en"):
        english = {str(label) for _, field in fields_of_the_admin() for _, label in field.flatchoices}
    with translation.override("de"):
        german = {str(label) for _, field in fields_of_the_admin() for _, label in field.flatchoices}  # of names that say themselves
        unsaid = {label for label in english & german if label_said(label) == label}
    assert unsaid == PROPER_NAMES


@pytest.fixture
def root(client: Client) -> Client:
    user = User.objects.create_superuser("root@example.org", "a long enough word")
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def site(db: None) -> Site:
    cooperative = Cooperative.objects.create(slug="c", name="C eG")
    member = Member.objects.create(cooperative=cooperative, number="7", name="Ute Harms")
    microgrid = Microgrid.objects.create(cooperative=cooperative, slug="hamlet", name="Hamlet")
    return Site.objects.create(microgrid=microgrid, member=member, code="S7", kind="household")


def page(client: Client, address: str) -> str:
    shown = client.get(address, headers={"Accept-Language": "de"})
    assert shown.status_code == 200, address
    return shown.content.decode()


@pytest.mark.django_db
def test_kinds_are_said_in_lists_filters_and_forms(root: Client, site: Site) -> None:
    listed = page(root, "/admin/energy/site/")
    assert "Haushalt" in listed
    assert "household" not in re.sub(r'="[^"]*"|\?[^"]*', "", listed)
    assert re.search(r">\s*Anschlüsse\s*<", listed)
    form = page(root, f"/admin/energy/site/{site.pk}/change/")
    assert re.search(r'<option value="household" selected>\s*Haushalt\s*</option>', form)
    assert "Des Hausanschlusses; Tarife können danach berechnen." in form


@pytest.mark.django_db
def test_a_list_speaks_the_language_of_each_reader_in_turn(root: Client, site: Site) -> None:
    Source.objects.create(site=site, code="R7", kind="hydro", capacity_w=5000)
    for language, kind in (("en", "hydro"), ("de", "Wasserkraft"), ("en", "hydro")):
        listed = root.get("/admin/energy/source/", headers={"Accept-Language": language}).content.decode()
        assert re.search(rf">\s*{kind}\s*<", listed, re.IGNORECASE), language


@pytest.mark.django_db
def test_help_texts_are_tied_to_their_fields(root: Client, site: Site) -> None:
    tied = 0
    for model in admin.site._registry:
        label = f"{model._meta.app_label}/{model._meta.model_name}"
        shown = root.get(f"/admin/{label}/add/", headers={"Accept-Language": "de"})
        if shown.status_code != 200:
            assert shown.status_code in (302, 403), label  # a fact, or a page of its own
            continue
        html = shown.content.decode()
        ids = set(ID.findall(html))
        named = {one for found in DESCRIBED.findall(html) for one in found.split()}
        assert named <= ids, label
        tied += len(named)
    assert tied > 100
    refused = root.post("/admin/energy/site/add/", {"code": ""}, headers={"Accept-Language": "de"})
    html = refused.content.decode()
    assert "id_code_error" in ID.findall(html)
    assert 'aria-describedby="id_code_helptext id_code_error"' in html


@pytest.mark.django_db
def test_ticks_are_told_in_german(root: Client, site: Site) -> None:
    GridState.objects.create(
        microgrid=site.microgrid,
        at=datetime(2016, 4, 1, 10, tzinfo=UTC),
        status="DEFICIT",
        production_w=0,
        consumption_w=8540,
        charge_w=0,
        discharge_w=0,
        import_w=8540,
        export_w=0,
        storage_wh=1500,
        highest_loading=0.03,
        sites_reporting=1,
        reasons=["Homes use 8.5 kW more than roofs and batteries give."],
    )
    listed = page(root, "/admin/grid/gridstate/")
    assert "liefert 8,54 kW" in listed
    assert re.search(r">\s*Mangel\s*<", listed)
    assert "Homes use" not in listed
    state = GridState.objects.get()
    shown = page(root, f"/admin/grid/gridstate/{state.pk}/change/")
    assert shown.count("Mangel am 01.04.2016, 10:00:00 UTC") >= 2  # in the window's title and above the form
    assert "Die Haushalte verbrauchen 8,5 kW mehr" in shown
    assert "Select value" not in page(root, "/admin/grid/controlrule/add/")
    assert re.search(r">\s*Phasen", page(root, "/admin/energy/site/add/"))
