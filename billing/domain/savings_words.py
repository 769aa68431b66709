"""The words of tips, by language: what could be saved, what to do, and what it rests on."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TipWords:
    """One language; places in braces are figures."""

    base_title: str
    base_advice: str
    base_others: str
    base_assumed: str
    base_rests: str
    peak_title: str
    peak_advice: str
    peak_rests: str
    sun_title: str
    sun_advice: str
    sun_rests: str
    roof_repair: str
    roof_cleaning: str
    roof_advice: str
    roof_rests: str
    decimal: str


ENGLISH = TipWords(
    base_title="{less} W less, day and night",
    base_advice="{base} W run at your place at any hour. Look for what is never off: an old freezer, pumps, set-top boxes, chargers; a plug "
    "meter finds them in an evening.",
    base_others="Similar members need {others} W.",
    base_assumed="Assumed: a third of it can go.",
    base_rests="{days} days of your readings and what you paid per kWh on average. {goal}",
    peak_title="Wash and charge outside the dear hours",
    peak_advice="{kwh} kWh a day came from the public grid while it was dear. Dishwasher, washing machine and car can wait until the window "
    "is over.",
    peak_rests="{days} days of your readings and the hours of your tariff. Assumed: a fifth of it can wait.",
    sun_title="Use the village's sun while it is there",
    sun_advice="On {sunny} of {days} days the village sent solar energy away that nobody used. What you move there comes from neighbours "
    "instead of the public grid.",
    sun_rests="{days} days of your readings, the village's surplus and the published local prices. Assumed: a tenth of what the public grid "
    "gave you on a day can move.",
    roof_repair="Your roof waits for a repair",
    roof_cleaning="Your roof waits for a cleaning",
    roof_advice="It gives less than its own clear days or its neighbours' roofs let expect.",
    roof_rests="{days} days of its readings and the published local prices of these days.",
    decimal=".",
)

GERMAN = TipWords(
    base_title="{less} W weniger, Tag und Nacht",
    base_advice="{base} W laufen bei Ihnen zu jeder Stunde. Suchen Sie, was nie aus ist: eine alte Gefriertruhe, Pumpen, Empfänger, "
    "Ladegeräte; ein Messgerät für die Steckdose findet sie an einem Abend.",
    base_others="Ähnliche Mitglieder brauchen {others} W.",
    base_assumed="Angenommen: ein Drittel davon ist entbehrlich.",
    base_rests="{days} Tage Ihrer Messwerte und Ihr mittlerer Preis je kWh. {goal}",
    peak_title="Waschen und laden außerhalb der teuren Stunden",
    peak_advice="{kwh} kWh am Tag kamen aus dem öffentlichen Netz, als es teuer war. Spülmaschine, Waschmaschine und Auto können warten, "
    "bis die Zeit vorbei ist.",
    peak_rests="{days} Tage Ihrer Messwerte und die Stunden Ihres Tarifs. Angenommen: ein Fünftel davon kann warten.",
    sun_title="Nutzen Sie die Sonne des Dorfs, solange sie da ist",
    sun_advice="An {sunny} von {days} Tagen gab das Dorf Sonnenstrom ab, den niemand brauchte. Was Sie dorthin verschieben, kommt von "
    "Nachbarn statt aus dem öffentlichen Netz.",
    sun_rests="{days} Tage Ihrer Messwerte, der Überschuss des Dorfs und die veröffentlichten Preise vor Ort. Angenommen: ein Zehntel dessen, "
    "was das öffentliche Netz Ihnen am Tag gab, lässt sich verschieben.",
    roof_repair="Ihr Dach wartet auf eine Reparatur",
    roof_cleaning="Ihr Dach wartet auf eine Reinigung",
    roof_advice="Es gibt weniger, als seine eigenen klaren Tage oder die Dächer der Nachbarn erwarten lassen.",
    roof_rests="{days} Tage seiner Messwerte und die veröffentlichten Preise vor Ort an diesen Tagen.",
    decimal=",",
)

WORDS = {"en": ENGLISH, "de": GERMAN}
