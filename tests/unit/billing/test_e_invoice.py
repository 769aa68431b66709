"""Business terms of EN 16931: what stands where, and what is refused."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from billing.domain.e_invoice import CannotInvoice, Invoice, InvoiceLine, InvoiceType, Party, Unit, business_terms
from billing.domain.vat import Category, VatSum

COOPERATIVE = Party("", "Bürgerenergie eG", "Am Anger 1", "19000", "Wiesengrund", "DE", "DE123456789", email="post@x.example")
MEMBER = Party("M-7", "Ana Müller", "Weg 2", "19000", "Wiesengrund", "DE")
NINETEEN = Decimal("0.1900")
BILL = Invoice(
    number="B-2016-000001",
    type=InvoiceType.INVOICE,
    issue_date=date(2016, 4, 3),
    due_date=date(2016, 4, 17),
    first_day=date(2016, 3, 1),
    last_day=date(2016, 3, 31),
    currency="EUR",
    seller=COOPERATIVE,
    buyer=MEMBER,
    buyer_reference="M-7",
    lines=(
        InvoiceLine("Standing charge", "Per day.", Decimal(31), Unit.DAY, Decimal("0.100000"), 310, NINETEEN),
        InvoiceLine("Thank-you", "", Decimal("-0.500"), Unit.KILOWATT_HOUR, Decimal("0.02"), -1, NINETEEN),
    ),
    vat=(VatSum(Category.STANDARD, NINETEEN, 309, 59),),
    gross_minor=368,
    iban="DE02120300000000202051",
    bic="",
    reference="B2016000001",
)


def test_a_bill_is_an_invoice_with_standard_vat() -> None:
    terms = business_terms(BILL)
    assert terms["BT-3"] == "380"
    assert (terms["BT-109"], terms["BT-110"], terms["BT-115"]) == ("3.09", "0.59", "3.68")
    assert terms["BG-23"] == [{"BT-116": "3.09", "BT-117": "0.59", "BT-118": "S", "BT-119": "19.00"}]
    assert terms["BG-4"]["vat_identifier"] == "DE123456789"
    assert (terms["BT-81"], terms["BT-84"]) == ("58", "DE02120300000000202051")


def test_a_deduction_has_a_negative_quantity_and_no_negative_price() -> None:
    line = business_terms(BILL)["BG-25"][1]
    assert (line["BT-129"], line["BT-146"], line["BT-131"]) == ("-0.5", "0.02", "-0.01")


def test_a_producer_without_vat_id_sells_outside_vat_and_nobodys_vat_id_is_shown() -> None:
    credit = replace(
        BILL,
        type=InvoiceType.SELF_BILLED,
        seller=MEMBER,
        buyer=COOPERATIVE,
        iban="",
        gross_minor=309,
        lines=tuple(replace(line, vat_rate=Decimal(0), category=Category.OUTSIDE) for line in BILL.lines),
        vat=(VatSum(Category.OUTSIDE, Decimal(0), 309, 0, ("Not subject to VAT",)),),
    )
    terms = business_terms(credit)
    assert terms["BT-3"] == "389"
    assert terms["BG-23"][0]["BT-118"] == "O"
    assert "BT-119" not in terms["BG-23"][0]
    assert terms["BG-23"][0]["BT-120"] == "Not subject to VAT"
    assert "vat_identifier" not in terms["BG-7"]
    assert terms["BG-4"]["identifiers"] == {"": "M-7"}


def test_a_correction_names_what_it_takes_back() -> None:
    terms = business_terms(replace(BILL, type=InvoiceType.CREDIT_NOTE, amends=("B-2016-000000", date(2016, 3, 3))))
    assert terms["BG-3"] == [{"BT-25": "B-2016-000000", "BT-26": date(2016, 3, 3)}]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"gross_minor": 367}, "gross"),
        ({"vat": (VatSum(Category.STANDARD, NINETEEN, 310, 59),)}, "their sum says 310"),
        ({"seller": replace(COOPERATIVE, vat_id="")}, "VAT id"),
        ({"vat": (VatSum(Category.STANDARD, NINETEEN, 309, 59), VatSum(Category.STANDARD, Decimal("0.07"), 0, 0))}, "a sum no line"),
    ],
)
def test_what_does_not_add_up_is_refused(change: dict, named: str) -> None:
    with pytest.raises(CannotInvoice, match=named):
        business_terms(replace(BILL, **change))


def test_two_rates_are_summed_apart() -> None:
    seven = replace(BILL.lines[0], vat_rate=Decimal("0.07"), net_minor=200)
    bill = replace(BILL, lines=(*BILL.lines, seven), gross_minor=582, vat=(*BILL.vat, VatSum(Category.STANDARD, Decimal("0.07"), 200, 14)))
    terms = business_terms(bill)
    assert [(part["BT-116"], part["BT-117"], part["BT-119"]) for part in terms["BG-23"]] == [
        ("3.09", "0.59", "19.00"),
        ("2.00", "0.14", "7.00"),
    ]
    assert [line["BT-152"] for line in terms["BG-25"]] == ["19.00", "19.00", "7.00"]
    assert terms["BT-110"] == "0.73"


def test_what_is_outside_vat_does_not_stand_beside_what_is_not() -> None:
    outside = replace(BILL.lines[0], vat_rate=Decimal(0), category=Category.OUTSIDE, net_minor=1)
    with pytest.raises(CannotInvoice, match="BR-O-11"):
        business_terms(
            replace(BILL, lines=(*BILL.lines, outside), gross_minor=369, vat=(*BILL.vat, VatSum(Category.OUTSIDE, Decimal(0), 1, 0)))
        )


def test_reverse_charge_needs_both_vat_ids() -> None:
    charged = replace(
        BILL,
        gross_minor=309,
        vat=(VatSum(Category.REVERSE_CHARGE, Decimal(0), 309, 0, ("reverse",)),),
        lines=tuple(replace(line, vat_rate=Decimal(0), category=Category.REVERSE_CHARGE) for line in BILL.lines),
    )
    with pytest.raises(CannotInvoice, match="BR-AE-02"):
        business_terms(charged)
    terms = business_terms(replace(charged, buyer=replace(MEMBER, vat_id="DE999999999")))
    assert terms["BG-23"][0]["BT-121"] == "VATEX-EU-AE"
