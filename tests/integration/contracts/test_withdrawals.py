"""What leaves the Billing contract on a real chain: by members, by the cooperative, by strangers, with a credit, in a block that vanishes."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Sum
from django.test import Client
from django.urls import reverse

from billing.models import AccountCode, BillingRun, Charge, Document, DocumentKind, DocumentStatus, LedgerEntry
from billing.services.charges import CannotTakeBackCharge, take_back_charge
from billing.services.ledger import account, post_transaction
from billing.services.payables import open_payables
from contracts.adapters.ethereum import EthereumChain
from contracts.adapters.signing import address_of, checksummed, private_key
from contracts.domain.commitments import unhexed
from contracts.models import ChainTransaction, ChainWithdrawal, WalletLink
from contracts.selectors.holdings import held_coins
from contracts.selectors.reconciliation import whole_chain
from contracts.services.coin_sales import sell_coins
from contracts.services.collecting import collect_coins
from contracts.services.outbox import address_on, drain, enqueue
from contracts.services.payments import follow_vanished, watch_payments
from contracts.services.witness import witness
from kernel.intervals import Month
from members.models import Member, Membership, Notification, Role, User
from tests.integration.billing.test_struck_at_every_write import strike_everywhere
from tests.integration.contracts.node import Node
from tests.integration.contracts.test_stable_coin import CENT, UNITS, Payer
from tests.integration.contracts.test_vanished_payments import other_blocks
from tests.integration.grid.conftest import SHOWN_NOW
from tests.integration.striking import at_once, is_killed_before

pytestmark = pytest.mark.django_db
LATER = SHOWN_NOW + timedelta(hours=2)


class Payee(Payer):
    """A member whose wallet is an account of the node."""

    def __init__(self, node: Node) -> None:
        super().__init__(node)
        self.account = checksummed(node.ask("eth_accounts")[6])

    def withdraw(self, token: str = "") -> str:
        address = address_on(self.node.chain, "Billing")
        return self.call("Billing", address, "withdrawToken" if token else "withdraw", [token] if token else [])


@pytest.fixture
def credit(settled: BillingRun) -> Document:
    """What a producer is owed; no other one is a member's."""
    return Document.objects.get(run=settled, kind=DocumentKind.CREDIT, member__is_cooperative=False)


@pytest.fixture
def producer(credit: Document) -> Member:
    user = User.objects.create_user("roof@example.org", language="de")
    Membership.objects.create(user=user, cooperative=credit.cooperative, role=Role.MEMBER, member=credit.member)
    return credit.member


@pytest.fixture
def treasurer(settled: BillingRun) -> User:
    user = User.objects.create_user("books@example.org", is_staff=True)
    Membership.objects.create(user=user, cooperative=settled.microgrid.cooperative, role=Role.TARIFF_ADMIN)
    return user


@pytest.fixture
def payee(node: Node, producer: Member) -> Payee:
    """The producer's wallet, linked before the run's revenue was posted."""
    payee = Payee(node)
    WalletLink.objects.create(member=producer, address=payee.account, linked_at=SHOWN_NOW)
    return payee


@pytest.fixture
def paid(node: Node, chain: EthereumChain, settled: BillingRun, bill: Document) -> Document:
    """A bill paid half in wei, half in coins."""
    witness(chain=chain, now=SHOWN_NOW)
    payer, half = Payer(node), bill.gross_minor // 2
    payer.pay_wei(bill, half * CENT)
    assert payer.pay_coins(bill, (bill.gross_minor - half) * UNITS)
    assert watch_payments(chain=chain, now=SHOWN_NOW) == 2
    return bill


def distribute(chain: EthereumChain, run: BillingRun, payees: list[str] | None = None, nth: int = 0) -> None:
    """Share what lies in the contract: among the run's producers, or to whom is named."""
    batch = unhexed(run.chain_ref)
    if payees is not None:
        batch = bytes([nth + 1]) * 32
        enqueue(
            chain=chain,
            key=f"test batch {nth}",
            contract="Billing",
            function="postRevenue",
            arguments=[batch, payees, [1] * len(payees)],
            now=SHOWN_NOW,
        )
    enqueue(chain=chain, key=f"test share {nth}", contract="Billing", function="distributeRevenue", arguments=[batch], now=SHOWN_NOW)
    drain(chain=chain, now=SHOWN_NOW)
    assert ChainTransaction.objects.get(idempotency_key=f"test share {nth}").status == "confirmed"


