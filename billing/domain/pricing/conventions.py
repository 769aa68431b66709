"""By which conventions a tariff is rated: our own, or those of NREL's SAM (docs/tariffs.md says where they differ)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Conventions:
    """How amounts, days and limits are counted.

    Attributes:
        exact: whole Wh, each line rounded once to the minor unit; else floating point, unrounded.
        nets_intervals: import and export of one interval are set off against each other before anything else.
        equal_months: an amount per day counts 365/12 times in each month, one per year a twelfth; else true days.
        open_end: energy above the last limit costs the last price; else it is not billed.
        carries_by_hour: surplus kWh go to the period that holds at the same hour next month; else to the same period.
        repeats_year: ratchets take the year before for one with the same load; else for what is known of it.
    """

    name: str
    exact: bool
    nets_intervals: bool
    equal_months: bool
    open_end: bool
    carries_by_hour: bool
    repeats_year: bool


OWN = Conventions("own", exact=True, nets_intervals=False, equal_months=False, open_end=True, carries_by_hour=False, repeats_year=False)
SAM = Conventions("sam", exact=False, nets_intervals=True, equal_months=True, open_end=False, carries_by_hour=True, repeats_year=True)
BY_NAME = {conventions.name: conventions for conventions in (OWN, SAM)}
