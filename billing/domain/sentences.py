"""The words of a bill, written in each language: a bill explains itself in one sentence per line."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Words:
    """One language."""

    lang: str
    bill: str
    credit: str
    bill_reversal: str
    credit_reversal: str
    taken_back: str
    ask: str
    paid_to_you: str
    comparison: str
    no_comparison: str
    from_neighbours: str
    from_grid: str
    out_of_storage: str
    co2: str
    estimated: str
    compared: str
    check: str
    complain: str
    labels: dict[str, str]
    components: dict[str, tuple[str, str]]
    windows: dict[str, str]
    tier: str
    part: str
    registers: dict[str, str]
    date_form: str
    thousands: str
    decimal: str

    def number(self, value: Decimal, decimals: int) -> str:
        """A number with this language's separators."""
        text = f"{value:,.{decimals}f}"
        return text.replace(",", "\0").replace(".", self.decimal).replace("\0", self.thousands)

    def money(self, minor: int) -> str:
        return self.number(Decimal(minor) / 100, 2)

    def percent(self, share: Decimal) -> str:
        """A share as per cent, decimals only where there are some."""
        value = (share * 100).normalize()
        return f"{self.number(value, max(-int(value.as_tuple().exponent), 0))} %"

    def kwh(self, energy_wh: int) -> str:
        return f"{self.number(Decimal(energy_wh) / 1000, 3)} kWh"

    def quantity(self, quantity: int, unit: str) -> str:
        """A quantity of a line: energy, power or days; nothing where a line is an amount alone."""
        if unit == "Wh":
            return self.kwh(quantity)
        if unit in ("W", "varh"):
            return f"{self.number(Decimal(quantity) / 1000, 3)} k{'W' if unit == 'W' else 'varh'}"
        return f"{quantity} {self.labels['days']}" if unit else ""

    def price(self, value: Decimal, unit: str) -> str:
        """A price of a line: of energy with all six decimals, else with two, or as many as it has."""
        digits = -int(value.normalize().as_tuple().exponent)
        return self.number(value, 6 if unit == "Wh" else max(digits, 2))

    def stored(self, energy_wh: int) -> str:
        """What of an energy came out of batteries, to be put behind it; nothing where none did."""
        return self.out_of_storage.format(kwh=self.kwh(energy_wh)) if energy_wh else ""

    def date(self, day: date) -> str:
        return day.strftime(self.date_form)

    def line(self, component: str, window: str) -> tuple[str, str]:
        """What a line is called and why it is there."""
        name, period, why = self.parts_of(component, window)
        return ", ".join(filter(None, [name, period])), why

    def parts_of(self, component: str, window: str) -> tuple[str, str, str]:
        """A line's name, its period in words (empty where it has none), and why it is there."""
        name, why = self.components[component]
        return name, ", ".join(self._window(piece) for piece in window.split(", ")) if window else "", why

    def _window(self, piece: str) -> str:
        """A period's name, or what the program adds to it."""
        if piece.startswith("tier ") and piece[5:].isdigit():
            return self.tier.format(number=piece[5:])
        if piece.startswith("part "):
            return self.part.format(share=piece[5:])
        return self.windows.get(piece, piece)


