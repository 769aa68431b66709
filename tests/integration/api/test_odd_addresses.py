"""Addresses that nobody can mean: refused with a sentence, as problem details, and never a mistake of the server."""

from typing import Any
from urllib.parse import quote

import pytest
from django.db.models import QuerySet
from django.urls import reverse

from billing.models import TariffAssignment
from billing.services.assignments import assign_to_rest, sites_without
from energy.models import Meter, Site
from tests.integration.api.conftest import Doors
from tests.integration.billing.conftest import DAYS

pytestmark = pytest.mark.django_db
UUID = "00000000-0000-0000-0000-000000000000"


def answer(doors: Doors, path: str, who: str = "auditor", **query: str) -> Any:
    return doors.clients[who].get(f"/api/v1/{path}", query)


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("devices/%00/clock/", {}),
        ("prepaid/terms/", {"member": "\0"}),
        ("meters/{meter}/days/", {"from": "9999-12-31"}),
        ("meters/{meter}/days/", {"to": "0001-01-01"}),
        ("microgrids/{microgrid}/days/0001-01-01/market/", {}),
        ("microgrids/{microgrid}/days/9999-12-31/prices/", {}),
        ("microgrids/{microgrid}/replay/", {"at": "0001-01-01T00:00:00Z"}),
        ("microgrids/{microgrid}/ticks/", {"minutes": "9" * 5000}),
        ("microgrids/{microgrid}/ticks/", {"minutes": "²"}),
        ("bills/", {"period": "²²²²²²"}),
    ],
)
def test_what_nobody_can_mean_is_refused_as_a_problem(doors: Doors, path: str, query: dict[str, str]) -> None:
    microgrid = doors.hamlet.microgrid
    meter = Meter.objects.filter(microgrid=microgrid).order_by("pk")[0]
    found = answer(doors, path.format(microgrid=microgrid.public_id, meter=meter.public_id), **query)
    assert found.status_code == 400, found.content[:300]
    assert found["Content-Type"].startswith("application/problem+json")
    assert found.json()["status"] == 400


@pytest.mark.parametrize("path", ["bills/17/", "nothing/", "meters/x/days/", f"microgrids/{UUID}/days/2016-02-30/prices/"])
def test_an_address_of_nothing_is_a_problem_too(doors: Doors, path: str) -> None:
    found = answer(doors, path)
    assert (found.status_code, found["Content-Type"]) == (404, "application/problem+json")
    assert found.json() == {"type": "about:blank", "title": "Not found", "status": 404}


def test_the_refusal_speaks_german(doors: Doors) -> None:
    found = doors.clients["auditor"].get("/api/v1/bills/", {"period": "0001-01-01"}, headers={"accept-language": "de"})
    assert found.json()["detail"] == "Tage liegen in den Jahren 1900 bis 9998."


def test_pages_are_refused_as_pages(doors: Doors) -> None:
    for address in (f"/live/?at={quote('0001-01-01')}", "/bills/?q=%00"):
        found = doors.clients["operator"].get(address)
        assert found.status_code == 400
        assert found["Content-Type"].startswith("text/html")


def test_a_tariff_is_given_to_all_that_have_none_once(doors: Doors) -> None:
    hamlet = doors.hamlet
    tariff = hamlet.version.tariff
    bare: QuerySet[Site] = sites_without(tariff)
    assert not bare.exists()
    TariffAssignment.objects.filter(site__code__in=("B 9", "B 10")).delete()
    assert assign_to_rest(tariff=tariff, valid_from=DAYS[0]) == 2
    assert assign_to_rest(tariff=tariff, valid_from=DAYS[0]) == 0
    assert TariffAssignment.objects.filter(site__microgrid=hamlet.microgrid, site__code="B 9").count() == 1
    assert reverse("admin:billing_tariff_assign", args=[tariff.pk])
