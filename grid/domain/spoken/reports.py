"""What the report on an event says of its course and of what is left to do."""

from kernel.phrases import Phrase

P = Phrase
REPORTS = (
    P("State: {told:q}", "Zustand: {told}"),
    P("Alarm {step:p}: {alarm:q}", "Störmeldung {step}: {alarm}"),
    P("Supply interrupted: {cause:p}, {count:n} sites", "Versorgung unterbrochen: {cause}, {count} Anschlüsse"),
    P("Supply is back: {cause:p}, {count:n} sites", "Versorgung zurück: {cause}, {count} Anschlüsse"),
    P("Emergency begins", "Notfall beginnt"),
    P("Drill begins", "Übung beginnt"),
    P("Emergency ends", "Notfall endet"),
    P("Drill ends", "Übung endet"),
    P("Emergency: {step:q}", "Notfall: {step}"),
    P("Drill: {step:q}", "Übung: {step}"),
    P("{switch} closed", "{switch} geschlossen"),
    P("{switch} opened", "{switch} geöffnet"),
    P("Ordered by hand: {order:p}", "Handbefehl: {order}"),
    P("Order by hand ended: {order:p}", "Handbefehl beendet: {order}"),
    P("The drill is still open: {cause:q}", "Die Übung ist noch offen: {cause}"),
    P("The emergency is still open: {cause:q}", "Der Notfall ist noch offen: {cause}"),
    P(
        "Nobody answered the calls of the drill: look at the contacts and their numbers.",
        "Niemand antwortete auf die Rufe der Übung: Prüfen Sie die Kontakte und ihre Nummern.",
    ),
    P(
        "Nobody answered the calls of the emergency: look at the contacts and their numbers.",
        "Niemand antwortete auf die Rufe des Notfalls: Prüfen Sie die Kontakte und ihre Nummern.",
    ),
    P("Nobody was called in the drill: enter contacts.", "In der Übung wurde niemand gerufen: Tragen Sie Kontakte ein."),
    P("Nobody was called in the emergency: enter contacts.", "Im Notfall wurde niemand gerufen: Tragen Sie Kontakte ein."),
    P("{alarm:s}: still active ({priority:p}).", "{alarm}: noch aktiv ({priority})."),
    P(
        "{alarm:s}: still active, and nobody has acknowledged it ({priority:p}).",
        "{alarm}: noch aktiv und von niemandem quittiert ({priority}).",
    ),
    P("{alarm:s}: over, but nobody has acknowledged it ({priority:p}).", "{alarm}: vorbei, aber von niemandem quittiert ({priority})."),
    P(
        "Planned work goes on: {count:n} site without, since {since} ({why:q}).",
        "Geplante Arbeiten dauern an: {count} Anschluss ohne Versorgung, seit {since} ({why}).",
    ),
    P(
        "Planned work goes on: {count:n} sites without, since {since} ({why:q}).",
        "Geplante Arbeiten dauern an: {count} Anschlüsse ohne Versorgung, seit {since} ({why}).",
    ),
    P(
        "Restore supply: {count:n} site without, since {since} ({why:q}).",
        "Versorgung wiederherstellen: {count} Anschluss ohne, seit {since} ({why}).",
    ),
    P(
        "Restore supply: {count:n} sites without, since {since} ({why:q}).",
        "Versorgung wiederherstellen: {count} Anschlüsse ohne, seit {since} ({why}).",
    ),
    P(
        "Find the cause of an interruption whose cause is not known.",
        "Klären Sie die Ursache einer Unterbrechung, deren Ursache nicht bekannt ist.",
    ),
    P(
        "Look at the storages' links: {count:n} commands ran out without an acknowledgement.",
        "Prüfen Sie die Verbindungen der Speicher: {count} Stellbefehle liefen ohne Bestätigung ab.",
    ),
    P(
        "No control tick is kept of this period: find out why, or take the closed day's figures instead.",
        "Aus diesem Zeitraum ist kein Regeltakt aufbewahrt: Klären Sie, warum, oder nehmen Sie die Zahlen des geschlossenen Tages.",
    ),
    P("Look at the meters: up to {count:n} sites did not report.", "Prüfen Sie die Zähler: Bis zu {count} Anschlüsse meldeten sich nicht."),
    P("The period must end after it begins.", "Der Zeitraum muss nach seinem Beginn enden."),
    P("The period lies ahead.", "Der Zeitraum liegt in der Zukunft."),
    P("Produced", "Erzeugt"),
    P("Used", "Verbraucht"),
    P("From the public grid (below zero: to it)", "Aus dem öffentlichen Netz (unter null: ins Netz)"),
    P("Batteries full", "Füllstand der Speicher"),
    P("Highest loading", "Höchste Auslastung"),
    P("Lowest voltage", "Niedrigste Spannung"),
)