ENGLISH = Words(
    lang="en",
    bill="Electricity bill",
    credit="Credit for your electricity",
    bill_reversal="Credit note for your bill of",
    credit_reversal="Note that takes back your credit of",
    taken_back="This amount is taken back",
    ask="Please pay by {date}",
    paid_to_you="This is paid to you",
    comparison="In {month} it was {amount} {currency}.",
    no_comparison="There is no earlier document to compare with.",
    from_neighbours="{kwh} from neighbours",
    from_grid="{kwh} from the public grid",
    out_of_storage=" ({kwh} of it out of batteries)",
    co2="{kg} kg CO2 at {factor} g per kWh from the public grid",
    estimated="Estimated quarter hours",
    compared="Without it {baseline}, measured {measured}.",
    check="Every figure of this document is sealed, and the root of the seal stands on a public chain. Log in to your cooperative's "
    "page, open this document and press “Check this bill”: your own browser recomputes the seal and compares it with the chain.",
    complain="Something looks wrong? Write to {name}, {email}, or call {phone}, within eight weeks; until it is settled you pay only "
    "what is not in dispute. If we do not agree, the energy arbitration board helps free of charge. You may change your supplier or leave "
    "with one month's notice to the end of a month.",
    labels={
        "vat_id": "VAT id",
        "emergency": "Emergency",
        "made_up": "How it is made up",
        "item": "For",
        "quantity": "Quantity",
        "price": "Price per kWh, kW, kvarh or day",
        "amount": "Amount",
        "by_day": "Your month, day by day",
        "readings": "Meter readings",
        "how_to_pay": "How to pay",
        "code": "Payment code for a banking app",
        "reference": "Reference",
        "check": "Check this bill yourself",
        "complain": "Questions, complaints, leaving",
        "number": "Number",
        "member": "Member",
        "site": "Metering point",
        "issued": "Issued",
        "period": "Period",
        "first_bill": "First bill",
        "moved_in": "yours from the first of these days on",
        "final_bill": "Final bill",
        "moved_out": "yours until the last of these days",
        "net": "Net",
        "vat": "VAT",
        "total": "To pay",
        "total_credit": "Paid to you",
        "total_reversal": "Taken back",
        "days": "days",
        "not_subject": "Not subject to VAT",
        "vat_on": "on",
        "small_business": "No VAT is shown: small business (Directive 2006/112/EC, articles 282 to 292)",
        "exempt": "Exempt from VAT",
        "reverse_charge": "Reverse charge: the recipient owes the VAT",
        "own_supply": "The cooperative's own supply, not subject to VAT",
    },
    components={
        "standing": ("Standing charge", "Meter, billing and your share of the lines, per day."),
        "local": ("Energy from neighbours", "What neighbours fed in at the very moment you drew it."),
        "grid": ("Energy from the public grid", "What the village could not give you just then."),
        "incentive": ("Thank-you for local energy", "Deducted for energy used while the village had it."),
        "local_delivered": ("Energy delivered to neighbours", "What you gave and neighbours used in the same quarter hour."),
        "carried": (
            "Grid energy your battery carried",
            "Bought from the public grid before, given when neighbours needed it: paid as the grid is.",
        ),
        "gift": ("Energy given to you", "A neighbour gave you this for nothing, or it is your part of a common plant."),
        "given": ("Energy you gave away", "For nothing, before the village shared the rest."),
        "deviation": ("Orders not kept", "Ordered, not given or taken, and missing to neighbours; it is paid to them."),
        "compensation": ("Orders others did not keep", "What neighbours had ordered and did not give or take; they pay it."),
        "export": ("Energy to the public grid", "What nobody in the village needed just then."),
        "demand_response": ("Drawing less when asked", "The difference to what you usually draw, at the programme's price."),
        "battery": ("Flexibility of your battery", "What your battery did for the village."),
        "flexible_run": ("Flexibility of your devices", "They ran when energy was worth least, instead of at once."),
        "local_use": ("Reward for local energy", "For what you drew while neighbours had it; within the programme's budget."),
        "shifted": (
            "Reward for drawing outside the peak",
            "What you used to draw in the peak and now draw at other hours; within the programme's budget.",
        ),
        "low_income": ("Support", "Because you are entitled to it; within the programme's budget."),
        "demand": ("Highest power of the month", "What the lines must be able to carry at your busiest quarter hour."),
        "levy": ("Levy", "Collected with this bill and passed on."),
        "discount": ("Discount", "Deducted from this bill."),
        "minimum": ("Top-up to the minimum", "What is missing to the tariff's smallest amount."),
        "spot": ("Energy at the price of the hour", "At the price that was published for each quarter hour a day ahead."),
        "set_off": ("Set off against what you fed in", "Drawn, and set off kWh by kWh: it costs nothing."),
        "kept": ("Waits for next month", "Fed in and not needed this month: it is set off later."),
        "capacity": ("Your connection", "For the power it holds ready, by the size of its fuse."),
        "reactive": ("Reactive energy", "What motors and transformers draw beside the energy they use: all above the share that is free."),
        "own_use": (
            "Made and used by yourself",
            "You buy all you use and sell all you make: this is part of the energy above, on your bill and on your credit.",
        ),
    },
    windows={
        "base": "base hours",
        "off_peak": "outside the peak",
        "earlier": "by the highest of earlier months",
        "substitute": "substitute price",
        "surplus": "what was left at the year's end",
    },
    tier="step {number}",
    part="your {share} of the plant",
    registers={"import": "Drawn", "export": "Fed in", "reactive": "Reactive energy"},
    date_form="%d/%m/%Y",
    thousands=",",
    decimal=".",
)

