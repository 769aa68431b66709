"""Members' shares in the books: paid in once, given back once, paid out by the bank, and every gap found."""

from datetime import date, timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.urls import reverse

from billing.domain.reconciliation import Link
from billing.models import BankStatementLine, Distribution, DistributionPart, LedgerTransaction, MemberShare, ShareWay
from billing.selectors.causes import causes_of
from billing.selectors.money_links import distributions_and_ledger, shares_and_ledger
from billing.selectors.run_summary import trial_balance
from billing.services.bank_lines import CannotResolve, undo_line
from billing.services.bank_orders import release_order
from billing.services.bank_statements import import_statement
from billing.services.payouts import prepare_payouts
from billing.services.shares import CannotTakeShares, book_shares, give_back_shares, pay_in_shares
from members.models import Cooperative, Member, Role, User
from tests.integration.billing.conftest import NOW, Hamlet, make_hamlet
from tests.integration.billing.test_allocations import IBAN
from tests.integration.billing.test_books_pages import client_of
from tests.unit.billing.banking.camt_files import camt, detail, entry

OTHER = "DE12500105170648489890"
DAY = NOW.date() - timedelta(days=1)


@pytest.fixture
def hands(db: None) -> tuple[User, User]:
    return User.objects.create_user("one@x.example", "x"), User.objects.create_user("two@x.example", "x")


@pytest.fixture
def village(db: None) -> Hamlet:
    made = make_hamlet(closed=False, published=False)
    Cooperative.objects.filter(pk=made.cooperative.pk).update(iban=IBAN)
    Member.objects.filter(cooperative=made.cooperative).update(iban=OTHER)
    made.cooperative.refresh_from_db()
    return made


def member(hamlet: Hamlet, number: str = "1") -> Member:
    return Member.objects.get(cooperative=hamlet.cooperative, number=number)


def pay(hamlet: Hamlet, by: User, **changes: object) -> MemberShare:
    chosen = {
        "cooperative": hamlet.cooperative,
        "member": member(hamlet),
        "count": 2,
        "amount_minor": 10_000,
        "day": DAY,
        "way": ShareWay.CASH,
        "receipt": "Q1",
        "by": by,
        "now": NOW,
    } | changes
    return pay_in_shares(**chosen)


def link(hamlet: Hamlet, what=shares_and_ledger) -> Link:
    return what({"cooperative": hamlet.cooperative.pk, "first": date(2016, 3, 1), "last": date(2016, 6, 30)})


def test_shares_are_paid_by_bank_held_given_back_and_paid_out(village: Hamlet, hands) -> None:
    import_statement(cooperative=village.cooperative, content=camt(entry("100.00", details=detail(name="Ada"))), file_name="a.xml", now=NOW)
    line = BankStatementLine.objects.get()
    with pytest.raises(CannotTakeShares, match="the shares are"):
        pay(village, hands[0], way=ShareWay.BANK, line=line, amount_minor=9_900)
    share = pay(village, hands[0], way=ShareWay.BANK, line=line)
    with pytest.raises(CannotTakeShares, match="does not wait"):
        pay(village, hands[0], way=ShareWay.BANK, line=line)
    line.refresh_from_db()
    assert line.status == "booked" and trial_balance(village.cooperative)["suspense"] == 0
    with pytest.raises(CannotResolve, match="given back"):
        undo_line(line=line, user=hands[0], now=NOW)
    assert (trial_balance(village.cooperative)["bank"], trial_balance(village.cooperative)["member_shares"]) == (10_000, -10_000)
    assert {cause.name for cause in causes_of(LedgerTransaction.objects.filter(cause="shares")).values()} == {"shares paid in: 1"}
    for _ in range(2):
        give_back_shares(share=share, day=NOW.date(), now=NOW)
    with pytest.raises(CannotTakeShares, match="already"):
        give_back_shares(share=share, day=DAY, now=NOW)
    assert trial_balance(village.cooperative)["payable"] == -10_000
    order = prepare_payouts(cooperative=village.cooperative, user=hands[0], now=NOW, sources=["shares"])
    release_order(order=order, user=hands[1], now=NOW)
    share.refresh_from_db()
    balances = trial_balance(village.cooperative)
    assert (share.repaid_minor, balances["payable"], balances["member_shares"], balances["transit"]) == (10_000, 0, 0, -10_000)
    assert link(village).agrees


