"""Paying by card against a provider on a port of this machine: once, whatever is told twice, late, out of order or not at all."""

import random
import time
from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.utils import timezone
from pytest_django import Settings
from rest_framework.test import APIClient

from billing.adapters.cards import provider
from billing.domain.cards.provider import CannotReachProvider
from billing.domain.reconciliation import Link
from billing.models import CardCheckout, CardDispute, CardEvent, CardMovement, CardPayout, Document, LedgerTransaction, Payment, Refund
from billing.selectors.cards import card_desk
from billing.selectors.money_links import card_fees_and_ledger, card_payouts_and_bank, cards_and_ledger
from billing.selectors.run_summary import trial_balance
from billing.services.bank_statements import import_statement
from billing.services.card_refunds import ask_card_refund, give_back, release_card_refund
from billing.services.cards import follow_checkout, look_after_cards, look_at_payouts, pay_bill_by_card, top_up_by_card
from billing.services.payables import CannotPayOut
from billing.services.payments import credit_of
from members.models import Cooperative, Member, Membership, User
from tests.integration.billing.card_server import SECRET_KEY, WEBHOOK_SECRET, Account, card_server
from tests.integration.billing.conftest import Hamlet
from tests.integration.billing.test_allocations import IBAN, check_conserved, pay, people
from tests.integration.billing.test_money_pages import client_of
from tests.unit.billing.banking.camt_files import camt, detail, entry

BACK = "https://example.org/cards/back/{key}/"


@pytest.fixture
def shop(settings: Settings) -> Iterator[Account]:
    """The provider, and settings that lead to it."""
    with card_server() as (url, account):
        settings.CARD_PROVIDER, settings.CARD_API_URL = "stripe", url
        settings.CARD_SECRET_KEY, settings.CARD_WEBHOOK_SECRETS = SECRET_KEY, ["whsec_next", WEBHOOK_SECRET]
        yield account


@pytest.fixture
def bill(hamlet: Hamlet) -> Document:
    Cooperative.objects.filter(pk=hamlet.cooperative.pk).update(iban=IBAN)
    hamlet.bill()
    return Document.objects.filter(kind="bill", gross_minor__gt=100).select_related("member").order_by("number").first()


def tell(event: tuple[bytes, dict[str, str]]) -> int:
    content, headers = event
    return Client().post("/cards/webhook/", content, content_type="application/json", headers=headers).status_code


def checkout_of(bill: Document, user: User) -> CardCheckout:
    return pay_bill_by_card(document=bill, user=user, back_url=BACK, provider=provider(), now=timezone.now())


def follow(checkout: CardCheckout) -> CardCheckout:
    return follow_checkout(checkout=checkout, provider=provider(), now=timezone.now())


def check_account(hamlet: Hamlet, shop: Account) -> None:
    """The books' account of the provider is what the provider has of ours, to the cent; nothing of a card is in our tables."""
    theirs = sum(m["net"] for m in shop.movements) - sum(p.amount_minor for p in CardPayout.objects.filter(bank_line__isnull=False))
    assert trial_balance(hamlet.cooperative).get("card", 0) == theirs
    assert card_desk(hamlet.cooperative).difference_minor == 0
    assert [link.code for link in card_links(hamlet)[:2] if not link.agrees] == []
    check_conserved(hamlet.cooperative)


def card_links(hamlet: Hamlet) -> list[Link]:
    """What the reconciliation page says of cards, over these days."""
    today = timezone.now().date()
    days = {"cooperative": hamlet.cooperative.pk, "first": today - timedelta(days=40), "last": today + timedelta(days=40)}
    return [cards_and_ledger(days), card_fees_and_ledger(days), card_payouts_and_bank(days)]


