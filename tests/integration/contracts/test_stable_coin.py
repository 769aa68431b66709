"""Bills paid in a stable coin on a real chain: wholly, with the chain's own coin, after the bank, in the wrong coin, too late, struck."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Sum

from billing.models import Document, DocumentStatus, LedgerEntry, Payment, PaymentRail
from billing.services.payments import book_payment
from contracts.adapters.ethereum import EthereumChain
from contracts.adapters.signing import checksummed
from contracts.adapters.virtual_wallet import VirtualWallet
from contracts.domain.chain import PaymentEvent
from contracts.domain.coins import WAD
from contracts.domain.commitments import unhexed
from contracts.models import ChainDeployment, ChainPayment, ChainTransaction, PaymentQuote, StableCoin, TransactionStatus
from contracts.services.deployment import coin_taken, deploy_contracts
from contracts.services.outbox import address_on
from contracts.services.payments import watch_payments
from contracts.services.witness import witness
from tests.integration.contracts.node import Node
from tests.integration.grid.conftest import SHOWN_NOW

pytestmark = pytest.mark.django_db
CENT = 4_000_000_000_000  # wei, the stated rate of the settings
UNITS = 10_000  # of the test coin: six decimals, one coin is one unit of the currency


class Payer:
    """An account of the node that pays as a member's wallet would."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.account = checksummed(node.ask("eth_accounts")[4])

    def call(self, contract: str, to: str, function: str, arguments: list[Any], wei: int = 0) -> str:
        return self.node.transact(self.account, to, wei, self.node.chain.encode(contract, function, arguments))

    def coins(self, units: int, token: str = "") -> str:
        """Make coins and let the contract take them; returns the token's address."""
        token = token or address_on(self.node.chain, "TestCoin")
        self.call("TestCoin", token, "mint", [self.account, units])
        self.call("TestCoin", token, "approve", [address_on(self.node.chain, "Billing"), units])
        return token

    def pay_coins(self, bill: Document, units: int, token: str = "") -> bool:
        token = self.coins(units, token)
        arguments = [unhexed(bill.chain_ref), token, units]
        sent = self.call("Billing", address_on(self.node.chain, "Billing"), "processTokenPayment", arguments)
        receipt = self.node.chain.receipt(sent)
        return bool(receipt and receipt.succeeded)

    def pay_wei(self, bill: Document, wei: int) -> None:
        self.call("Billing", address_on(self.node.chain, "Billing"), "processPayment", [unhexed(bill.chain_ref)], wei)


@pytest.fixture
def payer(node: Node) -> Payer:
    return Payer(node)


@pytest.fixture
def posted(chain: EthereumChain, bill: Document) -> Document:
    witness(chain=chain, now=SHOWN_NOW)
    return bill


@pytest.fixture
def other_coin(node: Node) -> Callable[[], str]:
    """Deploy one more test coin from an account of the node; returns its address."""

    def deploy() -> str:
        sent = node.ask(
            "eth_sendTransaction", {"from": node.ask("eth_accounts")[5], "data": "0x" + node.chain.deployment("TestCoin", []).hex()}
        )
        node.ask("anvil_mine", "0x1")
        return str(EthereumChain(node.url)._web3.eth.get_transaction_receipt(sent)["contractAddress"])

    return deploy


def booked(bill: Document) -> list[tuple[int, str]]:
    """What was booked on the chain's rail, with the coin as the books say it."""
    rows = Payment.objects.filter(document=bill, rail=PaymentRail.CHAIN).order_by("pk")
    return [(row.amount_minor, row.note.split(" ")[1]) for row in rows]


def is_settled(bill: Document) -> bool:
    bill.refresh_from_db()
    sums = LedgerEntry.objects.aggregate(debits=Sum("debit_minor"), credits=Sum("credit_minor"))
    assert sums["debits"] == sums["credits"]
    return bill.status == DocumentStatus.SETTLED


