"""A treasurer shares out what was earned, a second one releases it, the bank pays it, members read why."""

import io

import pytest
from django.test import Client
from pypdf import PdfReader

from billing.models import BankOrder, Distribution, DistributionPart, LedgerTransaction
from billing.selectors.reconciliation import links_of
from billing.selectors.run_summary import trial_balance
from members.models import Cooperative, Member
from tests.integration.billing.conftest import MARCH, Hamlet, hamlet
from tests.integration.billing.test_allocations import IBAN
from tests.integration.billing.test_money_pages import client_of

__all__ = ["hamlet"]
ASKED = {"kind": "revenue", "name": "Revenue of March", "from": "2016-03", "to": "2016-03", "used": "1.00", "energy_percent": "100"}


@pytest.fixture
def billed(hamlet: Hamlet) -> Hamlet:
    Cooperative.objects.filter(pk=hamlet.cooperative.pk).update(iban=IBAN)
    Member.objects.filter(cooperative=hamlet.cooperative).update(iban="DE12500105170648489890", language="de")
    hamlet.bill()
    return hamlet


def said(client: Client, path: str, words: dict[str, str]) -> str:
    return client.post(path, words, follow=True).content.decode()


def test_from_the_margin_to_the_members_account(billed: Hamlet) -> None:
    first, second = client_of(billed, "tariff_admin", name="a"), client_of(billed, "tariff_admin", name="b")
    page = first.get("/money/sharing-out/", ASKED).content.decode()
    assert "Margin by the books" in page
    assert "1.00 EUR used" in page
    assert not Distribution.objects.exists()
    loss = first.get("/money/sharing-out/", ASKED | {"costs": "99999"}).content.decode()
    assert "A loss cannot be shared out" in loss
    assert "Prepare it" not in loss
    assert "is not an amount" in first.get("/money/sharing-out/", ASKED | {"used": "x"}).content.decode()
    assert "a second person releases it" in said(first, "/money/sharing-out/", ASKED)
    made = Distribution.objects.get()
    here = f"/money/sharing-out/{made.public_id}/"
    assert "You prepared it" in said(first, here, {"do": "release"})
    assert "Released." in said(second, here, {"do": "release"})

    part = DistributionPart.objects.select_related("member").order_by("-gross_minor")[0]
    member = client_of(billed, "member", part.member, language="de", name="m")
    shown = member.get("/shared-out/").content.decode()
    assert "Ausgeschüttet" in shown
    assert f"{part.gross_minor / 100:.2f}".replace(".", ",") in shown
    pdf = member.get(f"/shared-out/{part.public_id}/pdf/").content
    text = "".join(p.extract_text() for p in PdfReader(io.BytesIO(pdf)).pages)
    assert "Gelieferte Energie" in text
    assert f"{part.gross_minor / 100:.2f}".replace(".", ",") in text
    other = DistributionPart.objects.exclude(member=part.member).exclude(gross_minor=0)[0]
    assert member.get(f"/shared-out/{other.public_id}/pdf/").status_code == 404
    assert member.get(here).status_code == member.get("/money/sharing-out/").status_code == 404
    listed = member.get("/api/v1/distributions/").json()["results"]
    assert [(row["gross_minor"], row["member"]) for row in listed] == [(part.gross_minor, part.member.number)]

    first.post("/money/orders/", {"kind": "payouts"})
    order = BankOrder.objects.get()
    second.post(f"/money/orders/{order.public_id}/", {"do": "release"})
    file = first.get(f"/money/orders/{order.public_id}/file/").content
    assert b"Revenue of March" in file
    posted = LedgerTransaction.objects.get(cause="distribution")
    assert "shared out: Revenue of March" in first.get(f"/books/transactions/{posted.public_id}/").content.decode()
    assert sum(e.debit_minor - e.credit_minor for e in posted.entries.all()) == 0
    assert trial_balance(billed.cooperative)["distributions"] == 100
    assert not [gap for link in links_of(billed.microgrid, MARCH) for gap in link.gaps]
    assert "Prepare the counter" in first.get(here).content.decode()
    assert "Say why" in said(first, here, {"do": "take-back", "why": " "})
    assert "second person" in said(first, here, {"do": "take-back", "why": "Falsch gerechnet."})
    counter = Distribution.objects.get(counters=made)
    assert "owed no longer" in said(second, f"/money/sharing-out/{counter.public_id}/", {"do": "release"})
    assert "Falsch gerechnet." in member.get("/shared-out/").content.decode()
    assert client_of(billed, "auditor").post(here, {"do": "release"}).status_code == 403
