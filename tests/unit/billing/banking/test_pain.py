"""Files for the bank against the SEPA rulebooks: letters, countries, currency, and the schemas."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from billing.adapters.bank.pain import DEBIT_SCHEMA, DebitItem, InvalidOrder, Party, TransferItem, debit_file, transfer_file
from billing.domain.banking.bank_days import bank_day_from, is_bank_day
from billing.domain.banking.references import SEPA_LETTERS, sepa_text

US = Party("Bürgerenergie Wiesengrund eG", "DE89370400440532013000", "", "EUR", "DE98ZZZ09999999999")
NOW, DAY = datetime(2016, 4, 1, 10, tzinfo=UTC), date(2016, 4, 11)
SPACE = {"p": f"urn:iso:std:iso:20022:tech:xsd:{DEBIT_SCHEMA}"}


PLAIN = DebitItem("Jörg Weiß", "DE12500105170648489890", "", 1234, "B2016000001-1", "B-2016-000001", "FRST", "M-1", date(2016, 1, 1))


def debit(**changes: Any) -> DebitItem:
    return replace(PLAIN, **changes)


def written(*items: DebitItem, us: Party = US) -> Any:
    return etree.fromstring(debit_file(us=us, items=items, message_id="D20160401-1", day=DAY, now=NOW))


# EPC217-08, best practices for the conversion of characters.
@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("José Núñez", "Jose Nunez"),
        ("Łukasz Żółć", "Lukasz Zolc"),
        ("Søren Ærø Ångström", "Soren AEro Angstroem"),
        ("Zoë Čapek", "Zoe Capek"),
        ("Müller & Söhne", "Mueller + Soehne"),
        ("O’Brien–Smith", "O'Brien-Smith"),
        ("Şahin İnönü ığ", "Sahin Inoenue ig"),
        ("Đorđe Đukić", "Dorde Dukic"),
        ("Mu\u0308ller", "Mueller"),
        ("Groẞ ß", "GroSS ss"),
        ("A\tB\nC", "A B C"),
    ],
)
def test_names_keep_their_letters(name: str, sent: str) -> None:
    assert sepa_text(name, 70) == sent
    root = written(debit(name=name))
    assert root.findtext(".//p:Dbtr/p:Nm", namespaces=SPACE) == sent


@given(st.text(max_size=200), st.integers(1, 140))
def test_whatever_is_written_the_bank_takes_it(text: str, longest: int) -> None:
    sent = sepa_text(text, longest)
    assert len(sent) <= longest and sent == sent.strip()
    assert not SEPA_LETTERS.search(sent)


def test_long_words_are_cut_and_pass_the_schema() -> None:
    root = written(debit(name="Käthe " * 40, text="Überweisung " * 40))
    assert len(root.findtext(".//p:Dbtr/p:Nm", namespaces=SPACE)) <= 70
    assert len(root.findtext(".//p:RmtInf/p:Ustrd", namespaces=SPACE)) <= 140


def test_first_and_recurrent_debits_stand_in_groups_of_their_own() -> None:
    root = written(debit(), debit(sequence="RCUR", end_to_end_id="B2016000002-1", mandate_ref="M-2", amount_minor=1))
    groups = root.findall(".//p:PmtInf", SPACE)
    assert [g.findtext(".//p:SeqTp", namespaces=SPACE) for g in groups] == ["FRST", "RCUR"]
    assert [g.findtext("p:CtrlSum", namespaces=SPACE) for g in groups] == ["12.34", "0.01"]
    assert root.findtext(".//p:GrpHdr/p:CtrlSum", namespaces=SPACE) == "12.35"
    assert {g.findtext("p:ReqdColltnDt", namespaces=SPACE) for g in groups} == {"2016-04-11"}


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"iban": "TR330006100519786457841326"}, "SEPA does not reach"),
        ({"iban": "CH9300762011623852957"}, "wants a BIC"),
        ({"amount_minor": 0}, "above zero"),
        ({"name": "日本"}, "no letters"),
        ({"iban": "DE12500105170648489891"}, "not right"),
    ],
)
def test_what_a_bank_would_send_back_is_not_written(changes: dict[str, Any], why: str) -> None:
    with pytest.raises(InvalidOrder, match=why):
        written(debit(**changes))


def test_an_account_beside_the_economic_area_is_debited_with_its_bank() -> None:
    root = written(debit(iban="CH9300762011623852957", bic="POFICHBEXXX"))
    assert root.findtext(".//p:DbtrAgt//p:BICFI", namespaces=SPACE) == "POFICHBEXXX"


def test_only_euro_moves_by_sepa() -> None:
    francs = Party(US.name, US.iban, "", "CHF", US.creditor_id)
    with pytest.raises(InvalidOrder, match="euro alone"):
        written(debit(), us=francs)
    with pytest.raises(InvalidOrder, match="euro alone"):
        transfer_file(us=francs, items=[TransferItem("A", US.iban, 1, "P-1", "x")], message_id="P1", day=DAY, now=NOW)


def test_banks_rest_on_six_holidays_and_weekends() -> None:
    closed = {date(2026, 1, 1), date(2026, 4, 3), date(2026, 4, 6), date(2026, 5, 1), date(2026, 12, 25), date(2026, 12, 26)}
    days = [date.fromordinal(n) for n in range(date(2026, 1, 1).toordinal(), date(2027, 1, 1).toordinal())]
    assert {day for day in days if not is_bank_day(day) and day.weekday() < 5} == closed - {date(2026, 12, 26)}
    assert bank_day_from(date(2026, 4, 3)) == date(2026, 4, 7)
    assert bank_day_from(date(2027, 12, 25)) == date(2027, 12, 27)