def test_the_coin_is_named_once_and_bills_are_quoted_in_both(chain, posted):
    coin = coin_taken(chain.chain_id())
    assert coin is not None
    assert (coin.symbol, coin.decimals) == ("tEUR", 6)
    quote = PaymentQuote.objects.get(document=posted)
    assert (quote.due_minor, quote.units_per_minor, quote.coin) == (posted.gross_minor, UNITS, coin)
    offer = chain.call("Billing", address_on(chain, "Billing"), "quoteOf", [unhexed(posted.chain_ref)])
    assert offer[:4] == (posted.gross_minor * WAD, posted.gross_minor * CENT, coin.address, posted.gross_minor * UNITS)
    deploy_contracts(chain=chain, now=SHOWN_NOW)
    assert StableCoin.objects.count() == 1


def test_a_bill_is_paid_in_coins_and_no_more_is_taken_than_is_owed(chain, posted, payer):
    assert payer.pay_coins(posted, posted.gross_minor * UNITS + 5_000_000)
    assert watch_payments(chain=chain, now=SHOWN_NOW) == 1
    assert watch_payments(chain=chain, now=SHOWN_NOW) == 0
    assert is_settled(posted)
    assert booked(posted) == [(posted.gross_minor, "tEUR")]
    token = address_on(chain, "TestCoin")
    assert chain.call("TestCoin", token, "balanceOf", [payer.account]) == 5_000_000


