"""VAT: who shows it at which rate and why not, and its sums by rate (EN 16931, BG-23; Directive 2006/112/EC)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from billing.domain.pricing.parts import Part, Vat
from kernel.money import round_half_away


class Category(StrEnum):
    """UNTDID 5305: standard (any rate above nothing), zero rated, exempt, reverse charge, outside the tax."""

    STANDARD = "S"
    ZERO = "Z"
    EXEMPT = "E"
    REVERSE_CHARGE = "AE"
    OUTSIDE = "O"


class Scheme(StrEnum):
    """How somebody who supplies stands to VAT."""

    STANDARD = "standard"
    SMALL_BUSINESS = "small_business"
    EXEMPT = "exempt"
    OUTSIDE = "outside"


@dataclass(frozen=True, slots=True)
class VatParty:
    """How a party stands to VAT over some days.

    Attributes:
        rate: of what it supplies on self-billed documents, where it shows VAT; bills take the tariff's.
        owes_as_recipient: whether it resells energy, so that it owes the VAT on what it is billed (reverse charge).
        sentence: why it shows none, where the usual words will not do.
    """

    scheme: Scheme
    rate: Decimal = Decimal(0)
    vat_id: str = ""
    tax_number: str = ""
    owes_as_recipient: bool = False
    sentence: str = ""


NOT_TAXABLE = VatParty(Scheme.OUTSIDE)


@dataclass(frozen=True, slots=True)
class VatTreatment:
    """What VAT a line bears; `reason` is a key of the sentences on documents or a sentence itself, empty where tax is shown."""

    category: Category
    rate: Decimal = Decimal(0)
    reason: str = ""


WITHOUT: dict[str, tuple[Category, str]] = {
    "reverse_charge": (Category.REVERSE_CHARGE, "reverse_charge"),
    "small_business": (Category.EXEMPT, "small_business"),
    "exempt": (Category.EXEMPT, "exempt"),
}


def supplied_by(
    seller: VatParty, buyer: VatParty, rate: Decimal, treatment: str = "standard"
) -> VatTreatment:
    """The VAT of a supply at a rate, as the seller, then the buyer, then the supply itself stand to it."""
    if seller.scheme != Scheme.STANDARD:
        return _not_shown_by(seller)
    if buyer.owes_as_recipient:
        return VatTreatment(Category.REVERSE_CHARGE, reason="reverse_charge")
    if treatment in WITHOUT:
        category, reason = WITHOUT[treatment]
        return VatTreatment(category, reason=reason)
    return VatTreatment(Category.STANDARD, rate) if rate else VatTreatment(Category.ZERO)


def own_supply(seller: VatParty) -> VatTreatment:
    """What the cooperative delivers to itself: no supply, shown as exempt where the seller has a number to show."""
    return VatTreatment(_without_tax(seller), reason="own_supply")


def _without_tax(seller: VatParty) -> Category:
    """Exempt must be proved by a VAT id or tax number (rule BR-E-02); who has neither is outside."""
    return Category.EXEMPT if seller.vat_id or seller.tax_number else Category.OUTSIDE


def _not_shown_by(seller: VatParty) -> VatTreatment:
    reason = seller.sentence or ("not_subject" if seller.scheme == Scheme.OUTSIDE else seller.scheme.value)
    category = Category.OUTSIDE if seller.scheme == Scheme.OUTSIDE else _without_tax(seller)
    return VatTreatment(category, reason=reason)


KIND_OF_COMPONENT = {"grid": "energy"}


@dataclass(frozen=True, slots=True)
class TariffVat:
    """The VAT of one tariff version: its rate, and the parts that say otherwise for some kinds of lines."""

    rate: Decimal
    parts: tuple[Vat, ...] = ()

    @classmethod
    def of(cls, rate: Decimal, parts: Sequence[Part]) -> "TariffVat":
        return cls(rate, tuple(part for part in parts if isinstance(part, Vat)))

    def of_kind(self, kind: str) -> tuple[Decimal, str]:
        """Rate and treatment of a kind of line: of the first part that names it, else of one that names none, else the version's."""
        named = next((part for part in self.parts if kind in part.on), None)
        chosen = named or next((part for part in self.parts if not part.on), None)
        return (chosen.rate, chosen.treatment) if chosen else (self.rate, "standard")

    def of_component(self, component: str) -> Decimal:
        """The rate of a component of bills where seller and buyer are as usual; nothing where the part shows none."""
        rate, treatment = self.of_kind(KIND_OF_COMPONENT.get(component, component))
        return rate if treatment == "standard" else Decimal(0)

    @property
    def shows_tax(self) -> bool:
        return bool(self.rate) or any(part.rate for part in self.parts)


@dataclass(frozen=True, slots=True)
class VatSum:
    """What a document's lines of one category and rate come to, and the tax on it [minor units]."""

    category: Category
    rate: Decimal
    net_minor: int
    vat_minor: int
    reasons: tuple[str, ...] = ()


def side_by_side(treatments: Sequence[VatTreatment]) -> list[VatTreatment]:
    """As they may stand on one document: what is outside the tax is shown as exempt beside what is not (rule BR-O-11)."""
    if all(t.category == Category.OUTSIDE for t in treatments):
        return list(treatments)
    return [
        VatTreatment(Category.EXEMPT, t.rate, t.reason) if t.category == Category.OUTSIDE else t
        for t in treatments
    ]


def vat_sums(lines: Iterable[tuple[VatTreatment, int]]) -> list[VatSum]:
    """VAT of each category and rate on the sum of its lines [treatment, net], rounded once half away from zero; highest rate first."""
    nets: dict[tuple[Category, Decimal], int] = {}
    reasons: dict[tuple[Category, Decimal], list[str]] = {}
    for treatment, net in lines:
        key = treatment.category, treatment.rate
        nets[key] = nets.get(key, 0) + net
        if treatment.reason and treatment.reason not in reasons.setdefault(key, []):
            reasons[key].append(treatment.reason)
    order = sorted(nets, key=lambda key: (-key[1], list(Category).index(key[0])))
    return [
        VatSum(category, rate, nets[category, rate], round_half_away(nets[category, rate] * rate),
               tuple(reasons.get((category, rate), ())))
        for category, rate in order
    ]  # fmt: skip
