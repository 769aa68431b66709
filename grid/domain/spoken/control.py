"""What ticks find and decide: alarms, reasons, states, commands."""

from kernel.phrases import Phrase

P = Phrase
ALARMS = (
    P("Line {code} carries {loading:n}% of its rating.", "Leitung {code} ist zu {loading} % ausgelastet."),
    P("Transformer {code} carries {loading:n}% of its rating.", "Transformator {code} ist zu {loading} % ausgelastet."),
    P(
        "Line {code} carries {loading:n}% of its rating; {others:n} more above {bound:n}%.",
        "Leitung {code} ist zu {loading} % ausgelastet; {others} weitere über {bound} %.",
    ),
    P(
        "Transformer {code} carries {loading:n}% of its rating; {others:n} more above {bound:n}%.",
        "Transformator {code} ist zu {loading} % ausgelastet; {others} weitere über {bound} %.",
    ),
    P("Voltage at {node} is {pu:n} p.u., below its band.", "Die Spannung an {node} beträgt {pu} p.u. und liegt unter dem Spannungsband."),
    P("Voltage at {node} is {pu:n} p.u., above its band.", "Die Spannung an {node} beträgt {pu} p.u. und liegt über dem Spannungsband."),
    P(
        "Voltage at {node} is {pu:n} p.u., at the edge of its band.",
        "Die Spannung an {node} beträgt {pu} p.u. und liegt am Rand des Spannungsbands.",
    ),
    P(
        "Frequency is {hz:n} Hz, outside {low:n} to {high:n} Hz.",
        "Die Frequenz beträgt {hz} Hz und liegt außerhalb von {low} bis {high} Hz.",
    ),
    P(
        "The import of {kw:n} kW is above the connection's limit of {limit:n} kW.",
        "Der Bezug von {kw} kW liegt über der Anschlussgrenze von {limit} kW.",
    ),
    P(
        "The export of {kw:n} kW is above the connection's limit of {limit:n} kW.",
        "Die Einspeisung von {kw} kW liegt über der Anschlussgrenze von {limit} kW.",
    ),
    P(
        "A control tick came {gap:n} s after the one before; one is due every {period:n} s.",
        "Ein Regeltakt kam {gap} s nach dem vorigen; fällig ist einer alle {period} s.",
    ),
    P(
        "No control tick for {age:n} s: its process runs, but no site reports, or ticks fail or cannot be written.",
        "Seit {age} s kein Regeltakt: Der Prozess läuft, aber kein Anschluss meldet sich, oder Takte scheitern oder lassen sich nicht schreiben.",
    ),
    P(
        "No control tick for {age:n} s: no process controls the microgrid. Start run_control.",
        "Seit {age} s kein Regeltakt: Kein Prozess regelt das Netz. Starten Sie run_control.",
    ),
    P("{silent:n} of {sites:n} sites do not report.", "{silent} von {sites} Anschlüssen melden sich nicht."),
    P("{code} is silent and stays idle.", "{code} meldet sich nicht und ruht."),
    P("{code} has not acknowledged its command.", "{code} hat den Stellbefehl nicht bestätigt."),
    P("{code} does not do as told. {words}", "{code} folgt dem Sollwert nicht. {words}"),
    P(
        "{count:n} nodes have no path to the public grid, {first} among them.",
        "{count} Knoten haben keinen Weg zum öffentlichen Netz, darunter {first}.",
    ),
    P("{count:n} node has no path to the public grid: {first}.", "{count} Knoten hat keinen Weg zum öffentlichen Netz: {first}."),
    P("{count:n} nodes have no path to the public grid.", "{count} Knoten haben keinen Weg zum öffentlichen Netz."),
    P("{count:n} nodes are switched off on purpose.", "{count} Knoten sind absichtlich abgeschaltet."),
    P("{count:n} node is switched off on purpose.", "{count} Knoten ist absichtlich abgeschaltet."),
    P(
        "The power flow has no solution: what the meters say cannot flow through these wires.",
        "Der Lastfluss hat keine Lösung: Was die Zähler sagen, kann durch diese Leitungen nicht fließen.",
    ),
    P("With each site on its own phases: {problem}", "Mit jedem Anschluss auf seinen eigenen Phasen: {problem}"),
    P(
        "The voltage unbalance at {node} is above {limit:n} % in more than 5 % of the newest week (95 % stay below {usual:n} %): too much hangs on one phase there.",
        "Die Spannungsunsymmetrie an {node} liegt in mehr als 5 % der jüngsten Woche über {limit} % (95 % bleiben unter {usual} %): Dort hängt zu viel an einer Phase.",
    ),
    P("No plan was found in time.", "In der Zeit wurde kein Fahrplan gefunden."),
)
STATES = (
    P("The wires have no voltage.", "Die Leitungen sind spannungslos."),
    P("The switch to the public grid is open.", "Der Kuppelschalter zum öffentlichen Netz ist offen."),
    P("The switch to the public grid is closed again.", "Der Kuppelschalter zum öffentlichen Netz ist wieder geschlossen."),
    P("The wires have voltage again.", "Die Leitungen stehen wieder unter Spannung."),
    P("The public grid is not sound any more.", "Das öffentliche Netz ist nicht mehr in Ordnung."),
    P("No moment to join was found.", "Es fand sich kein Moment zum Zuschalten."),
    P("The public grid is back and steady.", "Das öffentliche Netz ist zurück und stabil."),
    P("A limit is broken.", "Eine Grenze ist verletzt."),
    P("All limits are held again.", "Alle Grenzen sind wieder eingehalten."),
    P("Sources or loads are held back.", "Erzeuger oder Lasten werden begrenzt."),
    P("Nobody is held back any more.", "Niemand wird mehr begrenzt."),
    P("The connection is nearly full.", "Der Netzanschluss ist fast ausgelastet."),
    P("The connection has room again.", "Am Netzanschluss ist wieder Platz."),
    P("More is fed in than used.", "Es wird mehr eingespeist als verbraucht."),
    P("More is used than fed in.", "Es wird mehr verbraucht als eingespeist."),
    P("Supply and use are in balance.", "Erzeugung und Verbrauch sind im Gleichgewicht."),
    P(
        "Waits to join: frequencies differ by {hz:n} Hz, {most:n} Hz at most.",
        "Wartet auf das Zuschalten: Die Frequenzen liegen {hz} Hz auseinander, höchstens {most} Hz sind erlaubt.",
    ),
    P(
        "Waits to join: voltages differ by {pu:n}%, {most:n}% at most.",
        "Wartet auf das Zuschalten: Die Spannungen liegen {pu} % auseinander, höchstens {most} % sind erlaubt.",
    ),
    P(
        "The breaker is told to close in step; by its own check, as nobody tells the phase.",
        "Der Kuppelschalter soll synchron schließen; er prüft selbst, weil niemand den Phasenwinkel meldet.",
    ),
    P(
        "Waits to join: nobody tells the phase, and the breaker does not check by itself.",
        "Wartet auf das Zuschalten: Niemand meldet den Phasenwinkel, und der Kuppelschalter prüft nicht selbst.",
    ),
    P(
        "Waits to join: {phase:n}° apart, {most:n}° at most.",
        "Wartet auf das Zuschalten: {phase}° auseinander, höchstens {most}° sind erlaubt.",
    ),
    P(
        "The breaker is told to close: {hz:n} Hz, {phase:n}°, {pu:n}% apart.",
        "Der Kuppelschalter soll schließen: {hz} Hz, {phase}°, {pu} % auseinander.",
    ),
)
REASONS = (
    P("{silent:n} of {sites:n} sites are silent.", "{silent} von {sites} Anschlüssen melden sich nicht."),
    P(
        "{count:n} of {sites:n} sites are silent or not believed; what they draw is estimated ({by:p}).",
        "{count} von {sites} Anschlüssen melden sich nicht oder sind nicht glaubhaft; was sie beziehen, ist geschätzt ({by}).",
    ),
    P("{forecast:n} by forecast", "{forecast} nach der Prognose"),
    P("{like:n} by like days", "{like} nach ähnlichen Tagen"),
    P("{typical:n} by typical share", "{typical} nach dem üblichen Anteil"),
    P("{forecast:n} by forecast, {like:n} by like days", "{forecast} nach der Prognose, {like} nach ähnlichen Tagen"),
    P("{forecast:n} by forecast, {typical:n} by typical share", "{forecast} nach der Prognose, {typical} nach dem üblichen Anteil"),
    P("{like:n} by like days, {typical:n} by typical share", "{like} nach ähnlichen Tagen, {typical} nach dem üblichen Anteil"),
    P(
        "{forecast:n} by forecast, {like:n} by like days, {typical:n} by typical share",
        "{forecast} nach der Prognose, {like} nach ähnlichen Tagen, {typical} nach dem üblichen Anteil",
    ),
    P(
        "Import of {kw:n} kW has reached {share:n}% of the connection; storages give what they have.",
        "Der Bezug von {kw} kW hat {share} % des Anschlusses erreicht; die Speicher geben, was sie haben.",
    ),
    P("Export of {kw:n} kW nears the connection's limit.", "Die Einspeisung von {kw} kW nähert sich der Anschlussgrenze."),
    P(
        "The roofs give {kw:n} kW more than homes and batteries take.",
        "Die Dächer geben {kw} kW mehr, als Haushalte und Speicher aufnehmen.",
    ),
    P("Homes use {kw:n} kW more than roofs and batteries give.", "Die Haushalte verbrauchen {kw} kW mehr, als Dächer und Speicher geben."),
    P("Supply and use are in balance inside the village.", "Im Ort sind Erzeugung und Verbrauch im Gleichgewicht."),
    P("{silent:n} of {count:n} storages are silent and stay idle.", "{silent} von {count} Speichern melden sich nicht und ruhen."),
    P("The storages are told to take {kw:n} kW.", "Die Speicher sollen {kw} kW aufnehmen."),
    P("The storages are told to give {kw:n} kW.", "Die Speicher sollen {kw} kW abgeben."),
    P("{count:n} commands wait for their acknowledgement.", "{count} Stellbefehle warten auf ihre Bestätigung."),
    P(
        "Stage {stage:n} of under-frequency: {count:n} loads are let go.",
        "Stufe {stage} des Unterfrequenz-Lastabwurfs: {count} Lasten werden abgeworfen.",
    ),
    P("{count:n} loads are let go.", "{count} Lasten werden abgeworfen."),
    P("{count:n} load is held down: {why:q}", "{count} Last wird gedrosselt: {why}"),
    P("{count:n} loads are held down: {why:q}", "{count} Lasten werden gedrosselt: {why}"),
    P("{run:c}, planned to be ready by {at}", "{run}, nach Plan fertig bis {at} Uhr"),
    P("demand response until {until}, {programme}", "Lastverschiebung bis {until} Uhr, {programme}"),
    P("{count:n} sources give {kw:n} kW less.", "{count} Erzeuger geben {kw} kW weniger."),
    P("A load of tier {tier:n} comes back.", "Eine Last der Stufe {tier} kehrt zurück."),
    P("Loads of one tier change turns.", "Lasten einer Stufe wechseln sich ab."),
    P("{count:n} meters say what cannot be and are not believed.", "{count} Zähler melden Unmögliches; ihnen wird nicht geglaubt."),
    P(
        "The coupling's meter and the sites contradict each other; the larger one counts.",
        "Der Zähler am Kuppelpunkt und die Anschlüsse widersprechen sich; der größere Wert zählt.",
    ),
    P(
        "{count:n} storages do not do what they are told and are left out.",
        "{count} Speicher folgen ihrem Sollwert nicht und bleiben außen vor.",
    ),
    P("{count:n} devices follow an operator's order.", "{count} Geräte folgen einem Handbefehl."),
    P("1 device follows an operator's order.", "1 Gerät folgt einem Handbefehl."),
    P("{limit:q} binds.", "{limit} bindet."),
    P("{limit:q} cannot be held.", "{limit} lässt sich nicht halten."),
    P("{limit:q} cannot be held with what there is.", "{limit} lässt sich mit dem, was da ist, nicht halten."),
    P("Nobody measures {count:n} nodes ({codes}).", "{count} Knoten misst niemand ({codes})."),
    P(
        "{name:q} does not fit the others: it says {said}, they say {expected}; it is left out.",
        "{name} passt nicht zu den anderen Messungen: Sie sagt {said}, die anderen {expected}; sie bleibt außen vor.",
    ),
    P(
        "{name:q} does not fit the others: it says {said}, they say {expected}; it is left out, but one of them may be wrong as well, or something is not metered.",
        "{name} passt nicht zu den anderen Messungen: Sie sagt {said}, die anderen {expected}; sie bleibt außen vor. Auch eine der anderen kann falsch sein, oder etwas hat keinen Zähler.",
    ),
)
ORDERS = (
    P("plan, corrected by what is measured", "Fahrplan, nach Messung berichtigt"),
    P("surplus and deficit shared by headroom", "Überschuss und Mangel nach freiem Spielraum geteilt"),
    P("balance of the island", "Ausgleich im Inselbetrieb"),
    P("held: {limit:q}", "gehalten: {limit}"),
    P("room again", "wieder Spielraum"),
    P("no room yet", "noch kein Spielraum"),
    P("under-frequency", "Unterfrequenz"),
    P("black start", "Schwarzstart"),
    P("an operator's order", "Handbefehl"),
    P("demand response", "Lastverschiebung"),
)
LIMITS = (
    P("import limit", "Bezugsgrenze"),
    P("export limit", "Einspeisegrenze"),
    P("deficit of the island", "Mangel in der Insel"),
    P("surplus of the island", "Überschuss in der Insel"),
    P("voltage at {node}", "Spannung an {node}"),
    P("the voltage at {node} (meter {meter})", "die Spannung an {node} (Zähler {meter})"),
)
LOOKS = (
    P("{percent:n} % of its rating", "{percent} % der Belastbarkeit"),
    P("{percent:n} % of its rating, high", "{percent} % der Belastbarkeit, hoch"),
    P("{percent:n} % of its rating, overloaded", "{percent} % der Belastbarkeit, überlastet"),
    P("no voltage known", "keine Spannung bekannt"),
    P("{pu:n} p.u.", "{pu} p.u."),
    P("{pu:n} p.u., below its band", "{pu} p.u., unter dem Spannungsband"),
    P("{pu:n} p.u., above its band", "{pu} p.u., über dem Spannungsband"),
    P("{pu:n} p.u., near the lower end", "{pu} p.u., nahe am unteren Ende"),
    P("{pu:n} p.u., near the upper end", "{pu} p.u., nahe am oberen Ende"),
)
