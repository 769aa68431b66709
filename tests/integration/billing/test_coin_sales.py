"""Coins of the own wallet on their way to the bank: sold at cost, matched, undone, taken back, compared; and any sequence of all that."""

import random
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse

from billing.domain.reconciliation import Link
from billing.models import AccountCode, BankStatementLine, CoinSale, LedgerTransaction, LineStatus
from billing.selectors.causes import causes_of
from billing.selectors.run_summary import trial_balance
from billing.services.bank_lines import CannotResolve, sale_by_line, undo_line
from billing.services.bank_statements import import_statement
from billing.services.coin_sales import CannotSellCoins, take_back_coin_sale
from billing.services.ledger import account, post_transaction
from billing.services.periods import close_period
from contracts.domain.coins import NATIVE, WAD
from contracts.models import ChainWithdrawal
from contracts.selectors.holdings import held_coins
from contracts.selectors.reconciliation import whole_chain
from contracts.services.coin_sales import sell_coins
from kernel.intervals import Month
from members.models import Cooperative, Membership, Role, User
from tests.integration.billing.conftest import NOW, Hamlet
from tests.unit.billing.banking.camt_files import camt, detail, entry

pytestmark = pytest.mark.django_db
IBAN = "DE89370400440532013000"
ETHER = f"31337:{NATIVE}"
DAY = NOW.date()


@pytest.fixture
def cooperative(hamlet: Hamlet) -> Cooperative:
    Cooperative.objects.filter(pk=hamlet.cooperative.pk).update(iban=IBAN)
    hamlet.cooperative.refresh_from_db()
    return hamlet.cooperative


@pytest.fixture
def treasurer(cooperative: Cooperative) -> User:
    user = User.objects.create_user("books@x.example", is_staff=True)
    Membership.objects.create(user=user, cooperative=cooperative, role=Role.TARIFF_ADMIN)
    return user


def take_out(cooperative: Cooperative, units: int, worth_minor: int, day: date = DAY) -> ChainWithdrawal:
    """As the witness books what the cooperative's own account withdraws."""
    count = ChainWithdrawal.objects.count()
    row = ChainWithdrawal(
        chain_id=31337,
        transaction_hash=f"0x{count:064x}",
        block_number=count + 1,
        log_index=0,
        payee="0x" + "1" * 40,
        units=Decimal(units),
        revenue_units=Decimal(units),
        worth_wad=Decimal(worth_minor * WAD),
        worth_minor=worth_minor,
        cooperative=cooperative,
        seen_at=NOW,
        bookings=1,
    )
    row.posted = post_transaction(
        cooperative=cooperative,
        idempotency_key=f"withdrawn:{row.public_id}:0",
        cause="chain withdrawal",
        cause_ref=row.public_id,
        booked_date=day,
        now=NOW,
        amounts={account(cooperative, AccountCode.OWN_WALLET): worth_minor, account(cooperative, AccountCode.CHAIN_WALLET): -worth_minor},
    )
    row.save()
    return row


def sell(cooperative: Cooperative, user: User, units: int, proceeds: int, reference: str, fee: int = 0, **other: Any) -> CoinSale:
    words = {"coin": ETHER, "sold_date": DAY, "now": NOW} | other
    return sell_coins(cooperative=cooperative, units=units, proceeds_minor=proceeds, fee_minor=fee, reference=reference, user=user, **words)


def bank(cooperative: Cooperative, minor: int, words: str, day: date = DAY, number: str = "1") -> BankStatementLine:
    """A movement that comes in by a statement of its own."""
    told = detail(name="Exchange Ltd", text=words, ref=f"R{number}")
    content = camt(entry(f"{minor / 100:.2f}", details=told, day=f"{day}", ref=f"E{number}"), number=f"S{number}")
    statement, _ = import_statement(cooperative=cooperative, content=content, file_name="x.xml", now=NOW)
    return statement.lines.get()


def balances(cooperative: Cooperative) -> dict[str, int]:
    found = trial_balance(cooperative)
    codes = ("own_wallet", "coins_sold", "coin_result", "coin_fees", "bank", "suspense")
    return {code: found.get(code, 0) for code in codes}


def links(hamlet: Hamlet, days_later: int = 0) -> dict[str, Link]:
    when = NOW + timedelta(days=days_later)
    return {link.code: link for link in whole_chain(hamlet.microgrid, Month(DAY.year, DAY.month), now=when)}


