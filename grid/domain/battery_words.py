"""Why a battery did what it did, in a sentence for its owner, written in each language."""

from dataclasses import dataclass
from decimal import Decimal
from enum import IntEnum

LEAST_WH = 10
"""In an hour; less is rest."""


class Word(IntEnum):
    """On whose word a battery acts; the numbers of the grid's command kinds."""

    NONE = 0
    PLAN = 1
    BALANCE = 2
    LIMIT = 3
    ISLAND = 4


@dataclass(frozen=True, slots=True)
class Deed:
    """What a battery did in an hour.

    Attributes:
        asked_wh: charge and discharge that the commands come to, whichever is larger.
        price: the mean price per kWh that its energy met, None where it moved none.
    """

    word: Word
    charge_wh: int
    discharge_wh: int
    asked_wh: int
    price: Decimal | None

    @property
    def done_wh(self) -> int:
        return max(self.charge_wh, self.discharge_wh)


@dataclass(frozen=True, slots=True)
class BatteryWords:
    """One language."""

    lang: str
    took: dict[Word, str]
    gave: dict[Word, str]
    rested: dict[Word, str]
    asked: str
    decimal: str
    labels: dict[str, str]

    def sentence(self, deed: Deed) -> str:
        """What it did and why; where the meter shows much less or more than was asked, that too."""
        if deed.done_wh < LEAST_WH:
            told = self.rested[deed.word]
        else:
            words = self.took if deed.charge_wh >= deed.discharge_wh else self.gave
            told = words[deed.word].format(kwh=self.kwh(deed.done_wh), price=self.price(deed.price))
        if deed.word != Word.NONE and abs(deed.asked_wh - deed.done_wh) > max(deed.asked_wh // 10, 50):
            told += " " + self.asked.format(kwh=self.kwh(deed.asked_wh))
        return told

    def kwh(self, energy_wh: int) -> str:
        return f"{Decimal(energy_wh) / 1000:.2f} kWh".replace(".", self.decimal)

    def price(self, value: Decimal | None) -> str:
        return "–" if value is None else f"{value:.3f}".replace(".", self.decimal)


ENGLISH = BatteryWords(
    lang="en",
    took={
        Word.NONE: "Took {kwh} by itself.",
        Word.PLAN: "Took {kwh}, as planned: a kilowatt-hour cost the village {price} then and is worth more later.",
        Word.BALANCE: "Took {kwh} that the village had left over; sold, a kilowatt-hour would have brought {price}.",
        Word.LIMIT: "Took {kwh} so that a limit of the wires was kept.",
        Word.ISLAND: "Took {kwh} to hold the village in balance while it was on its own.",
    },
    gave={
        Word.NONE: "Gave {kwh} by itself.",
        Word.PLAN: "Gave {kwh}, as planned: otherwise a kilowatt-hour would have cost the village {price}.",
        Word.BALANCE: "Gave {kwh} that the village lacked; bought, a kilowatt-hour would have cost {price}.",
        Word.LIMIT: "Gave {kwh} so that a limit of the wires was kept.",
        Word.ISLAND: "Gave {kwh} to hold the village in balance while it was on its own.",
    },
    rested={
        Word.NONE: "Rested.",
        Word.PLAN: "Rested, as planned: what is stored is worth more at another hour.",
        Word.BALANCE: "Rested: nothing was left over or lacking that it could take or give.",
        Word.LIMIT: "Rested, held back by a limit of the wires.",
        Word.ISLAND: "Rested while the village was on its own.",
    },
    asked="Asked for were {kwh}.",
    decimal=".",
    labels={
        "title": "Your battery",
        "lead": "Why it did what it did, and what you earned.",
        "before": "Before",
        "after": "After",
        "earned": "Earned",
        "earned_note": "your share of what it saved; it stands on your credit document of the month",
        "no_terms": "nothing is agreed yet on what is paid for it",
        "saved": "Saved the village",
        "saved_note": "against standing still all day",
        "gave": "Gave",
        "took": "Took",
        "told_note": "when told to",
        "inside": "What lies in it",
        "of": "of",
        "date": "l j F Y",
        "short_date": "j F",
        "inside_none": "known once its first day is closed",
        "origin_0": "your own roof",
        "origin_1": "neighbours",
        "origin_2": "public grid",
        "origin_3": "unknown",
        "why": "Why did it do this?",
        "hour": "Hour",
        "did": "In / out, kWh",
        "price": "Price",
        "saved_column": "Saved",
        "earned_column": "Earned",
        "nothing": "It was told nothing on this day.",
        "nothing_note": "Here will stand, hour by hour, what it did, why, at which price, and what you earned by it.",
        "running": "The day runs: readings still come in, and amounts may change until it is closed.",
        "chart": "Taken and given",
        "chart_note": "By the meter, quarter hour by quarter hour.",
        "month": "This month so far",
        "peak": "of it by a lower highest import",
        "carried": "Energy of the public grid that it gives again is paid as the grid is; only local energy is shared as local.",
        "negative": "A charge costs first and pays when the energy is given again.",
        "plan_says": "The plan said",
        "open_days": "Days",
        "whose": "Whose energy it held",
        "whose_note": "Neighbours' energy of this day, by who produced it. Neighbours are not named to each other.",
        "whose_column": "From",
        "in_column": "Taken in",
        "out_column": "Given back",
        "lies_column": "Still in it",
        "neighbour": "A neighbour",
        "neighbours": "{count} neighbours",
        "not_known": "Not known",
        "whose_none": "It held nothing from neighbours on this day, or the day is not closed yet.",
    },
)

GERMAN = BatteryWords(
    lang="de",
    took={
        Word.NONE: "Nahm von sich aus {kwh} auf.",
        Word.PLAN: "Nahm nach Plan {kwh} auf: Eine Kilowattstunde kostete das Dorf da {price} und ist später mehr wert.",
        Word.BALANCE: "Nahm {kwh} auf, die das Dorf übrig hatte; verkauft hätte eine Kilowattstunde {price} gebracht.",
        Word.LIMIT: "Nahm {kwh} auf, damit eine Grenze der Leitungen eingehalten wurde.",
        Word.ISLAND: "Nahm {kwh} auf, um das Dorf im Inselbetrieb im Gleichgewicht zu halten.",
    },
    gave={
        Word.NONE: "Gab von sich aus {kwh} ab.",
        Word.PLAN: "Gab nach Plan {kwh} ab: Sonst hätte eine Kilowattstunde das Dorf {price} gekostet.",
        Word.BALANCE: "Gab {kwh} ab, die dem Dorf fehlten; gekauft hätte eine Kilowattstunde {price} gekostet.",
        Word.LIMIT: "Gab {kwh} ab, damit eine Grenze der Leitungen eingehalten wurde.",
        Word.ISLAND: "Gab {kwh} ab, um das Dorf im Inselbetrieb im Gleichgewicht zu halten.",
    },
    rested={
        Word.NONE: "Ruhte.",
        Word.PLAN: "Ruhte nach Plan: Was in ihr liegt, ist zu anderer Stunde mehr wert.",
        Word.BALANCE: "Ruhte: Es blieb nichts übrig und fehlte nichts, was sie hätte nehmen oder geben können.",
        Word.LIMIT: "Ruhte, weil eine Grenze der Leitungen sie hielt.",
        Word.ISLAND: "Ruhte, während das Dorf für sich allein war.",
    },
    asked="Verlangt waren {kwh}.",
    decimal=",",
    labels={
        "title": "Ihre Batterie",
        "lead": "Warum sie tat, was sie tat, und was Sie damit verdienten.",
        "before": "Davor",
        "after": "Danach",
        "earned": "Verdient",
        "earned_note": "Ihr Anteil an dem, was sie sparte; er steht auf Ihrer Gutschrift des Monats",
        "no_terms": "noch ist nicht vereinbart, was dafür gezahlt wird",
        "saved": "Dem Dorf gespart",
        "saved_note": "gegenüber einem Tag Stillstand",
        "gave": "Abgegeben",
        "took": "Aufgenommen",
        "told_note": "auf Geheiß",
        "inside": "Was in ihr liegt",
        "of": "von",
        "date": "l, j. F Y",
        "short_date": "j. F",
        "inside_none": "bekannt, sobald ihr erster Tag abgeschlossen ist",
        "origin_0": "eigenes Dach",
        "origin_1": "Nachbarn",
        "origin_2": "öffentliches Netz",
        "origin_3": "unbekannt",
        "why": "Warum tat sie das?",
        "hour": "Stunde",
        "did": "Auf / ab, kWh",
        "price": "Preis",
        "saved_column": "Gespart",
        "earned_column": "Verdient",
        "nothing": "An diesem Tag wurde ihr nichts aufgetragen.",
        "nothing_note": "Hier steht dann Stunde für Stunde, was sie tat, warum, zu welchem Preis, und was Sie damit verdienten.",
        "running": "Der Tag läuft noch: Messwerte kommen noch, und Beträge können sich bis zum Abschluss ändern.",
        "chart": "Aufgenommen und abgegeben",
        "chart_note": "Nach dem Zähler, Viertelstunde für Viertelstunde.",
        "month": "Diesen Monat bisher",
        "peak": "davon durch eine niedrigere höchste Last",
        "carried": "Strom aus dem öffentlichen Netz, den sie wieder abgibt, wird wie Netzstrom bezahlt; geteilt wird nur, was aus dem Dorf stammt.",
        "negative": "Laden kostet zuerst und zahlt sich aus, wenn die Energie wieder abgegeben wird.",
        "plan_says": "Im Plan stand",
        "open_days": "Tage",
        "whose": "Wessen Energie in ihr lag",
        "whose_note": "Energie aus der Nachbarschaft an diesem Tag, nach Erzeugern. Nachbarn werden einander nicht genannt.",
        "whose_column": "Von",
        "in_column": "Aufgenommen",
        "out_column": "Zurückgegeben",
        "lies_column": "Noch in ihr",
        "neighbour": "Eine Nachbarin oder ein Nachbar",
        "neighbours": "{count} Nachbarn",
        "not_known": "Nicht bekannt",
        "whose_none": "An diesem Tag lag nichts aus der Nachbarschaft in ihr, oder der Tag ist noch nicht abgeschlossen.",
    },
)

WORDS = {"en": ENGLISH, "de": GERMAN}


def words_in(language: str | None) -> BatteryWords:
    """The words of a language, by its code (`de`, `de-at`); English where there are none."""
    return WORDS.get((language or "")[:2], ENGLISH)