GERMAN = Words(
    lang="de",
    bill="Stromrechnung",
    credit="Gutschrift für Ihren Strom",
    bill_reversal="Storno Ihrer Stromrechnung",
    credit_reversal="Storno Ihrer Gutschrift",
    taken_back="Dieser Betrag wird zurückgenommen",
    ask="Bitte zahlen Sie bis {date}",
    paid_to_you="Das zahlen wir Ihnen aus",
    comparison="Im {month} waren es {amount} {currency}.",
    no_comparison="Es gibt noch keinen früheren Beleg zum Vergleich.",
    from_neighbours="{kwh} von Nachbarn",
    from_grid="{kwh} aus dem öffentlichen Netz",
    out_of_storage=" (davon {kwh} aus Speichern)",
    co2="{kg} kg CO2 bei {factor} g je kWh aus dem öffentlichen Netz",
    estimated="Geschätzte Viertelstunden",
    compared="Ohne das {baseline}, gemessen {measured}.",
    check="Jede Zahl dieses Belegs ist versiegelt, und die Wurzel des Siegels steht auf einer öffentlichen Kette. Melden Sie sich auf der "
    "Seite Ihrer Genossenschaft an, öffnen Sie diesen Beleg und drücken Sie „Diese Rechnung prüfen“: Ihr eigener Browser rechnet das Siegel nach "
    "und vergleicht es mit der Kette.",
    complain="Stimmt etwas nicht? Schreiben Sie innerhalb von acht Wochen an {name}, {email}, oder rufen Sie an: {phone}. Bis zur Klärung "
    "zahlen Sie nur, was unstrittig ist. Werden wir uns nicht einig, hilft die Schlichtungsstelle Energie kostenlos. Sie können mit einem "
    "Monat Frist zum Monatsende wechseln oder austreten.",
    labels={
        "vat_id": "USt-IdNr.",
        "emergency": "Notfall",
        "made_up": "So setzt sich der Betrag zusammen",
        "item": "Wofür",
        "quantity": "Menge",
        "price": "Preis je kWh, kW, kvarh oder Tag",
        "amount": "Betrag",
        "by_day": "Ihr Monat, Tag für Tag",
        "readings": "Zählerstände",
        "how_to_pay": "So zahlen Sie",
        "code": "Zahlcode für die Banking-App",
        "reference": "Verwendungszweck",
        "check": "Prüfen Sie selbst nach",
        "complain": "Fragen, Beschwerden, Kündigung",
        "number": "Nummer",
        "member": "Mitglied",
        "site": "Messpunkt",
        "issued": "Datum",
        "period": "Zeitraum",
        "first_bill": "Erste Rechnung",
        "moved_in": "Ihre ab dem ersten dieser Tage",
        "final_bill": "Schlussrechnung",
        "moved_out": "Ihre bis zum letzten dieser Tage",
        "net": "Netto",
        "vat": "Umsatzsteuer",
        "total": "Zu zahlen",
        "total_credit": "Auszahlung",
        "total_reversal": "Zurückgenommen",
        "days": "Tage",
        "not_subject": "Nicht umsatzsteuerbar",
        "vat_on": "auf",
        "small_business": "Kein Ausweis von Umsatzsteuer: Kleinunternehmer nach § 19 UStG",
        "exempt": "Von der Umsatzsteuer befreit",
        "reverse_charge": "Steuerschuldnerschaft des Leistungsempfängers (§ 13b UStG)",
        "own_supply": "Eigenverbrauch der Genossenschaft, nicht umsatzsteuerbar",
    },
    components={
        "standing": ("Grundpreis", "Zähler, Abrechnung und Ihr Anteil an den Leitungen, je Tag."),
        "local": ("Strom von Nachbarn", "Was Nachbarn genau in dem Moment einspeisten, als Sie es brauchten."),
        "grid": ("Strom aus dem öffentlichen Netz", "Was das Dorf Ihnen in dem Moment nicht geben konnte."),
        "incentive": ("Dankeschön für Strom aus dem Dorf", "Abzug für Strom, den Sie nutzten, als das Dorf ihn hatte."),
        "local_delivered": ("An Nachbarn geliefert", "Was Sie gaben und Nachbarn in derselben Viertelstunde nutzten."),
        "carried": (
            "Netzstrom aus Ihrem Speicher",
            "Früher aus dem Netz geladen, abgegeben, als Nachbarn ihn brauchten: bezahlt wie Netzstrom.",
        ),
        "gift": (
            "Geschenkter Strom",
            "Ein Nachbar hat ihn Ihnen ohne Gegenleistung gegeben, oder es ist Ihr Teil einer gemeinsamen Anlage.",
        ),
        "given": ("Von Ihnen verschenkt", "Ohne Gegenleistung, bevor das Dorf den Rest teilte."),
        "deviation": ("Nicht eingehaltene Aufträge", "Bestellt, nicht geliefert oder abgenommen, und Nachbarn fehlte es; sie erhalten es."),
        "compensation": (
            "Ausgleich für Aufträge anderer",
            "Was Nachbarn bestellt und nicht geliefert oder abgenommen haben; sie zahlen es.",
        ),
        "export": ("Ins öffentliche Netz", "Was im Dorf in dem Moment niemand brauchte."),
        "demand_response": ("Weniger Strom auf Wunsch", "Der Unterschied zu Ihrem üblichen Bezug, zum Preis des Programms."),
        "battery": ("Beitrag Ihrer Batterie", "Was Ihre Batterie für das Dorf geleistet hat."),
        "flexible_run": ("Beitrag Ihrer Geräte", "Sie liefen, als Energie am wenigsten wert war, statt sofort."),
        "local_use": ("Prämie für Strom aus dem Dorf", "Für Strom, den Sie bezogen, als Nachbarn ihn hatten; im Rahmen des Programms."),
        "shifted": (
            "Prämie für Strom außerhalb der Spitze",
            "Was Sie früher in der Spitze bezogen und jetzt zu anderen Stunden; im Rahmen des Programms.",
        ),
        "low_income": ("Unterstützung", "Weil sie Ihnen zusteht; im Rahmen des Programms."),
        "demand": ("Höchste Leistung des Monats", "Was die Leitungen in Ihrer stärksten Viertelstunde tragen müssen."),
        "levy": ("Abgabe", "Mit dieser Rechnung erhoben und weitergegeben."),
        "discount": ("Nachlass", "Von dieser Rechnung abgezogen."),
        "minimum": ("Aufschlag zum Mindestbetrag", "Was zum kleinsten Betrag des Tarifs fehlt."),
        "spot": ("Strom zum Preis der Stunde", "Zum Preis, der am Tag zuvor für jede Viertelstunde veröffentlicht wurde."),
        "set_off": ("Verrechnet mit Ihrer Einspeisung", "Bezogen und kWh für kWh verrechnet: es kostet nichts."),
        "kept": ("Bleibt für den nächsten Monat", "Eingespeist und diesen Monat nicht gebraucht: es wird später verrechnet."),
        "capacity": ("Ihr Anschluss", "Für die Leistung, die er bereithält, nach der Größe der Sicherung."),
        "reactive": ("Blindarbeit", "Was Motoren und Transformatoren neben der genutzten Energie ziehen: alles über dem freien Anteil."),
        "own_use": (
            "Selbst erzeugt und genutzt",
            "Sie kaufen alles, was Sie nutzen, und verkaufen alles, was Sie erzeugen: das steckt in der Energie darüber, auf Rechnung und Gutschrift.",
        ),
    },
    windows={
        "base": "Grundzeit",
        "evening": "abends",
        "off_peak": "außerhalb der Spitze",
        "earlier": "nach dem Höchstwert früherer Monate",
        "substitute": "Ersatzpreis",
        "surplus": "Rest am Jahresende",
    },
    tier="Stufe {number}",
    part="Ihre {share} der Anlage",
    registers={"import": "Bezug", "export": "Einspeisung", "reactive": "Blindarbeit"},
    date_form="%d.%m.%Y",
    thousands=".",
    decimal=",",
)

WORDS = {"en": ENGLISH, "de": GERMAN}