def test_a_bill_is_paid_first_in_ether_then_in_coins_to_the_cent(chain, posted, payer):
    payer.pay_wei(posted, 10 * CENT + CENT // 3)
    assert watch_payments(chain=chain, now=SHOWN_NOW) == 1
    assert payer.pay_coins(posted, 20 * UNITS + UNITS * 2 // 3)
    assert watch_payments(chain=chain, now=SHOWN_NOW) == 1
    assert payer.pay_coins(posted, posted.gross_minor * UNITS)
    assert watch_payments(chain=chain, now=SHOWN_NOW) == 1
    assert booked(posted) == [(10, "ETH"), (20, "tEUR"), (posted.gross_minor - 30, "tEUR")]
    assert is_settled(posted)
    assert not payer.pay_coins(posted, UNITS)


def test_coins_after_the_bank_are_booked_and_become_credit(chain, posted, payer):
    book_payment(
        document=posted,
        amount_minor=posted.gross_minor,
        rail=PaymentRail.BANK,
        external_ref="statement 1",
        received_at=SHOWN_NOW,
        now=SHOWN_NOW,
    )
    assert payer.pay_coins(posted, posted.gross_minor * UNITS)
    assert watch_payments(chain=chain, now=SHOWN_NOW) == 1
    assert is_settled(posted)
    assert posted.paid_minor == posted.gross_minor
    credit = Payment.objects.filter(member=posted.member_id, document=posted).aggregate(sum=Sum("credit_minor"))
    used = Payment.objects.filter(member=posted.member_id).aggregate(sum=Sum("amount_minor"))["sum"]
    assert used == 2 * posted.gross_minor
    assert 0 <= credit["sum"] <= posted.gross_minor


@pytest.mark.parametrize("rail", [PaymentRail.BANK, PaymentRail.CASH, PaymentRail.CARD])
def test_what_was_paid_in_part_elsewhere_is_not_asked_for_on_the_chain(chain, posted, payer, rail):
    payer.pay_wei(posted, 7 * CENT)
    watch_payments(chain=chain, now=SHOWN_NOW)
    book_payment(document=posted, amount_minor=30, rail=rail, external_ref="s", received_at=SHOWN_NOW, now=SHOWN_NOW)
    witness(chain=chain, now=SHOWN_NOW)
    words, billing = [unhexed(posted.chain_ref)], address_on(chain, "Billing")
    assert chain.call("Billing", billing, "quoteOf", words)[0] == (posted.gross_minor - 37) * WAD
    count = ChainTransaction.objects.count()
    witness(chain=chain, now=SHOWN_NOW)
    assert ChainTransaction.objects.count() == count
    book_payment(document=posted, amount_minor=posted.gross_minor - 37, rail=rail, external_ref="t", received_at=SHOWN_NOW, now=SHOWN_NOW)
    witness(chain=chain, now=SHOWN_NOW)
    assert not payer.pay_coins(posted, UNITS)
    assert is_settled(posted)


def test_a_payment_on_its_way_counts_when_a_quote_comes_after_it(node, chain, posted, payer, settings):
    settings.CHAIN_CONFIRMATIONS = 3
    payer.pay_wei(posted, 50 * CENT)  # the books do not know of it yet
    book_payment(document=posted, amount_minor=30, rail=PaymentRail.BANK, external_ref="s", received_at=SHOWN_NOW, now=SHOWN_NOW)
    witness(chain=chain, now=SHOWN_NOW)
    node.ask("anvil_mine", "0x3")
    witness(chain=chain, now=SHOWN_NOW)
    assert payer.pay_coins(posted, posted.gross_minor * UNITS)
    node.ask("anvil_mine", "0x3")
    witness(chain=chain, now=SHOWN_NOW)
    assert is_settled(posted)
    assert sum(amount for amount, _ in booked(posted)) == posted.gross_minor - 30


def test_another_token_is_refused_and_nothing_is_booked(chain, posted, payer, other_coin):
    assert not payer.pay_coins(posted, posted.gross_minor * UNITS, other_coin())
    assert watch_payments(chain=chain, now=SHOWN_NOW) == 0
    assert not ChainPayment.objects.exists()


def test_an_expired_quote_is_refused_until_it_is_renewed(node, chain, posted, payer):
    node.ask("evm_increaseTime", 61 * 86_400)
    node.ask("anvil_mine", "0x1")
    assert not payer.pay_coins(posted, posted.gross_minor * UNITS)
    assert watch_payments(chain=chain, now=SHOWN_NOW) == 0
    witness(chain=chain, now=SHOWN_NOW)
    assert payer.pay_coins(posted, posted.gross_minor * UNITS)
    assert watch_payments(chain=chain, now=SHOWN_NOW) == 1
    assert is_settled(posted)


def test_a_block_that_is_taken_back_books_nothing(node, chain, posted, payer, settings):
    settings.CHAIN_CONFIRMATIONS = 3
    watch_payments(chain=chain, now=SHOWN_NOW)
    before = node.ask("evm_snapshot")
    assert payer.pay_coins(posted, posted.gross_minor * UNITS)
    assert watch_payments(chain=chain, now=SHOWN_NOW) == 0
    assert node.ask("evm_revert", before)
    node.ask("anvil_mine", "0xa")
    assert watch_payments(chain=chain, now=SHOWN_NOW) == 0
    assert not ChainPayment.objects.exists()


class Struck(EthereumChain):
    """A chain that is asked by a witness which dies after some events."""

    def __init__(self, url: str, after: int) -> None:
        super().__init__(url)
        self._after = after

    def payments(self, address: str, first_block: int, last_block: int) -> list[PaymentEvent]:
        return DiesAfter(super().payments(address, first_block, last_block), self._after)


class DiesAfter(list[PaymentEvent]):
    def __init__(self, events: list[PaymentEvent], after: int) -> None:
        super().__init__(events)
        self._after = after

    def __iter__(self):
        yield from list(super().__iter__())[: self._after]
        raise KeyboardInterrupt


@pytest.mark.parametrize("after", [0, 1, 2])
def test_a_witness_that_dies_among_events_books_each_once(node, posted, payer, after):
    payer.pay_wei(posted, 11 * CENT)
    assert payer.pay_coins(posted, posted.gross_minor * UNITS)
    with pytest.raises(KeyboardInterrupt):
        watch_payments(chain=Struck(node.url, after), now=SHOWN_NOW)
    assert watch_payments(chain=node.chain, now=SHOWN_NOW) == 2 - after
    assert booked(posted) == [(11, "ETH"), (posted.gross_minor - 11, "tEUR")]
    assert is_settled(posted)


def test_another_coin_of_the_settings_is_named_and_open_bills_are_quoted_in_it(chain, posted, payer, other_coin, settings):
    payer.pay_coins(posted, 10 * UNITS)
    settings.CHAIN_STABLE_COIN = other_coin().lower()
    settings.CHAIN_STABLE_UNITS_PER_MINOR = 12_345
    witness(chain=chain, now=SHOWN_NOW)
    assert StableCoin.objects.count() == 2
    assert not payer.pay_coins(posted, UNITS)
    assert payer.pay_coins(posted, posted.gross_minor * 12_345, coin_taken(chain.chain_id()).address)
    assert watch_payments(chain=chain, now=SHOWN_NOW) == 1
    assert is_settled(posted)
    assert ChainPayment.objects.order_by("pk").last().paid_units == (posted.gross_minor - 10) * 12_345
    settings.CHAIN_STABLE_COIN, settings.CHAIN_STABLE_UNITS_PER_MINOR = "", 0
    witness(chain=chain, now=SHOWN_NOW)
    assert StableCoin.objects.count() == 3
    assert not ChainTransaction.objects.exclude(status=TransactionStatus.CONFIRMED).exists()


def test_what_is_no_token_is_not_taken_and_bills_are_quoted_without(chain, bill, settings):
    settings.CHAIN_STABLE_COIN = "0x" + "ab" * 20
    witness(chain=chain, now=SHOWN_NOW)
    quote = PaymentQuote.objects.get(document=bill)
    assert (quote.coin, quote.units_per_minor) == (None, 0)
    assert quote.wei_per_minor == CENT
    assert not ChainTransaction.objects.filter(contract="TestCoin").exists()


def test_the_deploying_command_says_the_coin_or_what_is_wrong_with_it(node, chain, settings, capsys):
    settings.CHAIN_RPC_URL = node.url
    call_command("deploy_contracts")
    assert "tEUR, 10000 units per minor unit" in capsys.readouterr().out
    settings.CHAIN_STABLE_COIN = "0x" + "ab" * 20
    with pytest.raises(CommandError, match="does not answer as a token"):
        call_command("deploy_contracts")


def test_a_former_contract_is_named_and_told_of_no_coin(node, chain, settings, capsys):
    settings.CHAIN_RPC_URL, settings.CHAIN_STABLE_COIN = node.url, "0x" + "ab" * 20
    deploy_contracts(chain=chain, now=SHOWN_NOW)
    billing = ChainDeployment.objects.get(contract="Billing").transaction
    ChainTransaction.objects.filter(pk=billing.pk).update(calldata=bytes(billing.calldata) + b"\x01")
    settings.CHAIN_STABLE_COIN = ""
    call_command("deploy_contracts")
    told = [line for line in capsys.readouterr().out.splitlines() if "former version" in line]
    assert len(told) == 1 and told[0].startswith("Billing ")
    assert not StableCoin.objects.exists()


def test_a_wallet_with_coins_pays_once_however_often_it_is_told(node, posted, tmp_path):
    wallet, chain = VirtualWallet(tmp_path / "wallet"), node.chain
    words = (address_on(chain, "Billing"), address_on(chain, "TestCoin"), posted.chain_ref, posted.gross_minor * UNITS)
    first = wallet.pay_in_test_coin(chain, *words)
    assert VirtualWallet(tmp_path / "wallet").pay_in_test_coin(chain, *words) == first
    assert watch_payments(chain=chain, now=SHOWN_NOW) == 1
    assert booked(posted) == [(posted.gross_minor, "tEUR")]
