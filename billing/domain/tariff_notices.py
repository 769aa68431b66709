"""What people are told of a tariff version on its way, in each language."""

from datetime import date
from enum import StrEnum


class TariffNotice(StrEnum):
    """Why somebody is told."""

    SUBMITTED = "submitted"
    APPROVED = "approved"
    REJECTED = "rejected"


TEXTS: dict[str, dict[TariffNotice, tuple[str, str]]] = {
    "en": {
        TariffNotice.SUBMITTED: (
            "{version} waits for your approval",
            "{who} has submitted {version}, to hold from {day}. Please look at what changes and at what it does to every member, then "
            "approve it or say what should be different.",
        ),
        TariffNotice.APPROVED: ("{version} is approved", "{who} has approved {version}. It holds from {day}."),
        TariffNotice.REJECTED: ("{version} is rejected", "{who} has rejected {version}: {reason}\nA copy of it is a draft again."),
    },
    "de": {
        TariffNotice.SUBMITTED: (
            "{version} wartet auf Ihre Freigabe",
            "{who} hat {version} vorgelegt, gültig ab {day}. Bitte sehen Sie sich an, was sich ändert und was es für jedes Mitglied bedeutet; "
            "dann geben Sie frei oder sagen, was anders werden soll.",
        ),
        TariffNotice.APPROVED: ("{version} ist freigegeben", "{who} hat {version} freigegeben. Die Version gilt ab {day}."),
        TariffNotice.REJECTED: (
            "{version} ist abgelehnt",
            "{who} hat {version} abgelehnt: {reason}\nEine Kopie davon ist wieder ein Entwurf.",
        ),
    },
}
DATE_FORMS = {"en": "%d/%m/%Y", "de": "%d.%m.%Y"}


def write(notice: TariffNotice, version: str, who: str, day: date, reason: str, language: str) -> tuple[str, str]:
    """Subject and text."""
    chosen = language if language in TEXTS else "en"
    words = {"version": version, "who": who, "day": day.strftime(DATE_FORMS[chosen]), "reason": reason}
    subject, text = TEXTS[chosen][notice]
    return subject.format(**words), text.format(**words)
