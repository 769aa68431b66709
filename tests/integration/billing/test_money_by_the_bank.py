"""The whole way by the bank: debits collected and returned, payouts sent and sent back, statements that tell of both."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, transaction
from lxml import etree

from billing.adapters.bank.pain import InvalidOrder
from billing.adapters.bank.xml import CannotReadFile
from billing.models import (
    BankOrder,
    BankStatementLine,
    Charge,
    Debit,
    Document,
    LineStatus,
    Mandate,
    OrderKind,
    Payment,
    PaymentRules,
    Payout,
)
from billing.selectors.run_summary import trial_balance
from billing.services.bank_lines import Assignment, CannotResolve, assign_line, mark_not_ours, return_by_line, undo_line
from billing.services.bank_orders import CannotRelease, UnknownOrder, cancel_order, release_order, take_status_report
from billing.services.bank_statements import import_statement
from billing.services.charges import take_back_charge
from billing.services.debits import CannotCollect, collectable, prepare_debits
from billing.services.mandates import CannotGiveMandate, give_mandate, resume_mandate, revoke_mandate
from billing.services.payments import credit_of
from billing.services.payouts import ask_refund, prepare_payouts
from members.models import Cooperative, Member, Membership, Notification, User
from tests.integration.billing.conftest import NOW, Hamlet
from tests.integration.billing.test_allocations import IBAN, check_conserved
from tests.integration.billing.test_money_pages import client_of
from tests.unit.billing.banking.camt_files import balance, camt, detail, entry

OTHER = "DE12500105170648489890"


@pytest.fixture
def bills(hamlet: Hamlet) -> list[Document]:
    Cooperative.objects.filter(pk=hamlet.cooperative.pk).update(iban=IBAN)
    hamlet.cooperative.refresh_from_db()
    PaymentRules.objects.create(cooperative=hamlet.cooperative, creditor_id="DE98ZZZ09999999999")
    run = hamlet.bill()
    return list(Document.objects.filter(run=run, kind="bill", gross_minor__gt=0).select_related("member").order_by("number"))


@pytest.fixture
def hands(db: None) -> tuple[User, User]:
    return User.objects.create_user("one@x.example", "x"), User.objects.create_user("two@x.example", "x")


def mandate_for(bill: Document, iban: str = OTHER) -> Mandate:
    return give_mandate(member=bill.member, holder=bill.member.name, iban=iban, signed_date=date(2016, 3, 1), user=None, now=NOW)


def take(hamlet: Hamlet, content: bytes, name: str = "x.xml"):
    return import_statement(cooperative=hamlet.cooperative, content=content, file_name=name, now=NOW)


def euro(minor: int) -> str:
    return f"{minor // 100}.{minor % 100:02d}"


def released(hamlet: Hamlet, hands: tuple[User, User]) -> BankOrder:
    order = prepare_debits(cooperative=hamlet.cooperative, user=hands[0], now=NOW)
    return release_order(order=order, user=hands[1], now=NOW)


def collected(order: BankOrder, group: int = 1) -> bytes:
    rows = list(order.debits.filter(status="released"))
    total = euro(sum(row.amount_minor for row in rows))
    group_id = f"{order.message_id}-{group}"
    details = f"<Btch><PmtInfId>{group_id}</PmtInfId><NbOfTxs>{len(rows)}</NbOfTxs></Btch>"
    return camt(entry(total, details=details, day="2016-04-15", ref="BATCH"), number="C")


def returned(debit: Debit, code: str, fee: int = 0) -> bytes:
    told = detail(end_to_end=debit.end_to_end_id, returned=code, original=euro(debit.amount_minor), charges=euro(fee) if fee else "")
    return camt(entry(euro(debit.amount_minor + fee), side="DBIT", day="2016-04-19", details=told), number=f"R{code}")


def test_a_debit_goes_out_once_comes_in_and_settles(hamlet: Hamlet, bills: list[Document], hands) -> None:
    Membership.objects.create(user=hands[0], cooperative=hamlet.cooperative, member=bills[0].member, role="member")
    for bill in bills[:3]:
        mandate_for(bill)
    order = prepare_debits(cooperative=hamlet.cooperative, user=hands[0], now=NOW)
    with pytest.raises(CannotRelease, match="second person"):
        release_order(order=order, user=hands[0], now=NOW)
    with pytest.raises(CannotCollect, match="collecting all"):
        prepare_debits(cooperative=hamlet.cooperative, user=hands[0], now=NOW)
    order = release_order(order=order, user=hands[1], now=NOW)
    first = bytes(order.content)
    assert bytes(release_order(order=order, user=hands[1], now=NOW + timedelta(days=1)).content) == first
    root = etree.fromstring(first)
    space = {"p": "urn:iso:std:iso:20022:tech:xsd:pain.008.001.08"}
    assert root.findtext(".//p:MsgId", None, space) == order.message_id
    amounts = sorted(e.text for e in root.iterfind(".//p:InstdAmt", space))
    assert amounts == sorted(euro(bill.gross_minor) for bill in bills[:3])
    assert {e.text for e in root.iterfind(".//p:SeqTp", space)} == {"FRST"}
    assert order.execution_date >= (NOW + timedelta(days=14)).date()
    assert Notification.objects.get(user=hands[0]).subject.startswith("We collect")
    with pytest.raises(DatabaseError, match="never changes"), transaction.atomic():
        BankOrder.objects.filter(pk=order.pk).update(content=b"other")
    take(hamlet, collected(order))
    assert {d.status for d in order.debits.all()} == {"done"}
    for bill in bills[:3]:
        bill.refresh_from_db()
        assert bill.status == "settled"
    balances = trial_balance(hamlet.cooperative)
    assert (balances["suspense"], balances["bank"]) == (0, sum(b.gross_minor for b in bills[:3]))
    check_conserved(hamlet.cooperative)


CODES = {"AC04": ("paused", 350), "AM04": ("active", 350), "MD01": ("paused", 0), "XX77": ("paused", 0)}


@pytest.mark.parametrize("code", CODES)
def test_a_returned_debit_opens_the_bill_again(hamlet: Hamlet, bills: list[Document], hands, code: str) -> None:
    bill, mandate = bills[0], mandate_for(bills[0])
    Membership.objects.create(user=hands[0], cooperative=hamlet.cooperative, member=bill.member, role="member")
    order = released(hamlet, hands)
    debit = order.debits.get()
    take(hamlet, collected(order))
    for _ in range(2):  # the same return, told twice, counts once
        take(hamlet, returned(debit, code, 350) + b" " * _)
    bill.refresh_from_db()
    mandate.refresh_from_db()
    debit.refresh_from_db()
    state, fee = CODES[code]
    assert (bill.status, bill.paid_minor, mandate.status) == ("open", 0, state)
    assert (debit.status, debit.code, debit.payment.returned_minor) == ("returned", code, bill.gross_minor)
    assert sum(Charge.objects.values_list("amount_minor", flat=True)) == fee
    balances = trial_balance(hamlet.cooperative)
    assert (balances["bank"], balances["bank_charges"], balances["suspense"]) == (-350, 350, 0)
    assert balances["return_fees"] == -fee
    assert Notification.objects.filter(key=f"return:{debit.public_id}").count() == 1
    for charge in Charge.objects.all():
        take_back_charge(charge=charge, now=NOW)
    check_conserved(hamlet.cooperative)
    if state == "active":
        again = released(hamlet, hands).debits.get()
        assert (again.sequence, again.end_to_end_id) == ("RCUR", f"{bill.payment_reference}-2")
    else:
        with pytest.raises(CannotCollect):
            released(hamlet, hands)
        resume_mandate(mandate=mandate)
        assert released(hamlet, hands).debits.get().document == bill


def answer(order: BankOrder, group: str = "PART", *rejected: tuple[str, str]) -> bytes:
    items = "".join(
        f"<TxInfAndSts><OrgnlEndToEndId>{e2e}</OrgnlEndToEndId><TxSts>RJCT</TxSts><StsRsnInf><Rsn><Cd>{code}</Cd></Rsn></StsRsnInf></TxInfAndSts>"
        for e2e, code in rejected
    )
    return (
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.10"><CstmrPmtStsRpt><GrpHdr><MsgId>A</MsgId></GrpHdr><OrgnlGrpInfAndSts>'
        f"<OrgnlMsgId>{order.message_id}</OrgnlMsgId><GrpSts>{group}</GrpSts></OrgnlGrpInfAndSts><OrgnlPmtInfAndSts>{items}</OrgnlPmtInfAndSts>"
        "</CstmrPmtStsRpt></Document>"
    ).encode()


def test_what_the_bank_refuses_is_free_again_and_the_rest_is_collected(hamlet: Hamlet, bills: list[Document], hands) -> None:
    mandates = [mandate_for(bill) for bill in bills[:2]]
    order = released(hamlet, hands)
    bad = order.debits.get(document=bills[0])
    for _ in range(2):
        told = take_status_report(
            cooperative=hamlet.cooperative, content=answer(order, "PART", (bad.end_to_end_id, "MD01"), ("B0-9", "MS03")), now=NOW
        )
        assert (told.order, told.unknown) == (order, ("B0-9",))
    mandates[0].refresh_from_db()
    bad.refresh_from_db()
    assert (bad.status, bad.code, mandates[0].status) == ("rejected", "MD01", "paused")
    take(hamlet, collected(order))
    assert [d.status for d in order.debits.order_by("pk")] == ["rejected", "done"]
    with pytest.raises(UnknownOrder):
        take_status_report(cooperative=hamlet.cooperative, content=answer(BankOrder(message_id="X")), now=NOW)
    with pytest.raises(CannotReadFile):
        take_status_report(cooperative=hamlet.cooperative, content=camt(), now=NOW)


def sequence_in_file(order: BankOrder) -> list[str]:
    space = {"p": "urn:iso:std:iso:20022:tech:xsd:pain.008.001.08"}
    root = etree.fromstring(bytes(order.content or b""))
    return [e.text or "" for e in root.iterfind(".//p:SeqTp", space)]


def test_a_debit_is_first_until_one_under_its_mandate_was_settled(hamlet: Hamlet, bills: list[Document], hands) -> None:
    mandate_for(bills[0])
    order = released(hamlet, hands)
    assert sequence_in_file(order) == ["FRST"]
    refused = answer(order, "PART", (order.debits.get().end_to_end_id, "AM04"))
    take_status_report(cooperative=hamlet.cooperative, content=refused, now=NOW)
    again = released(hamlet, hands)  # refused before settlement: first once more
    assert sequence_in_file(again) == ["FRST"]
    take(hamlet, collected(again))
    take(hamlet, returned(again.debits.get(), "AM04"))
    assert sequence_in_file(released(hamlet, hands)) == ["RCUR"]  # settled once, then returned


def test_what_a_debit_is_is_said_when_it_is_released(hamlet: Hamlet, bills: list[Document], hands) -> None:
    mandate = mandate_for(bills[0])
    order = prepare_debits(cooperative=hamlet.cooperative, user=hands[0], now=NOW)
    second = Document.objects.get(pk=bills[1].pk)
    later = BankOrder.objects.create(
        cooperative=hamlet.cooperative,
        kind=OrderKind.DEBITS,
        message_id="D20160401-9",
        execution_date=order.execution_date,
        prepared_at=NOW,
        prepared_by=hands[0],
    )
    Debit.objects.create(
        order=later,
        cooperative=hamlet.cooperative,
        document=second,
        mandate=mandate,
        amount_minor=second.rest_minor,
        sequence="FRST",
        end_to_end_id=f"{second.payment_reference}-1",
    )
    assert sequence_in_file(release_order(order=order, user=hands[1], now=NOW)) == ["FRST"]
    assert sequence_in_file(release_order(order=later, user=hands[1], now=NOW)) == ["RCUR"]


def test_an_order_that_the_bank_would_send_back_stays_prepared(hamlet: Hamlet, bills: list[Document], hands) -> None:
    mandate_for(bills[0])
    order = prepare_debits(cooperative=hamlet.cooperative, user=hands[0], now=NOW)
    Cooperative.objects.filter(pk=hamlet.cooperative.pk).update(bic="DORF")
    with pytest.raises(InvalidOrder, match="The cooperative's BIC 'DORF' is not right"):
        release_order(order=order, user=hands[1], now=NOW)
    order.refresh_from_db()
    assert (order.status, order.debits.get().status) == ("prepared", "prepared")
    Cooperative.objects.filter(pk=hamlet.cooperative.pk).update(bic="")
    assert release_order(order=order, user=hands[1], now=NOW).status == "released"


def test_a_whole_file_can_be_refused_or_cancelled(hamlet: Hamlet, bills: list[Document], hands) -> None:
    mandate = mandate_for(bills[0])
    order = released(hamlet, hands)
    take_status_report(cooperative=hamlet.cooperative, content=answer(order, "RJCT"), now=NOW)
    mandate.refresh_from_db()
    assert (order.debits.get().status, mandate.status) == ("rejected", "active")
    second = prepare_debits(cooperative=hamlet.cooperative, user=hands[0], now=NOW)
    cancel_order(order=second, now=NOW)
    third = prepare_debits(cooperative=hamlet.cooperative, user=hands[0], now=NOW)
    revoke_mandate(mandate=mandate, now=NOW)
    with pytest.raises(CannotRelease, match="Nothing of the order"):
        release_order(order=third, user=hands[1], now=NOW)


def test_mandates_are_checked(hamlet: Hamlet, bills: list[Document]) -> None:
    words = {"member": bills[0].member, "holder": "A", "signed_date": NOW.date(), "user": None, "now": NOW}
    with pytest.raises(CannotGiveMandate, match="IBAN"):
        give_mandate(iban="DE12500105170648489891", **words)
    with pytest.raises(CannotGiveMandate, match="future"):
        give_mandate(iban=OTHER, **words | {"signed_date": NOW.date() + timedelta(days=1)})
    first = give_mandate(iban="de12 5001 0517 0648 4898 90", **words)
    assert give_mandate(iban=OTHER, **words) == first
    other = give_mandate(iban=IBAN, **words)
    first.refresh_from_db()
    assert (first.status, other.status, other.reference != first.reference) == ("revoked", "active", True)
    for forbidden in ({"status": "active", "revoked_at": None}, {"iban": IBAN}):
        with pytest.raises(DatabaseError), transaction.atomic():
            Mandate.objects.filter(pk=first.pk).update(**forbidden)


def test_producers_and_refunds_are_paid_out_once_and_owed_again_when_sent_back(hamlet: Hamlet, bills: list[Document], hands) -> None:
    cooperative = hamlet.cooperative
    Member.objects.filter(cooperative=cooperative).update(iban=OTHER)
    credits = Document.objects.filter(kind="credit", gross_minor__gt=0, member__is_cooperative=False)
    assert credits.exists()
    told = detail(end_to_end=bills[0].payment_reference, name="x")
    take(hamlet, camt(entry(euro(bills[0].gross_minor + 500), details=told)))
    ask_refund(member=bills[0].member, amount_minor=500, iban=OTHER, why="paid twice", user=hands[0], now=NOW)
    order = prepare_payouts(cooperative=cooperative, user=hands[0], now=NOW)
    order = release_order(order=order, user=hands[1], now=NOW)
    assert order.kind == OrderKind.PAYOUTS
    owed = sum(credits.values_list("gross_minor", flat=True))
    assert sum(order.payouts.values_list("amount_minor", flat=True)) == owed + 500
    assert {c.status for c in credits.all()} == {"settled"}
    assert (credit_of(bills[0].member), trial_balance(cooperative)["transit"]) == (0, -owed - 500)
    etree.fromstring(bytes(order.content))
    batch = f"<Btch><MsgId>{order.message_id}</MsgId><NbOfTxs>{order.payouts.count()}</NbOfTxs></Btch>"
    take(hamlet, camt(entry(euro(owed + 500), side="DBIT", details=batch), number="P"))
    assert trial_balance(cooperative)["transit"] == 0
    assert {p.status for p in order.payouts.all()} == {"done"}
    payout = order.payouts.get(source="refund")
    back = detail(end_to_end=payout.end_to_end_id, returned="AC04")
    take(hamlet, camt(entry("5.00", details=back, day="2016-04-20"), number="B"))
    payout.refresh_from_db()
    assert (payout.status, payout.code, credit_of(bills[0].member)) == ("returned", "AC04", 500)
    balances = trial_balance(cooperative)
    assert (balances["transit"], balances["suspense"]) == (0, 0)
    check_conserved(cooperative)
    again = prepare_payouts(cooperative=cooperative, user=hands[0], now=NOW)
    assert [p.source for p in again.payouts.all()] == ["refund"]


def test_a_statement_and_a_notification_count_once(hamlet: Hamlet, bills: list[Document]) -> None:
    first, second = bills[0], bills[1]
    details = "".join(detail(amount=euro(b.gross_minor), text=f"Strom {b.label}", end_to_end="NOTPROVIDED") for b in (first, second))
    total = euro(first.gross_minor + second.gross_minor)
    told = camt(entry(total, details=details, ref="N1"), message="054", version=2 + 6, number="N")
    whole = camt(
        entry(total, details="<Btch><NbOfTxs>2</NbOfTxs></Btch>", ref="N1"),
        number="S",
        sequence=4,
        balances=balance("OPBD", "10.00", "2016-04-05")
        + balance("CLBD", euro(1000 + first.gross_minor + second.gross_minor), "2016-04-05"),
    )
    for content in (told, whole, told, whole + b"\n"):
        take(hamlet, content)
    assert Payment.objects.count() == 2
    assert trial_balance(hamlet.cooperative)["bank"] == first.gross_minor + second.gross_minor


def test_the_details_of_a_sum_take_its_place(hamlet: Hamlet, bills: list[Document]) -> None:
    first, second = bills[0], bills[1]
    total = euro(first.gross_minor + second.gross_minor)
    take(hamlet, camt(entry(total, details="<Btch><NbOfTxs>2</NbOfTxs></Btch>", ref="N1"), number="S"))
    assert BankStatementLine.objects.get().status == LineStatus.OPEN
    details = "".join(detail(amount=euro(b.gross_minor), text=b.label) for b in (first, second))
    take(hamlet, camt(entry(total, details=details, ref="N1"), message="054", number="N"))
    assert sorted(BankStatementLine.objects.values_list("status", flat=True)) == ["booked", "booked", "detailed"]
    balances = trial_balance(hamlet.cooperative)
    assert (balances["bank"], balances["suspense"]) == (first.gross_minor + second.gross_minor, 0)


def test_gaps_between_statements_are_told(hamlet: Hamlet, bills: list[Document]) -> None:
    def day(number: int, opening: str, closing: str, when: str) -> bytes:
        return camt(
            entry("10.00", day=when),
            number=f"S{number}",
            sequence=number,
            balances=balance("OPBD", opening, when) + balance("CLBD", closing, when),
        )

    assert take(hamlet, day(1, "0.00", "10.00", "2016-04-04"))[0].findings == ""
    assert take(hamlet, day(2, "10.00", "20.00", "2016-04-05"))[0].findings == ""
    told = take(hamlet, day(4, "30.00", "40.00", "2016-04-07"))[0].findings
    assert "2 is followed by 4" in told
    assert "a statement is missing" in told


def test_a_doubtful_movement_is_resolved_and_undone_by_a_person(hamlet: Hamlet, bills: list[Document], hands) -> None:
    total = bills[0].gross_minor + bills[1].gross_minor + 77
    take(hamlet, camt(entry(euro(total), details=detail(name="Grandmother", text="for the family")), entry("3.00", side="DBIT")))
    line, out = BankStatementLine.objects.order_by("-amount_minor")
    assert (line.status, trial_balance(hamlet.cooperative)["suspense"]) == ("open", -total + 300)
    parts = [Assignment(b.member, b, b.gross_minor) for b in bills[:2]]
    with pytest.raises(CannotResolve, match="The parts make"):
        assign_line(line=line, shares=parts, user=hands[0], now=NOW)
    wrong = Assignment(bills[2].member, bills[1], 77)
    with pytest.raises(CannotResolve, match="not of this cooperative"):
        assign_line(line=line, shares=[*parts, wrong], user=hands[0], now=NOW)
    shares = [*parts, Assignment(bills[2].member, None, 77)]
    for _ in range(2):
        assign_line(line=line, shares=shares, user=hands[0], now=NOW)
        with pytest.raises(CannotResolve, match="meanwhile"):
            assign_line(line=line, shares=shares, user=hands[1], now=NOW)
        check_conserved(hamlet.cooperative)
        bills[2].refresh_from_db()
        assert bills[2].paid_minor + credit_of(bills[2].member) == 77
        undo_line(line=line, user=hands[0], now=NOW)
        for bill in bills[:3]:
            bill.refresh_from_db()
            assert (bill.paid_minor, bill.status) == (0, "open")
    assert trial_balance(hamlet.cooperative)["suspense"] == -total + 300
    mark_not_ours(line=line, why="a neighbour's", user=hands[0], now=NOW)
    undo_line(line=line, user=hands[0], now=NOW)
    assign_line(line=line, shares=[Assignment(bills[2].member, None, total)], user=hands[0], now=NOW)
    payment = Payment.objects.get(amount_minor=total)
    with pytest.raises(CannotResolve, match="went out"):
        return_by_line(line=out, payment=payment, user=hands[0], now=NOW)
    take(hamlet, camt(entry(euro(total + 5), side="DBIT", day="2016-04-09"), number="Z"))
    recall = BankStatementLine.objects.get(amount_minor=-total - 5)
    return_by_line(line=recall, payment=payment, user=hands[0], now=NOW)
    with pytest.raises(CannotResolve, match="own word"):
        undo_line(line=recall, user=hands[0], now=NOW)
    assert Payout.objects.count() == 0
    check_conserved(hamlet.cooperative)


def test_a_mandate_holds_36_months_from_what_was_presented_last(hamlet: Hamlet, bills: list[Document], hands) -> None:
    mandate_for(bills[0])  # signed on 1 March 2016
    last = datetime(2019, 2, 14, 10, tzinfo=UTC)  # fourteen days before the last day
    assert [m.holder for _, m in collectable(hamlet.cooperative, last)] == [bills[0].member.name]
    assert collectable(hamlet.cooperative, last + timedelta(days=2)) == []
    assert collectable(hamlet.cooperative, last, date(2019, 3, 1)) and not collectable(hamlet.cooperative, last, date(2019, 3, 4))
    order = released(hamlet, hands)
    take(hamlet, collected(order))
    take(hamlet, returned(order.debits.get(), "AM04"))
    assert collectable(hamlet.cooperative, last + timedelta(days=30))  # the debit that came back was presented in April


def test_accounts_that_sepa_does_not_reach_are_told_at_once(hamlet: Hamlet, bills: list[Document]) -> None:
    with pytest.raises(CannotGiveMandate, match="SEPA countries"):
        mandate_for(bills[0], "TR330006100519786457841326")
    with pytest.raises(CannotGiveMandate, match="BIC too"):
        mandate_for(bills[0], "CH9300762011623852957")
    assert not Mandate.objects.exists()


def test_a_file_of_two_accounts_books_ours_and_tells_of_both(hamlet: Hamlet, bills: list[Document]) -> None:
    first = camt(entry("12.00", details=detail(name="A", text="nothing known")), number="S1").decode()
    dollars = camt(entry("7.00", currency="USD"), number="S2", iban="DE75512108001245126199").decode().replace("<Ccy>EUR", "<Ccy>USD")
    second = dollars[dollars.index("<Stmt>") : dollars.index("</Stmt>") + len("</Stmt>")]
    third = first[first.index("<Stmt>") : first.index("</Stmt>") + len("</Stmt>")].replace("12.00", "3.00").replace(">S1<", ">S3<")
    whole = first.replace("</BkToCstmrStmt>", f"{second}{third}</BkToCstmrStmt>").encode()
    client = client_of(hamlet, "tariff_admin")
    page = client.post("/money/import/", {"file": SimpleUploadedFile("two.xml", whole)}, follow=True).content.decode()
    assert "2 new movements; 2 wait for you" in page
    assert "1 movements in USD were left out: the books are in EUR." in page
    assert trial_balance(hamlet.cooperative)["bank"] == 1500
    assert sorted(BankStatementLine.objects.values_list("amount_minor", flat=True)) == [300, 1200]
