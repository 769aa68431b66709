"""Why a plan does what it does in an hour, and which limits it had to miss."""

from kernel.phrases import Phrase

P = Phrase
PLANS = (
    P(
        "{name:q} charges {kw:n} kW {source:p}: taking energy now earns {price:n} per kWh.",
        "{name} lädt {kw} kW {source}: Energie aufzunehmen bringt jetzt {price} je kWh.",
    ),
    P("{name:q} charges {kw:n} kW {source:p}: {now:p}.", "{name} lädt {kw} kW {source}: {now}."),
    P(
        "{name:q} charges {kw:n} kW {source:p}: it is kept beyond the plan, where a kWh counts {value:n}; {now:p}.",
        "{name} lädt {kw} kW {source}: Die Energie bleibt über den Fahrplan hinaus gespeichert, wo eine kWh {value} zählt; {now}.",
    ),
    P(
        "{name:q} charges {kw:n} kW {source:p}: it is kept beyond the plan, where it is asked for; {now:p}.",
        "{name} lädt {kw} kW {source}: Die Energie bleibt über den Fahrplan hinaus gespeichert, wie es verlangt ist; {now}.",
    ),
    P(
        "{name:q} charges {kw:n} kW {source:p}: that energy is worth {later:n} at {time}; {now:p}.",
        "{name} lädt {kw} kW {source}: Um {time} ist diese Energie {later} wert; {now}.",
    ),
    P(
        "{name:q} gives {kw:n} kW that {since:p}, {use:p}; that keeps the highest import low.",
        "{name} gibt {kw} kW ab, {since}, {use}; das hält die Bezugsspitze niedrig.",
    ),
    P("{name:q} gives {kw:n} kW that {since:p}, {use:p}.", "{name} gibt {kw} kW ab, {since}, {use}."),
    P(
        "{name:q} runs at {kw:n} kW: energy is worth {price:n} now, the lowest price of its window ({low:n} to {high:n}).",
        "{name} läuft mit {kw} kW: Energie ist jetzt {price} wert, der niedrigste Preis des Zeitfensters ({low} bis {high}).",
    ),
    P(
        "{name:q} runs at {kw:n} kW: energy is worth {price:n} now, a low price of its window ({low:n} to {high:n}).",
        "{name} läuft mit {kw} kW: Energie ist jetzt {price} wert, ein niedriger Preis des Zeitfensters ({low} bis {high}).",
    ),
    P(
        "{name:q} runs at {kw:n} kW: energy is worth {price:n} now, what is left of its window ({low:n} to {high:n}).",
        "{name} läuft mit {kw} kW: Energie ist jetzt {price} wert; mehr ist vom Zeitfenster nicht übrig ({low} bis {high}).",
    ),
    P(
        "{kw:n} kW of the roofs are given up: the export limit is reached and nothing else can take them.",
        "{kw} kW der Dächer werden abgeregelt: Die Einspeisegrenze ist erreicht, und niemand sonst kann sie aufnehmen.",
    ),
    P(
        "{kw:n} kW of the roofs are given up: selling them would bring {price:n}.",
        "{kw} kW der Dächer werden abgeregelt: Sie zu verkaufen brächte {price}.",
    ),
    P("{limit} is at its limit: more is not asked of {names}.", "{limit} ist an der Grenze: Mehr wird nicht verlangt von {names}."),
    P("{limit} is missed by {amount:n}: it could not be kept.", "{limit} wird um {amount} verfehlt: Das war nicht einzuhalten."),
    P("{flow:p}: {standing:p}.", "{flow}: {standing}."),
)
CLAUSES = (
    P("The battery fleet", "Die Speicherflotte"),
    P("the battery fleet", "die Speicherflotte"),
    P("from the roofs", "aus den Dächern"),
    P("from the grid", "aus dem öffentlichen Netz"),
    P("from other storages", "aus anderen Speichern"),
    P("({kw:n} kW from the roofs)", "({kw} kW aus den Dächern)"),
    P("it costs {price:n} now", "jetzt kostet sie {price}"),
    P("{price:n} if sold now", "jetzt verkauft brächte sie {price}"),
    P("it held from the start", "gespeichert seit Beginn"),
    P("it stored at {time}", "geladen um {time}"),
    P("instead of energy bought at {price:n}", "statt Energie für {price} zu kaufen"),
    P("which sells at {price:n}", "verkauft für {price}"),
    P(
        "at a loss of {price:n}, to have room for what other hours pay for or cannot sell",
        "mit {price} Verlust, um Platz zu haben für das, was andere Stunden bezahlen oder nicht verkaufen können",
    ),
    P("{kw:n} kW are bought at {price:n}", "{kw} kW werden für {price} gekauft"),
    P("{kw:n} kW from the roofs are sold at {price:n}", "{kw} kW aus den Dächern werden für {price} verkauft"),
    P("Nothing is bought or sold", "Nichts wird gekauft oder verkauft"),
    P("there is no storage", "es gibt keinen Speicher"),
    P("the storages are full", "die Speicher sind voll"),
    P("storing more would not pay", "mehr zu speichern lohnt nicht"),
    P("the storages are empty", "die Speicher sind leer"),
    P("what is stored is kept for the end of the plan", "das Gespeicherte bleibt bis zum Ende des Fahrplans"),
    P("what is stored is kept for {time}, when it replaces {price:n}", "das Gespeicherte bleibt bis {time}; dann ersetzt es {price}"),
)
WIRES = "; Speicher und verschiebbare Lasten können es nicht verhindern. "
SHORT = (
    P(
        "Time ran out before the wires' limits were kept by the plan; control keeps them as it goes.",
        "Die Zeit reichte nicht, um im Fahrplan die Grenzen der Leitungen einzuhalten; die Regelung hält sie im Betrieb ein.",
    ),
    P("The plan could not be checked against the network: {problem}", "Der Fahrplan ließ sich nicht gegen das Netz prüfen: {problem}"),
    P(
        "{name}: {pu:n} p.u. is expected, above its limit of {limit:n}, at worst at {time}, in {count:n} of {all:n} intervals; storages and flexible loads cannot prevent it. Move use elsewhere or strengthen the feeder.",
        "{name}: {pu} p.u. werden erwartet, über der Grenze von {limit}, am schlimmsten um {time}, in {count} von {all} Intervallen"
        + WIRES
        + "Verlagern Sie Verbrauch, oder verstärken Sie den Strang.",
    ),
    P(
        "{name}: {pu:n} p.u. is expected, below its limit of {limit:n}, at worst at {time}, in {count:n} of {all:n} intervals; storages and flexible loads cannot prevent it. Move use elsewhere or strengthen the feeder.",
        "{name}: {pu} p.u. werden erwartet, unter der Grenze von {limit}, am schlimmsten um {time}, in {count} von {all} Intervallen"
        + WIRES
        + "Verlagern Sie Verbrauch, oder verstärken Sie den Strang.",
    ),
    P(
        "{name}: {loading:n}% of its rating is expected, {kva:n} kVA too much, at worst at {time}, in {count:n} of {all:n} intervals; storages and flexible loads cannot prevent it. Move use to other hours or strengthen it.",
        "{name}: {loading} % der Belastbarkeit werden erwartet, {kva} kVA zu viel, am schlimmsten um {time}, in {count} von {all} Intervallen"
        + WIRES
        + "Verlegen Sie Verbrauch in andere Stunden, oder verstärken Sie das Betriebsmittel.",
    ),
    P(
        "import_limit: {wh:n} Wh more than the limit must be imported, in {count:n} of {all:n} intervals, at worst by {watts:n} W in interval {interval:n}; raise import_limit_w to {limit:n} W, lower load_w, or give storages a fuller start.",
        "Bezugsgrenze: {wh} Wh mehr als erlaubt müssen bezogen werden, in {count} von {all} Intervallen, am schlimmsten {watts} W in Intervall {interval}; erhöhen Sie die Grenze auf {limit} W, senken Sie die Last, oder beginnen Sie mit volleren Speichern.",
    ),
    P(
        "export_limit: {wh:n} Wh more than the limit must be exported, in {count:n} of {all:n} intervals, at worst by {watts:n} W in interval {interval:n}; {mend:q}.",
        "Einspeisegrenze: {wh} Wh mehr als erlaubt müssen eingespeist werden, in {count} von {all} Intervallen, am schlimmsten {watts} W in Intervall {interval}; {mend}.",
    ),
    P("raise export_limit_w", "erhöhen Sie die Einspeisegrenze"),
    P("raise export_limit_w or set curtailable to true", "erhöhen Sie die Einspeisegrenze, oder erlauben Sie das Abregeln"),
    P(
        "reserve: {wh:n} Wh are missing after interval {interval:n}; lower reserve_wh or add storage.",
        "Reserve: Nach Intervall {interval} fehlen {wh} Wh; senken Sie die Reserve, oder ergänzen Sie Speicher.",
    ),
    P(
        "Time ran out before this was proven to be the best plan: it may cost up to {cost:n} more than the least possible.",
        "Die Zeit reichte nicht für den Beweis, dass dies der beste Fahrplan ist: Er kostet höchstens {cost} mehr als der billigste.",
    ),
    P(
        "Time ran out before this was proven to be the best plan: up to {wh:n} Wh less may be above the limits.",
        "Die Zeit reichte nicht für den Beweis, dass dies der beste Fahrplan ist: Es könnten bis zu {wh} Wh weniger über den Grenzen liegen.",
    ),
    P(
        "Time ran out before this was proven to be the best plan: up to {wh:n} Wh less may be missing.",
        "Die Zeit reichte nicht für den Beweis, dass dies der beste Fahrplan ist: Es könnten bis zu {wh} Wh weniger fehlen.",
    ),
    P(
        "Time ran out before the least costly of these plans was looked for.",
        "Die Zeit reichte nicht, um den billigsten dieser Fahrpläne zu suchen.",
    ),
)
