"""Files of banks and markets: every fault is told at once, with its place, and in German."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from billing.adapters.bank.camt import read_camt
from billing.adapters.bank.pain import DebitItem, InvalidOrder, Party, TransferItem, debit_file, transfer_file
from billing.adapters.spot.documents import read_index_document
from billing.domain.bank_csv import CannotReadStatement, read_statement
from billing.domain.spot_index import CannotReadIndex, prices_from_csv
from tests.unit.billing.banking.camt_files import camt, detail, entry
from tests.unit.billing.said import GERMAN, phrase_book, sentences_of, unsaid

ROOMS = Path(__file__).resolve().parents[3] / "billing"


def test_all_rows_of_a_statement_that_are_wrong_are_told() -> None:
    with pytest.raises(CannotReadStatement) as told:
        read_statement(b"date,amount,purpose\n2016-04-01,1.00,a\n2016-13-01,much,b\n,1.005,c\n2016-04-02,1e999999999,d\n")
    assert told.value.faults == (
        "Row 3, date: '2016-13-01' is not a date; write it as 2016-04-12 or 12.04.2016.",
        "Row 3, amount: 'much' is not an amount; write it as 12.34.",
        "Row 4, date: the cell is empty; write it as 2016-04-12 or 12.04.2016.",
        "Row 4, amount: '1.005' has more than two decimals or is out of range; check the decimal point.",
        "Row 5, amount: '1e999999999' has more than two decimals or is out of range; check the decimal point.",
    )


def test_all_entries_of_a_camt_file_that_are_wrong_are_told_down_to_the_payment() -> None:
    payments = entry("3.00", details=detail(amount="1.00", name="A") + detail(name="B") + detail(amount="x", name="C"))
    with pytest.raises(CannotReadStatement) as told:
        read_camt(camt(entry("1.00"), entry("many"), payments, entry("1.00", day="2016-02-30")))
    places = [str(fault).split(": ", 1) for fault in told.value.faults]
    assert [place.split(", ", 1)[1] for place, _ in places] == ["entry 2", "entry 3, payment 2", "entry 3, payment 3", "entry 4"]
    assert [what for _, what in places] == [
        "'many' is not an amount.",
        "There is no amount (Amt).",
        "'x' is not an amount.",
        "'2016-02-30' is not a day.",
    ]


def test_german_keeps_what_was_written() -> None:
    book = phrase_book()
    said = book.german("Statement '2016-04-05', entry 4: '2016-02-30' is not a day.", GERMAN.gettext)
    assert said == "Auszug '2016-04-05', Buchung 4: '2016-02-30' ist kein Tag."
    said = book.german("Row 3, price_per_kwh: '1.234,5' is no price; write it as 0.1234.", GERMAN.gettext)
    assert said == "Zeile 3, price_per_kwh: '1.234,5' ist kein Preis; schreiben Sie ihn wie 0.1234, mit Punkt."


def test_all_cells_of_a_price_file_that_are_wrong_are_told() -> None:
    with pytest.raises(CannotReadIndex) as told:
        prices_from_csv("time,price_per_kwh\n2026-03-01T00:00,dear\n2026-03-01T00:20Z,\n")
    places = [str(fault).split(": ", 1)[0] for fault in told.value.faults]
    assert places == ["Row 2, time", "Row 2, price_per_kwh", "Row 3, time", "Row 3, price_per_kwh"]


def test_a_market_document_is_told_by_series_period_and_position() -> None:
    point = "<Point><position>{}</position><price.amount>{}</price.amount></Point>"
    content = (
        "<Publication_MarketDocument><type>A44</type><TimeSeries><currency_Unit.name>EUR</currency_Unit.name>"
        "<price_Measure_Unit.name>MWH</price_Measure_Unit.name><curveType>A01</curveType><Period><timeInterval>"
        "<start>2026-03-01T00:00Z</start><end>2026-03-01T02:00Z</end></timeInterval><resolution>PT60M</resolution>"
        f"{point.format(1, 80)}{point.format(2, 'high')}</Period></TimeSeries></Publication_MarketDocument>"
    )
    with pytest.raises(CannotReadIndex, match="Time series 1, period 1, position 2: 'high' is no price"):
        read_index_document(content.encode(), own_currency="EUR", exchange_rate=None)


OURS = Party("Dorfstrom eG", "DE89370400440532013000", "COBADEFFXXX", "EUR", "DE98ZZZ09999999999")
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def debit(name: str = "Ana", iban: str = "DE89370400440532013000", bic: str = "") -> DebitItem:
    return DebitItem(name, iban, bic, 100, "B1-1", "B1", "FRST", "M1", date(2026, 1, 1))


def test_what_a_bank_would_send_back_is_told_before_a_file_is_written() -> None:
    with pytest.raises(InvalidOrder) as told:
        debit_file(
            us=Party("", "DE00", "X", "EUR"), items=[debit("株"), debit(iban="DE1", bic="?")], message_id="D1", day=NOW.date(), now=NOW
        )
    assert len(told.value.faults) == 7
    assert unsaid(map(str, told.value.faults)) == []
    with pytest.raises(InvalidOrder, match="Payment P1: The amount is not above zero"):
        transfer_file(us=OURS, items=[TransferItem("Ana", OURS.iban, 0, "P1", "x")], message_id="T1", day=NOW.date(), now=NOW)
    assert debit_file(us=OURS, items=[debit()], message_id="D1", day=NOW.date(), now=NOW).startswith(b"<?xml")


@pytest.mark.parametrize(
    ("module", "callers", "least"),
    [
        ("domain/bank_csv.py", ("CannotReadStatement",), 8),
        ("adapters/bank/camt.py", ("CannotReadStatement",), 14),
        ("adapters/bank/xml.py", ("CannotReadFile",), 3),
        ("adapters/bank/pain002.py", ("CannotReadFile",), 2),
        ("domain/spot_index.py", ("CannotReadIndex",), 8),
        ("adapters/spot/documents.py", ("CannotReadIndex",), 20),
        ("domain/pricing/urdb.py", ("CannotReadUrdb",), 17),
        ("adapters/spot/sources.py", ("SourceUnavailable",), 5),
    ],
)
def test_every_sentence_about_a_file_has_its_german(module: str, callers: tuple[str, ...], least: int) -> None:
    found = sentences_of(ROOMS / module, *callers)
    assert len(found) >= least
    assert unsaid(found) == []


def test_what_is_told_of_a_statement_has_its_german() -> None:
    place = "Statement 'S1', entry 2"
    assert (
        unsaid(
            [
                f"{place}: Its 2 payments are told in another currency; it is taken as one sum for a person to look at.",
                f"{place}: Its 2 payments do not make its sum; it is taken as one sum for a person to look at.",
                "3 movements in USD were left out: the books are in EUR.",
            ]
        )
        == []
    )
