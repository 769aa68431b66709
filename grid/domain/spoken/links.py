"""How links to devices go, and what rows call themselves at the top of their pages."""

from kernel.phrases import Phrase

P = Phrase
POWERS = ("W", "kW", "MW")
LINKS = (
    P("nothing yet", "noch nichts"),
    P("no limit", "keine Grenze"),
    P("stand idle", "ruhen"),
    P("connected", "verbunden"),
    P("Well.", "In Ordnung."),
    P("Not heard yet.", "Noch nicht gehört."),
    *(P(f"at most {{power:n}} {unit}", f"höchstens {{power}} {unit}") for unit in POWERS),
    *(P(f"charge {{power:n}} {unit}", f"{{power}} {unit} laden") for unit in POWERS),
    *(P(f"give {{power:n}} {unit}", f"{{power}} {unit} abgeben") for unit in POWERS),
    *(P(f"takes {{power:n}} {unit}", f"nimmt {{power}} {unit} auf") for unit in POWERS),
    *(P(f"gives {{power:n}} {unit}", f"gibt {{power}} {unit} ab") for unit in POWERS),
    P("{share:n} % charged", "zu {share} % geladen"),
    P("{flow:p}, {share:n} % charged", "{flow}, zu {share} % geladen"),
    *(P(f"{{flow:p}}, at most {{most:n}} {unit}", f"{{flow}}, höchstens {{most}} {unit}") for unit in POWERS),
    *(
        P(f"{{flow:p}}, at most {{most:n}} {unit}, {{share:n}} % charged", f"{{flow}}, höchstens {{most}} {unit}, zu {{share}} % geladen")
        for unit in POWERS
    ),
    P("Its address is not among those that devices may have.", "Seine Adresse gehört nicht zu denen, die Geräte haben dürfen."),
    P("Nobody answers at its address, or it is not connected.", "Unter seiner Adresse antwortet niemand, oder es ist nicht verbunden."),
    P("It did not answer in time.", "Es hat nicht rechtzeitig geantwortet."),
    P("What answers is not a device of this kind.", "Was antwortet, ist kein Gerät dieser Art."),
    P("It refused the set-point.", "Es hat den Sollwert abgelehnt."),
    P("It acknowledged, but what it says it does is something else.", "Es hat quittiert, tut nach eigener Angabe aber etwas anderes."),
    P("What it said cannot be read.", "Was es gesendet hat, ist nicht lesbar."),
    P("It has not answered the set-point before this one.", "Es hat den vorigen Sollwert noch nicht beantwortet."),
    P("No connection.", "Keine Verbindung."),
    P("At register {register:n}.", "Bei Register {register}."),
    P("A source is told a limit.", "Einem Erzeuger wird eine Grenze gesetzt."),
)
DAY, ON = "{y:n}-{m:n}-{d:n}", "{d}.{m}.{y}"
ROWS = (
    P(f"balance of {DAY}", f"Bilanz vom {ON}"),
    P(f"prices of {DAY}", f"Preise vom {ON}"),
    P(f"sharing of {DAY}", f"Teilung vom {ON}"),
    P(f"{DAY} closed", f"{ON} abgeschlossen"),
    P(f"{{state:p}} at {DAY} {{time}} UTC", f"{{state}} am {ON}, {{time}} UTC"),
    P(f"{{what:p}} from {DAY}", f"{{what}} ab {ON}"),
    P(f"{{what:p}} from {DAY} {{time}}", f"{{what}} ab {ON}, {{time}}"),
    P(f"{{kind:p}} of {{microgrid}} from {DAY} {{time}}", f"{{microgrid}}, {{kind}}, vom {ON}, {{time}}"),
    P(f"{{quantity:p}} of the microgrid on {DAY}", f"{{quantity}} des Microgrids am {ON}"),
    P(f"{{quantity:p}} of {{meter}} on {DAY}", f"{{quantity}} an {{meter}} am {ON}"),
    P(f"{{quantity:p}} of {{microgrid}}, trained until {DAY} {{time}}", f"{{quantity}} in {{microgrid}}, trainiert bis {ON}, {{time}}"),
    P("{work} of {source} by date", "{work} von {source} nach Datum"),
    P("{work} of {source} by hours of operation", "{work} von {source} nach Betriebsstunden"),
    P("{work} of {source} by performance", "{work} von {source} nach Leistung"),
    P("notice of outages in {microgrid}", "Vorlauf von Abschaltungen in {microgrid}"),
    P("what {run} came to", "Ergebnis von {run}"),
    P(f"drill at {DAY} {{time}} UTC: {{cause:q}}", f"Übung am {ON}, {{time}} UTC: {{cause}}"),
    P(f"emergency at {DAY} {{time}} UTC: {{cause:q}}", f"Notfall am {ON}, {{time}} UTC: {{cause}}"),
)