def test_a_bill_is_paid_by_card_from_its_page(hamlet: Hamlet, bill: Document, shop: Account) -> None:
    member = client_of(hamlet, "member", bill.member, "de")
    here = f"/bills/{bill.public_id}/"
    page = member.get(here).content.decode()
    assert "mit Karte zahlen" in page
    led = member.post(f"{here}card/")
    session = next(iter(shop.sessions.values()))
    assert (led.status_code, led.url) == (302, session["url"])
    assert session["amount"] == bill.gross_minor
    assert member.post(f"{here}card/").url == session["url"]  # pressed twice, one page
    assert len(shop.sessions) == 1
    checkout = CardCheckout.objects.get()
    back = f"/cards/back/{checkout.public_id}/"
    assert "nicht abgeschlossen" in member.get(back, follow=True).content.decode()
    intent = shop.pay(session["id"])
    assert "eingegangen" in member.get(back, follow=True).content.decode()  # before any webhook
    for _ in range(2):
        assert tell(shop.event("checkout.session.completed", session)) == 200
    bill.refresh_from_db()
    payment = Payment.objects.get()
    assert (bill.status, payment.rail, payment.external_ref) == ("settled", "card", intent)
    assert "mit Karte zahlen" not in member.get(here).content.decode()
    balances = trial_balance(hamlet.cooperative)
    fee = shop.movements[0]["fee"]
    assert (balances["card"], balances["card_fees"]) == (bill.gross_minor - fee, fee)
    check_account(hamlet, shop)
    stranger = client_of(hamlet, "member", Document.objects.exclude(member=bill.member).first().member, name="s")
    assert stranger.post(f"{here}card/").status_code == 404
    assert stranger.get(back).status_code == 404
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT string_agg(t::text, '') FROM (SELECT c::text AS t FROM billing_cardcheckout c UNION ALL SELECT e::text FROM billing_cardevent e UNION ALL SELECT m::text FROM billing_cardmovement m) x"
        )
        assert "4242" not in cursor.fetchone()[0]


def test_cards_are_off_unless_set(hamlet: Hamlet, bill: Document) -> None:
    member = client_of(hamlet, "member", bill.member)
    assert "by card" not in member.get(f"/bills/{bill.public_id}/").content.decode()
    assert member.post(f"/bills/{bill.public_id}/card/").status_code == 404
    assert Client().post("/cards/webhook/", b"{}", content_type="application/json").status_code == 404
    assert "Cards are off" in client_of(hamlet, "tariff_admin").get("/money/cards/").content.decode()


def test_only_what_the_provider_signed_just_now_is_taken(hamlet: Hamlet, bill: Document, shop: Account) -> None:
    user, _ = people()
    checkout = checkout_of(bill, user)
    shop.pay(checkout.session_ref)
    thing = shop.sessions[checkout.session_ref]
    content, headers = shop.event("checkout.session.completed", thing)
    late = shop.event("checkout.session.completed", thing, at=int(time.time()) - 301)
    early = shop.event("checkout.session.completed", thing, at=int(time.time()) + 400)
    for wrong in (
        (content, {}),
        (content + b" ", headers),
        (content, {"Stripe-Signature": headers["Stripe-Signature"].replace("v1=", "v1=0")}),
        late,
        early,
        (b"[]", shop.event("x", {})[1]),
    ):
        assert tell(wrong) == 400
    assert (CardEvent.objects.count(), Payment.objects.count()) == (0, 0)
    assert tell((content, headers)) == 200
    calls = len(shop.calls)
    assert tell((content, headers)) == 200  # the same event again asks for nothing
    assert (len(shop.calls), Payment.objects.count(), CardEvent.objects.get().outcome) == (calls, 1, "paid")


def test_what_was_paid_meanwhile_is_let_go(hamlet: Hamlet, bill: Document, shop: Account) -> None:
    user, _ = people()
    checkout = checkout_of(bill, user)
    pay(bill.member, 30, "cash", bill)
    again = checkout_of(bill, user)  # another rest, another page; the old one is closed
    assert (shop.sessions[checkout.session_ref]["status"], again.amount_minor) == ("expired", bill.gross_minor - 30)
    intent = shop.pay(again.session_ref)
    pay(bill.member, bill.gross_minor - 30, "cash2", bill)
    again = follow(again)
    assert (again.status, shop.intents[intent]["status"], shop.movements) == ("dropped", "canceled", [])
    assert not Payment.objects.filter(rail="card").exists()


def test_another_sum_than_ours_is_not_booked(hamlet: Hamlet, bill: Document, shop: Account) -> None:
    user, _ = people()
    checkout = checkout_of(bill, user)
    intent = shop.pay(checkout.session_ref)
    shop.intents[intent]["amount"] = 1
    assert follow(checkout).status == "odd"
    assert not Payment.objects.exists()
    assert shop.intents[intent]["status"] == "requires_capture"
    with pytest.raises(DatabaseError), transaction.atomic():
        CardCheckout.objects.filter(pk=checkout.pk).update(status="paid")


