"""One contract takes coins for one cooperative: others' bills are refused by the contract itself, and what leaves is nobody else's."""

from decimal import Decimal

import pytest

from billing.models import BillingRun, Charge, Document, DocumentKind
from contracts.adapters.ethereum import EthereumChain
from contracts.adapters.signing import address_of, private_key
from contracts.domain.commitments import unhexed
from contracts.models import ChainWithdrawal, PaymentQuote, WalletLink
from contracts.selectors.coins import cooperative_with_coins, takes_coins
from contracts.selectors.offers import offer_of
from contracts.services.collecting import CannotCollect, collect_coins
from contracts.services.outbox import address_on, drain, enqueue
from contracts.services.payments import watch_payments
from contracts.services.witness import witness
from members.models import Cooperative, Member, Membership, Notification, Role, User
from microgrid_site.checkup import whose_coins
from tests.integration.contracts.node import Node
from tests.integration.contracts.test_stable_coin import CENT, UNITS, Payer
from tests.integration.contracts.test_withdrawals import Payee, balance, distribute
from tests.integration.grid.conftest import SHOWN_NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def other(settled: BillingRun) -> Cooperative:
    """A second cooperative of the installation."""
    return Cooperative.objects.create(name="Nachbarn eG", slug="nachbarn", currency="EUR")


def treasurer_of(cooperative: Cooperative) -> User:
    user = User.objects.create_user(f"books@{cooperative.slug}.example", is_staff=True)
    Membership.objects.create(user=user, cooperative=cooperative, role=Role.TARIFF_ADMIN)
    return user


def terms(chain: EthereumChain, bill: Document) -> tuple[int, int]:
    """What all of a bill costs on the chain, in wei and units of the stable coin."""
    offer = chain.call("Billing", address_on(chain, "Billing"), "quoteOf", [unhexed(bill.chain_ref)])
    return int(offer[1]), int(offer[3])


def test_bills_of_another_cooperative_cannot_be_paid_with_coins(
    node: Node, chain: EthereumChain, settled: BillingRun, bill: Document, other: Cooperative, settings
) -> None:
    settings.CHAIN_COOPERATIVE = other.slug
    witness(chain=chain, now=SHOWN_NOW)
    quote = PaymentQuote.objects.get(document=bill)
    assert (quote.wei_per_minor, quote.coin) == (0, None)
    assert terms(chain, bill) == (0, 0)
    assert (offer_of(bill).state, offer_of(bill).ways) == ("not_taken", [])
    payer = Payer(node)
    payer.pay_wei(bill, bill.gross_minor * CENT)
    assert not payer.pay_coins(bill, bill.gross_minor * UNITS)
    assert watch_payments(chain=chain, now=SHOWN_NOW) == 0
    settings.CHAIN_COOPERATIVE = settled.microgrid.cooperative.slug
    assert offer_of(bill).state == "not_taken"  # until the chain knows its rates
    witness(chain=chain, now=SHOWN_NOW)
    assert terms(chain, bill) == (bill.gross_minor * CENT, bill.gross_minor * UNITS)
    assert len(offer_of(bill).ways) == 2
    payer.pay_wei(bill, 100 * CENT)
    assert watch_payments(chain=chain, now=SHOWN_NOW) == 1
    settings.CHAIN_COOPERATIVE = other.slug  # whose coins are there is no other's contract
    assert cooperative_with_coins() is None
    assert "CHAIN_COOPERATIVE" in whose_coins()
    witness(chain=chain, now=SHOWN_NOW)
    assert terms(chain, bill) == (0, 0)


def test_where_nobody_said_for_whom_coins_are_taken_for_nobody(
    node: Node, chain: EthereumChain, settled: BillingRun, bill: Document, other: Cooperative
) -> None:
    cooperative = settled.microgrid.cooperative
    assert cooperative_with_coins() is None and not takes_coins(cooperative) and not takes_coins(other)
    assert "CHAIN_COOPERATIVE" in whose_coins()
    other.delete()
    assert takes_coins(cooperative) and not whose_coins()
    witness(chain=chain, now=SHOWN_NOW)
    Payer(node).pay_wei(bill, 100 * CENT)
    watch_payments(chain=chain, now=SHOWN_NOW)
    later = Cooperative.objects.create(name="Später eG", slug="spaeter", currency="EUR")
    assert takes_coins(cooperative) and not takes_coins(later)


