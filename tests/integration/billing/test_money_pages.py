"""The treasurer's desk and the members' page: who may see and do what, in which language."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from billing.models import BankOrder, BankStatementLine, Document, Mandate, Payment, PaymentRules
from billing.services.payments import credit_of
from members.models import Cooperative, Membership, User
from tests.integration.billing.conftest import Hamlet
from tests.integration.billing.test_allocations import IBAN
from tests.unit.billing.banking.camt_files import camt, detail, entry


def client_of(hamlet: Hamlet, role: str, member=None, language: str = "en", name: str = "") -> Client:
    user = User.objects.create_user(f"{name or role}@x.example", "x", language=language)
    Membership.objects.create(user=user, cooperative=hamlet.cooperative, member=member, role=role)
    client = Client(headers={"accept-language": language})
    client.force_login(user)
    return client


@pytest.fixture
def bills(hamlet: Hamlet) -> list[Document]:
    Cooperative.objects.filter(pk=hamlet.cooperative.pk).update(iban=IBAN)
    PaymentRules.objects.create(cooperative=hamlet.cooperative, creditor_id="DE98ZZZ09999999999")
    hamlet.bill()
    return list(Document.objects.filter(kind="bill", gross_minor__gt=0).select_related("member").order_by("number"))


def test_a_member_gives_and_revokes_a_mandate_in_their_language(hamlet: Hamlet, bills: list[Document]) -> None:
    member = bills[0].member
    client = client_of(hamlet, "member", member, "de")
    page = client.get("/payments/").content.decode()
    assert "Sie überweisen jede Rechnung selbst." in page
    assert bills[0].label in page
    assert bills[1].label not in page
    words = {"member": str(member.public_id), "do": "give", "holder": member.name, "iban": "DE12 5001 0517 0648 4898 90"}
    assert "Bitte stimmen Sie zu" in client.post("/payments/mandate/", words, follow=True).content.decode()
    wrong = client.post("/payments/mandate/", words | {"agree": "on", "iban": "DE00"}, follow=True)
    assert "Die IBAN stimmt nicht" in wrong.content.decode()
    page = client.post("/payments/mandate/", words | {"agree": "on"}, follow=True).content.decode()
    assert "von DE12 … 9890 eingezogen" in page
    mandate = Mandate.objects.get(member=member)
    assert mandate.signed_by is not None
    client.post("/payments/mandate/", {"member": str(member.public_id), "do": "revoke"})
    mandate.refresh_from_db()
    assert mandate.status == "revoked"
    stranger = client_of(hamlet, "member", bills[1].member, name="other")
    assert stranger.post("/payments/mandate/", words | {"agree": "on"}).status_code == 404


def test_members_have_no_desk_auditors_only_read(hamlet: Hamlet, bills: list[Document]) -> None:
    member = client_of(hamlet, "member", bills[0].member)
    auditor = client_of(hamlet, "auditor")
    for path in ("/money/", "/money/orders/", "/money/by-hand/"):
        assert member.get(path).status_code == 404
        assert auditor.get(path).status_code == 200
    assert "members give a mandate on their page Payments" in auditor.get("/money/orders/").content.decode()
    assert auditor.post("/money/import/").status_code == 403
    assert auditor.post("/money/by-hand/").status_code == 403
    desk, own = auditor.get("/bills/").content.decode(), member.get("/bills/").content.decode()
    assert 'class="entry" href="/money/"' in desk
    assert "Of all members" in desk
    assert bills[1].member.name in desk
    assert 'href="/money/"' not in own
    assert "What you pay for what you drew" in own
    assert bills[1].member.name not in own


def test_a_treasurer_begins_at_the_money(hamlet: Hamlet) -> None:
    assert client_of(hamlet, "tariff_admin").get("/").headers["Location"] == "/money/"


def test_the_trial_balance_says_haben_not_gutschriften(hamlet: Hamlet, bills: list[Document]) -> None:
    auditor = client_of(hamlet, "auditor")
    page = auditor.get("/books/", headers={"Accept-Language": "de"}).content.decode()
    assert "Haben" in page
    assert "Gutschriften" not in page


def test_a_treasurer_imports_resolves_collects_and_a_second_one_releases(hamlet: Hamlet, bills: list[Document]) -> None:
    first, second = client_of(hamlet, "tariff_admin", name="a"), client_of(hamlet, "tariff_admin", name="b")
    bill, other = bills[0], bills[1]
    content = camt(
        entry(f"{bill.gross_minor / 100:.2f}", details=detail(text=f"{bill.label} danke")),
        entry("4.00", details=detail(name="Oma", text="für die Kinder")),
    )
    told = first.post("/money/import/", {"file": SimpleUploadedFile("x.xml", content)}, follow=True).content.decode()
    assert "2 new movements; 1 wait for you" in told
    assert "imported before" in first.post("/money/import/", {"file": SimpleUploadedFile("x.xml", content)}, follow=True).content.decode()
    line = BankStatementLine.objects.get(status="open")
    path = f"/money/movements/{line.public_id}/"
    assert "make 3.00" in first.post(path, {"do": "assign", "what": bill.member.number, "amount": "3,00"}, follow=True).content.decode()
    assert "neither the number" in first.post(path, {"do": "assign", "what": "X", "amount": "4"}, follow=True).content.decode()
    first.post(path, {"do": "assign", "what": bill.member.number, "amount": "4,00"})
    assert credit_of(bill.member) == 400
    first.post(path, {"do": "undo"})
    assert credit_of(bill.member) == 0
    words = {"rail": "cash", "what": other.label, "amount": "0.10", "receipt": "R 1"}
    assert "Taken: 0.10" in first.post("/money/by-hand/", words, follow=True).content.decode()
    assert "was entered before" in second.post("/money/by-hand/", words).content.decode()
    assert Payment.objects.get(rail="cash").taken_by.email == "a@x.example"
    member = client_of(hamlet, "member", other.member)
    member.post("/payments/mandate/", {"member": str(other.member.public_id), "do": "give", "holder": "O", "iban": IBAN, "agree": "on"})
    first.post("/money/orders/", {"kind": "debits"})
    order = BankOrder.objects.get()
    here = f"/money/orders/{order.public_id}/"
    assert "second person" in first.post(here, {"do": "release"}, follow=True).content.decode()
    assert first.get(f"{here}file/").status_code == 404
    second.post(here, {"do": "release"})
    file = first.get(f"{here}file/")
    assert file.content == second.get(f"{here}file/").content
    assert other.label.encode() in file.content
    assert "is being collected" in member.get("/payments/").content.decode()


def test_nobody_reaches_another_cooperatives_money(hamlet: Hamlet, bills: list[Document]) -> None:
    content = camt(entry("4.00"))
    treasurer = client_of(hamlet, "tariff_admin")
    treasurer.post("/money/import/", {"file": SimpleUploadedFile("x.xml", content)})
    line = BankStatementLine.objects.get()
    elsewhere = Cooperative.objects.create(slug="other", name="Other eG")
    user = User.objects.create_user("x@x.example", "x")
    Membership.objects.create(user=user, cooperative=elsewhere, role="tariff_admin")
    client = Client()
    client.force_login(user)
    assert client.get(f"/money/movements/{line.public_id}/").status_code == 404
    assert client.get("/money/?cooperative=hamlet").status_code == 404
    assert client.post(f"/money/movements/{line.public_id}/", {"do": "undo"}).status_code == 404
