"""Documents of market prices as ENTSO-E, aWATTar and Energy-Charts publish them: gaps, auctions, resolutions, both days on which clocks change."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from billing.adapters.spot.documents import read_index_document
from billing.domain.spot_feeds import may_ask, words_of_lack
from billing.domain.spot_index import CannotReadIndex, IndexPrice

NAMESPACE = "urn:iec62325.351:tc57wg16:451-3:publicationdocument:7:3"
SUMMER = datetime(2026, 3, 28, 23, tzinfo=UTC)  # midnight of 29 March, a day of 23 hours
WINTER = datetime(2026, 10, 24, 22, tzinfo=UTC)  # midnight of 25 October, a day of 25 hours


def series(
    start: datetime,
    hours: int,
    points: dict[int, str],
    *,
    curve: str = "A03",
    resolution: str = "PT60M",
    currency: str = "EUR",
    auction: int | None = None,
) -> str:
    form = "%Y-%m-%dT%H:%MZ"
    told = "".join(f"<Point><position>{p}</position><price.amount>{v}</price.amount></Point>" for p, v in points.items())
    place = "classificationSequence_AttributeInstanceComponent.position"
    return (
        f"<TimeSeries><businessType>A62</businessType><currency_Unit.name>{currency}</currency_Unit.name>"
        f"<price_Measure_Unit.name>MWH</price_Measure_Unit.name>{f'<{place}>{auction}</{place}>' if auction else ''}"
        f"<curveType>{curve}</curveType><Period><timeInterval><start>{start:{form}}</start>"
        f"<end>{start + timedelta(hours=hours):{form}}</end></timeInterval><resolution>{resolution}</resolution>{told}</Period></TimeSeries>"
    )


def document(*of: str, kind: str = "A44") -> bytes:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><Publication_MarketDocument xmlns="{NAMESPACE}">'
        f"<mRID>1</mRID><type>{kind}</type>{''.join(of)}</Publication_MarketDocument>"
    ).encode()


def read(content: bytes, rate: str | None = None) -> list[IndexPrice]:
    given = None if rate is None else Decimal(rate)
    return read_index_document(content, own_currency="EUR", exchange_rate=given).prices


@pytest.mark.parametrize(("start", "hours"), [(SUMMER, 23), (WINTER, 25)])
def test_a_gap_of_a_variable_curve_means_as_before(start: datetime, hours: int) -> None:
    found = read(document(series(start, hours, {1: "80.5", 3: "-12.34", hours: "7"})))
    assert [p.start_at for p in found] == [start + timedelta(minutes=15 * i) for i in range(4 * hours)]
    by_hour = [80_500] * 2 + [-12_340] * (hours - 3) + [7_000]
    assert [p.price_micro for p in found] == [price for price in by_hour for _ in range(4)]


def test_a_gap_of_a_fixed_curve_is_not_known() -> None:
    found = read(document(series(SUMMER, 1, {1: "1", 4: "2"}, curve="A01", resolution="PT15M")))
    assert [(p.start_at - SUMMER, p.price_micro) for p in found] == [(timedelta(0), 1000), (timedelta(minutes=45), 2000)]


def test_the_first_auction_and_the_finer_resolution_count() -> None:
    hourly, quarters = series(SUMMER, 1, {1: "9"}, auction=1), series(SUMMER, 1, {1: "1", 2: "2"}, resolution="PT15M", auction=1)
    second = series(SUMMER, 1, {1: "5"}, resolution="PT15M", auction=2)
    for order in ([hourly, quarters, second], [second, quarters, hourly]):
        assert [p.price_micro for p in read(document(*order))] == [1000, 2000, 2000, 2000]
    with pytest.raises(CannotReadIndex, match="two prices for 2026-03-28 23:00 UTC"):
        read(document(hourly, series(SUMMER, 1, {1: "8"}, auction=1)))


def test_another_currency_needs_a_rate() -> None:
    content = document(series(SUMMER, 1, {1: "400"}, currency="PLN"))
    with pytest.raises(CannotReadIndex, match="say what one PLN is worth in EUR"):
        read(content)
    assert read(content, "0.25")[0].price_micro == 100_000


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (
            b"<Acknowledgement_MarketDocument><Reason><code>999</code><text>No matching data</text></Reason></Acknowledgement_MarketDocument>",
            "no prices: 'No matching data'",
        ),
        (document(kind="A25"), "of type A25"),
        (document(), "holds no prices"),
        (document(series(SUMMER, 1, {2: "1"}, resolution="PT15M")), "must begin with position 1"),
        (document(series(SUMMER, 1, {1: "1", 5: "1"}, resolution="PT15M")), "Position 5 is not one of 1 to 4"),
        (document(series(SUMMER, 1, {1: "dear"})), "'dear' is no price"),
        (document(series(SUMMER, 1, {1: "1e9"})), "above 100 per kWh"),
        (document(series(SUMMER, 1, {1: "NaN"})), "above 100 per kWh"),
        (document(series(SUMMER, 1, {1: "1"}, resolution="P1D")), "resolution is 'P1D'"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "document type"),
        (b"{", "no sound JSON"),
        (b'{"price": 1}', "neither `data`"),
        (b'{"unix_seconds": [0], "price": [1, 2], "unit": "EUR / MWh"}', "1 times and 2 prices"),
        (b'{"unix_seconds": [7], "price": [1], "unit": "EUR / MWh"}', "does not begin a quarter hour"),
        (b'{"unix_seconds": [0], "price": [NaN], "unit": "EUR / MWh"}', "'nan' is no price"),
        (b'{"unix_seconds": [0], "price": [1], "unit": "EUR / GJ"}', "unit is 'EUR / GJ'"),
        (b'{"data": [{"start_timestamp": 0, "end_timestamp": 7200000, "marketprice": 1, "unit": "Eur/MWh"}]}', "does not last an hour"),
        (b"\xff\xfe", "no text in UTF-8"),
    ],
)
def test_what_is_wrong_is_said(content: bytes, told: str) -> None:
    with pytest.raises(CannotReadIndex, match=told):
        read(content)


def test_awattar_says_where_each_price_ends() -> None:
    rows = [
        {"start_timestamp": 3_600_000 * i, "end_timestamp": 3_600_000 * (i + 1), "marketprice": price, "unit": "Eur/MWh"}
        for i, price in ((0, 42.09), (2, -3))
    ]
    found = read(json.dumps({"object": "list", "data": rows}).encode())
    assert [p.price_micro for p in found] == [42_090] * 4 + [-3000] * 4
    assert found[4].start_at == datetime(1970, 1, 1, 2, tzinfo=UTC)


def test_energy_charts_says_null_where_nothing_is_known() -> None:
    given = {"license_info": "CC BY", "unix_seconds": [0, 3600, 7200], "price": [42.09, None, 1], "unit": "EUR / MWh", "deprecated": False}
    found = read(json.dumps(given).encode())
    assert [p.price_micro for p in found] == [42_090] * 4 + [1000] * 4
    assert found[4].start_at == datetime(1970, 1, 1, 2, tzinfo=UTC)


def test_each_failure_doubles_the_wait_up_to_an_hour() -> None:
    def due(failures: int, minutes: int) -> bool:
        return may_ask(SUMMER, failures, SUMMER + timedelta(minutes=minutes))

    assert may_ask(None, 0, SUMMER)
    assert [due(0, 0), due(1, 4), due(1, 5), due(3, 19), due(3, 20), due(900, 59), due(900, 60)] == [
        True,
        False,
        True,
        False,
        True,
        False,
        True,
    ]
    assert words_of_lack("Day ahead", SUMMER.date(), "", "de")[0] == "Day ahead: keine Preise für den 28.03.2026"
