"""When a market is asked for prices again, when their lack is told, and in which words."""

from datetime import date, datetime, time, timedelta

FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=5), timedelta(hours=1)
LATE = time(17)
"""Local time from which prices of tomorrow that are not there are told to whoever makes tariffs."""
TEXTS = {
    "en": (
        "{index}: no prices for {day}",
        "The prices of {index} for {day} are not wholly known yet. From 18:00 the rule of each tariff stands in for those that are missing"
        "; the page of prices and the bill say so. {problem}",
    ),
    "de": (
        "{index}: keine Preise für den {day}",
        "Die Preise von {index} für den {day} sind noch nicht vollständig bekannt. Ab 18:00 gilt für die fehlenden die Ersatzregel des Tarifs"
        "; die Preisseite und die Rechnung sagen es. {problem}",
    ),
}
DATE_FORMS = {"en": "%d/%m/%Y", "de": "%d.%m.%Y"}


def may_ask(tried_at: datetime | None, failures: int, now: datetime) -> bool:
    """Whether a try is due: each failure doubles the wait, up to an hour."""
    wait = min(FIRST_WAIT * 2 ** min(max(failures - 1, 0), 10), LONGEST_WAIT)
    return tried_at is None or not failures or now >= tried_at + wait


def words_of_lack(index: str, day: date, problem: str, language: str) -> tuple[str, str]:
    """Subject and text for whoever looks after tariffs."""
    chosen = language if language in TEXTS else "en"
    words = {"index": index, "day": day.strftime(DATE_FORMS[chosen]), "problem": problem}
    subject, text = TEXTS[chosen]
    return subject.format(**words), text.format(**words).strip()
