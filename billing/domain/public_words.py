"""The words of the page that everybody may see, written in English and German."""

ENGLISH = {
    "lang": "en", "title": "Our days, added up", "lead": "Every kilowatt-hour that came in went somewhere, and every cent paid among neighbours was received by one.",
    "whole": "Everything adds up", "whole_text": "On every day of this month energy in is energy out, stored and lost, to the watt-hour; cents paid are cents received.",
    "apart": "Something does not add up", "apart_text": "The difference is named below, and whoever keeps the books has been told.",
    "in": "came in", "out": "went out", "stored": "into storage", "lost": "lost", "residual": "unexplained", "day": "Day", "month": "Month",
    "bought": "from the public grid", "produced": "produced here", "used": "used here", "sold": "to the public grid",
    "paid": "neighbours paid", "received": "neighbours received", "left": "left over", "cents": "Cents between neighbours", "shared": "shared among neighbours",
    "energy_chart": "Energy that came in, day by day", "energy_summary": "What was produced here and what came from the public grid, each day of the month.",
    "money_chart": "Cents between neighbours, day by day", "money_summary": "What neighbours paid each other for shared energy; they received the same.",
    "table": "Day by day", "billed": "Members were billed", "producers": "paid to producers", "vat": "VAT for the state", "kept": "for the public grid's energy, lines, meters and service",
    "where": "Where the month's money went", "not_billed": "Bills of this month are not written yet; cents appear once they are.",
    "negative": "{n} quarter hours had a price below zero. That is ordinary: there was more than anybody needed.",
    "no_energy": "{n} lines have money and no energy behind them; they are being looked into.", "energy_behind": "No cent without energy: each line of each bill has its reading.",
    "none_title": "No day is closed yet", "none_text": "The first day stands here the morning after it.", "total": "Sum", "other": "Deutsch", "other_lang": "de",
    "private": "Totals of all members only; nobody's own figures are shown.", "before": "The month before", "after": "The month after", "download": "As JSON",
    "booked": "The ledger holds the same sum.", "not_booked": "The ledger holds {amount} less.",
}  # fmt: skip
GERMAN = {
    "lang": "de", "title": "Unsere Tage, nachgerechnet", "lead": "Jede Kilowattstunde, die hereinkam, ging irgendwohin, und jeder Cent, den ein Nachbar zahlte, kam bei einem Nachbarn an.",
    "whole": "Alles geht auf", "whole_text": "An jedem Tag dieses Monats ist herein gleich hinaus, gespeichert und verloren, auf die Wattstunde; gezahlte Cent sind erhaltene Cent.",
    "apart": "Etwas geht nicht auf", "apart_text": "Der Unterschied steht unten, und wer die Bücher führt, weiß davon.",
    "in": "herein", "out": "hinaus", "stored": "in Speicher", "lost": "verloren", "residual": "ungeklärt", "day": "Tag", "month": "Monat",
    "bought": "aus dem öffentlichen Netz", "produced": "hier erzeugt", "used": "hier verbraucht", "sold": "ins öffentliche Netz",
    "paid": "Nachbarn zahlten", "received": "Nachbarn erhielten", "left": "übrig", "cents": "Cent unter Nachbarn", "shared": "unter Nachbarn geteilt",
    "energy_chart": "Was Tag für Tag hereinkam", "energy_summary": "Was hier erzeugt wurde und was aus dem öffentlichen Netz kam, an jedem Tag des Monats.",
    "money_chart": "Cent unter Nachbarn, Tag für Tag", "money_summary": "Was Nachbarn einander für geteilte Energie zahlten; erhalten haben sie dasselbe.",
    "table": "Tag für Tag", "billed": "Mitgliedern berechnet", "producers": "an Erzeuger gezahlt", "vat": "Umsatzsteuer für den Staat", "kept": "für Strom aus dem Netz, Leitungen, Zähler und Dienste",
    "where": "Wohin das Geld des Monats ging", "not_billed": "Die Rechnungen dieses Monats sind noch nicht geschrieben; Cent erscheinen, sobald sie es sind.",
    "negative": "In {n} Viertelstunden lag ein Preis unter null. Das ist gewöhnlich: Es war mehr da, als alle brauchten.",
    "no_energy": "{n} Zeilen haben Geld und keine Energie dahinter; sie werden geprüft.", "energy_behind": "Kein Cent ohne Energie: Hinter jeder Zeile jeder Rechnung steht ein Messwert.",
    "none_title": "Noch ist kein Tag abgeschlossen", "none_text": "Der erste Tag steht hier am Morgen danach.", "total": "Summe", "other": "English", "other_lang": "en",
    "private": "Nur Summen aller Mitglieder; von niemandem die eigenen Werte.", "before": "Der Monat davor", "after": "Der Monat danach", "download": "Als JSON",
    "booked": "In den Büchern steht dieselbe Summe.", "not_booked": "In den Büchern steht {amount} weniger.",
}  # fmt: skip
PUBLIC_WORDS = {"en": ENGLISH, "de": GERMAN}
