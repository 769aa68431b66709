"""VAT: whose status counts, which rate a line has, and sums that lose nothing."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from billing.domain.pricing.parts import Vat
from billing.domain.vat import Category, Ground, Scheme, TariffVat, VatParty, VatTreatment, bought_from, side_by_side, supplied_by, vat_sums

NINETEEN, SEVEN = Decimal("0.19"), Decimal("0.07")
COOPERATIVE = VatParty(Scheme.STANDARD, vat_id="DE1")
HOUSEHOLD = VatParty(Scheme.OUTSIDE)
RESELLER = VatParty(Scheme.STANDARD, NINETEEN, "DE2", owes_as_recipient=True)


def test_a_bill_bears_the_tariffs_rate_unless_somebody_stands_otherwise() -> None:
    assert supplied_by(COOPERATIVE, HOUSEHOLD, NINETEEN) == VatTreatment(Category.STANDARD, NINETEEN)
    assert supplied_by(COOPERATIVE, HOUSEHOLD, Decimal(0)).category == Category.ZERO
    assert supplied_by(COOPERATIVE, RESELLER, NINETEEN).category == Category.REVERSE_CHARGE
    assert supplied_by(COOPERATIVE, HOUSEHOLD, NINETEEN, "exempt").category == Category.EXEMPT


def test_a_small_business_shows_none_to_anybody_and_says_why() -> None:
    small = VatParty(Scheme.SMALL_BUSINESS, tax_number="12/345")
    for buyer in (HOUSEHOLD, RESELLER):
        assert supplied_by(small, buyer, NINETEEN) == VatTreatment(Category.EXEMPT, reason="small_business", ground=Ground.SMALL_BUSINESS)
    assert supplied_by(VatParty(Scheme.SMALL_BUSINESS), HOUSEHOLD, NINETEEN).category == Category.OUTSIDE
    own_words = VatParty(Scheme.SMALL_BUSINESS, tax_number="1", sentence="Art. 293 B du CGI")
    assert supplied_by(own_words, HOUSEHOLD, NINETEEN).reason == "Art. 293 B du CGI"


def test_the_cooperative_owes_as_recipient_and_deducts_only_if_it_shows_vat_itself() -> None:
    producer = VatParty(Scheme.STANDARD, NINETEEN, "DE3", recipient_owes=True)
    bought = bought_from(producer, COOPERATIVE)
    assert (bought.category, bought.rate, bought.recipient_rate, bought.is_deducted) == (Category.REVERSE_CHARGE, 0, NINETEEN, True)
    small = VatParty(Scheme.SMALL_BUSINESS, tax_number="1")
    assert not bought_from(producer, small).is_deducted
    assert not bought_from(VatParty(Scheme.STANDARD, NINETEEN, "DE4"), small).is_deducted
    (owed,) = vat_sums([(bought, 1003), (bought, 50)])
    assert (owed.net_minor, owed.vat_minor, owed.recipient_vat_minor) == (1053, 0, 200)


def test_a_part_names_the_rate_of_its_lines() -> None:
    tariff = TariffVat.of(NINETEEN, [Vat(SEVEN, on=("levy", "standing"))])
    assert [tariff.of_component(c) for c in ("levy", "standing", "grid")] == [SEVEN, SEVEN, NINETEEN]
    assert TariffVat.of(NINETEEN, [Vat(SEVEN)]).of_component("grid") == SEVEN


def test_what_is_outside_becomes_exempt_beside_what_is_taxed() -> None:
    outside, taxed = VatTreatment(Category.OUTSIDE, reason="x"), VatTreatment(Category.STANDARD, NINETEEN)
    assert side_by_side([outside, outside]) == [outside, outside]
    assert side_by_side([outside, taxed]) == [VatTreatment(Category.EXEMPT, reason="x"), taxed]


treatments = st.sampled_from(
    [
        VatTreatment(Category.STANDARD, NINETEEN),
        VatTreatment(Category.STANDARD, SEVEN),
        VatTreatment(Category.EXEMPT, reason="a"),
        VatTreatment(Category.EXEMPT, reason="b"),
    ]
)


@given(st.lists(st.tuples(treatments, st.integers(-100_000, 100_000)), max_size=12))
def test_sums_hold_every_line_once_whatever_their_order(lines: list[tuple[VatTreatment, int]]) -> None:
    sums = vat_sums(lines)
    assert sum(part.net_minor for part in sums) == sum(net for _, net in lines)
    assert len({(part.category, part.rate) for part in sums}) == len(sums)
    figures = [(part.category, part.rate, part.net_minor, part.vat_minor) for part in sums]
    again = vat_sums(lines[::-1])
    assert [(part.category, part.rate, part.net_minor, part.vat_minor) for part in again] == figures
    for part in sums:
        assert abs(part.net_minor * part.rate - part.vat_minor) <= Decimal("0.5")
