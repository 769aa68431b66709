"""The closed set of incentive rules as data, and their JSON (format 1): what is rewarded, and by how much."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from kernel.money import price_micro

FORMAT = 1
DAY_MINUTES = 1440
LARGEST = Decimal(10_000)
TIME = re.compile(r"([01]?\d|2[0-4]):([0-5]\d)")


class CannotReadRule(ValueError):
    """The JSON holds no incentive rule; the message names the place and the mending step."""


@dataclass(frozen=True, slots=True)
class PerKwh:
    """An amount for each kWh [currency units per kWh]."""

    price: Decimal

    @property
    def micro(self) -> int:
        """Millionths of the currency per kWh."""
        return price_micro(self.price)


@dataclass(frozen=True, slots=True)
class PerMonth:
    """An amount for a month in which it was at least so much [currency units, Wh]."""

    amount: Decimal
    from_wh: int


@dataclass(frozen=True, slots=True)
class PerDay:
    """An amount for each day of being entitled [currency units]."""

    amount: Decimal


Reward = PerKwh | PerMonth | PerDay


@dataclass(frozen=True, slots=True)
class Hours:
    """Local minutes `[start, end)` of the day, on workdays alone or on all days."""

    start_minute: int
    end_minute: int
    workdays_only: bool = True


@dataclass(frozen=True, slots=True)
class LocalUse:
    """Energy received from neighbours."""

    reward: PerKwh | PerMonth


@dataclass(frozen=True, slots=True)
class ShiftOffPeak:
    """Energy drawn outside the peak that used to be drawn in it.

    What is usual is the share of the peak in what the site drew in the days before the month; what the month's peak was below
    that share of the month's use was shifted.

    Attributes:
        usual_days: how many days before the month say what is usual.
        least_days: with fewer closed days among them nothing is said.
    """

    reward: PerKwh | PerMonth
    peak: Hours
    usual_days: int = 28
    least_days: int = 14


@dataclass(frozen=True, slots=True)
class DemandResponse:
    """Drawing less when asked. Price and measure are the programme's own; this adds caps and a budget to it."""


@dataclass(frozen=True, slots=True)
class LowIncome:
    """Members who are entitled: an amount a day, or an amount for each kWh drawn up to so many Wh a day."""

    reward: PerKwh | PerDay
    most_wh_a_day: int | None = None


Rule = LocalUse | ShiftOffPeak | DemandResponse | LowIncome
KINDS: dict[str, type[Any]] = {
    "local_use": LocalUse,
    "shift_off_peak": ShiftOffPeak,
    "demand_response": DemandResponse,
    "low_income": LowIncome,
}
REWARDS_OF = {"local_use": ("kwh", "month"), "shift_off_peak": ("kwh", "month"), "low_income": ("kwh", "day")}


def rule_from_json(given: Any) -> Rule:
    """The rule that a JSON object describes.

    Raises:
        CannotReadRule: a field is missing, unknown or wrong.
    """
    if not isinstance(given, Mapping) or given.get("format") != FORMAT:
        raise CannotReadRule(f"format: this program reads rules of format {FORMAT}")
    kind = given.get("kind")
    if kind == "local_use":
        _only(given, "reward")
        return LocalUse(_reward(given, kind))  # type: ignore[arg-type]
    if kind == "shift_off_peak":
        _only(given, "reward", "peak", "usual_days", "least_days")
        usual, least = _whole(given, "usual_days", 28, 7, 84), _whole(given, "least_days", 14, 5, 84)
        if least > usual:
            raise CannotReadRule("least_days: cannot be more than usual_days")
        return ShiftOffPeak(_reward(given, kind), _hours(given.get("peak")), usual, least)  # type: ignore[arg-type]
    if kind == "demand_response":
        _only(given)
        return DemandResponse()
    if kind == "low_income":
        _only(given, "reward", "most_wh_a_day")
        reward = _reward(given, kind)
        if "most_wh_a_day" in given and isinstance(reward, PerDay):
            raise CannotReadRule("most_wh_a_day: is for an amount per kWh")
        most = _whole(given, "most_wh_a_day", 0, 1, 1_000_000) if given.get("most_wh_a_day") is not None else None
        return LowIncome(reward, most)  # type: ignore[arg-type]
    raise CannotReadRule(f"kind: must be one of {', '.join(KINDS)}")


