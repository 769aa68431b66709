"""What the API says of paying on the chain, and that its calls pay when a wallet sends them as they are."""

import pytest
from django.test import Client
from django.urls import reverse

from billing.models import Document, DocumentStatus, PaymentRail, ReturnKind
from billing.services.payments import book_payment, return_payment
from contracts.adapters.signing import checksummed
from contracts.services.outbox import address_on
from contracts.services.payments import watch_payments
from contracts.services.witness import witness
from members.models import Membership, Role, User
from tests.integration.grid.conftest import SHOWN_NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def reader(bill: Document) -> Client:
    """The member whose bill it is."""
    user = User.objects.create_user("payer@example.org")
    Membership.objects.create(user=user, cooperative=bill.cooperative, member=bill.member, role=Role.MEMBER)
    client = Client()
    client.force_login(user)
    return client


def offer(client: Client, bill: Document) -> dict:
    reply = client.get(reverse("api-bill-chain-payment", args=[bill.public_id]))
    assert reply.status_code == 200
    return reply.json()


def send(node, way: dict, account: str) -> None:
    """As a wallet does: what it is given, to where it is told."""
    for call in way["calls"]:
        sent = node.transact(account, call["to"], int(call["value"]), bytes.fromhex(call["data"][2:]))
        receipt = node.chain.receipt(sent)
        assert receipt is not None and receipt.succeeded


def test_before_the_chain_knows_a_bill_there_is_no_way(reader, bill):
    assert (offer(reader, bill)["state"], offer(reader, bill)["ways"]) == ("waiting", [])


def test_the_calls_of_each_way_pay_what_is_left(node, chain, reader, bill):
    witness(chain=chain, now=SHOWN_NOW)
    account = node.ask("eth_accounts")[4]
    found = offer(reader, bill)
    assert (found["state"], found["contract"]) == ("open", address_on(chain, "Billing"))
    own, coin = found["ways"]
    assert (own["coin"], coin["coin"]) == ("ETH", "tEUR")
    assert coin["amount"] == f"{bill.gross_minor / 100:g}"
    assert [call["what"] for call in coin["calls"]] == ["allow", "pay"]
    part = own | {"calls": [own["calls"][0] | {"value": str(int(own["units"]) // 3)}]}
    send(node, part, account)
    witness(chain=chain, now=SHOWN_NOW)
    found = offer(reader, bill)
    [seen] = found["payments"]
    assert seen["amount"].endswith(" ETH")
    assert seen["booked_minor"] == bill.gross_minor // 3
    coin = found["ways"][1]
    node.transact(account, coin["token"], 0, chain.encode("TestCoin", "mint", [checksummed(account), int(coin["units"])]))
    send(node, coin, account)
    assert watch_payments(chain=chain, now=SHOWN_NOW) == 1
    bill.refresh_from_db()
    assert bill.status == DocumentStatus.SETTLED
    found = offer(reader, bill)
    assert (found["state"], found["ways"], len(found["payments"])) == ("paid", [], 2)


def test_a_bill_that_the_chain_holds_as_paid_elsewhere_is_not_offered_again(node, chain, reader, bill):
    witness(chain=chain, now=SHOWN_NOW)
    payment, _ = book_payment(
        document=bill, amount_minor=bill.gross_minor, rail=PaymentRail.BANK, external_ref="one", received_at=SHOWN_NOW, now=SHOWN_NOW
    )
    witness(chain=chain, now=SHOWN_NOW)
    assert offer(reader, bill)["state"] == "paid"
    return_payment(payment=payment, kind=ReturnKind.BANK, now=SHOWN_NOW)
    found = offer(reader, bill)
    assert (found["state"], found["ways"]) == ("closed", [])
    page = reader.get(reverse("pay-on-chain", args=[bill.public_id])).content.decode()
    assert "The chain has this bill as paid" in page
    assert "data-pay=" not in page


def test_a_stranger_sees_no_offer(chain, bill):
    client = Client()
    assert client.get(reverse("api-bill-chain-payment", args=[bill.public_id])).status_code in (401, 403)
    client.force_login(User.objects.create_user("stranger@example.org"))
    assert client.get(reverse("api-bill-chain-payment", args=[bill.public_id])).status_code == 404