def test_a_member_of_another_cooperative_takes_nothing_in_its_books(
    node: Node, chain: EthereumChain, settled: BillingRun, bill: Document, other: Cooperative, settings
) -> None:
    settings.CHAIN_COOPERATIVE = settled.microgrid.cooperative.slug
    staff = [treasurer_of(settled.microgrid.cooperative), treasurer_of(other)]
    stranger = Member.objects.create(cooperative=other, number="N 1", name="Nia", city="Ort")
    payee = Payee(node)
    WalletLink.objects.create(member=stranger, address=payee.account, linked_at=SHOWN_NOW)
    witness(chain=chain, now=SHOWN_NOW)
    Payer(node).pay_wei(bill, 100 * CENT)
    watch_payments(chain=chain, now=SHOWN_NOW)
    distribute(chain, settled, [payee.account])
    payee.withdraw()
    for _ in range(2):
        watch_payments(chain=chain, now=SHOWN_NOW)
    seen = ChainWithdrawal.objects.get()
    assert (seen.worth_minor, seen.charge, seen.cooperative) == (0, None, other)
    assert not Charge.objects.exists() and balance("chain_wallet") == 100
    for user in staff:
        (told,) = Notification.objects.filter(user=user, kind="chain_withdrawal")
        assert "0.0004 ETH are not there for Nachbarn eG" in told.text


def test_an_unknown_wallet_that_a_stranger_links_stays_unbooked(
    node: Node, chain: EthereumChain, settled: BillingRun, bill: Document, other: Cooperative, settings
) -> None:
    settings.CHAIN_COOPERATIVE = settled.microgrid.cooperative.slug
    payee = Payee(node)
    witness(chain=chain, now=SHOWN_NOW)
    Payer(node).pay_wei(bill, 100 * CENT)
    watch_payments(chain=chain, now=SHOWN_NOW)
    distribute(chain, settled, [payee.account])
    payee.withdraw()
    watch_payments(chain=chain, now=SHOWN_NOW)
    stranger = Member.objects.create(cooperative=other, number="N 1", name="Nia", city="Ort")
    WalletLink.objects.create(member=stranger, address=payee.account, linked_at=SHOWN_NOW)
    watch_payments(chain=chain, now=SHOWN_NOW)
    assert not Charge.objects.exists() and balance("chain_wallet") == 100


def test_coins_of_two_that_came_before_are_parted_for_members_and_booked_for_none_otherwise(
    node: Node, chain: EthereumChain, settled: BillingRun, bill: Document, other: Cooperative, settings, behind_the_back
) -> None:
    cooperative = settled.microgrid.cooperative
    settings.CHAIN_COOPERATIVE = cooperative.slug
    staff = [treasurer_of(cooperative), treasurer_of(other)]
    witness(chain=chain, now=SHOWN_NOW)
    second = Document.objects.filter(run=settled, kind=DocumentKind.BILL, gross_minor__gt=200).exclude(pk=bill.pk)[0]
    payer = Payer(node)
    payer.pay_wei(bill, 100 * CENT)
    payer.pay_wei(second, 200 * CENT)
    watch_payments(chain=chain, now=SHOWN_NOW)
    behind_the_back("UPDATE billing_document SET cooperative_id = %s WHERE id = %s", other.pk, second.pk)
    assert cooperative_with_coins() is None and "several cooperatives" in whose_coins()
    with pytest.raises(CannotCollect, match="several cooperatives"):
        collect_coins(chain=chain, now=SHOWN_NOW)
    payee, stranger = Payee(node), Member.objects.filter(cooperative=cooperative, is_cooperative=False)[0]
    WalletLink.objects.create(member=stranger, address=payee.account, linked_at=SHOWN_NOW)
    distribute(chain, settled, [payee.account])
    payee.withdraw()  # 300 of which 100 are there for its cooperative
    watch_payments(chain=chain, now=SHOWN_NOW)
    seen = ChainWithdrawal.objects.get()
    assert (seen.worth_minor, seen.revenue_units) == (100, Decimal(300 * CENT))
    for user in staff:
        (told,) = Notification.objects.filter(user=user, kind="chain_withdrawal")
        assert "0.0008 ETH are not there" in told.text
    payer.pay_wei(second, 50 * CENT)
    watch_payments(chain=chain, now=SHOWN_NOW)
    distribute(chain, settled, [address_of(private_key())], nth=1)
    enqueue(chain=chain, key="test own", contract="Billing", function="withdraw", arguments=[], now=SHOWN_NOW)
    drain(chain=chain, now=SHOWN_NOW)
    watch_payments(chain=chain, now=SHOWN_NOW)
    own = ChainWithdrawal.objects.latest("pk")
    assert (own.cooperative, own.posted, balance("own_wallet")) == (None, None, 0)
    for user in staff:
        told = Notification.objects.filter(user=user, kind="chain_withdrawal").latest("pk")
        assert "agree whose they are" in told.text