def rule_to_json(rule: Rule) -> dict[str, Any]:
    """The JSON of a rule; reading it gives the rule again."""
    kind = next(name for name, cls in KINDS.items() if isinstance(rule, cls))
    found: dict[str, Any] = {"format": FORMAT, "kind": kind}
    if not isinstance(rule, DemandResponse):
        found["reward"] = _reward_json(rule.reward)
    if isinstance(rule, ShiftOffPeak):
        found |= {"peak": _hours_json(rule.peak), "usual_days": rule.usual_days, "least_days": rule.least_days}
    if isinstance(rule, LowIncome) and rule.most_wh_a_day is not None:
        found["most_wh_a_day"] = rule.most_wh_a_day
    return found


def _only(given: Mapping[str, Any], *names: str) -> None:
    unknown = sorted(set(given) - {"format", "kind", *names})
    if unknown:
        raise CannotReadRule(f"{unknown[0]}: is not known here")


def _reward(given: Mapping[str, Any], kind: str) -> Reward:
    reward = given.get("reward")
    allowed = REWARDS_OF[kind]
    if not isinstance(reward, Mapping) or reward.get("by") not in allowed:
        raise CannotReadRule(f"reward.by: must be one of {', '.join(allowed)}")
    if reward["by"] == "kwh":
        return PerKwh(_amount(reward.get("price"), "reward.price"))
    amount = _amount(reward.get("amount"), "reward.amount")
    if reward["by"] == "day":
        return PerDay(amount)
    return PerMonth(amount, _whole(reward, "from_wh", 0, 0, 10**9))


def _amount(given: Any, where: str) -> Decimal:
    try:
        amount = Decimal(given) if isinstance(given, str) else Decimal("NaN")
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or not 0 < amount <= LARGEST or amount != amount.quantize(Decimal("0.000001")):
        raise CannotReadRule(f'{where}: must be a text with an amount above 0, as "0.02"')
    return amount


def _whole(given: Mapping[str, Any], name: str, default: int, least: int, most: int) -> int:
    value = given.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise CannotReadRule(f"{name}: must be a whole number from {least} to {most}")
    return value


def _hours(given: Any) -> Hours:
    if not isinstance(given, Mapping) or set(given) - {"from", "to", "workdays_only"}:
        raise CannotReadRule('peak: must be an object as {"from": "17:00", "to": "21:00"}')
    start, end = _minute(given.get("from"), "peak.from"), _minute(given.get("to"), "peak.to")
    if not start < end:
        raise CannotReadRule("peak.to: must be later than peak.from")
    if not isinstance(given.get("workdays_only", True), bool):
        raise CannotReadRule("peak.workdays_only: must be true or false")
    return Hours(start, end, given.get("workdays_only", True))


def _minute(given: Any, where: str) -> int:
    found = TIME.fullmatch(given) if isinstance(given, str) else None
    minute = int(found[1]) * 60 + int(found[2]) if found else DAY_MINUTES + 1
    if minute > DAY_MINUTES:
        raise CannotReadRule(f'{where}: must be a time, as "17:00"')
    return minute


def _reward_json(reward: Reward) -> dict[str, Any]:
    if isinstance(reward, PerKwh):
        return {"by": "kwh", "price": f"{reward.price:f}"}
    if isinstance(reward, PerDay):
        return {"by": "day", "amount": f"{reward.amount:f}"}
    return {"by": "month", "amount": f"{reward.amount:f}", "from_wh": reward.from_wh}


def _hours_json(hours: Hours) -> dict[str, Any]:
    return {"from": clock(hours.start_minute), "to": clock(hours.end_minute), "workdays_only": hours.workdays_only}


def clock(minute: int) -> str:
    """Minutes of a day as `17:00`."""
    return f"{minute // 60:02d}:{minute % 60:02d}"
