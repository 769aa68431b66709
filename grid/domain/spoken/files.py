"""What is wrong with a file of readings or with one of its rows, and the step that mends it."""

from kernel.phrases import Phrase

P = Phrase
WHOLE = (
    P("The file cannot be unpacked ({problem}); pack it again.", "Die Datei lässt sich nicht entpacken ({problem}); packen Sie sie neu."),
    P(
        "The unpacked file is larger than 1 GiB; split it by months.",
        "Die entpackte Datei ist größer als 1 GiB; teilen Sie sie nach Monaten.",
    ),
    P("The file is larger than 512 MiB; split it by months.", "Die Datei ist größer als 512 MiB; teilen Sie sie nach Monaten."),
    P(
        "The first row must name the columns; this file does not begin with text.",
        "Die erste Zeile muss die Spalten nennen; diese Datei beginnt nicht mit Text.",
    ),
    P("The first row cannot be read: {problem}.", "Die erste Zeile ist nicht lesbar: {problem}."),
    P("The file has {count:n} columns, {most:n} at most; split it.", "Die Datei hat {count} Spalten, erlaubt sind {most}; teilen Sie sie."),
    P("The file has a header and no rows.", "Die Datei hat eine Kopfzeile und keine weiteren Zeilen."),
    P("The file is not delimited text: {problem}.", "Die Datei ist kein Text mit Trennzeichen: {problem}."),
    P("The times cannot be right: {problem:q}; check the years.", "Die Zeiten können nicht stimmen: {problem}; prüfen Sie die Jahre."),
    P("the file spans more than a century", "Die Datei umfasst mehr als hundert Jahre"),
    P(
        "The file declares a document type or entities; Green Button files have none.",
        "Die Datei erklärt einen Dokumenttyp oder Entitäten; Green-Button-Dateien haben keine.",
    ),
    P("The file nests deeper than {most:n} elements.", "Die Datei ist tiefer als {most} Elemente verschachtelt."),
    P("The file must be XML in UTF-8.", "Die Datei muss XML in UTF-8 sein."),
    P(
        "The file declares an encoding that cannot be read; save it in UTF-8.",
        "Die Datei nennt eine Zeichenkodierung, die nicht gelesen werden kann; speichern Sie sie in UTF-8.",
    ),
    P("Row {row:n} is not well-formed XML ({problem}).", "Zeile {row} ist kein wohlgeformtes XML ({problem})."),
    P(
        "The file has no IntervalBlock: ask for the interval data of the usage point.",
        "Die Datei hat keinen IntervalBlock: Erbitten Sie die Intervallwerte des Zählpunkts.",
    ),
    P("The header lacks '{name}': it should read {columns}.", "In der Kopfzeile fehlt „{name}“: Sie soll lauten {columns}."),
    P(
        "The header lacks '{name}': name meter, channel, time, value, status.",
        "In der Kopfzeile fehlt „{name}“: Nennen Sie meter, channel, time, value, status.",
    ),
    P(
        "Column Einheit says nothing; it must be kWh (kvarh) or Wh (varh) throughout.",
        "In der Spalte Einheit steht nichts; dort muss durchgehend kWh (kvarh) oder Wh (varh) stehen.",
    ),
    P(
        "Column Einheit says {found}; it must be kWh (kvarh) or Wh (varh) throughout.",
        "In der Spalte Einheit steht {found}; dort muss durchgehend kWh (kvarh) oder Wh (varh) stehen.",
    ),
    P(
        "The file has more than {most:n} rows or 2 GiB; split it by months.",
        "Die Datei hat mehr als {most} Zeilen oder 2 GiB; teilen Sie sie nach Monaten.",
    ),
    P("The file lacks the column '{name}'.", "In der Datei fehlt die Spalte „{name}“."),
    P("The file is not Parquet of readings: {problem}.", "Die Datei ist kein Parquet mit Messwerten: {problem}."),
    P("The first column must be 'time', it is '{name}'.", "Die erste Spalte muss „time“ heißen, sie heißt „{name}“."),
    P("hand in the file again once it is mended", "reichen Sie die Datei berichtigt noch einmal ein"),
    P("there is no reading in the file", "in der Datei steht kein Messwert"),
    P("hand in a file with readings", "reichen Sie eine Datei mit Messwerten ein"),
    P("the file spans more than ten years", "die Datei umfasst mehr als zehn Jahre"),
    P("check the years, or split it", "prüfen Sie die Jahre, oder teilen Sie die Datei"),
)
STEPS = (
    P("waiting for a worker", "wartet auf einen freien Prozess"),
    P("reading rows", "Zeilen werden gelesen"),
    P("finding meters", "Zähler werden zugeordnet"),
    P("cutting into days", "Werte werden in Tage geteilt"),
    P("comparing with stored days", "Vergleich mit gespeicherten Tagen"),
)
ROWS = (
    P("{count:n} cells where the header names {columns:n} columns", "{count} Zellen, wo die Kopfzeile {columns} Spalten nennt"),
    P(
        "add or remove the delimiters; a decimal comma needs another delimiter",
        "ergänzen oder entfernen Sie Trennzeichen; ein Dezimalkomma braucht ein anderes Trennzeichen",
    ),
    P("'{text}' is not a number", "„{text}“ ist keine Zahl"),
    P(
        "write 0.123 or 0,123, without thousands separators; leave the cell empty where nothing was measured",
        "schreiben Sie 0,123 oder 0.123 ohne Tausenderzeichen; lassen Sie die Zelle leer, wo nichts gemessen wurde",
    ),
    P("'{text}' is not a time", "„{text}“ ist keine Zeit"),
    P(
        "write 2016-03-27 01:45, 27.03.2016 01:45 or 2016-03-27T01:45:00+01:00",
        "schreiben Sie 27.03.2016 01:45, 2016-03-27 01:45 oder 2016-03-27T01:45:00+01:00",
    ),
    P("'{text}' does not exist in {zone}: clocks go forward", "„{text}“ gibt es in {zone} nicht: Die Uhren werden vorgestellt"),
    P(
        "leave the missing hour out, or write times in UTC and say so",
        "lassen Sie die fehlende Stunde aus, oder schreiben Sie Zeiten in UTC, und geben Sie das an",
    ),
    P("'{text}' stands a third time in the hour that repeats", "„{text}“ steht ein drittes Mal in der doppelten Stunde"),
    P(
        "let the first pass of the hour come wholly before the second, or write offsets",
        "lassen Sie den ersten Durchgang der Stunde ganz vor dem zweiten kommen, oder schreiben Sie den Abstand zu UTC dazu",
    ),
    P("'{text}' is not a whole number", "„{text}“ ist keine ganze Zahl"),
    P("see ESPI's ReadingType", "siehe ReadingType in ESPI"),
    P("is missing", "fehlt"),
    P("each reading has timePeriod/start and value", "jeder Messwert hat timePeriod/start und value"),
    P("start or value is not a whole number", "start oder value ist keine ganze Zahl"),
    P("start in seconds since 1970, value whole", "start in Sekunden seit 1970, value ganzzahlig"),
    P("the block's reading type is not in the file", "der ReadingType des Blocks steht nicht in der Datei"),
    P("link the MeterReading to its ReadingType", "verweisen Sie vom MeterReading auf seinen ReadingType"),
    P(
        "unit {unit} with power of ten {power} is not energy in Wh or varh",
        "Einheit {unit} mit Zehnerpotenz {power} ist keine Energie in Wh oder varh",
    ),
    P("ask for uom 72 (Wh), of reactive energy 73 (varh)", "erbitten Sie uom 72 (Wh), für Blindarbeit 73 (varh)"),
    P("{direction} is neither 1 (drawn) nor 19 (fed in)", "{direction} ist weder 1 (bezogen) noch 19 (eingespeist)"),
    P("ask for the two directions apart", "erbitten Sie die beiden Richtungen getrennt"),
    P("'{text}' is not a channel", "„{text}“ ist kein Messkanal"),
    P("write one of {known}", "schreiben Sie eines von {known}"),
    P("'{text}' is not a status", "„{text}“ ist kein Status"),
    P("write W for measured, E for a substitute value", "schreiben Sie W für gemessen, E für einen Ersatzwert"),
    P("a cell is empty", "eine Zelle ist leer"),
    P("leave the row out where nothing was measured", "lassen Sie die Zeile aus, wo nichts gemessen wurde"),
    P("the interval does not begin on the grid of {minutes:n} minutes", "das Intervall beginnt nicht im Raster von {minutes} Minuten"),
    P(
        "say whether times label the start or the end, or shift them",
        "geben Sie an, ob Zeiten den Beginn oder das Ende bezeichnen, oder verschieben Sie sie",
    ),
    P("{energy:n} Wh is negative", "{energy} Wh ist negativ"),
    P("feed-in has a channel of its own, never a minus sign", "Einspeisung hat einen eigenen Messkanal, nie ein Minuszeichen"),
    P("{energy:n} Wh is more than an interval can hold", "{energy} Wh ist mehr, als in ein Intervall passt"),
    P("check the unit and the decimal sign", "prüfen Sie Einheit und Dezimalzeichen"),
    P("this interval stands a second time", "dieses Intervall steht ein zweites Mal da"),
    P("leave one of the two rows", "lassen Sie eine der beiden Zeilen stehen"),
    P(
        "intervals of {meter} are {minutes:n} minutes long, the microgrid's {own:n}",
        "Intervalle von {meter} sind {minutes} Minuten lang, im Microgrid sind es {own}",
    ),
    P("ask for values at the microgrid's interval", "erbitten Sie Werte im Raster des Microgrids"),
    P("'{meter}' is not a meter of {microgrid}", "„{meter}“ ist kein Zähler von {microgrid}"),
    P(
        "correct the name, enter it as the meter's external reference, or leave its rows out",
        "berichtigen Sie den Namen, tragen Sie ihn als externe Kennung des Zählers ein, oder lassen Sie seine Zeilen aus",
    ),
    P("the meter {meter} counts no reactive energy", "der Zähler {meter} zählt keine Blindarbeit"),
    P(
        "say at the meter from when on it does, or leave its rows out",
        "tragen Sie beim Zähler ein, ab wann er es tut, oder lassen Sie seine Zeilen aus",
    ),
    P("the meter {meter} ({kind}) has no channel '{channel}'", "der Zähler {meter} ({kind}) hat keinen Messkanal „{channel}“"),
    P("name a channel that it has", "nennen Sie einen Messkanal, den er hat"),
    P("{meter} stands in the file twice", "{meter} steht zweimal in der Datei"),
    P("leave one of the two", "lassen Sie eines von beiden stehen"),
    P("there are intervals that are not over at {now} UTC", "es gibt Intervalle, die um {now} UTC noch nicht vorbei sind"),
    P(
        "leave them out, or say whether times label the start or the end",
        "lassen Sie sie aus, oder geben Sie an, ob Zeiten den Beginn oder das Ende bezeichnen",
    ),
)
