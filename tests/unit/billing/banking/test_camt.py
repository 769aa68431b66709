"""camt in all its versions comes out in one form; what is odd is refused with a sentence, what is hostile is not opened."""

import random
from datetime import date

import pytest

from billing.adapters.bank.camt import read_camt
from billing.adapters.bank.reading import read_file
from billing.domain.bank_csv import CannotReadStatement
from billing.domain.banking.statements import BankEntry, Statement, findings, in_our_money
from tests.unit.billing.banking.camt_files import balance, camt, detail, entry


def only(content: bytes) -> BankEntry:
    (statement,) = read_camt(content)
    (one,) = statement.entries
    return one


@pytest.mark.parametrize("message", ["052", "053", "054"])
@pytest.mark.parametrize("version", [2, 3, 4, 6, 8, 10, 13])
def test_every_version_tells_the_same(message: str, version: int) -> None:
    told = detail(
        name="Ana Meier", iban="de12 5001 0517 0648 4898 90", text=["Strom", "B-2016-000008"], end_to_end="E1", ref="R1", version=version
    )
    one = only(camt(entry("118.75", details=told, version=version), message=message, version=version))
    assert (one.amount_minor, one.booked_date, one.payer) == (11875, date(2016, 4, 5), "Ana Meier")
    assert (one.payer_iban, one.purpose) == ("DE12500105170648489890", "Strom B-2016-000008")
    assert (one.end_to_end_id, one.bank_ref, one.batch_count) == ("E1", "R1", 1)


@pytest.mark.parametrize("version", [2, 4, 8])
def test_a_batch_is_told_payment_by_payment(version: int) -> None:
    details = "".join(
        detail(amount=amount, name=name, text=text, version=version)
        for amount, name, text in (("10.00", "A", "B2016000001"), ("0.05", "B", "x"), ("7", "C", ""))
    )
    (statement,) = read_camt(camt(entry("17.05", details=details, version=version), version=version))
    assert [(e.amount_minor, e.payer) for e in statement.entries] == [(1000, "A"), (5, "B"), (700, "C")]


def test_payments_that_do_not_make_their_sum_stay_one_sum_with_a_word() -> None:
    details = detail(amount="10.00") + detail(amount="1.00")
    (statement,) = read_camt(camt(entry("12.00", details=details)))
    assert [(e.amount_minor, e.is_whole_batch) for e in statement.entries] == [(1200, True)]
    assert "do not make its sum" in statement.notes[0]


def test_a_payment_against_its_entrys_direction_counts_below_zero() -> None:
    details = detail(amount="10.00", side="CRDT") + detail(amount="3.00", side="DBIT")
    (statement,) = read_camt(camt(entry("7.00", details=details)))
    assert [e.amount_minor for e in statement.entries] == [1000, -300]


def test_a_sum_without_details_says_how_many() -> None:
    more = "<Btch><MsgId>D20160401-1</MsgId><PmtInfId>D20160401-1-1</PmtInfId><NbOfTxs>12</NbOfTxs></Btch>"
    one = only(camt(entry("900.00", details=more)))
    assert (one.batch_count, one.batch_ref, one.is_whole_batch) == (12, "D20160401-1-1", True)


def test_a_returned_debit_names_reason_payment_charges_and_who() -> None:
    told = detail(name="Ana", iban="DE1", end_to_end="B2016000008-1", returned="AM04", mandate="M1", charges="3.50", original="118.75")
    one = only(camt(entry("122.25", side="DBIT", details=told, more="<RvslInd>true</RvslInd>")))
    assert (one.amount_minor, one.original_minor, one.charges_minor) == (-12225, 11875, 350)
    assert (one.return_code, one.end_to_end_id, one.mandate_ref) == ("AM04", "B2016000008-1", "M1")
    assert (one.is_return, one.is_reversal, one.payer) == (True, True, "Ana")


def test_money_that_goes_out_names_whom() -> None:
    one = only(camt(entry("5.00", side="DBIT", details=detail(name="Ben", iban="DE2", role="Cdtr"))))
    assert (one.amount_minor, one.payer, one.payer_iban) == (-500, "Ben", "DE2")


