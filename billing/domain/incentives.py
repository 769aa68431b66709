"""What a demand response event is worth to each site and member."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from kernel.money import minor_from_wh_micro, round_half_away


@dataclass(frozen=True, slots=True)
class Incentives:
    """Amounts in minor units: of each site, of each member, and what the cooperative owes in sum."""

    of_site: Mapping[int, int]
    of_member: Mapping[int, int]
    total: int


def incentive_minor(delivered_wh: int, price_micro_per_kwh: int) -> int:
    """What one site gets, rounded once half away from zero; nothing is owed for having drawn more."""
    exact: Decimal = minor_from_wh_micro(max(delivered_wh, 0) * price_micro_per_kwh)
    return round_half_away(exact)


def incentives_of(
    delivered_wh: Mapping[int, int], member_of: Mapping[int, int], price_micro_per_kwh: int
) -> Incentives:
    """All amounts of an event; `delivered_wh` by site, `member_of` each of them."""
    of_site = {site: incentive_minor(wh, price_micro_per_kwh) for site, wh in delivered_wh.items()}
    of_member: dict[int, int] = {}
    for site, amount in of_site.items():
        of_member[member_of[site]] = of_member.get(member_of[site], 0) + amount
    return Incentives(of_site, of_member, sum(of_site.values()))
