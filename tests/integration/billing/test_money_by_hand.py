"""What a treasurer does by hand: use money for something else, set a credit off, pay back; and what follows when what was paid out shrinks."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction

from billing.models import Charge, Document, LedgerTransaction, Payout, Refund
from billing.selectors.run_summary import trial_balance
from billing.services.allocations import CannotAllocate, set_off, standing_allocations, take_back, use_instead
from billing.services.bank_orders import cancel_order, release_order, take_status_report
from billing.services.bank_statements import import_statement
from billing.services.charges import charge_member
from billing.services.corrections import correct_month
from billing.services.payables import CannotPayOut
from billing.services.payments import credit_of
from billing.services.payouts import asked_back, prepare_payouts, withdraw_refund
from billing.web.money_desk import NoAmount, money_written
from energy.models import Channel
from members.models import Cooperative, Member, Membership, Notification, User
from tests.integration.billing.conftest import DAYS, MARCH, NOW, Hamlet
from tests.integration.billing.late import measure_again
from tests.integration.billing.test_allocations import IBAN, check_conserved, pay, people
from tests.integration.billing.test_money_by_the_bank import OTHER, answer
from tests.integration.billing.test_money_pages import client_of
from tests.unit.billing.banking.camt_files import camt, detail, entry

LATER = NOW + timedelta(days=20)


@pytest.fixture
def roofs(hamlet: Hamlet) -> Member:
    """A producer with a bill and a credit; the hamlet is billed and has accounts."""
    Cooperative.objects.filter(pk=hamlet.cooperative.pk).update(iban=IBAN)
    Member.objects.filter(cooperative=hamlet.cooperative).update(iban=OTHER)
    hamlet.cooperative.refresh_from_db()
    hamlet.bill()
    return Member.objects.get(sites__code="B 9")


def of(member: Member, kind: str) -> Document:
    return Document.objects.standing().get(member=member, kind=kind)


def balances(hamlet: Hamlet, member: Member) -> tuple[int, int]:
    """What the member owes and is owed, by the ledger."""
    rows = {"receivable": 0, "payable": 0}
    for account in member.accounts.all():
        for entry_ in account.entries.all():
            rows[account.code] += entry_.debit_minor - entry_.credit_minor
    assert sum(trial_balance(hamlet.cooperative).values()) == 0
    return rows["receivable"], -rows["payable"]


def test_a_credit_is_set_off_against_a_bill_and_taken_back(hamlet: Hamlet, roofs: Member) -> None:
    bill, credit = of(roofs, "bill"), of(roofs, "credit")
    owes, owed = balances(hamlet, roofs)
    assert (owes, owed) == (bill.gross_minor, credit.gross_minor)
    part = min(owes, owed) - 1
    for wrong in (0, part + 10**6):
        with pytest.raises(CannotAllocate, match="do not fit"):
            set_off(credit=credit, document=bill, amount_minor=wrong, now=NOW)
    stranger = Document.objects.standing().filter(kind="bill").exclude(member=roofs).first()
    with pytest.raises(CannotAllocate, match="for the member"):
        set_off(credit=credit, document=stranger, amount_minor=1, now=NOW)
    made = set_off(credit=credit, document=bill, amount_minor=part, now=NOW)
    assert balances(hamlet, roofs) == (owes - part, owed - part)
    first, _ = people()
    order = prepare_payouts(cooperative=hamlet.cooperative, user=first, now=NOW)
    assert order.payouts.get(member=roofs).amount_minor == owed - part
    cancel_order(order=order, now=NOW)
    for _ in range(2):
        take_back(allocation=made, now=NOW)
    assert balances(hamlet, roofs) == (owes, owed)
    assert LedgerTransaction.objects.filter(cause="set off").count() == 2
    check_conserved(hamlet.cooperative)


def test_money_is_used_for_something_else(hamlet: Hamlet, roofs: Member) -> None:
    bill = of(roofs, "bill")
    fee = charge_member(member=roofs, kind="reminder_fee", key="x", text="fee", amount_minor=120, now=NOW)
    payment = pay(roofs, bill.gross_minor, "r1", bill)
    user, _ = people()
    use_instead(allocation=payment.allocations.get(), charge=fee, now=NOW, user=user)
    bill.refresh_from_db()
    fee.refresh_from_db()
    payment.refresh_from_db()
    rest = bill.gross_minor - 120
    assert (bill.paid_minor, fee.paid_minor, payment.credit_minor) == (0, min(120, bill.gross_minor), max(rest, 0))
    assert {a.why for a in standing_allocations(payment=payment)} == {"by hand"}
    check_receivable = trial_balance(hamlet.cooperative)
    assert check_receivable["reminder_fees"] == -120
    assert sum(check_receivable.values()) == 0


def paid_out(hamlet: Hamlet) -> Payout:
    first, second = people()
    order = release_order(order=prepare_payouts(cooperative=hamlet.cooperative, user=first, now=NOW), user=second, now=NOW)
    return order.payouts.get(member__sites__code="B 9")


def shrink(hamlet: Hamlet, change_wh: int) -> None:
    for day in DAYS:
        measure_again(hamlet, "B 9", day, change_wh, channel=Channel.EXPORT)
    correct_month(microgrid=hamlet.microgrid, month=MARCH, now=LATER)


def test_what_was_paid_out_too_much_is_claimed_and_set_off_later(hamlet: Hamlet, roofs: Member) -> None:
    user = User.objects.create_user("roofs@x.example", "x", language="de")
    Membership.objects.create(user=user, cooperative=hamlet.cooperative, member=roofs, role="producer")
    payout = paid_out(hamlet)
    bill = of(roofs, "bill")
    assert balances(hamlet, roofs) == (bill.gross_minor, 0)
    shrink(hamlet, -60)
    credit, claim = of(roofs, "credit"), Charge.objects.get(kind="claim", member=roofs)
    bill = of(roofs, "bill")
    assert claim.amount_minor == payout.amount_minor - credit.gross_minor > 0
    assert credit.status == "settled"
    assert balances(hamlet, roofs) == (bill.gross_minor + claim.amount_minor, 0)
    assert "zu viel ausgezahlt" in Notification.objects.get(user=user, kind="claim").subject
    assert trial_balance(hamlet.cooperative)["transit"] == -sum(p.amount_minor for p in payout.order.payouts.all())
    shrink(hamlet, 30)
    more = of(roofs, "credit")
    claim.refresh_from_db()
    assert more.gross_minor > credit.gross_minor
    assert claim.paid_minor == min(more.gross_minor - credit.gross_minor, claim.amount_minor)
    assert balances(hamlet, roofs)[1] == more.rest_minor
    assert balances(hamlet, roofs)[0] == of(roofs, "bill").gross_minor + claim.rest_minor


def test_a_claim_is_no_more_when_the_payout_never_arrived(hamlet: Hamlet, roofs: Member) -> None:
    payout = paid_out(hamlet)
    shrink(hamlet, -60)
    credit = of(roofs, "credit")
    assert Charge.objects.filter(kind="claim", taken_back_at=None).exists()
    back = camt(entry(f"{payout.amount_minor / 100:.2f}", details=detail(end_to_end=payout.end_to_end_id, returned="AC04")))
    import_statement(cooperative=hamlet.cooperative, content=back, file_name="x", now=LATER)
    payout.refresh_from_db()
    credit.refresh_from_db()
    assert (payout.status, credit.rest_minor) == ("returned", credit.gross_minor)
    assert not Charge.objects.filter(kind="claim", member=roofs, taken_back_at=None).exists()
    assert balances(hamlet, roofs) == (of(roofs, "bill").gross_minor, credit.gross_minor)
    again = prepare_payouts(cooperative=hamlet.cooperative, user=User.objects.first(), now=LATER)
    assert again.payouts.get(member=roofs).amount_minor == credit.gross_minor


def test_a_group_that_the_bank_refuses_is_owed_again(hamlet: Hamlet, roofs: Member) -> None:
    payout = paid_out(hamlet)
    order, others = payout.order, list(payout.order.payouts.exclude(pk=payout.pk))
    assert others
    taken = "".join(f"<TxInfAndSts><OrgnlEndToEndId>{p.end_to_end_id}</OrgnlEndToEndId><TxSts>ACSC</TxSts></TxInfAndSts>" for p in others)
    group = (
        f"<OrgnlPmtInfAndSts><OrgnlPmtInfId>{order.message_id}-1</OrgnlPmtInfId><PmtInfSts>RJCT</PmtInfSts>"
        f"<StsRsnInf><Rsn><Cd>AM04</Cd></Rsn></StsRsnInf>{taken}</OrgnlPmtInfAndSts>"
    )
    file = answer(order, "").replace(b"<OrgnlPmtInfAndSts></OrgnlPmtInfAndSts>", group.encode()).replace(b"<GrpSts></GrpSts>", b"")
    for count in (1, 0):
        assert take_status_report(cooperative=hamlet.cooperative, content=file, now=NOW).refused == count
    payout.refresh_from_db()
    order.refresh_from_db()
    assert (payout.status, payout.code, order.bank_status) == ("rejected", "AM04", "PART")
    assert {p.status for p in order.payouts.exclude(pk=payout.pk)} == {"released"}
    assert balances(hamlet, roofs)[1] == payout.amount_minor


def test_refunds_need_two_people_and_can_be_withdrawn(hamlet: Hamlet, roofs: Member) -> None:
    treasurer, board = (client_of(hamlet, "tariff_admin", name="a"), client_of(hamlet, "tariff_admin", name="b"))
    bill, credit = of(roofs, "bill"), of(roofs, "credit")
    fee = charge_member(member=roofs, kind="return_fee", key="x", text="Returned debit", amount_minor=350, now=NOW)
    payment = pay(roofs, bill.gross_minor + 350, "r1", bill)
    here = f"/money/members/{roofs.public_id}/"
    page = treasurer.get(here).content.decode()
    assert "Returned debit" in page
    assert roofs.name in treasurer.get("/money/members/?q=2").content.decode()

    def act(client=treasurer, **words: str) -> str:
        return client.post(here, words, follow=True).content.decode()

    assert "Say why" in act(do="charge", charge=str(fee.public_id), why=" ")
    assert "no longer asked for" in act(do="charge", charge=str(fee.public_id), why="the bank's mistake")
    fee.refresh_from_db()
    assert (fee.taken_back_by.email, fee.why, credit_of(roofs)) == ("a@x.example", "the bank's mistake", 350)
    assert "not asked back already" in act(do="refund", amount="3,51", iban=OTHER)
    assert "IBAN is not right" in act(do="refund", amount="3,50", iban="DE00")
    assert "another person releases" in act(do="refund", amount="3,50", iban=OTHER)
    assert "not asked back already" in act(do="refund", amount="0,01", iban=OTHER)
    refund = Refund.objects.get()
    assert "Withdrawn" in act(do="withdraw", refund=str(refund.public_id))
    assert asked_back(roofs) == 0
    act(do="refund", amount="3,50", iban=OTHER)
    second = Refund.objects.get(withdrawn_at=None)
    order = prepare_payouts(cooperative=hamlet.cooperative, user=User.objects.get(email="a@x.example"), now=NOW)
    with pytest.raises(CannotPayOut, match="on its way"):
        withdraw_refund(refund=second, now=NOW)
    there = f"/money/orders/{order.public_id}/"
    assert "second person" in treasurer.post(there, {"do": "release"}, follow=True).content.decode()
    board.post(there, {"do": "release"})
    assert (credit_of(roofs), asked_back(roofs)) == (0, 0)
    with pytest.raises(DatabaseError), transaction.atomic():
        Refund.objects.filter(pk=second.pk).update(released_by=second.asked_by, released_at=NOW)
    assert "paid out" in act(do="take-back", allocation=str(payment.allocations.get(payout__isnull=False).public_id))
    allocation = payment.allocations.get(document=bill, reverses=None)
    assert "Taken back" in act(do="take-back", allocation=str(allocation.public_id))
    target = f"bill:{bill.public_id}"
    assert "Used." in act(do="use", source=f"payment:{payment.public_id}", target=target, amount="0,10")
    assert "do not fit" in act(do="use", source=f"payment:{payment.public_id}", target=target, amount="999")
    assert "no open credit" in act(do="use", source=f"credit:{credit.public_id}", target=target)
    auditor = client_of(hamlet, "auditor")
    assert auditor.get(here).status_code == 200
    assert auditor.post(here, {"do": "refund"}).status_code == 403
    assert client_of(hamlet, "member", roofs).get(here).status_code == 404


@pytest.mark.parametrize("text", ["1e999999999", "-1e999999999", "1e99999999999999999999", "NaN", "Infinity", "1.005", "ten", ""])
def test_what_is_no_amount_is_refused_at_once_however_many_digits_it_has(text: str) -> None:
    with pytest.raises(NoAmount, match="is not an amount"):
        money_written(text)
    assert money_written(" 1.234,50 ") == 123_450