def test_answers_that_are_lost_and_a_provider_that_is_down_cost_nothing_twice(hamlet: Hamlet, bill: Document, shop: Account) -> None:
    user, _ = people()
    shop.lose_answers = True
    with pytest.raises(CannotReachProvider):
        checkout_of(bill, user)
    checkout = checkout_of(bill, user)
    assert (len(shop.sessions), CardCheckout.objects.count()) == (1, 1)
    shop.pay(checkout.session_ref)
    shop.lose_answers = True  # collected, and the answer is lost
    event = shop.event("checkout.session.completed", shop.sessions[checkout.session_ref])
    assert tell(event) == 503
    assert (Payment.objects.count(), CardEvent.objects.get().done_at) == (0, None)
    shop.down = True
    assert tell(event) == 503
    shop.down = False
    assert look_after_cards(provider=provider(), now=timezone.now()) >= 1
    assert tell(event) == 200
    assert (Payment.objects.count(), CardEvent.objects.filter(done_at=None).count()) == (1, 0)
    assert len(shop.movements) == 1
    check_account(hamlet, shop)


def paid(bill: Document, shop: Account, user: User) -> CardCheckout:
    checkout = checkout_of(bill, user)
    shop.pay(checkout.session_ref)
    return follow(checkout)


def test_a_refund_needs_two_people_and_a_failed_one_is_credit_again(hamlet: Hamlet, bill: Document, shop: Account) -> None:
    first, second = people()
    checkout = top_up_by_card(
        member=bill.member, amount_minor=bill.gross_minor + 900, user=first, back_url=BACK, provider=provider(), now=timezone.now()
    )
    shop.pay(checkout.session_ref)
    payment = follow(checkout).payment
    assert (payment.credit_minor, credit_of(bill.member)) == (900, 900)
    now = timezone.now()
    with pytest.raises(CannotPayOut, match="are credit"):
        ask_card_refund(payment=payment, amount_minor=901, why="x", user=first, now=now)
    refund = ask_card_refund(payment=payment, amount_minor=600, why="too much", user=first, now=now)
    with pytest.raises(CannotPayOut, match="are credit"):
        ask_card_refund(payment=payment, amount_minor=301, why="x", user=first, now=now)
    with pytest.raises(CannotPayOut, match="second person"):
        release_card_refund(refund=refund, user=first, now=now)
    refund = release_card_refund(refund=refund, user=second, now=now)
    assert credit_of(bill.member) == 300
    shop.lose_answers = True
    with pytest.raises(CannotReachProvider):
        give_back(refund=refund, provider=provider(), now=now)
    look_after_cards(provider=provider(), now=now)
    refund.refresh_from_db()
    assert (len(shop.refunds), refund.provider_ref) == (1, next(iter(shop.refunds)))
    check_account(hamlet, shop)
    shop.fail_refund(refund.provider_ref)
    for _ in range(2):
        assert tell(shop.event("refund.failed", shop.refunds[refund.provider_ref])) == 200
    refund.refresh_from_db()
    assert (refund.failed, credit_of(bill.member)) == ("expired_or_canceled_card", 900)
    check_account(hamlet, shop)
    assert LedgerTransaction.objects.filter(cause__startswith="card refund").count() == 2


def test_refunds_go_through_the_treasurers_pages(hamlet: Hamlet, bill: Document, shop: Account) -> None:
    treasurer, board = (client_of(hamlet, "tariff_admin", name="a"), client_of(hamlet, "tariff_admin", name="b"))
    user, _ = people()
    checkout = top_up_by_card(
        member=bill.member, amount_minor=bill.gross_minor + 500, user=user, back_url=BACK, provider=provider(), now=timezone.now()
    )
    shop.pay(checkout.session_ref)
    payment = follow(checkout).payment
    words = {"do": "refund-card", "payment": str(payment.public_id), "amount": "5,00"}
    told = treasurer.post(f"/money/members/{bill.member.public_id}/", words, follow=True).content.decode()
    assert "another person releases" in told
    release = {"do": "release", "refund": str(Refund.objects.get().public_id)}
    assert "second person" in treasurer.post("/money/cards/", release, follow=True).content.decode()
    assert "gives it back" in board.post("/money/cards/", release, follow=True).content.decode()
    assert [r["amount"] for r in shop.refunds.values()] == [500]
    assert "things looked at" in treasurer.post("/money/cards/", {}, follow=True).content.decode()
    check_account(hamlet, shop)


