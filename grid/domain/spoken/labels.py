"""Names of kinds, states and causes as lists and forms show them."""

from kernel.phrases import Phrase

P = Phrase
ALARMS = (
    P("critical", "kritisch"), P("high", "hoch"), P("medium", "mittel"), P("low", "niedrig"),
    P("line loading", "Leitungsauslastung"), P("transformer loading", "Transformatorauslastung"), P("low voltage", "Unterspannung"), P("high voltage", "Überspannung"),
    P("cut off", "abgetrennt"), P("frequency", "Frequenz"), P("no power flow", "kein Lastfluss"), P("import above the limit", "Bezug über der Grenze"),
    P("export above the limit", "Einspeisung über der Grenze"), P("silent sites", "stumme Anschlüsse"), P("silent storage", "stummer Speicher"),
    P("command not acknowledged", "Stellbefehl nicht bestätigt"), P("device does not do as told", "Gerät folgt dem Sollwert nicht"), P("control is late", "Regelung verspätet"),
    P("no plan", "kein Fahrplan"), P("unbalanced voltages", "unsymmetrische Spannungen"),
    P("raised", "ausgelöst"), P("raised again", "erneut ausgelöst"), P("priority changed", "Priorität geändert"), P("cleared", "Ursache behoben"), P("acknowledged", "quittiert"),
    P("shelved", "zurückgestellt"), P("taken from the shelf", "wieder hervorgeholt"), P("back from the shelf", "Rückstellung abgelaufen"),
)  # fmt: skip
STATES = (
    P("ordinary", "gewöhnlich"), P("blackstart", "Schwarzstart"), P("resync", "Rücksynchronisierung"),
    P("in balance", "im Gleichgewicht"), P("surplus", "Überschuss"), P("deficit", "Mangel"), P("peak", "Lastspitze"), P("curtailed", "begrenzt"), P("emergency", "Notfall"),
    P("islanded", "Inselbetrieb"), P("on our own", "Inselbetrieb"), P("black start", "Schwarzstart"), P("resynchronising", "Rücksynchronisierung"), P("normal", "Normalbetrieb"),
)  # fmt: skip
COMMANDS = (
    P("pending", "wartet"), P("sent", "gesendet"), P("expired", "abgelaufen"),
    P("stands idle", "ruht"), P("gives or draws what it can again", "gibt oder bezieht wieder, was es kann"), P("stays as it is", "bleibt, wie es ist"),
    P("address not allowed", "Adresse nicht erlaubt"), P("not reached", "nicht erreicht"), P("no answer in time", "keine Antwort in der Zeit"), P("another device", "ein anderes Gerät"),
    P("not obeyed", "nicht befolgt"), P("not to be understood", "unverständlich"), P("still busy", "noch beschäftigt"), P("OCPP 1.6 or 2.0.1", "OCPP 1.6 oder 2.0.1"),
)  # fmt: skip
OUTAGES = (
    P("requested", "beantragt"), P("approved", "genehmigt"), P("refused", "abgelehnt"), P("withdrawn", "zurückgezogen"), P("at work", "im Gang"), P("over", "vorbei"), P("did not begin", "nicht begonnen"),
    P("equipment", "Betriebsmittel"), P("weather", "Wetter"), P("somebody else, digging for instance", "Dritte, etwa bei Grabungen"), P("loss of the public grid", "Ausfall des öffentlichen Netzes"),
    P("shed by the control", "Lastabwurf durch die Regelung"), P("planned work", "geplante Arbeiten"), P("not known", "nicht bekannt"),
    P("line {code:c}", "Leitung {code}"), P("transformer {code:c}", "Transformator {code}"),
    P("waits for a decision", "wartet auf Entscheidung"), P("declined", "abgelehnt"), P("to be set by hand", "von Hand einzustellen"), P("in force", "in Kraft"), P("to be lifted by hand", "von Hand aufzuheben"), P("lifted", "aufgehoben"),
    P("solar roofs", "Solardächer"), P("car charging", "Ladepunkte"), P("heat pumps", "Wärmepumpen"),
)  # fmt: skip
METERING = (
    P("waits", "wartet"), P("with its meter", "mit seinem Zähler"), P("entered", "eingetragen"),
    P("enrolled", "aufgenommen"), P("key rotated", "Schlüssel gewechselt"), P("revoked", "widerrufen"), P("meter exchanged", "Zähler getauscht"), P("decommissioned", "außer Betrieb"),
    P("certificate issued", "Zertifikat ausgestellt"), P("certificate revoked", "Zertifikat widerrufen"), P("firmware reported", "Firmware gemeldet"), P("firmware failed", "Firmware gescheitert"),
    P("encryption required or not", "Verschlüsselung verlangt oder nicht"), P("alarm raised", "Störmeldung ausgelöst"), P("alarm acknowledged", "Störmeldung quittiert"), P("alarm cleared", "Störmeldung behoben"),
    P("five messages refused within an hour", "fünf Nachrichten in einer Stunde abgelehnt"), P("the case is open", "das Gehäuse ist offen"), P("a register went back", "ein Zählwerk lief zurück"),
    P("nothing measured where its like days do", "nichts gemessen, wo ähnliche Tage es tun"), P("its key is used from two places", "sein Schlüssel wird von zwei Orten benutzt"),
    P("waiting to be read", "wartet auf das Lesen"), P("ready to accept", "bereit zur Annahme"), P("has errors", "hat Fehler"), P("accepted", "angenommen"), P("discarded", "verworfen"),
    P("same as stored", "wie gespeichert"), P("new", "neu"), P("changes stored values", "ändert gespeicherte Werte"),
    P("import", "Bezug"), P("export", "Einspeisung"), P("production", "Erzeugung"), P("charge", "Laden"), P("discharge", "Entladen"), P("down", "abwärts"), P("up", "aufwärts"), P("reactive", "Blindarbeit"), P("draw", "Verbrauch des Geräts"), P("device: what one load behind a site draws", "Gerät: was eine Last hinter einem Anschluss verbraucht"),
    P("provisional", "vorläufig"), P("final", "endgültig"),
    P("site: import and export", "Anschluss: Bezug und Einspeisung"), P("source: production", "Erzeuger: Erzeugung"), P("storage: charge and discharge", "Speicher: Laden und Entladen"),
    P("line or transformer: what flows down and up", "Leitung oder Transformator: was hinab- und hinauffließt"),
    P("irradiance [W/m²]", "Einstrahlung [W/m²]"), P("air temperature [°C]", "Lufttemperatur [°C]"), P("transformer temperature [°C]", "Transformatortemperatur [°C]"), P("voltage [V]", "Spannung [V]"), P("door contact", "Türkontakt"),
    P("sends nothing", "sendet nichts"), P("sends zeros where its like days do not", "sendet Nullen, wo ähnliche Tage es nicht tun"),
    P("accepted as measured", "wie gemessen angenommen"), P("edited", "geändert"), P("kept as measured when its time was over", "nach Ablauf der Zeit wie gemessen belassen"), P("superseded by a later version", "durch eine spätere Version ersetzt"),
    P("household", "Haushalt"), P("business", "Betrieb"), P("plant", "Anlage"), P("shared load", "gemeinsame Last"), P("storage", "Speicher"), P("measuring point in the network", "Messstelle im Netz"),
    P("open", "offen"), P("set a storage", "Speicher einstellen"), P("limit a source", "Erzeuger begrenzen"), P("let a tier of loads go", "Lasten einer Stufe abwerfen"), P("tier {tier:n}", "Stufe {tier}"),
    P("found anew", "neu gefunden"), P("the plan before, moved on", "der vorige Fahrplan, weitergeschoben"), P("the plain rule", "die einfache Regel"),
    P("The plan of least cost", "Der Fahrplan mit den geringsten Kosten"), P("The plan before, moved on", "Der vorige Fahrplan, weitergeschoben"), P("The plain rule", "Die einfache Regel"),
    P("more sun than we need", "mehr Sonne, als wir brauchen"), P("we draw from outside", "wir beziehen von außen"), P("at the limit", "an der Grenze"), P("somebody is held back", "jemand wird begrenzt"),
    P("starting up again", "Wiederaufbau"), P("joining the public grid again", "Rücksynchronisierung mit dem öffentlichen Netz"),
    P("spike", "Ausreißer"), P("stuck", "steht still"), P("unusual day", "ungewöhnlicher Tag"), P("out of range", "außerhalb des Bereichs"), P("does not match its register", "passt nicht zum Zählwerk"),
    P("production at night", "Erzeugung bei Nacht"), P("clock was off", "Uhr ging falsch"),
    P("Meter {code:c}", "Zähler {code}"), P("Gateway {name:c}", "Gateway {name}"), P("Files in the format {feed}", "Dateien im Format {feed}"),
    P("answered, acts", "hat geantwortet, handelt"), P("called", "gerufen"),
)  # fmt: skip
KINDS = (
    P("home", "Haushalt"), P("heat pump", "Wärmepumpe"), P("car charger", "Ladepunkt"), P("solar", "Photovoltaik"), P("other production", "andere Erzeugung"), P("consumption", "Verbrauch"),
    P("day ahead", "für den Folgetag"), P("intraday", "untertägig"), P("by date", "nach Datum"), P("by hours of operation", "nach Betriebsstunden"), P("by performance", "nach Leistung"),
    P("price per kWh", "Preis je kWh"), P("most that may be drawn [kW]", "höchster Bezug [kW]"), P("level from 0 to 3", "Stufe von 0 bis 3"),
    P("a share of what was saved", "ein Anteil an der Ersparnis"), P("a price for each kWh given", "ein Preis für jede abgegebene kWh"),
    P("adopted", "angenommen"), P("rejected", "abgelehnt"), P("too few took part", "zu geringe Beteiligung"),
    P("first in, first out", "zuerst hinein, zuerst hinaus"), P("in proportion to what is stored", "im Verhältnis zum Gespeicherten"), P("not followed: all counts as local", "nicht verfolgt: alles gilt als lokal"),
)  # fmt: skip
