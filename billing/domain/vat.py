"""VAT: who shows it at which rate and why not, and its sums by rate (EN 16931, BG-23; Directive 2006/112/EC)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
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


class Ground(StrEnum):
    """Why a supply bears the tax it bears: a category alone does not tell a small business from what is exempt."""

    TAXED = "taxed"
    ZERO = "zero"
    REVERSE_CHARGE = "reverse_charge"
    SMALL_BUSINESS = "small_business"
    EXEMPT = "exempt"
    OUTSIDE = "outside"
    OWN_SUPPLY = "own_supply"


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
        recipient_owes: whether the cooperative owes the VAT on what it supplies, at `rate` (reverse charge the other way).
        sentence: why it shows none, where the usual words will not do.
    """

    scheme: Scheme
    rate: Decimal = Decimal(0)
    vat_id: str = ""
    tax_number: str = ""
    owes_as_recipient: bool = False
    recipient_owes: bool = False
    sentence: str = ""


NOT_TAXABLE = VatParty(Scheme.OUTSIDE)


@dataclass(frozen=True, slots=True)
class VatTreatment:
    """What VAT a line bears.

    Attributes:
        reason: a key of the sentences on documents or a sentence itself, empty where tax is shown.
        recipient_rate: at which the cooperative owes the tax as recipient.
        is_deducted: whether the cooperative gets back what it is charged, or owes as recipient.
    """

    category: Category
    rate: Decimal = Decimal(0)
    reason: str = ""
    ground: Ground = Ground.TAXED
    recipient_rate: Decimal = Decimal(0)
    is_deducted: bool = True


REVERSED = VatTreatment(Category.REVERSE_CHARGE, reason="reverse_charge", ground=Ground.REVERSE_CHARGE)
WITHOUT: dict[str, VatTreatment] = {
    "reverse_charge": REVERSED,
    "small_business": VatTreatment(Category.EXEMPT, reason="small_business", ground=Ground.SMALL_BUSINESS),
    "exempt": VatTreatment(Category.EXEMPT, reason="exempt", ground=Ground.EXEMPT),
}


def supplied_by(seller: VatParty, buyer: VatParty, rate: Decimal, treatment: str = "standard") -> VatTreatment:
    """The VAT of a supply at a rate, as the seller, then the buyer, then the supply itself stand to it."""
    if seller.scheme != Scheme.STANDARD:
        return _not_shown_by(seller)
    if buyer.owes_as_recipient:
        return REVERSED
    if treatment in WITHOUT:
        return WITHOUT[treatment]
    return VatTreatment(Category.STANDARD, rate) if rate else VatTreatment(Category.ZERO, ground=Ground.ZERO)


def bought_from(seller: VatParty, cooperative: VatParty) -> VatTreatment:
    """The VAT of what the cooperative buys and writes the document for: only who shows VAT itself gets it back."""
    is_deducted = cooperative.scheme == Scheme.STANDARD
    if seller.scheme == Scheme.STANDARD and seller.recipient_owes:
        return replace(REVERSED, recipient_rate=seller.rate, is_deducted=is_deducted)
    return replace(supplied_by(seller, cooperative, seller.rate), is_deducted=is_deducted)


def own_supply(seller: VatParty) -> VatTreatment:
    """What the cooperative delivers to itself: no supply, shown as exempt where the seller has a number to show."""
    return VatTreatment(_without_tax(seller), reason="own_supply", ground=Ground.OWN_SUPPLY)


def _without_tax(seller: VatParty) -> Category:
    """Exempt must be proved by a VAT id or tax number (rule BR-E-02); who has neither is outside."""
    return Category.EXEMPT if seller.vat_id or seller.tax_number else Category.OUTSIDE


def _not_shown_by(seller: VatParty) -> VatTreatment:
    reason = seller.sentence or ("not_subject" if seller.scheme == Scheme.OUTSIDE else seller.scheme.value)
    category = Category.OUTSIDE if seller.scheme == Scheme.OUTSIDE else _without_tax(seller)
    return VatTreatment(category, reason=reason, ground=Ground(seller.scheme.value))


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
    """What a document's lines of one category and rate come to, and the tax on it [minor units].

    Attributes:
        recipient_vat_minor: what the cooperative owes as recipient, at `recipient_rate`.
    """

    category: Category
    rate: Decimal
    net_minor: int
    vat_minor: int
    reasons: tuple[str, ...] = ()
    ground: Ground = Ground.TAXED
    recipient_rate: Decimal = Decimal(0)
    recipient_vat_minor: int = 0
    is_deducted: bool = True


def side_by_side(treatments: Sequence[VatTreatment]) -> list[VatTreatment]:
    """As they may stand on one document: what is outside the tax is shown as exempt beside what is not (rule BR-O-11)."""
    kinds = {id(t): t.category == Category.OUTSIDE for t in treatments}
    if len(set(kinds.values())) < 2:
        return list(treatments)
    return [replace(t, category=Category.EXEMPT) if t.category == Category.OUTSIDE else t for t in treatments]


def vat_sums(lines: Iterable[tuple[VatTreatment, int]]) -> list[VatSum]:
    """VAT of each category and rate on the sum of its lines [treatment, net], rounded once half away from zero; highest rate first.

    A document has one sum of a category and rate. Where a status changed inside its days and left both alike, the first line's ground
    counts, the highest rate of a recipient, and tax is deducted only if it is on every line.
    """
    # Most lines share one treatment: told apart by identity, thousands of documents are summed without comparing fields.
    by_treatment: dict[int, tuple[VatTreatment, list[int]]] = {}
    for treatment, net in lines:
        found = by_treatment.get(id(treatment))
        if found is None:
            by_treatment[id(treatment)] = (treatment, [net])
        else:
            found[1].append(net)
    alike: dict[tuple[Category, Decimal], list[tuple[VatTreatment, int]]] = {}
    for treatment, nets in by_treatment.values():
        alike.setdefault((treatment.category, treatment.rate), []).append((treatment, sum(nets)))
    if len(alike) == 1:
        return [_sum_of(*key, theirs) for key, theirs in alike.items()]
    order = sorted(alike, key=lambda key: (-key[1], list(Category).index(key[0])))
    return [_sum_of(category, rate, alike[category, rate]) for category, rate in order]


def _sum_of(category: Category, rate: Decimal, lines: Sequence[tuple[VatTreatment, int]]) -> VatSum:
    net = sum(amount for _, amount in lines)
    treatments = [treatment for treatment, _ in lines]
    owed_at = max(t.recipient_rate for t in treatments)
    return VatSum(
        category,
        rate,
        net,
        round_half_away(net * rate) if rate else 0,
        tuple(dict.fromkeys(t.reason for t in treatments if t.reason)),
        treatments[0].ground,
        owed_at,
        round_half_away(net * owed_at) if owed_at else 0,
        all(t.is_deducted for t in treatments),
    )