def test_a_dispute_undoes_the_payment_and_won_it_comes_again(hamlet: Hamlet, bill: Document, shop: Account) -> None:
    user, _ = people()
    checkout = paid(bill, shop, user)
    part = bill.gross_minor - 40
    dispute = shop.dispute(checkout.intent_ref, part)
    for _ in range(2):
        assert tell(shop.event("charge.dispute.created", shop.disputes[dispute])) == 200
    bill.refresh_from_db()
    assert (bill.status, bill.paid_minor, CardDispute.objects.get().withdrawn_minor) == ("open", 40, part)
    check_account(hamlet, shop)
    shop.win(dispute)
    for kind in ("charge.dispute.closed", "charge.dispute.funds_reinstated"):
        assert tell(shop.event(kind, shop.disputes[dispute])) == 200
    bill.refresh_from_db()
    assert (bill.status, CardDispute.objects.get().status) == ("settled", "won")
    check_account(hamlet, shop)


def test_a_payout_is_explained_by_its_movements_and_brought_by_the_bank(hamlet: Hamlet, bill: Document, shop: Account) -> None:
    user, _ = people()
    other = Document.objects.filter(kind="bill", gross_minor__gt=100).exclude(pk=bill.pk).select_related("member").first()
    paid(bill, shop, user)
    lost = checkout_of(other, user)  # no webhook ever tells of this one
    intent = shop.pay(lost.session_ref)
    shop.capture({"amount_to_capture": str(other.gross_minor)}, intent)
    shop.move("stripe_fee", -200, 0, "fee_1")
    shop.move("charge", 777, 20, "ch_elsewhere")  # somebody else's, on the same account
    payout = shop.pay_out()
    euro = f"{payout['amount'] / 100:.2f}"
    before = camt(entry(euro, details=detail(name="STRIPE TECHNOLOGY", text=f"Auszahlung {payout['trace_id']['value']}")))
    import_statement(cooperative=hamlet.cooperative, content=before, file_name="x", now=timezone.now())
    assert look_at_payouts(provider=provider(), now=timezone.now()) == 1
    row = CardPayout.objects.get()
    assert (row.finding, row.bank_line.status, row.bank_line.why) == ("", "booked", f"the card provider's payout {row.ref}")
    assert Payment.objects.filter(rail="card").count() == 2
    balances = trial_balance(hamlet.cooperative)
    assert (balances["card"], balances["suspense"], balances["bank"]) == (0, -777, payout["amount"])
    assert balances["card_fees"] == sum(m["fee"] for m in shop.movements) + 200
    for _ in range(2):
        look_at_payouts(provider=provider(), now=timezone.now())
    assert trial_balance(hamlet.cooperative) == balances
    assert CardMovement.objects.count() == len(shop.movements)
    check_account(hamlet, shop)


def test_cards_that_do_not_agree_are_told_row_by_row(hamlet: Hamlet, bill: Document, shop: Account) -> None:
    user, _ = people()
    checkout = paid(bill, shop, user)
    payout = shop.pay_out()
    look_at_payouts(provider=provider(), now=timezone.now())
    payments, fees, payouts = card_links(hamlet)
    assert payments.agrees and payments.left == bill.gross_minor and fees.left > 0
    assert [(g.kind, g.left, g.right) for g in payouts.gaps] == [("cards", payout["amount"], 0)]
    CardMovement.objects.filter(intent_ref=checkout.intent_ref).update(amount_minor=bill.gross_minor + 5, fee_minor=0)
    payments, fees, _ = card_links(hamlet)
    assert [(g.kind, g.key, g.left - g.right) for g in payments.gaps] == [("payment", str(checkout.payment.public_id), 5)]
    assert [(g.kind, g.left) for g in fees.gaps] == [("cards", 0)]
    CardMovement.objects.filter(intent_ref=checkout.intent_ref).delete()
    assert [g.why for g in card_links(hamlet)[0].gaps] == ["booked, and the provider has not told of it"]