def test_only_what_is_booked_counts() -> None:
    (statement,) = read_camt(camt(entry("1.00"), entry("2.00", status="PDNG"), entry("3.00", status="INFO")))
    assert ([e.amount_minor for e in statement.entries], statement.skipped) == ([100], 2)


def test_balances_number_and_days_are_the_banks() -> None:
    balances = balance("OPBD", "10.00", "2016-04-05", "DBIT") + balance("ITBD", "1.00", "2016-04-05")
    balances += balance("CLBD", "90.00", "2016-04-05") + balance("CLAV", "80.00", "2016-04-05")
    (s,) = read_camt(camt(entry("100.00"), balances=balances, sequence=66))
    assert (s.opening_minor, s.closing_minor, s.sequence, s.iban) == (-1000, 9000, 66, "DE89370400440532013000")
    assert (s.first_date, s.last_date) == (date(2016, 4, 5), date(2016, 4, 5))


def test_times_are_days_of_the_bank() -> None:
    late = entry("1.00").replace("<BookgDt><Dt>2016-04-05</Dt>", "<BookgDt><DtTm>2016-04-05T23:59:59+02:00</DtTm>")
    assert only(camt(late)).booked_date == date(2016, 4, 5)
    zoned = entry("1.00").replace("<Dt>2016-04-05</Dt>", "<Dt>2016-04-05+02:00</Dt>")
    assert only(camt(zoned)).booked_date == date(2016, 4, 5)


BAD = {
    "no CRDT or DBIT": (entry("1.00", side="BOTH"), "not CRDT or DBIT"),
    "below zero": (entry("-1.00"), "is not an amount"),
    "words": (entry("many"), "is not an amount"),
    "tenths of a cent": (entry("1.005"), "parts of the smallest coin"),
    "exponent": (entry("1e9"), "is not an amount"),
    "no currency": (entry("1.00").replace(' Ccy="EUR"', ""), "has no currency"),
    "another currency": (entry("1.00", currency="USD"), "its account in EUR"),
    "no day": (entry("1.00").replace("<Dt>2016-04-05</Dt>", ""), "no day of booking"),
    "no such day": (entry("1.00", day="2016-02-30"), "is not a day"),
    "a part without amount": (entry("2.00", details=detail(name="A") + detail(name="B")), "There is no amount"),
}


@pytest.mark.parametrize("what", BAD)
def test_what_is_wrong_is_said_with_its_place(what: str) -> None:
    bad, why = BAD[what]
    with pytest.raises(CannotReadStatement, match=why) as told:
        read_camt(camt(entry("1.00"), bad))
    assert "entry 2" in str(told.value)


