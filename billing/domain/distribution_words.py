"""The words of what a member got out of a distribution, in each language; page and paper say the same."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DistributionWords:
    """One language."""

    title: str
    lead: str
    revenue: str
    dividend: str
    reserve: str
    cap: str
    withheld: str
    countered: str
    taken_back: str
    columns: list[str]
    by_energy: str
    by_capital: str
    capital_unit: str
    total: str
    pay: str
    paid: str
    owed_back: str
    note: str
    labels: dict[str, str]


ENGLISH = DistributionWords(
    title="Shared out",
    lead="What the cooperative shared out among its members, your part of it, and how it is worked out.",
    revenue="Of what the cooperative earned from {first} to {last} it shares out {sum} {currency} among {count} members.",
    dividend="For {first} to {last} the cooperative pays {rate} a year on paid-in shares, together {sum} {currency} to {count} members.",
    reserve="Before that {reserve} {currency} went to the reserves.",
    cap="Nobody gets more than {cap} {currency}; what that leaves goes to the others in the same proportions.",
    withheld="Of your part {withheld} {currency} are kept back as tax ({rate}) and paid to the tax office for you.",
    countered="It was taken back on {date}: {why}",
    taken_back="This takes back your part of {date}: {why}",
    columns=["Counted by", "You", "All", "Of the sum", "Comes to"],
    by_energy="Energy delivered, kWh",
    by_capital="Shares x days held, {unit}",
    capital_unit="{currency} x days",
    total="Your part",
    pay="We pay you {amount} {currency}.",
    paid="We paid you {amount} {currency}.",
    owed_back="This lessens what we owe you by {amount} {currency}.",
    note="“Comes to” is your figure over all, times the sum, not rounded. Parts are whole cents: each is rounded down, and the cents left over go "
    "one each to the largest remainders, so that all parts together are the sum to the cent.",
    labels={
        "member": "Member",
        "period": "Months",
        "released": "Decided",
        "download": "Download PDF",
        "number": "Distribution",
        "none": "Nothing shared out yet",
        "none_why": "When the cooperative shares out what was earned, or pays a dividend on shares, your part stands here with all figures behind it.",
        "waiting": "to be paid out",
        "done": "paid out",
        "back": "taken back",
        "counter": "takes back",
        "shares": "Your shares",
        "held_since": "since",
        "held_to": "given back on",
        "no_shares": "No shares are noted for you.",
        "piece": "share",
        "pieces": "shares",
    },
)

GERMAN = DistributionWords(
    title="Ausgeschüttet",
    lead="Was die Genossenschaft an ihre Mitglieder ausgeschüttet hat, Ihr Anteil daran, und wie er berechnet ist.",
    revenue="Von dem, was die Genossenschaft vom {first} bis {last} erwirtschaftet hat, schüttet sie {sum} {currency} an {count} Mitglieder aus.",
    dividend="Für {first} bis {last} zahlt die Genossenschaft {rate} im Jahr auf eingezahlte Anteile, zusammen {sum} {currency} an {count} Mitglieder.",
    reserve="Zuvor gingen {reserve} {currency} in die Rücklagen.",
    cap="Niemand erhält mehr als {cap} {currency}; was dadurch bleibt, geht im selben Verhältnis an die anderen.",
    withheld="Von Ihrem Anteil werden {withheld} {currency} Steuer ({rate}) einbehalten und für Sie an das Finanzamt abgeführt.",
    countered="Sie wurde am {date} zurückgenommen: {why}",
    taken_back="Dies nimmt Ihren Anteil vom {date} zurück: {why}",
    columns=["Gezählt nach", "Sie", "Alle", "Von der Summe", "Ergibt"],
    by_energy="Gelieferte Energie, kWh",
    by_capital="Anteile x Tage, {unit}",
    capital_unit="{currency} x Tage",
    total="Ihr Anteil",
    pay="Wir zahlen Ihnen {amount} {currency}.",
    paid="Wir haben Ihnen {amount} {currency} gezahlt.",
    owed_back="Das mindert um {amount} {currency}, was wir Ihnen schulden.",
    note="„Ergibt“ ist Ihr Wert durch den aller, mal der Summe, ungerundet. Anteile sind ganze Cent: jeder wird abgerundet, und die übrigen Cent gehen "
    "einzeln an die größten Reste, so dass alle Anteile zusammen auf den Cent die Summe sind.",
    labels={
        "member": "Mitglied",
        "period": "Monate",
        "released": "Beschlossen",
        "download": "PDF herunterladen",
        "number": "Ausschüttung",
        "none": "Noch nichts ausgeschüttet",
        "none_why": "Wenn die Genossenschaft Erwirtschaftetes ausschüttet oder eine Dividende auf Anteile zahlt, steht hier Ihr Anteil mit allen Zahlen dahinter.",
        "waiting": "wird ausgezahlt",
        "done": "ausgezahlt",
        "back": "zurückgenommen",
        "counter": "nimmt zurück",
        "shares": "Ihre Geschäftsanteile",
        "held_since": "seit",
        "held_to": "zurückgegeben am",
        "no_shares": "Für Sie sind keine Anteile vermerkt.",
        "piece": "Anteil",
        "pieces": "Anteile",
    },
)

WORDS = {"en": ENGLISH, "de": GERMAN}