def test_a_sale_is_booked_at_cost_and_its_money_found_by_the_reference(hamlet, cooperative, treasurer) -> None:
    take_out(cooperative, 10, 100)
    take_out(cooperative, 10, 200)
    sale = sell(cooperative, treasurer, 15, 260, "TX-2016-0042", fee=15)
    assert (sale.cost_minor, sale.figures.gain_minor, sale.figures.net_minor) == (225, 35, 245)
    assert balances(cooperative) == {"own_wallet": 75, "coins_sold": 245, "coin_result": -35, "coin_fees": 15, "bank": 0, "suspense": 0}
    assert links(hamlet)["coins"].agrees and links(hamlet)["coins-bank"].waiting == 1
    late = links(hamlet, days_later=11)["coins-bank"]
    assert not late.agrees and late.gaps[0].key == str(sale.public_id)
    line = bank(cooperative, 245, "Payout TX20160042")
    assert (line.status, line.why) == (LineStatus.BOOKED, "coins sold: TX-2016-0042")
    assert balances(cooperative) == {"own_wallet": 75, "coins_sold": 0, "coin_result": -35, "coin_fees": 15, "bank": 245, "suspense": 0}
    shown = links(hamlet, days_later=11)
    assert shown["coins-bank"].agrees and shown["coins-bank"].left == shown["coins-bank"].right == 245
    assert shown["coins"].agrees and shown["coins"].right == 225
    assert shown["bank"].agrees
    cause = causes_of([sale.posted])[sale.posted.pk]
    assert (cause.row, cause.reference) == (sale, "TX-2016-0042")


def test_money_that_came_before_the_sale_was_recorded_is_booked_with_it(cooperative, treasurer) -> None:
    take_out(cooperative, 10, 100)
    line = bank(cooperative, 90, "Your payout ABC-123-XYZ")
    assert line.status == LineStatus.OPEN
    sale = sell(cooperative, treasurer, 10, 95, "abc123xyz", fee=5)
    line.refresh_from_db()
    assert (line.status, sale.bank_line) == (LineStatus.BOOKED, line)
    assert balances(cooperative) == {"own_wallet": 0, "coins_sold": 0, "coin_result": 5, "coin_fees": 5, "bank": 90, "suspense": 0}


def test_a_person_says_it_where_the_bank_does_not_and_undoes_it(hamlet, cooperative, treasurer) -> None:
    take_out(cooperative, 10, 100)
    sale = sell(cooperative, treasurer, 10, 120, "TX-000001")
    line, other = (bank(cooperative, 120, "no words", number="1"), bank(cooperative, 119, "no words", number="2"))
    with pytest.raises(CannotResolve, match="the fee that the exchange kept"):
        sale_by_line(line=other, sale=sale, user=treasurer, now=NOW)
    sale_by_line(line=line, sale=sale, user=treasurer, now=NOW)
    assert (balances(cooperative)["coins_sold"], balances(cooperative)["suspense"]) == (0, -119)
    sale.refresh_from_db()
    with pytest.raises(CannotSellCoins, match="undo the movement"):
        take_back_coin_sale(sale=sale, why="wrong", user=treasurer, now=NOW)
    undo_line(line=line, user=treasurer, now=NOW)
    assert (balances(cooperative)["coins_sold"], balances(cooperative)["suspense"]) == (120, -239)
    line.refresh_from_db()
    assert line.status == LineStatus.OPEN
    sale_by_line(line=line, sale=sale, user=treasurer, now=NOW)  # and once more
    undo_line(line=line, user=treasurer, now=NOW)
    sale.refresh_from_db()
    for _ in range(2):
        take_back_coin_sale(sale=sale, why="the wrong exchange", user=treasurer, now=NOW)
    assert balances(cooperative) == {"own_wallet": 100, "coins_sold": 0, "coin_result": 0, "coin_fees": 0, "bank": 239, "suspense": -239}
    again = sell(cooperative, treasurer, 10, 119, "TX-000001")  # the reference is free again
    with pytest.raises(CannotResolve, match="does not wait"):
        sale_by_line(line=line, sale=sale, user=treasurer, now=NOW)
    sale_by_line(line=other, sale=again, user=treasurer, now=NOW)
    assert links(hamlet)["coins"].agrees and links(hamlet)["coins-bank"].agrees


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"units": 11}, "holds"),
        ({"units": 0}, "holds"),
        ({"coin": "31337:0xother"}, "none of these coins"),
        ({"sold_date": DAY - timedelta(days=1)}, "none of these coins"),
        ({"sold_date": DAY + timedelta(days=1)}, "has come"),
        ({"fee": 121}, "fee"),
        ({"fee": -1}, "fee"),
        ({"proceeds": -5, "fee": -5}, "fee"),
        ({"reference": "TX-1"}, "reference"),
        ({"reference": "first one"}, "recorded before"),
    ],
)
def test_what_cannot_be_is_refused_and_leaves_nothing(cooperative, treasurer, changes, why) -> None:
    take_out(cooperative, 12, 120)
    sell(cooperative, treasurer, 2, 20, "FIRST-ONE")
    before = balances(cooperative)
    words = {"units": 10, "proceeds": 120, "reference": "TX-000002"} | changes
    with pytest.raises(CannotSellCoins, match=why):
        sell(cooperative, treasurer, **words)
    assert balances(cooperative) == before and CoinSale.objects.count() == 1