def balance(code: str, member: Member | None = None) -> int:
    rows = LedgerEntry.objects.filter(account__code=code)
    rows = rows.filter(account__member=member) if member else rows
    sums = rows.aggregate(debits=Sum("debit_minor"), credits=Sum("credit_minor"))
    return (sums["debits"] or 0) - (sums["credits"] or 0)


def link_of(run: BillingRun) -> Any:
    """What the comparison says of the month in which was withdrawn; the whole ledger balances."""
    sums = LedgerEntry.objects.aggregate(debits=Sum("debit_minor"), credits=Sum("credit_minor"))
    assert sums["debits"] == sums["credits"]
    seen = ChainWithdrawal.objects.order_by("pk").first()
    day = seen.seen_at.date() if seen else SHOWN_NOW.date()
    links = whole_chain(run.microgrid, Month(day.year, day.month), now=SHOWN_NOW)
    return next((link for link in links if link.code == "withdrawn"), None)


def test_what_a_producer_withdraws_counts_against_what_is_owed(node, chain, settled, payee, producer, credit, paid):
    distribute(chain, settled, [payee.account])
    owed = credit.gross_minor
    payee.withdraw()
    payee.withdraw(address_on(chain, "TestCoin"))
    assert watch_payments(chain=chain, now=SHOWN_NOW) == 2
    assert watch_payments(chain=chain, now=SHOWN_NOW) == 0
    first, second = ChainWithdrawal.objects.order_by("pk")
    assert first.worth_minor + second.worth_minor == paid.gross_minor
    assert balance("chain_wallet") == 0
    assert link_of(settled).agrees and link_of(settled).left == paid.gross_minor
    credit.refresh_from_db()
    assert credit.paid_minor == min(owed, paid.gross_minor)
    # What was more than is owed is the member's to give back; nothing of both is paid out again by the bank.
    over = max(paid.gross_minor - owed, 0)
    assert sum(charge.rest_minor for charge in Charge.objects.filter(member=producer)) == over
    assert balance("payable", producer) == -(owed - credit.paid_minor)
    assert sum(p.amount_minor for p in open_payables(credit.cooperative) if p.member == producer) == owed - credit.paid_minor
    client = Client(headers={"accept-language": "de"})
    client.force_login(User.objects.get(email="roof@example.org"))
    page = client.get(reverse("bill", args=[credit.public_id])).content.decode()
    assert "So kam es bei Ihnen an" in page and "Auf der Kette abgehoben: " in page
    told = Notification.objects.filter(user__email="roof@example.org", kind="chain_withdrawal")
    assert told.count() == 2 and all("abgehoben" in row.subject for row in told)


def test_a_withdrawal_after_the_payout_is_set_off_against_what_comes_next(chain, settled, payee, producer, credit, paid):
    distribute(chain, settled, [payee.account])
    Document.objects.filter(pk=credit.pk).update(paid_minor=credit.gross_minor, status=DocumentStatus.SETTLED)
    payee.withdraw()
    watch_payments(chain=chain, now=SHOWN_NOW)
    charge = Charge.objects.get(member=producer)
    assert charge.rest_minor == charge.amount_minor == ChainWithdrawal.objects.get().worth_minor
    with pytest.raises(CannotTakeBackCharge):
        take_back_charge(charge=charge, now=SHOWN_NOW, user=User.objects.first(), why="a wish")


def test_the_payers_own_credit_is_no_revenue(node, chain, settled, bill):
    witness(chain=chain, now=SHOWN_NOW)
    payer = Payer(node)
    payer.pay_wei(bill, bill.gross_minor * CENT + 7 * CENT)
    watch_payments(chain=chain, now=SHOWN_NOW)
    payer.call("Billing", address_on(chain, "Billing"), "withdraw", [])
    assert watch_payments(chain=chain, now=SHOWN_NOW) == 1
    seen = ChainWithdrawal.objects.get()
    assert (seen.units, seen.revenue_units, seen.worth_minor) == (7 * CENT, 0, 0)
    assert balance("chain_wallet") == bill.gross_minor
    assert link_of(settled).agrees


