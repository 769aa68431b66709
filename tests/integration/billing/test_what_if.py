"""Another tariff over real readings: what members have comes out as billed, others as they say; each sees what is theirs."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from billing.models import Document, TariffVersion
from billing.selectors.comparable import comparable_sites
from billing.services.what_if import CannotCompare, comparable_days, proposal_of_json, proposal_of_urdb, proposal_of_version, what_if
from energy.models import Site
from members.models import AccessRecord, Membership, Role, User
from tests.integration.billing.conftest import DAYS, Hamlet, make_hamlet

URDB = Path(__file__).resolve().parents[2] / "data" / "urdb"
FLAT = {"format": 1, "currency": "EUR", "parts": [{"kind": "energy", "periods": [{"name": "all day", "tiers": [{"price": "0.50"}]}]}]}


def sites_of(hamlet: Hamlet) -> list[Site]:
    return list(Site.objects.filter(microgrid=hamlet.microgrid).exclude(code="C-own").order_by("code"))


def person(hamlet: Hamlet, role: Role, member: Any = None) -> User:
    user = User.objects.create_user(f"{role}@example.org", "a long enough word", is_staff=member is None)
    Membership.objects.create(user=user, cooperative=hamlet.cooperative, role=role, member=member)
    return user


def test_what_members_have_comes_out_as_it_was_billed(hamlet: Hamlet) -> None:
    run = hamlet.bill()
    found = what_if(sites=sites_of(hamlet), proposals=[proposal_of_version(hamlet.version)], days=DAYS)
    assert found.left_out == []
    billed: dict[str, int] = {}
    for document in Document.objects.filter(run=run).select_related("site"):
        # What neighbours pay a producer depends on no tariff of the producer's, so it is not compared.
        lines = document.lines.exclude(component__in=["local_delivered", "carried"])
        amount = document.gross_minor if document.kind == "bill" else -sum(lines.values_list("net_minor", flat=True))
        billed[document.site.code] = billed.get(document.site.code, 0) + amount
    present = found.present_minor.sum(axis=1).tolist()
    assert {site.code: amount for site, amount in zip(found.sites, present, strict=True)} == {
        code: amount for code, amount in billed.items() if code != "C-own"
    }
    [outcome] = found.outcomes
    assert outcome.effect.revenue_change_minor == 0
    assert outcome.effect.paying_the_same == len(found.sites)


def test_a_flat_tariff_costs_all_that_was_drawn_with_vat(hamlet: Hamlet) -> None:
    found = what_if(sites=sites_of(hamlet), proposals=[proposal_of_json("flat", FLAT, Decimal("0.19"), "EUR")], days=DAYS)
    [outcome] = found.outcomes
    assert len(found.sites) == 6
    assert (outcome.amount_minor.sum(axis=1) == outcome.effect.after_minor).all()
    assert sum(b.customers for b in outcome.effect.bins()) == 6
    assert outcome.effect.paying_more + outcome.effect.paying_less + outcome.effect.paying_the_same == 6
    # The dearer tariff costs each that drew anything more.
    assert (outcome.effect.change_minor[np.array([site.code not in ("B 9", "a 2") for site in found.sites])] > 0).all()


@pytest.mark.parametrize("metering", ["none", "net-billing", "net-metering"])
def test_openei_tariffs_can_be_tried_on_real_readings(hamlet: Hamlet, metering: Any) -> None:
    given = json.loads((URDB / "sdge_tou_dr1.json").read_text(), parse_float=Decimal)
    proposal = proposal_of_urdb("sdge", given, metering, Decimal("0.19"))
    [outcome] = what_if(sites=sites_of(hamlet), proposals=[proposal], days=DAYS).outcomes
    assert "utility" in outcome.proposal.ignored
    assert (outcome.effect.after_minor > 0).any()


def test_what_cannot_be_compared_is_said(hamlet: Hamlet) -> None:
    with pytest.raises(CannotCompare, match="nothing to compare"):
        what_if(sites=sites_of(hamlet), proposals=[], days=[])
    spot = {"format": 1, "parts": [{"kind": "spot", "index": "day ahead"}]}
    with pytest.raises(CannotCompare, match="index 'day ahead'"):
        what_if(sites=sites_of(hamlet), proposals=[proposal_of_json("spot", spot, Decimal(0), "EUR")], days=DAYS)
    with pytest.raises(CannotCompare, match="is missing"):
        proposal_of_urdb("empty", {}, "none", Decimal(0))
    assert comparable_days(hamlet.microgrid) == DAYS


def test_each_compares_what_is_theirs(hamlet: Hamlet) -> None:
    member = Site.objects.get(code="a 2").member
    assert [site.code for site in comparable_sites(person(hamlet, Role.MEMBER, member))] == ["a 2"]
    assert len(comparable_sites(person(hamlet, Role.TARIFF_ADMIN))) == 6
    assert len(comparable_sites(person(hamlet, Role.OPERATOR))) == 0


def test_the_treasurer_sees_who_pays_more_and_members_see_the_look(client: Any, hamlet: Hamlet) -> None:
    client.force_login(person(hamlet, Role.TARIFF_ADMIN), backend="django.contrib.auth.backends.ModelBackend")
    upload = SimpleUploadedFile("flat.json", json.dumps(FLAT).encode())
    page = client.post(reverse("what-if"), {"file": upload}).content.decode()
    assert "Who would pay most more" in page
    assert "6 metering points" in page
    assert AccessRecord.objects.filter(what="what-if").exists()
    again = client.get(reverse("what-if"), {"version": hamlet.version.pk}).content.decode()
    assert str(hamlet.version) in again
    broken = SimpleUploadedFile("broken.json", b"{")
    assert "broken.json is no JSON" in client.post(reverse("what-if"), {"file": broken}).content.decode()
    empty = SimpleUploadedFile("empty.json", b"{}")
    assert "energyratestructure: is missing" in client.post(reverse("what-if"), {"file": empty}).content.decode()


def test_a_member_asks_the_api_for_own_amounts_only(client: Any, hamlet: Hamlet) -> None:
    user = person(hamlet, Role.MEMBER, Site.objects.get(code="a 2").member)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    asked = {"tariffs": [{"name": "flat", "parts": FLAT}, {"name": "ours", "version": str(hamlet.version.public_id)}]}
    answer = client.post(reverse("api-what-if"), asked, content_type="application/json")
    assert answer.status_code == 200, answer.content
    body = answer.json()
    assert [[row["site"] for row in tariff["sites"]] for tariff in body["tariffs"]] == [["a 2"], ["a 2"]]
    assert body["tariffs"][1]["revenue_before_minor"] == body["tariffs"][1]["revenue_after_minor"]
    assert not AccessRecord.objects.filter(what="what-if").exists()
    draft = TariffVersion.objects.create(tariff=hamlet.tariff, number=9, valid_from="2017-01-01")
    hidden = {"tariffs": [{"name": "draft", "version": str(draft.public_id)}]}
    assert client.post(reverse("api-what-if"), hidden, content_type="application/json").status_code == 404
    both = {"tariffs": [{"name": "both", "parts": FLAT, "version": str(draft.public_id)}]}
    assert client.post(reverse("api-what-if"), both, content_type="application/json").status_code == 400


ENERGY = {"kind": "energy", "periods": [{"name": "all day", "tiers": [{"price": "999999999999"}]}]}


@pytest.mark.parametrize(
    ("asked", "status", "told"),
    [
        (
            {"first_day": "2019-01-01", "last_day": "2019-12-31"},
            409,
            "None of these days is closed and yours to compare; closed are 2016-03-26 to 2016-03-27.",
        ),
        ({"first_day": "2016-03-27", "last_day": "2016-03-26"}, 400, "It is before first_day."),
        ({"first_day": "soon"}, 400, "first_day"),
        ({"tariffs": []}, 400, "tariffs"),
        ({"tariffs": "all"}, 400, "tariffs"),
        ({"tariffs": [{"name": "flat", "parts": FLAT}] * 6}, 400, "tariffs"),
        ({"tariffs": [{"name": "x"}]}, 400, "Give one of version, parts and urdb."),
        ({"tariffs": [{"name": "x", "version": "3"}]}, 400, "version"),
        ({"tariffs": [{"name": "x", "version": "00000000-0000-4000-8000-000000000000"}]}, 404, ""),
        ({"tariffs": [{"name": "x", "parts": [1]}]}, 409, "x: the tariff: Must be an object"),
        ({"tariffs": [{"name": "x", "parts": FLAT | {"currency": "USD"}}]}, 409, "x: its prices are in USD, the cooperative bills in EUR"),
        (
            {"tariffs": [{"name": "x", "parts": FLAT | {"parts": [ENERGY, {"kind": "levy", "name": "l", "percent": "99999999999"}]}}]},
            409,
            "An amount is above 9e+13",
        ),
        (
            {"tariffs": [{"name": "x", "parts": FLAT | {"parts": [{"kind": "standing", "per": "day", "amount": "1e-999999999"}]}}]},
            409,
            "Has more than 60 decimals",
        ),
        (
            {"tariffs": [{"name": "x", "parts": FLAT | {"parts": [{"kind": "standing", "per": "day", "amount": "1e999999999"}]}}]},
            409,
            "is larger than any price",
        ),
        ({"tariffs": [{"name": "x", "urdb": [], "metering": "none"}]}, 409, "is no JSON object"),
        (
            {"tariffs": [{"name": "x", "urdb": {"energyratestructure": [[{"rate": {}}]]}}]},
            409,
            "energyratestructure[0][0].rate: is {}; must be a number",
        ),
        ({"tariffs": [{"name": "x", "urdb": {}, "metering": "upwards"}]}, 400, "metering"),
    ],
)
def test_odd_questions_to_the_api_are_answered_in_words(client: Any, hamlet: Hamlet, asked: dict[str, Any], status: int, told: str) -> None:
    user = person(hamlet, Role.MEMBER, Site.objects.get(code="a 2").member)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    whole = {"tariffs": [{"name": "flat", "parts": FLAT}]} | asked
    answer = client.post(reverse("api-what-if"), whole, content_type="application/json")
    assert answer.status_code == status, answer.content
    assert told in json.dumps(answer.json())
    assert not AccessRecord.objects.filter(what="what-if").exists()


def test_nobody_sees_days_or_sites_of_others_by_asking(client: Any, hamlet: Hamlet) -> None:
    """A version, a site and a year of somebody else's cooperative are as if they were not there."""
    other = make_hamlet("other")
    stranger = person(other, Role.MEMBER, Site.objects.get(microgrid=other.microgrid, code="a 2").member)
    client.force_login(stranger, backend="django.contrib.auth.backends.ModelBackend")
    foreign = {"tariffs": [{"name": "theirs", "version": str(hamlet.version.public_id)}]}
    assert client.post(reverse("api-what-if"), foreign, content_type="application/json").status_code == 404
    own = {"tariffs": [{"name": "flat", "parts": FLAT}]}
    answer = client.post(reverse("api-what-if"), own, content_type="application/json").json()
    assert [row["site"] for row in answer["tariffs"][0]["sites"]] == ["a 2"]
    client.logout()
    assert client.post(reverse("api-what-if"), own, content_type="application/json").status_code in (401, 403)


def test_json_nested_without_end_is_refused_and_ends_no_process(client: Any, hamlet: Hamlet) -> None:
    nested = b"[" * 100_000
    client.force_login(person(hamlet, Role.TARIFF_ADMIN), backend="django.contrib.auth.backends.ModelBackend")
    answer = client.post(reverse("api-what-if"), nested, content_type="application/json")
    assert (answer.status_code, "nested too deeply" in answer.json()["detail"]) == (400, True)
    page = client.post(reverse("what-if"), {"file": SimpleUploadedFile("deep.json", nested)}).content.decode()
    assert "deep.json is no JSON" in page
    beyond = SimpleUploadedFile("beyond.json", b'{"energyratestructure": [[{"rate": 1e99999999999999999999}]]}')
    assert "beyond.json is no JSON" in client.post(reverse("what-if"), {"file": beyond}).content.decode()
