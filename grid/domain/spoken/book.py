"""All phrases that operators read, and a sentence said in a language."""

from functools import lru_cache

from grid.domain.spoken import answers, control, files, labels, links, orders, plans, reports, runs
from kernel.phrases import PhraseBook

BOOK = PhraseBook(
    [
        *control.ALARMS,
        *control.STATES,
        *control.REASONS,
        *control.ORDERS,
        *control.LIMITS,
        *control.LOOKS,
        *plans.PLANS,
        *plans.CLAUSES,
        *plans.SHORT,
        *orders.EMERGENCIES,
        *orders.BY_HAND,
        *orders.ALARMS,
        *orders.SWITCHING,
        *orders.OUTAGES,
        *orders.INTERRUPTIONS,
        *orders.DEMAND,
        *orders.TOLD_TO_MEMBERS,
        *labels.ALARMS,
        *labels.STATES,
        *labels.COMMANDS,
        *labels.OUTAGES,
        *labels.METERING,
        *labels.KINDS,
        *reports.REPORTS,
        *answers.ANSWERS,
        *runs.RUNS,
        *files.WHOLE,
        *files.STEPS,
        *files.ROWS,
        *links.LINKS,
        *links.ROWS,
    ]
)


@lru_cache(maxsize=4096)
def in_language(english: str, language: str) -> str:
    """A written sentence in a language; what no phrase fits stays as it was written."""
    if not language.startswith("de"):
        return english
    return BOOK.said(english)