def test_the_cooperative_takes_its_coins_once(node, chain, settled, paid, settings):
    settings.CHAIN_RPC_URL = node.url
    call_command("collect_coins")
    assert not collect_coins(chain=chain, now=SHOWN_NOW)
    assert watch_payments(chain=chain, now=SHOWN_NOW) == 2
    assert (balance("chain_wallet"), balance("own_wallet")) == (0, paid.gross_minor)
    assert link_of(settled).agrees
    half = paid.gross_minor // 2
    own = address_of(private_key())
    assert chain.call("TestCoin", address_on(chain, "TestCoin"), "balanceOf", [own]) == (paid.gross_minor - half) * UNITS
    assert {row.status for row in ChainTransaction.objects.filter(idempotency_key__startswith="collect:")} == {"confirmed"}


def test_what_the_cooperative_took_is_sold_coin_by_coin(node, chain, settled, treasurer, paid):
    collect_coins(chain=chain, now=SHOWN_NOW)
    watch_payments(chain=chain, now=SHOWN_NOW)
    cooperative = settled.microgrid.cooperative
    held = {each.coin.symbol: each for each in held_coins(cooperative, until=SHOWN_NOW.date())}
    half = paid.gross_minor // 2
    assert {symbol: (each.holding.units, each.holding.worth_minor) for symbol, each in held.items()} == {
        "ETH": (half * CENT, half),
        "tEUR": ((paid.gross_minor - half) * UNITS, paid.gross_minor - half),
    }
    for symbol, each in held.items():
        sell_coins(
            cooperative=cooperative,
            coin=each.key,
            units=each.holding.units,
            sold_date=SHOWN_NOW.date(),
            proceeds_minor=each.holding.worth_minor + 3,
            fee_minor=2,
            reference=f"TRADE-{symbol}",
            user=treasurer,
            now=SHOWN_NOW,
        )
    assert (balance("own_wallet"), balance("coins_sold")) == (0, paid.gross_minor + 2)
    assert (balance("coin_result"), balance("coin_fees")) == (-6, 4)
    assert [each.holding.units for each in held_coins(cooperative, until=SHOWN_NOW.date())] == [0, 0]
    assert link_of(settled).agrees


def test_nothing_is_collected_where_no_contract_is(node, chain, settled, settings):
    settings.CHAIN_RPC_URL = node.url
    with pytest.raises(CommandError, match="deploy_contracts"):
        call_command("collect_coins")


