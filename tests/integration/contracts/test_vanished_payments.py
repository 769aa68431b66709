"""Payments that were booked and whose block vanished: missing first, taken back when they stay away, booked again when they return."""

from datetime import timedelta

import pytest
from django.db.models import Sum

from billing.models import Document, DocumentStatus, LedgerEntry, Payment
from billing.services.payments import credit_of
from contracts.adapters.virtual_wallet import VirtualWallet
from contracts.models import ChainPayment, PaymentQuote
from contracts.selectors.reconciliation import whole_chain
from contracts.services.outbox import address_on
from contracts.services.payments import follow_vanished, watch_payments
from contracts.services.witness import witness
from kernel.intervals import Month
from members.models import Membership, Notification, Role, User
from tests.integration.contracts.node import Node
from tests.integration.contracts.test_stable_coin import CENT, Payer
from tests.integration.grid.conftest import SHOWN_NOW

pytestmark = pytest.mark.django_db
LATER = SHOWN_NOW + timedelta(hours=2)


@pytest.fixture
def posted(chain, bill: Document) -> Document:
    witness(chain=chain, now=SHOWN_NOW)
    return bill


@pytest.fixture
def treasurer(bill: Document) -> User:
    user = User.objects.create_user("books@example.org")
    Membership.objects.create(user=user, cooperative=bill.cooperative, role=Role.TARIFF_ADMIN)
    return user


def state(bill: Document) -> tuple[str, int]:
    """The bill's status and what stands paid of it; the ledger balances and agrees with the chain."""
    bill.refresh_from_db()
    sums = LedgerEntry.objects.aggregate(debits=Sum("debit_minor"), credits=Sum("credit_minor"))
    assert sums["debits"] == sums["credits"]
    month = Month(bill.period // 100, bill.period % 100)
    links = {link.code: link for link in whole_chain(bill.run.microgrid, month, now=SHOWN_NOW)}
    assert links["chain"].agrees and links["ledger"].agrees
    return bill.status, bill.paid_minor


def other_blocks(node: Node, before: str) -> None:
    """The chain has other blocks from there on."""
    assert node.ask("evm_revert", before)
    node.ask("anvil_mine", "0x14", "0x7")


def whole_in_ether(chain, bill: Document) -> tuple[object, ...]:
    """With what a wallet pays all of a bill in the chain's own coin."""
    quote = PaymentQuote.objects.get(document=bill)
    return chain, address_on(chain, "Billing"), bill.chain_ref, int(quote.due_minor * quote.wei_per_minor)


def test_a_payment_that_stays_away_is_taken_back_with_an_alarm(node, chain, posted, treasurer):
    payer = Payer(node)
    before = node.ask("evm_snapshot")
    payer.pay_wei(posted, posted.gross_minor * CENT)
    assert watch_payments(chain=chain, now=SHOWN_NOW) == 1
    assert state(posted) == (DocumentStatus.SETTLED, posted.gross_minor)
    User.objects.filter(pk=treasurer.pk).update(language="de")
    other_blocks(node, before)
    watch_payments(chain=chain, now=SHOWN_NOW)
    assert ChainPayment.objects.get().missing_since is not None
    assert state(posted)[0] == DocumentStatus.SETTLED
    assert not Notification.objects.filter(kind="chain_payment").exists()
    for _ in range(2):
        watch_payments(chain=chain, now=LATER)
        assert state(posted) == (DocumentStatus.OPEN, 0)
        [told] = Notification.objects.filter(user=treasurer, kind="chain_payment")
        assert posted.label in told.subject
        assert "0.0" in told.text and "ETH" in told.text
        assert "Ihre Buchung wurde zurückgenommen" in told.text
    assert credit_of(posted.member) == 0
    payer.pay_wei(posted, posted.gross_minor * CENT)
    assert watch_payments(chain=chain, now=LATER) == 1
    assert state(posted) == (DocumentStatus.SETTLED, posted.gross_minor)


def test_one_that_is_in_another_block_soon_stays_booked(node, chain, posted, treasurer, tmp_path):
    words = whole_in_ether(chain, posted)
    before = node.ask("evm_snapshot")
    wallet = VirtualWallet(tmp_path / "wallet")
    wallet.pay(*words)
    assert watch_payments(chain=chain, now=SHOWN_NOW) == 1
    other_blocks(node, before)
    watch_payments(chain=chain, now=SHOWN_NOW)
    assert ChainPayment.objects.get().missing_since is not None
    wallet.pay(*words)
    node.ask("anvil_mine", "0x1")
    assert watch_payments(chain=chain, now=LATER) == 0
    seen = ChainPayment.objects.get()
    assert (seen.missing_since, seen.vanished_at) == (None, None)
    assert state(posted)[0] == DocumentStatus.SETTLED
    assert Payment.objects.filter(document=posted).count() == 1


def test_one_that_was_taken_back_and_returns_is_booked_again_once(node, chain, posted, treasurer, tmp_path):
    words = whole_in_ether(chain, posted)
    before = node.ask("evm_snapshot")
    wallet = VirtualWallet(tmp_path / "wallet")
    wallet.pay(*words)
    watch_payments(chain=chain, now=SHOWN_NOW)
    other_blocks(node, before)
    watch_payments(chain=chain, now=SHOWN_NOW)
    watch_payments(chain=chain, now=LATER)
    assert state(posted) == (DocumentStatus.OPEN, 0)
    wallet.pay(*words)
    node.ask("anvil_mine", "0x1")
    assert watch_payments(chain=chain, now=LATER) == 1
    assert watch_payments(chain=chain, now=LATER) == 0
    assert state(posted) == (DocumentStatus.SETTLED, posted.gross_minor)


def test_a_cent_completed_by_what_vanished_is_taken_back_with_it(node, chain, posted, treasurer):
    payer = Payer(node)
    payer.pay_wei(posted, 10 * CENT + CENT // 2)
    assert watch_payments(chain=chain, now=SHOWN_NOW) == 1
    before = node.ask("evm_snapshot")
    payer.pay_wei(posted, CENT // 2)
    assert watch_payments(chain=chain, now=SHOWN_NOW) == 1
    assert state(posted) == (DocumentStatus.OPEN, 11)
    other_blocks(node, before)
    watch_payments(chain=chain, now=SHOWN_NOW)
    watch_payments(chain=chain, now=LATER)
    assert state(posted) == (DocumentStatus.OPEN, 10)
    assert payer.pay_coins(posted, posted.gross_minor * 10_000)
    assert watch_payments(chain=chain, now=LATER) == 1
    assert state(posted) == (DocumentStatus.SETTLED, posted.gross_minor)


def test_a_fraction_that_vanished_takes_the_cent_that_rested_on_it(node, chain, posted, treasurer):
    """The first half of a cent vanishes, the second, which completed it, stays: its booking of a whole cent goes."""
    payer = Payer(node)
    payer.pay_wei(posted, CENT // 2)
    payer.pay_wei(posted, 5 * CENT + CENT // 2)
    assert watch_payments(chain=chain, now=SHOWN_NOW) == 2
    assert state(posted) == (DocumentStatus.OPEN, 6)
    ChainPayment.objects.filter(payment__isnull=True).update(missing_since=SHOWN_NOW, transaction_hash="0x" + "0" * 64)
    assert follow_vanished(chain=chain, now=LATER) == 1
    assert state(posted) == (DocumentStatus.OPEN, 5)