def test_each_sale_has_the_average_of_its_own_day(cooperative, treasurer) -> None:
    take_out(cooperative, 10, 100, DAY - timedelta(days=3))
    take_out(cooperative, 10, 200, DAY - timedelta(days=1))
    first = sell(cooperative, treasurer, 5, 60, "EARLY-1", sold_date=DAY - timedelta(days=2))
    assert first.cost_minor == 50
    assert sell(cooperative, treasurer, 5, 60, "LATER-1").cost_minor == 83  # 5 of 15 for 2.50
    with pytest.raises(CannotSellCoins, match="take it back"):
        sell(cooperative, treasurer, 1, 1, "BETWEEN", sold_date=DAY - timedelta(days=1))


def test_coins_that_went_as_fees_of_the_chain_are_a_loss(hamlet, cooperative, treasurer) -> None:
    take_out(cooperative, 10, 100)
    sale = sell(cooperative, treasurer, 3, 0, "gas of March")
    assert not sale.waits_for_money
    assert (balances(cooperative)["coin_result"], balances(cooperative)["own_wallet"]) == (30, 70)
    assert "coins-bank" not in links(hamlet)


def test_a_sale_of_a_closed_month_is_booked_in_an_open_one(cooperative, treasurer) -> None:
    take_out(cooperative, 10, 100, date(2016, 3, 20))
    close_period(cooperative=cooperative, month=Month(2016, 3), by=treasurer, now=NOW)
    sale = sell(cooperative, treasurer, 10, 90, "IN-MARCH", sold_date=date(2016, 3, 25))
    assert (sale.sold_date, sale.posted.booked_date) == (date(2016, 3, 25), DAY)


def test_a_sale_stays_as_it_was_recorded(cooperative, treasurer) -> None:
    take_out(cooperative, 10, 100)
    sale = sell(cooperative, treasurer, 1, 11, "TX-000001")
    rows = CoinSale.objects.filter(pk=sale.pk)
    for change in ({"cost_minor": 0}, {"proceeds_minor": 12}, {"reference": "other"}, {"units": 2}):
        with pytest.raises(DatabaseError, match="stays"), transaction.atomic():
            rows.update(**change)
    with pytest.raises(DatabaseError, match="stays"), transaction.atomic():
        rows.delete()


def test_what_leaves_the_own_wallet_by_hand_is_a_gap(hamlet, cooperative) -> None:
    take_out(cooperative, 10, 100)
    amounts = {account(cooperative, AccountCode.BANK): 5, account(cooperative, AccountCode.OWN_WALLET): -5}
    post_transaction(cooperative=cooperative, idempotency_key="by hand", cause="by hand", booked_date=DAY, amounts=amounts, now=NOW)
    (gap,) = links(hamlet)["coins"].gaps
    assert (gap.kind, gap.right) == ("transaction", 5)