def test_an_unknown_wallet_is_named_and_booked_once_it_is_linked(node, chain, settled, producer, treasurer, credit, paid):
    payee = Payee(node)
    distribute(chain, settled, [payee.account])
    payee.withdraw()
    for _ in range(2):
        watch_payments(chain=chain, now=SHOWN_NOW)
        (told,) = Notification.objects.filter(user=treasurer, kind="chain_withdrawal")
        assert payee.account in told.text
        (gap,) = link_of(settled).gaps
        assert "no member of this cooperative has linked" in gap.why and (gap.left, gap.right) == (paid.gross_minor // 2, 0)
    client = Client()
    client.force_login(treasurer)
    assert client.get(told.path).status_code == 200
    assert payee.account in client.get(reverse("admin:contracts_chainwithdrawal_changelist")).content.decode()
    WalletLink.objects.create(member=producer, address=payee.account, linked_at=SHOWN_NOW)
    watch_payments(chain=chain, now=SHOWN_NOW)
    assert link_of(settled).agrees
    assert Charge.objects.get().member == producer


def test_a_withdrawal_that_vanishes_is_taken_back_and_booked_again_when_it_returns(
    node, chain, settled, payee, producer, treasurer, credit, paid
):
    distribute(chain, settled, [payee.account])
    before = node.ask("evm_snapshot")
    payee.withdraw()
    watch_payments(chain=chain, now=SHOWN_NOW)
    credit.refresh_from_db()
    assert credit.paid_minor > 0
    other_blocks(node, before)
    watch_payments(chain=chain, now=SHOWN_NOW)
    assert ChainWithdrawal.objects.get().missing_since is not None
    for _ in range(2):
        watch_payments(chain=chain, now=LATER)
        credit.refresh_from_db()
        assert (credit.paid_minor, credit.status) == (0, DocumentStatus.OPEN)
        assert balance("chain_wallet") == paid.gross_minor
        assert link_of(settled).agrees
        assert Notification.objects.filter(user=treasurer, kind="chain_withdrawal").count() == 1
    payee.withdraw()
    assert watch_payments(chain=chain, now=LATER) == 1
    credit.refresh_from_db()
    assert credit.paid_minor > 0
    assert link_of(settled).agrees
    assert follow_vanished(chain=chain, now=LATER) == 0


def test_the_cooperatives_own_is_taken_back_too(node, chain, settled, treasurer, paid):
    before = node.ask("evm_snapshot")
    collect_coins(chain=chain, now=SHOWN_NOW)
    watch_payments(chain=chain, now=SHOWN_NOW)
    assert balance("own_wallet") == paid.gross_minor
    other_blocks(node, before)
    watch_payments(chain=chain, now=SHOWN_NOW)
    watch_payments(chain=chain, now=LATER)
    assert (balance("own_wallet"), balance("chain_wallet")) == (0, paid.gross_minor)
    drain(chain=chain, now=LATER)  # the outbox sends the same bytes again
    assert watch_payments(chain=chain, now=LATER) == 2
    assert (balance("own_wallet"), balance("chain_wallet")) == (paid.gross_minor, 0)
    assert link_of(settled).agrees


def test_struck_before_any_write_it_is_booked_once(chain, settled, payee, producer, credit, paid):
    distribute(chain, settled, [payee.account])
    payee.withdraw()
    payee.withdraw(address_on(chain, "TestCoin"))

    def told() -> Any:
        credit.refresh_from_db()
        charges = Charge.objects.values_list("amount_minor", "paid_minor").order_by("amount_minor")
        return (credit.paid_minor, list(charges), balance("chain_wallet"), link_of(settled).agrees, Notification.objects.count())

    assert strike_everywhere(lambda: watch_payments(chain=chain, now=SHOWN_NOW), told) > 10


def test_what_is_taken_off_the_chains_account_by_hand_is_a_gap(chain, settled, paid):
    cooperative = settled.microgrid.cooperative
    amounts = {account(cooperative, AccountCode.BANK): 5, account(cooperative, AccountCode.CHAIN_WALLET): -5}
    post_transaction(
        cooperative=cooperative, idempotency_key="by hand", cause="by hand", booked_date=SHOWN_NOW.date(), amounts=amounts, now=SHOWN_NOW
    )
    (gap,) = link_of(settled).gaps
    assert (gap.kind, gap.right) == ("transaction", 5)


@pytest.mark.django_db(transaction=True)
def test_a_witness_killed_again_and_again_and_then_two_at_once_book_each_withdrawal_once(
    node, chain, settled, payee, producer, credit, paid
):
    distribute(chain, settled, [payee.account])
    payee.withdraw()
    payee.withdraw(address_on(chain, "TestCoin"))
    kills = 0
    while is_killed_before(1 + 3 * kills, lambda: watch_payments(chain=chain, now=SHOWN_NOW)):
        kills += 1
    assert kills > 5
    at_once(2, lambda _: watch_payments(chain=EthereumChain(node.url), now=SHOWN_NOW))
    assert ChainWithdrawal.objects.count() == Charge.objects.count() == 2
    credit.refresh_from_db()
    assert credit.paid_minor == min(credit.gross_minor, paid.gross_minor)
    assert balance("chain_wallet") == 0 and link_of(settled).agrees
    assert Notification.objects.filter(kind="chain_withdrawal").count() == 2


@pytest.mark.django_db(transaction=True)
def test_two_rounds_at_once_note_a_withdrawal_once(node, chain, settled, payee, producer, credit, paid):
    distribute(chain, settled, [payee.account])
    payee.withdraw()
    payee.withdraw(address_on(chain, "TestCoin"))
    told = at_once(3, lambda _: watch_payments(chain=EthereumChain(node.url), now=SHOWN_NOW))
    assert sum(told) == 2
    assert Charge.objects.count() == 2 and balance("chain_wallet") == 0 and link_of(settled).agrees