def test_money_counts_once_and_only_what_is_there(village: Hamlet, hands) -> None:
    pay(village, hands[0])
    for changes, words in (
        ({}, "entered before"),
        ({"receipt": " "}, "receipt's number"),
        ({"count": 0}, "how many"),
        ({"amount_minor": 0}, "how many"),
        ({"day": NOW.date() + timedelta(days=1)}, "has come"),
        ({"way": ShareWay.BANK}, "Choose the movement"),
        ({"member": member(village, "7")}, "by a member"),
    ):
        with pytest.raises(CannotTakeShares, match=words):
            pay(village, hands[0], **changes)
    assert MemberShare.objects.count() == 1
    balances = trial_balance(village.cooperative)
    assert (balances["cash"], balances["member_shares"]) == (10_000, -10_000)
    share = MemberShare.objects.get()
    for changed in ({"way": "mobile"}, {"paid_in_minor": 1}, {"repaid_minor": 10_001}):
        with pytest.raises(DatabaseError), transaction.atomic():
            MemberShare.objects.filter(pk=share.pk).update(**changed)


def test_shares_that_were_only_noted_are_a_gap_until_they_are_booked(village: Hamlet, hands) -> None:
    noted = MemberShare.objects.create(member=member(village), count=1, paid_in_minor=5_000, paid_in_date=DAY, noted_by=hands[0])
    (gap,) = link(village).gaps
    assert (gap.key, gap.left, gap.right) == (str(noted.public_id), 5_000, 0) and "not in the books" in gap.why
    with pytest.raises(CannotTakeShares, match="book first"):
        give_back_shares(share=noted, day=NOW.date(), now=NOW)
    for _ in range(2):
        book_shares(share=noted, way=ShareWay.OPENING, by=hands[0], now=NOW)
    assert link(village).agrees and trial_balance(village.cooperative)["opening"] == 5_000
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = 'replica'")
        cursor.execute("UPDATE billing_membershare SET paid_in_minor = 5001")
        cursor.execute("SET session_replication_role = 'origin'")
    assert [g.why for g in link(village).gaps] == ["the ledger has another sum"]


def test_a_distribution_that_the_ledger_has_otherwise_is_named(village: Hamlet, hands) -> None:
    made = Distribution.objects.create(
        cooperative=village.cooperative,
        kind="revenue",
        name="Odd",
        first_day=date(2016, 3, 1),
        last_day=date(2016, 3, 31),
        energy_percent=100,
        reserve_rate=0,
        withholding_rate=0,
        margin_minor=500,
        used_minor=100,
        reserve_minor=0,
        prepared_at=NOW,
        prepared_by=hands[0],
    )
    DistributionPart.objects.create(distribution=made, member=member(village), delivered_wh=1, capital_days=0, gross_minor=100)
    Distribution.objects.filter(pk=made.pk).update(status="released", released_by=hands[1], released_at=NOW)
    DistributionPart.objects.update(paid_minor=40)
    gaps = link(village, distributions_and_ledger).gaps
    assert [(g.kind, g.left, g.right) for g in gaps] == [("distribution", 100, 0), ("distribution", 40, 0)]


def test_a_treasurer_takes_shares_and_gives_them_back_on_a_page(village: Hamlet) -> None:
    url = reverse("money-shares")
    keeper, auditor = (client_of(village.cooperative, role, name) for role, name in ((Role.TARIFF_ADMIN, "ada"), (Role.AUDITOR, "aud")))
    form = {
        "cooperative": "hamlet",
        "do": "pay-in",
        "member": "1",
        "count": "2",
        "amount": "100,00",
        "day": str(DAY),
        "way": "cash",
        "receipt": "Q7",
    }
    assert auditor.post(url, form).status_code == 403
    assert "noted and booked" in keeper.post(url, form, follow=True).content.decode()
    assert "entered before" in keeper.post(url, form, follow=True).content.decode()
    share = MemberShare.objects.get()
    given = {"cooperative": "hamlet", "do": "give-back", "share": str(share.public_id), "day": str(NOW.date())}
    assert "are given back" in keeper.post(url, given, follow=True).content.decode()
    german = auditor.get(url, HTTP_ACCEPT_LANGUAGE="de").content.decode()
    assert "Geschäftsanteile" in german and "wartet auf eine Auszahlung" in german
    eve = client_of(Cooperative.objects.create(slug="other", name="other"), Role.TARIFF_ADMIN, "eve")
    assert eve.post(url, given | {"cooperative": "other"}).status_code == 404
