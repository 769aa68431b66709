"""What members read about work on the network that cuts their supply, in English and German."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Notice(StrEnum):
    """Why somebody is written to."""

    PLANNED = "planned"
    REMINDER = "reminder"
    LATER = "later"
    CANCELLED = "cancelled"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Work:
    """What is told: where the member's sites are, from when to when by local time, what is done, and in which village."""

    village: str
    sites: Sequence[str]
    start: datetime
    end: datetime
    reason: str
    is_open_ended: bool = False


SUBJECTS: Mapping[str, Mapping[Notice, str]] = {
    "en": {
        Notice.PLANNED: "No power on {day}, {start} to {end}",
        Notice.REMINDER: "Reminder: no power on {day}, {start} to {end}",
        Notice.LATER: "Power comes back later: {day}, {end}",
        Notice.CANCELLED: "Cancelled: the power stays on on {day}",
        Notice.OVER: "The power is back",
    },
    "de": {
        Notice.PLANNED: "Kein Strom am {day}, {start} bis {end}",
        Notice.REMINDER: "Zur Erinnerung: kein Strom am {day}, {start} bis {end}",
        Notice.LATER: "Der Strom kommt später wieder: {day}, {end}",
        Notice.CANCELLED: "Abgesagt: der Strom bleibt am {day} an",
        Notice.OVER: "Der Strom ist wieder da",
    },
}
WORKS = {
    "en": "We work on the network of {village}: {reason}.\n\n{place} has no power from {start_long} to {end_long}. {end_words}",
    "de": "Wir arbeiten am Netz von {village}: {reason}.\n\n{place} hat von {start_long} bis {end_long} keinen Strom. {end_words}",
}
LATER = {
    "en": "The work takes longer than we thought: {reason}.\n\n{place} has power again from {end_long}. {end_words}",
    "de": "Die Arbeit dauert länger als gedacht: {reason}.\n\n{place} hat ab {end_long} wieder Strom. {end_words}",
}
CANCELLED = {
    "en": "The work announced for {start_long} does not take place. {place} keeps its power; nothing needs to be done.",
    "de": "Die für {start_long} angekündigte Arbeit findet nicht statt. {place} behält den Strom; es ist nichts zu tun.",
}
OVER = {
    "en": "The work is done, {place} has power again. If yours is still off, look at your main switch first, then call us.",
    "de": "Die Arbeit ist getan, {place} hat wieder Strom. Fehlt er bei Ihnen noch, sehen Sie erst nach der Hauptsicherung und rufen Sie uns dann an.",
}
PRUDENCE = {
    "en": "Please treat every wire as live all the same: power may come back earlier. A battery of your own may go on feeding your house if it can do that.",
    "de": "Bitte behandeln Sie trotzdem jede Leitung, als stünde sie unter Spannung: der Strom kann früher wiederkommen. Ein eigener Speicher versorgt Ihr Haus weiter, wenn er das kann.",
}
OPEN_ENDED = {
    "en": "It may take a little longer: the power comes back when those who work there say that it is safe.",
    "de": "Es kann etwas länger dauern: der Strom kommt wieder, wenn die Leute vor Ort sagen, dass es sicher ist.",
}
BODIES = {Notice.PLANNED: WORKS, Notice.REMINDER: WORKS, Notice.LATER: LATER, Notice.CANCELLED: CANCELLED, Notice.OVER: OVER}
MONTHS = {
    "en": ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"],
    "de": ["Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"],
}
MOST_SITES_NAMED = 5


def write(notice: Notice, work: Work, language: str) -> tuple[str, str]:
    """Subject and text of a notice; English where the language is not known."""
    language = language if language in SUBJECTS else "en"
    words = {
        "village": work.village,
        "reason": work.reason.rstrip(". "),
        "place": _place(work.sites, language),
        "day": _day(work.start, language),
        "start": f"{work.start:%H:%M}",
        "end": f"{work.end:%H:%M}" if work.end.date() == work.start.date() else _long(work.end, language),
        "start_long": _long(work.start, language),
        "end_long": _long(work.end, language),
        "end_words": (OPEN_ENDED if work.is_open_ended else PRUDENCE)[language],
    }
    subject = SUBJECTS[language][notice].format(**words)
    return subject, BODIES[notice][language].format(**words)


def _place(sites: Sequence[str], language: str) -> str:
    named = list(sites[:MOST_SITES_NAMED])
    more = len(sites) - len(named)
    joined = ", ".join(named)
    if more:
        joined += f" and {more} more" if language == "en" else f" und {more} weitere"
    return joined


def _day(at: datetime, language: str) -> str:
    month = MONTHS[language][at.month - 1]
    return f"{at.day}. {month}" if language == "de" else f"{at.day} {month}"


def _long(at: datetime, language: str) -> str:
    between = " um " if language == "de" else " at "
    after = " Uhr" if language == "de" else ""
    return f"{_day(at, language)}{between}{at:%H:%M}{after}"
