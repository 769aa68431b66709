"""VAT as the accounts hold it: keys of accounts, categories of a return, and the key numbers of the German advance return.

Source of the key numbers: the form USt 1 A (Umsatzsteuer-Voranmeldung) and its instructions; they are named only where what the books
know decides them alone. A small business and what is exempt have none here: the paragraph of the exemption decides, and it is not booked.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum

from billing.domain.vat import Category, Ground

# Directive 2006/112/EC, article 97: no standard rate is lower.
LOWEST_STANDARD_RATE = Decimal("0.15")
ZERO_HAS_A_NUMBER_FROM = date(2023, 1, 1)


class Side(StrEnum):
    """Whether the cooperative supplies, or is supplied and writes the document."""

    OUTPUT = "output"
    INPUT = "input"


class Treatment(StrEnum):
    """What a return tells apart."""

    STANDARD = "standard"
    REDUCED = "reduced"
    ZERO = "zero"
    REVERSE_CHARGE = "reverse_charge"
    SMALL_BUSINESS = "small_business"
    EXEMPT = "exempt"
    OUTSIDE = "outside"
    OWN_SUPPLY = "own_supply"


@dataclass(frozen=True, slots=True, order=True)
class VatKey:
    """How what is booked on an account stands to VAT; `rate` is the recipient's under reverse charge."""

    side: Side
    category: Category
    rate: Decimal
    ground: Ground

    @classmethod
    def parse(cls, text: str) -> "VatKey":
        """Read `output/S/0.1900/taxed`.

        Raises:
            ValueError: it is not written so.
        """
        side, category, rate, ground = text.split("/")
        return cls(Side(side), Category(category), Decimal(rate), Ground(ground))

    def __str__(self) -> str:
        return f"{self.side}/{self.category}/{self.rate:.4f}/{self.ground}"

    @property
    def treatment(self) -> Treatment:
        if self.ground == Ground.TAXED:
            return Treatment.STANDARD if self.rate >= LOWEST_STANDARD_RATE else Treatment.REDUCED
        return Treatment(self.ground.value)

    @property
    def is_received(self) -> bool:
        """Whether the cooperative owes the tax as recipient."""
        return self.side == Side.INPUT and self.category == Category.REVERSE_CHARGE


@dataclass(frozen=True, slots=True)
class VatRow:
    """What the accounts of one key moved by [minor units], what takes back counted against it.

    Attributes:
        base_minor: net of tax, as supplied.
        tax_minor: owed to the tax office: shown on bills, or owed as recipient.
        deducted_minor: given back by it.
        cost_minor: charged or owed, and not given back.
    """

    key: VatKey
    documents: int = 0
    base_minor: int = 0
    tax_minor: int = 0
    deducted_minor: int = 0
    cost_minor: int = 0

    def less(self, other: "VatRow") -> "VatRow":
        """What this one has beyond another of the same key, in money."""
        return replace(
            self,
            documents=0,
            base_minor=self.base_minor - other.base_minor,
            tax_minor=self.tax_minor - other.tax_minor,
            deducted_minor=self.deducted_minor - other.deducted_minor,
            cost_minor=self.cost_minor - other.cost_minor,
        )

    @property
    def is_empty(self) -> bool:
        return not (self.documents or self.base_minor or self.tax_minor or self.deducted_minor or self.cost_minor)


@dataclass(frozen=True, slots=True)
class KeyNumbers:
    """Lines of the German advance return: for the base, for the tax (none where the form works it out), for what is deducted."""

    base: str = ""
    tax: str = ""
    deducted: str = ""


def key_numbers(key: VatKey, last_day: date) -> KeyNumbers:
    """The key numbers of a row in a return up to `last_day`; empty where the books alone do not decide them."""
    if key.side == Side.INPUT:
        if key.is_received:
            return KeyNumbers("84", "85", "67")
        return KeyNumbers(deducted="66") if key.ground == Ground.TAXED else KeyNumbers()
    if key.ground == Ground.TAXED:
        fixed = {Decimal("0.19"): KeyNumbers("81"), Decimal("0.07"): KeyNumbers("86")}
        return fixed.get(key.rate, KeyNumbers("35", "36"))
    if key.ground == Ground.ZERO and last_day >= ZERO_HAS_A_NUMBER_FROM:
        return KeyNumbers("87")
    return KeyNumbers("60") if key.ground == Ground.REVERSE_CHARGE else KeyNumbers()


def owed_minor(rows: Iterable[VatRow]) -> int:
    """What the tax office gets (key number 83); below 0: gives back."""
    return sum(row.tax_minor - row.deducted_minor for row in rows)


def apart(rows: Iterable[VatRow], others: Iterable[VatRow]) -> list[VatRow]:
    """Key by key, what one side has beyond the other; empty where both agree to the cent."""
    here, there = {row.key: row for row in rows}, {row.key: row for row in others}
    differences = [here.get(key, VatRow(key)).less(there.get(key, VatRow(key))) for key in sorted(here.keys() | there.keys())]
    return [row for row in differences if not row.is_empty]
