"""Payments on a real chain: in full, in parts, too much, after the bank, in a block that is taken back."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from django.db.models import Sum

from billing.models import Document, DocumentStatus, LedgerEntry, Payment, PaymentRail
from billing.services.payments import book_payment
from contracts.adapters.ethereum import EthereumChain
from contracts.adapters.virtual_wallet import VirtualWallet
from contracts.domain.chain import PaymentEvent
from contracts.domain.commitments import unhexed
from contracts.models import ChainPayment, ChainTransaction, PaymentQuote
from contracts.services.outbox import address_on
from contracts.services.payments import watch_payments
from contracts.services.witness import witness
from tests.integration.contracts.node import Node
from tests.integration.grid.conftest import SHOWN_NOW

pytestmark = pytest.mark.django_db
CENT = 4_000_000_000_000  # wei, the stated rate of the settings


@pytest.fixture
def posted(chain: EthereumChain, bill: Document) -> Document:
    """The bill, witnessed and quoted."""
    witness(chain=chain, now=SHOWN_NOW)
    return bill


@pytest.fixture
def pay(node: Node) -> Callable[[Document, int], str]:
    """Pay some wei of a bill from an account of the node."""

    def send(bill: Document, wei: int) -> str:
        chain, payer = node.chain, node.ask("eth_accounts")[3]
        calldata = chain.encode("Billing", "processPayment", [unhexed(bill.chain_ref)])
        return node.transact(payer, address_on(chain, "Billing"), wei, calldata)

    return send


def quote_of(bill: Document) -> int:
    quote = PaymentQuote.objects.get(document=bill)
    return int(quote.due_minor * quote.wei_per_minor)


def booked(bill: Document) -> int:
    return Payment.objects.filter(document=bill).aggregate(sum=Sum("amount_minor"))["sum"] or 0


def ledger_sum() -> int:
    sums = LedgerEntry.objects.aggregate(debits=Sum("debit_minor"), credits=Sum("credit_minor"))
    return sums["debits"] - sums["credits"]


def test_a_paid_quote_settles_the_bill_once(chain, posted, pay):
    pay(posted, quote_of(posted))
    assert watch_payments(chain=chain, now=SHOWN_NOW) == 1
    assert watch_payments(chain=chain, now=SHOWN_NOW) == 0
    posted.refresh_from_db()
    assert posted.status == DocumentStatus.SETTLED
    assert booked(posted) == posted.paid_minor == posted.gross_minor
    assert ledger_sum() == 0


def test_parts_of_a_cent_are_kept_until_they_are_whole(chain, posted, pay):
    half = CENT // 2
    for wei, cents in ((10 * CENT + half, 10), (half, 11), (quote_of(posted) - 11 * CENT, posted.gross_minor)):
        pay(posted, wei)
        assert watch_payments(chain=chain, now=SHOWN_NOW) == 1
        assert booked(posted) == cents
    posted.refresh_from_db()
    assert posted.status == DocumentStatus.SETTLED
    assert ledger_sum() == 0


def test_what_is_paid_too_much_stays_the_payers_credit_on_the_chain(node, chain, posted, pay):
    pay(posted, quote_of(posted) + 7 * CENT)
    watch_payments(chain=chain, now=SHOWN_NOW)
    assert booked(posted) == posted.gross_minor
    payer = ChainPayment.objects.get().payer
    assert chain.call("Billing", address_on(chain, "Billing"), "creditOf", [payer]) == 7 * CENT


def test_a_chain_payment_after_the_bank_is_booked_in_full(chain, posted, pay):
    book_payment(
        document=posted,
        amount_minor=posted.gross_minor,
        rail=PaymentRail.BANK,
        external_ref="statement 1",
        received_at=SHOWN_NOW,
        now=SHOWN_NOW,
    )
    pay(posted, quote_of(posted))
    watch_payments(chain=chain, now=SHOWN_NOW)
    assert booked(posted) == 2 * posted.gross_minor
    assert ledger_sum() == 0


def test_a_bill_paid_at_the_bank_takes_no_wei_once_the_chain_knows(chain, posted, pay):
    book_payment(
        document=posted,
        amount_minor=posted.gross_minor,
        rail=PaymentRail.BANK,
        external_ref="statement 1",
        received_at=SHOWN_NOW,
        now=SHOWN_NOW,
    )
    witness(chain=chain, now=SHOWN_NOW)
    receipt = chain.receipt(pay(posted, quote_of(posted)))
    assert receipt is not None
    assert not receipt.succeeded
    assert watch_payments(chain=chain, now=SHOWN_NOW) == 0
    assert booked(posted) == posted.gross_minor


def test_an_open_bills_quote_is_renewed_before_it_expires(node, chain, posted, pay):
    pay(posted, 10 * CENT)
    witness(chain=chain, now=SHOWN_NOW)
    before = PaymentQuote.objects.get(document=posted)
    node.ask("evm_increaseTime", 54 * 86_400)
    node.ask("anvil_mine", "0x1")
    witness(chain=chain, now=SHOWN_NOW)
    renewed = PaymentQuote.objects.get(document=posted)
    assert (renewed.expires_at - before.expires_at).days in (53, 54)
    words = [unhexed(posted.chain_ref)]
    _, rest, _, _, expires = chain.call("Billing", address_on(chain, "Billing"), "quoteOf", words)
    assert (rest, expires) == ((posted.gross_minor - 10) * CENT, int(renewed.expires_at.timestamp()))
    transactions = ChainTransaction.objects.count()
    witness(chain=chain, now=SHOWN_NOW)
    assert ChainTransaction.objects.count() == transactions
    pay(posted, rest)
    assert watch_payments(chain=chain, now=SHOWN_NOW) == 1
    posted.refresh_from_db()
    assert (posted.status, booked(posted)) == (DocumentStatus.SETTLED, posted.gross_minor)


def test_a_payment_waits_for_its_confirmations(node, chain, posted, pay, settings):
    settings.CHAIN_CONFIRMATIONS = 3
    pay(posted, quote_of(posted))
    assert watch_payments(chain=chain, now=SHOWN_NOW) == 0
    node.ask("anvil_mine", "0x1")
    assert watch_payments(chain=chain, now=SHOWN_NOW) == 0
    node.ask("anvil_mine", "0x1")
    assert watch_payments(chain=chain, now=SHOWN_NOW) == 1


def test_a_payment_in_a_block_that_is_taken_back_is_not_booked(node, chain, posted, pay, settings):
    settings.CHAIN_CONFIRMATIONS = 3
    watch_payments(chain=chain, now=SHOWN_NOW)
    before = node.ask("evm_snapshot")
    pay(posted, quote_of(posted))
    assert watch_payments(chain=chain, now=SHOWN_NOW) == 0
    assert node.ask("evm_revert", before)
    node.ask("anvil_mine", "0x8")
    assert watch_payments(chain=chain, now=SHOWN_NOW) == 0
    assert not ChainPayment.objects.exists()
    assert booked(posted) == 0


def test_other_blocks_at_the_same_height_are_read_again(node, chain, posted, pay):
    node.ask("anvil_mine", "0x12c")  # 300 blocks: further than what is always read again
    before = node.ask("evm_snapshot")
    node.ask("anvil_mine", hex(300))
    watch_payments(chain=chain, now=SHOWN_NOW)
    assert node.ask("evm_revert", before)
    pay(posted, quote_of(posted))
    node.ask("anvil_mine", hex(350), "0x5")
    assert watch_payments(chain=chain, now=SHOWN_NOW) == 1


def test_a_wallet_pays_once_however_often_it_is_told(node, posted, tmp_path: Path):
    chain = node.chain
    wallet = VirtualWallet(tmp_path / "wallet")
    address = address_on(chain, "Billing")
    first = wallet.pay(chain, address, posted.chain_ref, quote_of(posted))
    assert VirtualWallet(tmp_path / "wallet").pay(chain, address, posted.chain_ref, quote_of(posted)) == first
    assert watch_payments(chain=chain, now=SHOWN_NOW) == 1
    chain = node.lose_everything()
    witness(chain=chain, now=SHOWN_NOW)
    assert wallet.pay(chain, address, posted.chain_ref, quote_of(posted)) == first
    assert watch_payments(chain=chain, now=SHOWN_NOW) == 0
    assert booked(posted) == posted.gross_minor


class TwiceInOne(EthereumChain):
    """A chain on which a wallet that is a contract paid a bill in two parts in one transaction."""

    def payments(self, address: str, first_block: int, last_block: int) -> list[PaymentEvent]:
        whole = super().payments(address, first_block, last_block)
        parts = []
        for event in whole:
            part = event.applied_wad // 4
            parts.append(replace(event, applied_wad=part))
            parts.append(replace(event, applied_wad=event.applied_wad - part, position=1))
        return parts


def test_two_payments_in_one_transaction_are_both_booked(node, posted, pay):
    pay(posted, quote_of(posted))
    chain = TwiceInOne(node.url)
    assert watch_payments(chain=chain, now=SHOWN_NOW) == 2
    assert watch_payments(chain=chain, now=SHOWN_NOW) == 0
    assert booked(posted) == posted.gross_minor
