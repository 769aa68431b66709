"""Statements are looked at first, then taken wholly, and never twice."""

import pytest

from billing.domain.bank_csv import CannotReadStatement
from billing.models import BankStatement, Document, DocumentStatus, Payment
from billing.services.bank_statements import import_statement, preview_statement
from tests.integration.billing.conftest import NOW, Hamlet


@pytest.fixture
def bills(hamlet: Hamlet) -> list[Document]:
    run = hamlet.bill()
    return list(Document.objects.filter(run=run, kind="bill", gross_minor__gt=0).select_related("member").order_by("number"))


def statement(*rows: tuple[int, str, str]) -> bytes:
    lines = [f"2016-04-0{day},{minor / 100:.2f},{name},{text}" for day, (minor, name, text) in enumerate(rows, start=3)]
    return "\n".join(["Date,Amount,Name,Purpose", *lines]).encode()


def take(hamlet: Hamlet, content: bytes):
    return import_statement(cooperative=hamlet.cooperative, content=content, file_name="april.csv", now=NOW)


def test_rows_are_matched_by_reference_then_by_name_and_amount(hamlet: Hamlet, bills: list[Document]) -> None:
    first, second = bills[0], bills[1]
    content = statement(
        (first.gross_minor, "somebody else", f"Strom {first.payment_reference}"),
        (second.gross_minor, second.member.name, "thank you"),
        (999_999, "nobody", "a gift"),
        (-500, "the cooperative", first.payment_reference),
    )
    rows = preview_statement(cooperative=hamlet.cooperative, content=content)[0].rows
    sure = [row.proposals[0].shares[0].bill_id if row.proposals else None for row in rows]
    assert sure == [first.pk, second.pk, None, None]
    assert not Payment.objects.exists()
    _, fresh = take(hamlet, content)
    assert fresh
    for bill in (first, second):
        bill.refresh_from_db()
        assert bill.status == DocumentStatus.SETTLED


def test_the_same_file_and_the_same_line_are_booked_once(hamlet: Hamlet, bills: list[Document]) -> None:
    row = (bills[0].gross_minor, "x", bills[0].payment_reference)
    other = (bills[1].gross_minor, "y", bills[1].payment_reference)
    assert take(hamlet, statement(row))[1]
    assert not take(hamlet, statement(row))[1]
    assert take(hamlet, statement(row, other))[1]  # an overlapping statement: the first line is known
    assert Payment.objects.count() == 2
    assert BankStatement.objects.count() == 2


def test_two_equal_lines_of_one_statement_are_two_payments(hamlet: Hamlet, bills: list[Document]) -> None:
    half = bills[0].gross_minor // 2
    content = "Date,Amount,Name,Purpose\n" + f"2016-04-03,{half / 100:.2f},x,{bills[0].payment_reference}\n" * 2
    take(hamlet, content.encode())
    assert Payment.objects.filter(document=bills[0]).count() == 2


def test_a_file_with_one_bad_row_is_not_taken_at_all(hamlet: Hamlet, bills: list[Document]) -> None:
    content = statement((bills[0].gross_minor, "x", bills[0].payment_reference)) + b"\n2016-04-09,many,x,y"
    with pytest.raises(CannotReadStatement, match="Row 3"):
        take(hamlet, content)
    assert not Payment.objects.exists()
    assert not BankStatement.objects.exists()
