"""The closed set of typed parts of which any tariff is made. Prices are in currency units, per kWh unless the name says else."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal, TypeVar

from billing.domain.pricing.windows import Schedule

FORMAT = 1
TierUnit = Literal["month", "day", "kw", "kw_day"]
TierRule = Literal["chronological", "prorated"]
Span = Literal["day", "month", "year"]
LocalRule = Literal["mid_market", "supply_demand_ratio", "bill_sharing", "auction", "discount"]
DemandMeasure = Literal["highest", "mean_of_three", "coincident"]
ExportRule = Literal["net_metering", "net_billing", "feed_in", "buy_all_sell_all"]
SpotFallback = Literal["last_week", "day_before", "fixed"]
VatTreatment = Literal["standard", "reverse_charge", "small_business", "exempt"]
ONE, NOTHING = Decimal(1), Decimal(0)


@dataclass(frozen=True, slots=True)
class Tier:
    """A price up to a limit: kWh a month, a day, or per kW of the month's peak; for demand kW. None: without limit."""

    price: Decimal
    up_to: Decimal | None = None
    unit: TierUnit = "month"


@dataclass(frozen=True, slots=True)
class Period:
    """A named time of use with its tiers, in rising order."""

    name: str
    tiers: tuple[Tier, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """An amount for each day, month or year, whatever is used; part of a month counts by days."""

    amount: Decimal
    per: Span


@dataclass(frozen=True, slots=True)
class Energy:
    """Energy from the public grid by time of use, in tiers.

    Tiers are of the month's energy over all periods: filled as it is drawn (`chronological`), or spread over the periods in
    proportion (`prorated`).
    """

    periods: tuple[Period, ...]
    schedule: Schedule = field(default_factory=Schedule)
    tier_rule: TierRule = "chronological"


@dataclass(frozen=True, slots=True)
class PeakMultiplier:
    """Energy from the public grid at `base_price x multiplier` in peak windows (periods 1, 2, ... of the schedule)."""

    base_price: Decimal
    multipliers: tuple[tuple[str, Decimal], ...]
    schedule: Schedule


@dataclass(frozen=True, slots=True)
class Spot:
    """Energy from the public grid at `factor x index x state + margin`, held between floor and cap.

    Attributes:
        surplus_factor, scarce_factor: `state` where the microgrid is foreseen to have more than it needs, or to be near its limit.
        fallback: what stands in where the index is not known as prices are published.
    """

    index: str
    margin: Decimal = NOTHING
    factor: Decimal = ONE
    floor: Decimal | None = None
    cap: Decimal | None = None
    surplus_factor: Decimal = ONE
    scarce_factor: Decimal = ONE
    fallback: SpotFallback = "last_week"


@dataclass(frozen=True, slots=True)
class Local:
    """Energy from neighbours at the published local price of a rule, or at a discount on the own grid price (`share` of it)."""

    rule: LocalRule
    share: Decimal = NOTHING


@dataclass(frozen=True, slots=True)
class Demand:
    """The month's highest power in steps of kW; with `months` one of the periods by calendar month, else by time of use.

    Attributes:
        months: period of each calendar month (flat demand); empty: the schedule decides (time-of-use demand, summed).
        ratchet_percent, ratchet_months: the billed power is at least this part of the highest of so many months before.
        ratchet_of: the calendar months (1 to 12) whose power a ratchet looks at; empty: all.
    """

    periods: tuple[Period, ...]
    months: tuple[int, ...] = ()
    schedule: Schedule = field(default_factory=Schedule)
    measure: DemandMeasure = "highest"
    ratchet_percent: Decimal = NOTHING
    ratchet_months: int = 0
    ratchet_of: tuple[int, ...] = ()

    @property
    def has_ratchet(self) -> bool:
        """Whether months before count."""
        return bool(self.ratchet_months and self.ratchet_percent)


@dataclass(frozen=True, slots=True)
class Capacity:
    """A monthly amount by the size of the connection's fuse: the first step that is large enough [A]."""

    steps: tuple[tuple[int, Decimal], ...]


@dataclass(frozen=True, slots=True)
class Reactive:
    """A price per kvarh of the month's reactive energy above a share of its active energy (0.4843 is a cos phi of 0.9)."""

    price: Decimal
    free_share: Decimal


@dataclass(frozen=True, slots=True)
class Export:
    """What energy fed in is worth.

    net_metering: kWh are set off against kWh of the same period, surplus carried over to later months (`carry`).
    net_billing, feed_in: import at the energy price, export at these prices; feed_in pays on a document of its own.
    buy_all_sell_all: the whole load is bought and the whole production sold.
    """

    rule: ExportRule
    periods: tuple[Period, ...] = ()
    schedule: Schedule = field(default_factory=Schedule)
    carry: bool = True
    year_end_price: Decimal = NOTHING


@dataclass(frozen=True, slots=True)
class Incentive:
    """Deducted for each kWh received from neighbours, or drawn in the schedule's periods above 0 (shifted off peak)."""

    price: Decimal
    basis: Literal["local", "off_peak"] = "local"
    schedule: Schedule = field(default_factory=Schedule)


@dataclass(frozen=True, slots=True)
class Levy:
    """A named levy: a price per kWh drawn, or percent of the lines of some kinds (all, where none are named)."""

    name: str
    price: Decimal = NOTHING
    percent: Decimal = NOTHING
    on: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Discount:
    """Percent off the lines of some kinds (all, where none are named), or an amount a month."""

    name: str
    percent: Decimal = NOTHING
    amount_per_month: Decimal = NOTHING
    on: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Vat:
    """A VAT rate (0.19) on the lines of some kinds (all others, where none are named), and how it is treated."""

    rate: Decimal
    treatment: VatTreatment = "standard"
    on: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Minimum:
    """What the net sum is topped up to: per day or month in each month, per year in the year's last month."""

    amount: Decimal
    per: Span


Part = (
    Standing | Energy | PeakMultiplier | Spot | Local | Demand | Capacity | Reactive | Export | Incentive | Levy | Discount | Vat | Minimum
)
KINDS: dict[str, type[Part]] = {
    "standing": Standing,
    "energy": Energy,
    "peak_multiplier": PeakMultiplier,
    "spot": Spot,
    "local": Local,
    "demand": Demand,
    "capacity": Capacity,
    "reactive": Reactive,
    "export": Export,
    "incentive": Incentive,
    "levy": Levy,
    "discount": Discount,
    "vat": Vat,
    "minimum": Minimum,
}
KIND_OF = {part: kind for kind, part in KINDS.items()}
AnyPart = TypeVar("AnyPart", bound=Part)


@dataclass(frozen=True, slots=True)
class PricedTariff:
    """All parts of one tariff version and the currency of its prices."""

    parts: tuple[Part, ...]
    currency: str = "EUR"

    def of_kind(self, kind: type[AnyPart]) -> list[AnyPart]:
        """The parts of one kind, in order."""
        return [part for part in self.parts if isinstance(part, kind)]