HOSTILE = {
    "entity": b'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><d>&x;</d>',
    "bomb": b'<!DOCTYPE d [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><d>&b;</d>',
    "cut": camt(entry("1.00"))[:-30],
    "deep": b"<a>" * 400 + b"</a>" * 400,
    "another message": camt(entry("1.00")).replace(b"camt.053", b"pain.001"),
    "version 1": camt(entry("1.00"), version=1),
    "version 14": camt(entry("1.00"), version=14),
    "no namespace": b"<Document/>",
    "nothing in it": camt().replace(b"Stmt>", b"Other>"),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_what_is_no_statement_is_not_read(what: str) -> None:
    with pytest.raises(CannotReadStatement):
        read_file(HOSTILE[what], currency="EUR")


def test_too_large_is_not_even_parsed() -> None:
    with pytest.raises(CannotReadStatement, match="20 MB"):
        read_camt(b"<" + b" " * 20_000_001)


@pytest.mark.parametrize("seed", range(60))
def test_bytes_gone_wrong_give_a_statement_or_a_sentence(seed: int) -> None:
    """Fuzzed: bytes changed, cut out, doubled; nothing but a statement or CannotReadStatement comes back."""
    chance = random.Random(seed)
    content = bytearray(
        camt(
            entry("17.05", details=detail(amount="10.00", name="A") + detail(amount="7.05")),
            entry("3"),
            balances=balance("OPBD", "1", "2016-04-05"),
        )
    )
    for _ in range(chance.randint(1, 6)):
        place = chance.randrange(len(content))
        what = chance.randrange(3)
        if what == 0:
            content[place] = chance.randrange(256)
        elif what == 1:
            del content[place : place + chance.randint(1, 40)]
        else:
            content[place:place] = content[place : place + chance.randint(1, 40)]
    try:
        statements = read_file(bytes(content), currency="EUR")
    except CannotReadStatement as problem:
        assert str(problem)
    else:
        assert all(isinstance(s, Statement) for s in statements)


ABROAD = '<AmtDtls><InstdAmt><Amt Ccy="{ccy}">{amount}</Amt></InstdAmt></AmtDtls>'


@pytest.mark.parametrize(("ccy", "amount"), [("OMR", "1.234"), ("USD", "11.20"), ("JPY", "1500.5")])
def test_what_was_paid_in_another_currency_is_no_sum_of_ours(ccy: str, amount: str) -> None:
    paid = detail(name="A", text="B-2016-000001").replace("<RltdPties>", ABROAD.format(ccy=ccy, amount=amount) + "<RltdPties>", 1)
    found = only(camt(entry("10.00", details=paid)))
    assert (found.amount_minor, found.original_minor) == (1000, None)


def test_a_charge_in_another_currency_is_no_cost_of_ours() -> None:
    paid = detail(name="A", charges="0.50").replace('<Amt Ccy="EUR">0.50', '<Amt Ccy="OMR">0.505')
    assert only(camt(entry("10.00", details=paid))).charges_minor == 0
    assert only(camt(entry("10.00", details=detail(name="A", charges="0.50")))).charges_minor == 50


def test_payments_told_abroad_count_by_their_counter_value_or_stay_one_sum() -> None:
    parts = detail(amount="12.00", name="A") + detail(amount="8.00", name="B")
    in_dollars = parts.replace('Ccy="EUR"', 'Ccy="USD"')
    (statement,) = read_camt(camt(entry("18.00", details=in_dollars)))
    (found,) = statement.entries
    assert (found.amount_minor, found.batch_count) == (1800, 2)
    assert "told in another currency" in statement.notes[0]
    valued = in_dollars
    for dollars, euros in (("12.00", "10.80"), ("8.00", "7.20")):
        valued = valued.replace(
            f'<Amt Ccy="USD">{dollars}</Amt>',
            f'<Amt Ccy="USD">{dollars}</Amt><AmtDtls><CntrValAmt><Amt Ccy="EUR">{euros}</Amt></CntrValAmt></AmtDtls>',
        )
    (statement,) = read_camt(camt(entry("18.00", details=valued)))
    assert [one.amount_minor for one in statement.entries] == [1080, 720]


def test_entries_of_two_currencies_are_not_taken_for_one_account() -> None:
    mixed = camt(entry("1.00"), entry("1.00", currency="USD")).replace(b"<Ccy>EUR</Ccy>", b"")
    with pytest.raises(CannotReadStatement, match="its account in EUR"):
        read_camt(mixed)


def test_a_statement_of_another_currency_is_left_out_and_says_so() -> None:
    dollars = camt(entry("1.00", currency="USD"), balances=balance("OPBD", "5.00", "2016-04-05")).replace(
        b"<Ccy>EUR</Ccy>", b"<Ccy>USD</Ccy>"
    )
    (statement,) = read_camt(dollars)
    ours = in_our_money(statement, "EUR")
    assert (ours.entries, ours.has_balances) == ((), False)
    assert findings(ours, our_iban="", currency="EUR", before=None)[0] == "1 movements in USD were left out: the books are in EUR."
    assert in_our_money(statement, "USD") == statement


def test_a_movement_of_nothing_is_read() -> None:
    assert only(camt(entry("0.00", more="", details=detail(name="Bank")))).amount_minor == 0
