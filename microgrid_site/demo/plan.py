"""What to show: which network, which month, where to."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from kernel.intervals import Month

DEMO_NETWORK = Path(__file__).resolve().parents[2] / "energy" / "data" / "simbench_lv_rural3"
DEFAULT_MONTH = Month(2016, 6)


class CannotChooseMonth(ValueError):
    """The data do not hold the month that was asked for."""


@dataclass(frozen=True, slots=True)
class DemoPlan:
    """One run of the demo."""

    data: Path
    month: Month | None
    export: Path | None = None
    shows_steering: bool = False


def days_to_settle(available: list[date], month: Month | None) -> tuple[Month, list[date]]:
    """Choose the month and its days among the days for which there are profiles.

    Without a wish: June 2016 where the data hold it, otherwise the fullest month, the earliest of equals.

    Raises:
        CannotChooseMonth: no data for the month; the message names the months there are.
    """
    days_of: dict[Month, list[date]] = {}
    for day in sorted(available):
        days_of.setdefault(Month(day.year, day.month), []).append(day)
    if not days_of:
        raise CannotChooseMonth("The network has no load profiles: put load_profiles.csv.gz beside loads.csv.")
    if month is None:
        fullest = max(days_of, key=lambda m: (len(days_of[m]), -m.number))
        month = DEFAULT_MONTH if len(days_of.get(DEFAULT_MONTH, [])) == 30 else fullest
    if month not in days_of:
        months = ", ".join(str(m) for m in sorted(days_of))
        raise CannotChooseMonth(f"There are no profiles for {month}; the data hold {months}.")
    return month, days_of[month]


def replay_start(last_day: date, zone: ZoneInfo) -> datetime:
    """The instant that the microgrid's clock shows at first: two in the morning after the last metered day."""
    return datetime.combine(last_day + timedelta(days=1), time(2), tzinfo=zone)
