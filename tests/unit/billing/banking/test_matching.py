"""What names itself is booked; what has two readings is asked."""

from datetime import date

import pytest

from billing.domain.banking.bank_days import bank_day_from, easter
from billing.domain.banking.identity import KnownLine, content_key, place
from billing.domain.banking.matching import Bill, Ledger, Party, index, likeness, match
from billing.domain.banking.references import is_creditor_id, plain, references_in, sepa_text, structured
from billing.domain.banking.return_codes import fee_minor, reason_of
from billing.domain.banking.statements import BankEntry, Statement, StatementBefore, findings

DAY = date(2016, 4, 5)
BILLS = (
    Bill(1, "B-2016-000001", "B2016000001", 5000, 10),
    Bill(2, "B-2016-000002", "B2016000002", 7000, 20),
    Bill(3, "B-2016-000003", "B2016000003", 7000, 30),
    Bill(4, "B-2016-000004", "B2016000004", 0, 10),
    Bill(5, "B-2016-000005", "B2016000005", 1200, 10),
)
PARTIES = (Party(10, "Ana Müller", frozenset({"DE10"})), Party(20, "Ben Schröder"), Party(30, "Cem Yılmaz", frozenset({"DE30"})))


@pytest.fixture(scope="module")
def ledger() -> Ledger:
    return index(BILLS, PARTIES)


def money(amount: int, **words: str) -> BankEntry:
    return BankEntry(1, DAY, amount, **words)  # type: ignore[arg-type]


SURE = {
    "end-to-end id": (money(1, end_to_end_id="B2016000002"), [(20, 2, 1)]),
    "structured": (money(9, reference=structured("B2016000001")), [(10, 1, 9)]),
    "number": (money(9, purpose="Strom b-2016-000003 danke"), [(30, 3, 9)]),
    "number of a settled bill": (money(9, purpose="B2016000004"), [(10, 4, 9)]),
    "two numbers that make the sum": (money(6200, purpose="B-2016-000001 B-2016-000005"), [(10, 1, 5000), (10, 5, 1200)]),
    "account and exact rest": (money(7000, payer_iban="DE30"), [(30, 3, 7000)]),
    "name and exact rest": (money(7000, payer="SCHROEDER, BEN"), [(20, 2, 7000)]),
}


@pytest.mark.parametrize("what", SURE)
def test_what_leaves_no_second_reading_is_sure(ledger: Ledger, what: str) -> None:
    entry, shares = SURE[what]
    (proposal,) = match(entry, ledger)
    assert proposal.is_sure
    assert [(s.member_id, s.bill_id, s.amount_minor) for s in proposal.shares] == shares


def test_doubtful_ones_are_ranked_with_reasons(ledger: Ledger) -> None:
    proposals = match(money(7000, payer="Ben Schroder"), ledger)
    assert not any(p.is_sure for p in proposals)
    assert [p.shares[0].bill_id for p in proposals] == [2, 3]
    assert "alike" in proposals[0].why
    both = match(money(99, purpose="B-2016-000001 und B-2016-000005"), ledger)
    assert {p.shares[0].bill_id for p in both} == {1, 5}
    assert not both[0].is_sure
    other_sum = match(money(4321, payer_iban="DE10"), ledger)
    assert [(p.shares[0].bill_id, p.shares[0].amount_minor) for p in other_sum] == [(1, 4321), (None, 4321)]
    assert match(money(7000, payer_iban="DE10", payer="Ben Schröder"), ledger)[0].shares[0].bill_id == 2
    assert match(money(31337, payer="nobody"), ledger) == []


def test_all_open_bills_of_an_account_are_a_proposal(ledger: Ledger) -> None:
    best = match(money(6200, payer_iban="DE10"), ledger)[0]
    assert ([s.bill_id for s in best.shares], best.is_sure) == ([1, 5], False)


def test_names_are_alike_without_case_accents_titles_and_order() -> None:
    assert likeness("Dr. Müller, Ana", "ana mueller") == 1
    assert likeness("Ana Müller", "Peter Schulz") < 0.6


def test_creditor_references_have_right_check_digits_and_come_back() -> None:
    rf = structured("B2016000008")
    assert plain(f"{rf[:4]} {rf[4:8]} {rf[8:]}") == "B2016000008"
    assert plain("RF00B2016000008") == "RF00B2016000008"
    assert structured("539007547034") == "RF18539007547034"  # ISO 11649's own example
    assert references_in(f"zu {rf} vom Mai, auch B 2016 000009") == ["B2016000008", "B2016000009"]