@pytest.mark.parametrize("seed", [1, 2])
def test_events_in_any_order_say_the_same(hamlet: Hamlet, bill: Document, shop: Account, seed: int) -> None:
    """All events of a life told shuffled and doubled after it: one payment, one dispute, the same account."""
    user, _ = people()
    checkout = checkout_of(bill, user)
    intent = shop.pay(checkout.session_ref)
    session = shop.sessions[checkout.session_ref]
    shop.capture({"amount_to_capture": str(bill.gross_minor)}, intent)
    dispute = shop.dispute(intent, bill.gross_minor)
    shop.win(dispute)
    second = shop.dispute(intent, 50)
    payout = shop.pay_out()
    events = [
        shop.event(kind, thing)
        for kind, thing in (
            ("checkout.session.completed", session),
            ("payment_intent.succeeded", shop.intents[intent]),
            ("charge.dispute.created", shop.disputes[dispute]),
            ("charge.dispute.closed", shop.disputes[dispute]),
            ("charge.dispute.created", shop.disputes[second]),
            ("payout.paid", payout),
            ("customer.created", {"id": "cus_1"}),
        )
    ] * 2
    random.Random(seed).shuffle(events)
    assert {tell(event) for event in events} == {200}
    bill.refresh_from_db()
    assert bill.paid_minor == bill.gross_minor - 50
    assert Payment.objects.filter(external_ref=intent).count() == 1
    check_account(hamlet, shop)


def phone_of(hamlet: Hamlet, member: Member, name: str) -> APIClient:
    """A phone with a token: it has no session."""
    user = User.objects.create_user(f"{name}@x.example", "x")
    Membership.objects.create(user=user, cooperative=hamlet.cooperative, member=member, role="member")
    client = APIClient()
    client.force_authenticate(user)
    return client


def test_a_phone_pays_a_bill_and_tops_up(hamlet: Hamlet, bill: Document, shop: Account) -> None:
    cache.clear()
    own = phone_of(hamlet, bill.member, "own")
    other = phone_of(hamlet, Member.objects.exclude(pk=bill.member_id).first(), "other")
    here = f"/api/v1/bills/{bill.public_id}/card-payment/"
    begun = own.post(here)
    assert (begun.status_code, begun.json()["status"], begun.json()["amount_minor"]) == (201, "open", bill.gross_minor)
    assert own.post(here).json() == begun.json() and len(shop.sessions) == 1
    state = f"/api/v1/card-payments/{begun.json()['id']}/"
    assert [client.status_code for client in (other.post(here), other.get(state), APIClient().post(here))] == [404, 404, 401]
    assert own.get(state).json()["page_url"] == begun.json()["page_url"]
    [session] = shop.sessions.values()
    back = Client(headers={"accept-language": "de"}).get(f"/cards/back/{begun.json()['id']}/")
    assert "Sie können diese Seite schließen" in back.content.decode()  # no session in the phone's browser
    shop.pay(session["id"])
    paid = own.get(state).json()
    bill.refresh_from_db()
    assert (paid["status"], paid["page_url"], bill.status) == ("paid", "", "settled")
    assert paid["payment"] == str(Payment.objects.get().public_id)
    assert own.post(here).status_code == 409  # nothing is to be paid on it any more

    asked = {"id": str(uuid4()), "member": bill.member.number, "amount_minor": 2500}
    one, again = (own.post("/api/v1/card-payments/", asked, format="json") for _ in range(2))
    assert one.status_code == 201 and one.json() == again.json() and len(shop.sessions) == 2
    assert own.post("/api/v1/card-payments/", asked | {"amount_minor": 2600}, format="json").status_code == 409
    assert other.post("/api/v1/card-payments/", asked, format="json").status_code == 404
    assert own.post("/api/v1/card-payments/", asked | {"amount_minor": 1}, format="json").status_code == 400
    shop.pay(one.json()["page_url"].rsplit("/", 1)[1])
    follow(CardCheckout.objects.get(public_id=asked["id"]))
    assert own.post("/api/v1/card-payments/", asked, format="json").json()["status"] == "paid"  # sent once more, much later
    assert credit_of(bill.member) == 2500
    assert [own.get("/api/v1/card-payments/").json()["count"], other.get("/api/v1/card-payments/").json()["count"]] == [2, 0]
    check_account(hamlet, shop)


def test_a_phone_is_told_when_cards_or_the_provider_are_not_there(
    hamlet: Hamlet, bill: Document, shop: Account, settings: Settings
) -> None:
    cache.clear()
    own = phone_of(hamlet, bill.member, "own")
    here = f"/api/v1/bills/{bill.public_id}/card-payment/"
    begun = own.post(here).json()
    settings.CARD_API_URL = "http://127.0.0.1:9"
    answer = own.get(f"/api/v1/card-payments/{begun['id']}/")
    assert (answer.status_code, answer.headers["Content-Type"]) == (503, "application/problem+json")
    assert [own.post(here).status_code for _ in range(20)][-1] == 429
    settings.CARD_PROVIDER = ""
    cache.clear()
    assert own.post(here).status_code == 404
