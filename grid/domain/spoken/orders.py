"""What stands in the way of an order, and what is written down of emergencies, orders by hand, outages, interruptions."""

from kernel.phrases import Phrase

P = Phrase
EMERGENCIES = (
    P("Begun as {state:p}: {cause:p}", "Begonnen als {state}: {cause}"),
    P("{before:p} → {after:p}: {cause:p}", "{before} → {after}: {cause}"),
    P("{state:p}: {cause:q}", "{state}: {cause}"),
    P("{who} was called.", "{who} wurde gerufen."),
    P("{who} answered and acts.", "{who} hat geantwortet und handelt."),
    P("Drill begun: {title:p}", "Übung begonnen: {title}"),
    P("Drill ended.", "Übung beendet."),
    P("By hand: {order:p}, for {minutes:n} min ({reason})", "Von Hand: {order}, für {minutes} min ({reason})"),
    P("By hand no more: {order:p}", "Nicht mehr von Hand: {order}"),
    P(
        "There is a real emergency; a drill now would only confuse people.",
        "Es gibt einen echten Notfall; eine Übung würde jetzt nur verwirren.",
    ),
    P("A drill is running already.", "Es läuft schon eine Übung."),
    P("There is no such scenario.", "Dieses Szenario gibt es nicht."),
    P("The public grid is gone", "Das öffentliche Netz fällt aus"),
    P("The public grid is gone, and comes back after a minute", "Das öffentliche Netz fällt aus und kehrt nach einer Minute zurück"),
    P("On our own, and the largest roof fails", "Im Inselbetrieb fällt das größte Dach aus"),
    P("On our own, and no roof gives anything", "Im Inselbetrieb, und kein Dach gibt etwas"),
    P("No battery answers any more", "Kein Speicher antwortet mehr"),
    P("The grid left what is normal.", "Das Netz hat den Normalbetrieb verlassen."),
)
BY_HAND = (
    P("{code}: charge {watts:n} W", "{code}: mit {watts} W laden"),
    P("{code}: discharge {watts:n} W", "{code}: mit {watts} W entladen"),
    P("{code}: stand idle", "{code}: ruhen"),
    P("{code}: give at most {watts:n} W", "{code}: höchstens {watts} W geben"),
    P("let loads of tier {tier:n} go", "Lasten der Stufe {tier} abwerfen"),
    P("Say why: whoever looks at this later must understand it.", "Sagen Sie, warum: Wer später nachsieht, muss es verstehen."),
    P(
        "An order stands for 1 minute to 24 hours; then control decides again.",
        "Ein Handbefehl gilt 1 Minute bis 24 Stunden; dann entscheidet wieder die Regelung.",
    ),
    P("That device belongs to another microgrid.", "Dieses Gerät gehört zu einem anderen Netz."),
    P("A storage charges or discharges, not both.", "Ein Speicher lädt oder entlädt, nicht beides."),
    P("{code} can take {charge:n} W and give {discharge:n} W.", "{code} kann {charge} W aufnehmen und {discharge} W abgeben."),
    P("Say how much the source may give.", "Sagen Sie, wie viel der Erzeuger geben darf."),
    P("Only tiers 1 to 4 can be let go; tier 0 never is.", "Nur die Stufen 1 bis 4 lassen sich abwerfen; Stufe 0 nie."),
    P("Choose what the order is for.", "Wählen Sie, wofür der Befehl gilt."),
    P("This order was confirmed or ended already.", "Dieser Befehl ist schon bestätigt oder beendet."),
    P(
        "This order was proposed more than ten minutes ago; propose it again.",
        "Dieser Befehl wurde vor mehr als zehn Minuten vorgeschlagen; schlagen Sie ihn neu vor.",
    ),
)
ALARMS = (
    P("Say why the alarm may wait.", "Sagen Sie, warum die Störmeldung warten darf."),
    P("An alarm may wait for up to 24 hours.", "Eine Störmeldung darf bis zu 24 Stunden warten."),
    P("The alarm is at its end.", "Die Störmeldung ist abgeschlossen."),
)
SWITCHING = (
    P("There is no line '{code}' that ends at '{node}'.", "Es gibt keine Leitung „{code}“, die an „{node}“ endet."),
    P("There is no transformer '{code}' that ends at '{node}'.", "Es gibt keinen Transformator „{code}“, der an „{node}“ endet."),
    P(
        "Say why the switch is moved; whoever replays the night wants to know.",
        "Sagen Sie, warum geschaltet wird; wer die Nacht nachspielt, will es wissen.",
    ),
    P("{switch} is not there.", "{switch} gibt es nicht."),
    P("{switch} is closed already.", "{switch} ist schon geschlossen."),
    P("{switch} is open already.", "{switch} ist schon offen."),
    P(
        "{switch} stands so for work that goes on: {reason}. End that work; then it is put back.",
        "{switch} steht so wegen laufender Arbeiten: {reason}. Beenden Sie die Arbeiten; dann wird zurückgeschaltet.",
    ),
    P("This order was confirmed or taken back already.", "Dieser Schaltbefehl ist schon bestätigt oder zurückgenommen."),
    P(
        "The network has changed since; propose it again, so that you see what would follow now.",
        "Das Netz hat sich seither geändert; schlagen Sie den Schaltbefehl neu vor, damit Sie sehen, was jetzt folgen würde.",
    ),
    P(
        "Type the switch's code, {code}, to confirm what follows.",
        "Tippen Sie den Code des Schalters, {code}, um die Folgen zu bestätigen.",
    ),
    P("close {switch}", "{switch} schließen"),
    P("open {switch}", "{switch} öffnen"),
    P("Close {switch}", "{switch} schließen"),
    P("Open {switch}", "{switch} öffnen"),
    P("joined already", "schon verbunden"),
    P("{path} and {count:n} more", "{path} und {count} weitere"),
)
OUTAGES = (
    P(
        "The outage must end after it begins, in the future, and last {days:n} days at most.",
        "Die Abschaltung muss nach ihrem Beginn enden, in der Zukunft liegen und höchstens {days} Tage dauern.",
    ),
    P("Name at least one line or transformer that is to be out.", "Nennen Sie mindestens eine Leitung oder einen Transformator."),
    P("Switch '{code}' stands open for work that goes on: {work}.", "Schalter „{code}“ steht wegen laufender Arbeiten offen: {work}."),
    P(
        "Switch '{code}' is not there or stands closed already; choose an open one.",
        "Schalter „{code}“ gibt es nicht, oder er ist schon geschlossen; wählen Sie einen offenen.",
    ),
    P(
        "Switch '{code}' belongs to a line that is to be out; choose another one.",
        "Schalter „{code}“ gehört zu einer Leitung, die außer Betrieb geht; wählen Sie einen anderen.",
    ),
    P(
        "There is no line '{code}' at that time; choose one of the network's.",
        "Zu dieser Zeit gibt es keine Leitung „{code}“; wählen Sie eine des Netzes.",
    ),
    P(
        "There is no transformer '{code}' at that time; choose one of the network's.",
        "Zu dieser Zeit gibt es keinen Transformator „{code}“; wählen Sie einen des Netzes.",
    ),
    P("Say what is to be done; members without supply will be told.", "Sagen Sie, was zu tun ist; Mitglieder ohne Versorgung erfahren es."),
    P("The outage is {state:p} already.", "Die Abschaltung ist schon {state}."),
    P("The outage is {state:p}; it cannot take longer.", "Die Abschaltung ist {state}; sie kann nicht länger dauern."),
    P(
        "Somebody else decides: whoever asks for an outage does not approve it.",
        "Jemand anders entscheidet: Wer eine Abschaltung beantragt, genehmigt sie nicht.",
    ),
    P(
        "The rest of the network would leave its limits; say in a note why that is accepted, or refuse.",
        "Das übrige Netz würde seine Grenzen verletzen; begründen Sie in einer Notiz, warum das hingenommen wird, oder lehnen Sie ab.",
    ),
    P(
        "Members would be told less than {hours:n} hours before; say in a note why it cannot wait, or refuse.",
        "Mitglieder würden weniger als {hours} Stunden vorher davon erfahren; begründen Sie in einer Notiz, warum es nicht warten kann, oder lehnen Sie ab.",
    ),
    P(
        "Only an outage that is still to come can be withdrawn; end one that is at work.",
        "Nur eine Abschaltung, die noch bevorsteht, lässt sich zurückziehen; beenden Sie eine laufende.",
    ),
    P("withdrawn by {who} on {day}", "zurückgezogen von {who} am {day}"),
    P("Nobody could begin it within its time.", "Niemand konnte sie in ihrer Zeit beginnen."),
    P(
        "Only work that has begun can be ended; withdraw it before.",
        "Nur begonnene Arbeiten lassen sich beenden; ziehen Sie den Antrag vorher zurück.",
    ),
    P("It was moved by somebody else meanwhile.", "Jemand anders hat ihn inzwischen geschaltet."),
    P("{switch} stands open for other work that goes on: {work}.", "{switch} steht wegen anderer laufender Arbeiten offen: {work}."),
    P(
        "Name an end that is later than the one that stands, and {days:n} days after the start at most.",
        "Nennen Sie ein Ende nach dem bisherigen und höchstens {days} Tage nach dem Beginn.",
    ),
    P("Name an end and say why it takes longer.", "Nennen Sie ein Ende und sagen Sie, warum es länger dauert."),
    P(
        "Say why it takes longer; members without supply will be told.",
        "Sagen Sie, warum es länger dauert; Mitglieder ohne Versorgung erfahren es.",
    ),
    P("A later end is asked for already and waits for its decision.", "Ein späteres Ende ist schon beantragt und wartet auf Entscheidung."),
    P("This is decided already, or the outage is over.", "Das ist schon entschieden, oder die Abschaltung ist vorbei."),
    P(
        "Somebody else decides: whoever asks for a later end does not approve it.",
        "Jemand anders entscheidet: Wer ein späteres Ende beantragt, genehmigt es nicht.",
    ),
    P("No later end waits for a decision.", "Kein späteres Ende wartet auf Entscheidung."),
    P("like days", "ähnlichen Tagen"),
    P("forecast", "der Prognose"),
    P("the forecast", "der Prognose"),
    P("Planned work: {reason}", "Geplante Arbeiten: {reason}"),
    P("Work done: {reason}", "Arbeiten beendet: {reason}"),
)
INTERRUPTIONS = (
    P("Name the sites that were without supply.", "Nennen Sie die Anschlüsse, die ohne Versorgung waren."),
    P("A site of another microgrid is among them.", "Ein Anschluss eines anderen Netzes ist darunter."),
    P("An interruption cannot lie ahead.", "Eine Unterbrechung kann nicht in der Zukunft liegen."),
    P("It must end after it began.", "Sie muss nach ihrem Beginn enden."),
    P("Name sites that this interruption touched.", "Nennen Sie Anschlüsse, die diese Unterbrechung betraf."),
    P("Supply cannot be back before it was gone.", "Die Versorgung kann nicht zurück sein, bevor sie ausfiel."),
    P("Say when supply was back, not when it will be.", "Sagen Sie, wann die Versorgung zurück war, nicht, wann sie es sein wird."),
    P(
        "This interruption ended before that: supply was back everywhere.",
        "Diese Unterbrechung endete davor: Die Versorgung war überall zurück.",
    ),
    P(
        "It must end after it began, and not before the sites that had supply again earlier.",
        "Sie muss nach ihrem Beginn enden und nicht vor den Anschlüssen, die früher wieder versorgt waren.",
    ),
)
MONTHS = (
    ("January", "Januar"),
    ("February", "Februar"),
    ("March", "März"),
    ("April", "April"),
    ("May", "Mai"),
    ("June", "Juni"),
    ("July", "Juli"),
    ("August", "August"),
    ("September", "September"),
    ("October", "Oktober"),
    ("November", "November"),
    ("December", "Dezember"),
)
TOLD_TO_MEMBERS = (
    *(
        P(
            f"Please draw less: {{day:n}} {english}, {{start}} to {{end}}",
            f"Bitte beziehen Sie weniger: {{day}}. {german}, {{start}} bis {{end}} Uhr",
        )
        for english, german in MONTHS
    ),
    *(
        P(f"Cancelled: {{day:n}} {english}, {{start}} to {{end}}", f"Abgesagt: {{day}}. {german}, {{start}} bis {{end}} Uhr")
        for english, german in MONTHS
    ),
    P("Use energy as you like.", "Verbrauchen Sie, wie Sie möchten."),
    P("For each kWh less than usual you get {price:n} {currency}.", "Für jede kWh weniger als üblich bekommen Sie {price} {currency}."),
    P(
        "You need not take part: opt out on the page of the programme until it begins.",
        "Sie müssen nicht mitmachen: Auf der Seite des Programms können Sie es auslassen, bis es beginnt.",
    ),
)
DEMAND = (
    P("{programme} has ended.", "{programme} ist beendet."),
    P("Another event lies in these hours.", "In diesen Stunden liegt schon ein Ereignis."),
    P("Nobody takes part in {programme} yet.", "An {programme} nimmt noch niemand teil."),
    P("An event ends on the day on which it begins.", "Ein Ereignis endet an dem Tag, an dem es beginnt."),
    P(
        "An event begins and ends at a full interval of {minutes:n} min.",
        "Ein Ereignis beginnt und endet mit einem vollen Intervall von {minutes} min.",
    ),
    P("The event was cancelled.", "Das Ereignis wurde abgesagt."),
    P("The event has begun.", "Das Ereignis hat begonnen."),
    P("No result: {reason:p}.", "Kein Ergebnis: {reason}."),
    P("the day of the event has no final readings", "der Tag des Ereignisses hat keine endgültigen Werte"),
)
