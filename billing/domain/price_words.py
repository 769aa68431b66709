"""The words of the page of today's and tomorrow's prices, in each language."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PriceWords:
    """One language."""

    lang: str
    title: str
    lead: str
    today: str
    tomorrow: str
    ahead: str
    waits: str
    cheapest: str
    substituted: str
    columns: tuple[str, str]
    nothing: str
    summary: str


ENGLISH = PriceWords(
    lang="en",
    title="Prices",
    lead="What a kWh from the public grid costs you, VAT included. Once published, a price stays: your bill uses it.",
    today="Today",
    tomorrow="Tomorrow",
    ahead="published on",
    waits="Tomorrow's prices are published as soon as the market has told its own, at the latest at 18:00.",
    cheapest="Cheapest from {start} to {end}, {price} ct per kWh.",
    substituted="For {count} quarter hours no market price was known: a substitute price by the tariff's rule holds there, and the bill says so.",
    columns=("From", "ct per kWh"),
    nothing="No tariff of yours is in force today. Your cooperative's treasurer can tell you more.",
    summary="{low} to {high} ct per kWh.",
)
GERMAN = PriceWords(
    lang="de",
    title="Preise",
    lead="Was eine kWh aus dem öffentlichen Netz Sie kostet, mit Umsatzsteuer. Ein veröffentlichter Preis bleibt: Ihre Rechnung rechnet damit.",
    today="Heute",
    tomorrow="Morgen",
    ahead="veröffentlicht am",
    waits="Die Preise von morgen erscheinen, sobald der Markt seine genannt hat, spätestens um 18:00 Uhr.",
    cheapest="Am günstigsten von {start} bis {end}, {price} ct je kWh.",
    substituted="Für {count} Viertelstunden war kein Marktpreis bekannt: dort gilt ein Ersatzpreis nach der Regel des Tarifs, und die Rechnung sagt es.",
    columns=("Ab", "ct je kWh"),
    nothing="Heute gilt kein Tarif von Ihnen. Die Kasse Ihrer Genossenschaft weiß mehr.",
    summary="{low} bis {high} ct je kWh.",
)
WORDS = {"en": ENGLISH, "de": GERMAN}