def test_creditor_identifiers_are_checked() -> None:
    assert is_creditor_id("DE98ZZZ09999999999")  # the Bundesbank's example
    assert is_creditor_id("de98 abc 09999999999")  # the business code does not count
    assert not is_creditor_id("DE97ZZZ09999999999")
    assert not is_creditor_id("")


def test_sepa_text_keeps_to_letters_every_bank_takes() -> None:
    assert sepa_text("Müller & Söhne\n„GmbH“", 70) == "Mueller + Soehne GmbH"


def known(entry: BankEntry, pk: int, occurrence: int = 1) -> KnownLine:
    return KnownLine(
        pk,
        content_key(entry, "A"),
        occurrence,
        entry.bank_ref,
        entry.booked_date,
        entry.amount_minor,
        entry.batch_count,
        entry.batch_ref,
        entry.entry_ref,
    )


def placed(entries: list[BankEntry], lines: list[KnownLine]) -> list[tuple[int | None, int]]:
    return [(p.known.line_id if p.known else None, p.occurrence) for p in place(entries, lines, account="A")]


def test_the_same_movement_in_another_file_is_known_whatever_the_spaces() -> None:
    first = money(5, purpose="a  b", payer="X", bank_ref="")
    again = money(5, purpose="A B", payer="x", bank_ref="R1")
    assert placed([again], [known(first, 7)]) == [(7, 1)]


def test_two_equal_payments_are_two_and_stay_two() -> None:
    one = money(5, purpose="a")
    assert placed([one, one], []) == [(None, 1), (None, 2)]
    assert placed([one, one, one], [known(one, 1), known(one, 2, 2)]) == [(1, 1), (2, 2), (None, 3)]


def test_the_banks_own_ids_keep_equal_payments_apart_and_unequal_words_together() -> None:
    one, other = money(5, purpose="a", bank_ref="R1"), money(5, purpose="a", bank_ref="R2")
    assert placed([other], [known(one, 1)]) == [(None, 2)]
    assert placed([money(5, purpose="a, told at length", bank_ref="R1")], [known(one, 1)]) == [(1, 1)]


def test_a_sum_and_its_payments_are_one_movement_whichever_comes_first() -> None:
    parts = [money(5, purpose="a", entry_ref="N", bank_ref="1"), money(7, purpose="b", entry_ref="N", bank_ref="2")]
    whole = BankEntry(1, DAY, 12, batch_count=2, entry_ref="N")
    assert placed([whole], [known(parts[0], 1), known(parts[1], 2)])[0][0] == 1
    later = place(parts, [known(whole, 9)], account="A")
    assert [(p.known, p.details.line_id if p.details else None) for p in later] == [(None, 9), (None, 9)]


def test_gaps_and_sums_are_told() -> None:
    words = {"our_iban": "DE1", "currency": "EUR"}
    fine = Statement("camt.053", "2", "DE1", "EUR", 2, DAY, DAY, 100, 150, (money(50),))
    before = StatementBefore("1", 1, DAY, 100)
    assert findings(fine, before=before, **words) == []
    told = findings(fine, before=StatementBefore("0", 0, DAY, 90), **words)
    assert ["followed by 2" in told[0], "is missing" in told[1]] == [True, True]
    wrong = Statement("camt.053", "2", "DE2", "USD", None, DAY, DAY, 100, 151, (money(50),))
    assert len(findings(wrong, before=None, **words)) == 3
    new_year = Statement("camt.053", "1", "DE1", "EUR", 1, date(2017, 1, 2), DAY, 100, 100)
    assert findings(new_year, before=StatementBefore("250", 250, date(2016, 12, 31), 100), **words) == []


def test_reasons_say_what_follows() -> None:
    assert (reason_of("AM04").pauses_mandate, reason_of("MD01").pauses_mandate) == (False, True)
    assert reason_of("XX99").pauses_mandate
    assert fee_minor("bank", code="AM04", bank_minor=350, fixed_minor=900) == 350
    assert fee_minor("fixed", code="AM04", bank_minor=350, fixed_minor=900) == 900
    assert fee_minor("bank", code="MD01", bank_minor=350, fixed_minor=900) == 0
    assert fee_minor("none", code="AM04", bank_minor=350, fixed_minor=900) == 0


def test_banks_rest_on_target_holidays() -> None:
    assert [easter(year) for year in (2016, 2024, 2038)] == [date(2016, 3, 27), date(2024, 3, 31), date(2038, 4, 25)]
    assert bank_day_from(date(2016, 3, 25)) == date(2016, 3, 29)  # Good Friday to Tuesday
    assert bank_day_from(date(2016, 12, 24)) == date(2016, 12, 27)
