"""What stands out among the drafts of a run: figures in, findings out. What blocks is for a person to settle before anything is posted."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

ESTIMATED_SHARE = 0.1
TIMES_THE_MEDIAN = 10
TIMES_THE_HIGHEST = 3
FEWEST_TO_COMPARE = 5
LAST_YEAR_FACTOR = 2.0
MONTHS_BEFORE_FACTOR = 2.5
LITTLE_WH_PER_DAY = 1000


@dataclass(frozen=True, slots=True)
class SiteFigures:
    """What the drafts of one site say, and what is known of it.

    Attributes:
        gross_minor: of its bill, None where it has none.
        drawn_wh, days: energy on the bill and the days it is for.
        last_year_wh_per_day: of the same month a year ago, None where there was no bill.
        before_wh_per_day: of the months before, newest first.
        highest_minor: the highest earlier bill, None where there was none.
        intervals, estimated, missing_days: of its readings.
        reactive_missing: days on which reactive energy is charged and nothing was read of it.
    """

    site_id: int
    gross_minor: int | None
    drawn_wh: int
    days: int
    last_year_wh_per_day: float | None = None
    before_wh_per_day: tuple[float, ...] = ()
    highest_minor: int | None = None
    is_first: bool = False
    intervals: int = 0
    estimated: int = 0
    missing_days: int = 0
    reactive_missing: int = 0
    new_tariff: str = ""
    has_address: bool = True
    has_contact: bool = True


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to look at; `kind` as `billing.models.CheckKind` knows it."""

    site_id: int
    kind: str
    told: str


def findings(sites: Sequence[SiteFigures], currency: str) -> list[Finding]:
    """Everything that stands out, site by site."""
    bills = [s.gross_minor for s in sites if s.gross_minor is not None and s.gross_minor > 0]
    usual = median(bills) if len(bills) >= FEWEST_TO_COMPARE else None
    return [finding for site in sites for finding in _of_site(site, usual, currency)]


def _of_site(site: SiteFigures, usual_minor: float | None, currency: str) -> list[Finding]:
    told = {
        "negative": _negative(site, currency),
        "no_readings": _missing(site),
        "very_high": _very_high(site, usual_minor, currency),
        "estimated": _estimated(site),
        "last_year": _last_year(site),
        "months_before": _months_before(site),
        "nothing_used": "Nothing was drawn on any day." if site.gross_minor is not None and not site.drawn_wh else "",
        "first_bill": "There is no earlier document of this member at this site." if site.is_first else "",
        "new_tariff": site.new_tariff,
        "no_address": "" if site.has_address else "Street or place is missing: a letter cannot be sent.",
        "no_contact": "" if site.has_contact else "No e-mail address: documents are not sent by e-mail.",
    }
    return [Finding(site.site_id, kind, text) for kind, text in told.items() if text]


def _negative(site: SiteFigures, currency: str) -> str:
    if site.gross_minor is None or site.gross_minor >= 0:
        return ""
    return f"The bill comes to {_money(site.gross_minor)} {currency}."


def _missing(site: SiteFigures) -> str:
    told = [f"{site.missing_days} of {site.days} days have no readings."] if site.missing_days else []
    if site.reactive_missing:
        told.append(f"Nothing was read of reactive energy on {site.reactive_missing} days on which it is charged.")
    return " ".join(told)


def _very_high(site: SiteFigures, usual_minor: float | None, currency: str) -> str:
    if site.gross_minor is None or usual_minor is None or site.gross_minor <= TIMES_THE_MEDIAN * usual_minor:
        return ""
    if site.highest_minor is not None and site.gross_minor <= TIMES_THE_HIGHEST * site.highest_minor:
        return ""
    before = (
        "there is none to compare with" if site.highest_minor is None else f"the highest before was {_money(site.highest_minor)} {currency}"
    )
    return f"{_money(site.gross_minor)} {currency}; half of all bills are below {_money(round(usual_minor))} {currency}, and {before}."


def _estimated(site: SiteFigures) -> str:
    if not site.intervals or site.estimated <= ESTIMATED_SHARE * site.intervals:
        return ""
    return f"{site.estimated} of {site.intervals} intervals are estimated ({100 * site.estimated // site.intervals} %)."


def _last_year(site: SiteFigures) -> str:
    if site.last_year_wh_per_day is None:
        return ""
    return _compared(site, site.last_year_wh_per_day, LAST_YEAR_FACTOR, "the same month last year")


def _months_before(site: SiteFigures) -> str:
    if not site.before_wh_per_day:
        return ""
    mean = sum(site.before_wh_per_day) / len(site.before_wh_per_day)
    return _compared(site, mean, MONTHS_BEFORE_FACTOR, "the months before")


def _compared(site: SiteFigures, before: float, factor: float, what: str) -> str:
    now = site.drawn_wh / site.days
    if max(now, before) < LITTLE_WH_PER_DAY or before / factor <= now <= before * factor:
        return ""
    return f"{now / 1000:.1f} kWh a day; {what}: {before / 1000:.1f} kWh a day."


def _money(minor: int) -> str:
    return f"{minor / 100:,.2f}"
