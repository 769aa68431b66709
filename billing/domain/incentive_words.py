"""What awards and concerns are called, in each language: members read the same that the person who decides reads."""

from billing.domain.incentive_checks import Concern

CONCERNS = {
    "en": {
        Concern.RAISED_BEFORE: "In the weeks that say what is usual, much more was drawn in the peak than in the weeks before them.",
        Concern.CYCLED: "Much of what came from neighbours went back to neighbours on the same day, while the site's battery gave energy.",
        Concern.OWN_SITES: "Most of what was received came from other sites of the same member.",
        Concern.MOVED_NEXT_DOOR: "While this site drew less in the peak, another site of the same member drew more.",
    },
    "de": {
        Concern.RAISED_BEFORE: "In den Wochen, die das Übliche zeigen, wurde in der Spitze viel mehr bezogen als in den Wochen davor.",
        Concern.CYCLED: "Viel von dem, was von Nachbarn kam, ging am selben Tag an Nachbarn zurück, während die Batterie des Messpunkts lieferte.",
        Concern.OWN_SITES: "Das meiste, was bezogen wurde, kam von anderen Messpunkten desselben Mitglieds.",
        Concern.MOVED_NEXT_DOOR: "Während dieser Messpunkt in der Spitze weniger bezog, bezog ein anderer desselben Mitglieds mehr.",
    },
}
LABELS = {
    "en": {
        "title": "Incentives",
        "lead": "What you were rewarded for, what cap and budget left of it, and what is being looked at.",
        "month": "Month",
        "what": "For",
        "quantity": "Quantity",
        "earned": "Earned",
        "awarded": "Awarded",
        "state": "State",
        "granted": "on your credit document",
        "held": "being looked at",
        "declined": "declined",
        "cut": "cap or budget left less",
        "none": "No incentive yet",
        "days": "days",
        "none_why": "When the cooperative rewards something that you do, it stands here with how it was measured.",
        "held_why": "A person of the cooperative looks at it. Nothing is decided by a machine.",
        "compared": "Without it {baseline} kWh, measured {measured} kWh.",
    },
    "de": {
        "title": "Prämien",
        "lead": "Wofür Sie belohnt wurden, was Obergrenze und Budget davon lassen, und was noch angesehen wird.",
        "month": "Monat",
        "what": "Wofür",
        "quantity": "Menge",
        "earned": "Verdient",
        "awarded": "Zuerkannt",
        "state": "Stand",
        "granted": "auf Ihrer Gutschrift",
        "held": "wird angesehen",
        "declined": "abgelehnt",
        "cut": "Obergrenze oder Budget ließen weniger",
        "none": "Noch keine Prämie",
        "days": "Tage",
        "none_why": "Wenn die Genossenschaft etwas belohnt, das Sie tun, steht es hier mit der Messung dahinter.",
        "held_why": "Ein Mensch der Genossenschaft sieht es sich an. Nichts entscheidet eine Maschine.",
        "compared": "Ohne das {baseline} kWh, gemessen {measured} kWh.",
    },
}


def labels_in(language: str) -> dict[str, str]:
    """A page's words, English where a language has none."""
    return LABELS.get(language[:2], LABELS["en"])


def concern_in(name: str, language: str) -> str:
    """What a check saw, as a sentence."""
    return CONCERNS.get(language[:2], CONCERNS["en"])[Concern(name)]