@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_done_nothing_is_made_or_lost(hamlet, cooperative, treasurer, seed) -> None:
    """A hundred steps: coins come, are sold, paid for by the bank with and without words, undone, taken back, wisely or not."""
    chance = random.Random(seed)
    came = 0
    for step in range(100):
        what = chance.choice(["come", "sell", "sell", "bank", "bank", "say", "undo", "back"])
        sales = list(CoinSale.objects.order_by("pk"))
        lines = list(BankStatementLine.objects.order_by("pk"))
        try:
            if what == "come":
                worth = chance.choice([0, 1, 7, 1000, 12345])
                take_out(cooperative, chance.randrange(1, 10**18), worth)
                came += worth
            elif what == "sell":
                (held,) = held_coins(cooperative, until=DAY) or [None]
                most = held.holding.units if held else 1
                units = chance.choice([most, max(most // 3, 1), chance.randrange(1, 10**18)])
                proceeds = chance.randrange(0, 3000)
                sell(cooperative, treasurer, units, proceeds, f"TRADE-{step:05d}", fee=chance.randrange(0, 40))
            elif what == "bank" and sales:
                sale = chance.choice(sales)
                words = chance.choice([sale.reference, "no words"])
                bank(cooperative, max(sale.figures.net_minor, 1), words, number=f"{seed}{step}")
            elif what == "say" and sales and lines:
                sale_by_line(line=chance.choice(lines), sale=chance.choice(sales), user=treasurer, now=NOW)
            elif what == "undo" and lines:
                undo_line(line=chance.choice(lines), user=treasurer, now=NOW)
            elif what == "back" and sales:
                take_back_coin_sale(sale=chance.choice(sales), why="so", user=treasurer, now=NOW)
        except (CannotSellCoins, CannotResolve):
            pass
    standing = list(CoinSale.objects.filter(taken_back_at__isnull=True))
    paid = [sale for sale in standing if sale.bank_line_id is not None]
    told = sum(BankStatementLine.objects.values_list("amount_minor", flat=True))
    assert len(standing) > 5 and paid and len(standing) < CoinSale.objects.count()
    assert balances(cooperative) == {
        "own_wallet": came - sum(s.cost_minor for s in standing),
        "coins_sold": sum(s.figures.net_minor for s in standing if s not in paid),
        "coin_result": -sum(s.figures.gain_minor for s in standing),
        "coin_fees": sum(s.fee_minor for s in standing),
        "bank": told,
        "suspense": -(told - sum(s.figures.net_minor for s in paid)),
    }
    (held,) = held_coins(cooperative, until=DAY)
    assert held.holding.worth_minor == balances(cooperative)["own_wallet"] and held.holding.units >= 0
    if held.holding.units == 0:
        assert held.holding.worth_minor == 0
    shown = links(hamlet)
    assert shown["coins"].agrees and shown["coins-bank"].agrees
    kept = LedgerTransaction.objects.filter(cause="coin sale")
    assert len(causes_of(kept)) == kept.count()


def test_a_treasurer_sells_coins_on_the_page_and_a_stranger_does_not(cooperative, treasurer) -> None:
    url, client = reverse("money-coins"), Client()
    client.force_login(treasurer)
    assert "No coins in the own wallet" in client.get(url).content.decode()
    take_out(cooperative, 10**18, 400_00)
    page = client.get(url, headers={"accept-language": "de"}).content.decode()
    assert "Einen Verkauf eintragen" in page and "400,00" in page
    words = {"do": "sell", "coin": ETHER, "coins": "0,25", "day": f"{DAY}", "proceeds": "120.50", "fee": "0,50", "reference": "TX-000001"}
    wrong = client.post(url, words | {"coins": "0.1234567890123456789"}).content.decode()
    assert "at most 18 decimals" in wrong, wrong and 'value="120.50"' in wrong
    page = client.post(url, words, follow=True).content.decode()
    assert "the coins had cost 100.00, 20.50 were gained" in page
    sale = CoinSale.objects.get()
    assert (sale.cost_minor, sale.fee_minor, int(sale.units)) == (100_00, 50, 25 * 10**16)
    line = bank(cooperative, 120_00, "no words")
    movement = reverse("money-movement", args=[line.public_id])
    assert "Coins sold?" in client.get(movement).content.decode()
    client.post(movement, {"do": "coins", "sale": str(sale.public_id)})
    line.refresh_from_db()
    assert line.status == LineStatus.BOOKED
    client.post(movement, {"do": "undo"})
    client.post(url, {"do": "take-back", "sale": str(sale.public_id), "why": "typed wrongly"})
    sale.refresh_from_db()
    assert (sale.taken_back_by, sale.why) == (treasurer, "typed wrongly")
    for role, seen in ((Role.AUDITOR, 200), (Role.OPERATOR, 404)):
        user = User.objects.create_user(f"{role}@x.example")
        Membership.objects.create(user=user, cooperative=cooperative, role=role)
        client.force_login(user)
        assert client.get(url).status_code == seen
        assert client.post(url, words).status_code in (403, 404)
    assert CoinSale.objects.count() == 1
