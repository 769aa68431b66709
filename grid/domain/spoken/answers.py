"""What forms, the admin and the API answer: why something cannot be done, and what was done."""

from kernel.phrases import Phrase

P = Phrase
RULES = (
    P("Choose one storage, source or load.", "Wählen Sie einen Speicher, einen Erzeuger oder eine Last."),
    P("The device belongs to another microgrid.", "Das Gerät gehört zu einem anderen Netz."),
    P("Key of {name}, shown this once: {key}", "Schlüssel von {name}, nur dieses eine Mal gezeigt: {key}"),
    P("The terms must end after they begin.", "Die Bedingungen müssen nach ihrem Beginn enden."),
    P(
        "Say how much; end the terms where nothing is to be paid.",
        "Sagen Sie, wie viel; soll nichts gezahlt werden, beenden Sie die Bedingungen.",
    ),
    P("Days up to {day} are closed; choose a later day.", "Tage bis {day} sind abgeschlossen; wählen Sie einen späteren."),
    P("Days up to {day} are closed; begin later.", "Tage bis {day} sind abgeschlossen; beginnen Sie später."),
    P("Days up to {day} are closed; end later.", "Tage bis {day} sind abgeschlossen; enden Sie später."),
    P("{thing} does not belong to the microgrid of this rule.", "{thing} gehört nicht zum Netz dieser Regel."),
    P("The fixed shares sum to {total:n}; they must sum to 1.", "Die festen Anteile ergeben {total}; sie müssen 1 ergeben."),
    P("The rule must end after it begins.", "Die Regel muss nach ihrem Beginn enden."),
    P("From {day} on what {plant} feeds in is divided so.", "Ab {day} wird so geteilt, was {plant} einspeist."),
    P("Withdrawn; members are told.", "Zurückgezogen; die Mitglieder erfahren es."),
    P("It is decided already.", "Es ist schon entschieden."),
    P("The fixed shares of all sites must sum to 1.", "Die festen Anteile aller Anschlüsse müssen 1 ergeben."),
    P(
        "The rule gives shares to {count:n} sites that are not metered; take them out.",
        "Die Regel gibt {count} Anschlüssen ohne Zähler Anteile; nehmen Sie diese heraus.",
    ),
    P("A site cannot give to itself.", "Ein Anschluss kann sich nicht selbst beschenken."),
    P("A site's list has one receiver at each place.", "Die Liste eines Anschlusses hat an jeder Stelle einen Empfänger."),
    P("Where orders decide there is no key to share by.", "Wo Aufträge entscheiden, gibt es keinen Schlüssel zum Teilen."),
    P("{plant} is divided from {day} or a later day on already.", "{plant} ist schon ab {day} oder später geteilt."),
    P(
        "The parts come to {percent:n} %; they must come to 100 %, each above 0.",
        "Die Teile ergeben {percent} %; sie müssen 100 % ergeben, jeder über 0.",
    ),
    P("Each member has one part.", "Jedes Mitglied hat einen Teil."),
    P("Each site uses one part.", "Jeder Anschluss nutzt einen Teil."),
    P(
        "It can begin on {day} at the earliest: days before are settled.",
        "Es kann frühestens am {day} beginnen: Frühere Tage sind abgerechnet.",
    ),
    P("{who} is no member of {group}.", "{who} ist kein Mitglied von {group}."),
    P(
        "{site} is not {who}'s, not metered here, or the plant itself.",
        "{site} gehört nicht {who}, hat hier keinen Zähler oder ist die Anlage selbst.",
    ),
)
NOTHING_YET = (
    P(
        "Nothing is kept of that moment: no tick ran, and its day is not closed.",
        "Von diesem Zeitpunkt ist nichts aufbewahrt: Kein Takt lief, und sein Tag ist nicht abgeschlossen.",
    ),
    P(
        "No control tick ran within the last quarter of an hour: no meter reports, or no worker runs.",
        "In der letzten Viertelstunde lief kein Takt der Regelung: Kein Zähler meldet sich, oder kein Prozess läuft.",
    ),
    P(
        "Nothing is computed yet: it is, each night, once a day is closed.",
        "Noch ist nichts berechnet: Das geschieht jede Nacht, sobald ein Tag abgeschlossen ist.",
    ),
    P("No plan is made yet.", "Noch gibt es keinen Plan."),
    P(
        "There is no forecast of use that covers this interval; forecasts are made each hour from readings.",
        "Keine Prognose des Verbrauchs reicht über diese Viertelstunde; Prognosen entstehen stündlich aus Messwerten.",
    ),
    P(
        "No prices are published; a tariff in force publishes them each day.",
        "Es sind keine Preise veröffentlicht; ein geltender Tarif veröffentlicht sie täglich.",
    ),
    P("No prices are published for {day}.", "Für {day} sind keine Preise veröffentlicht."),
    P(
        "No day is closed yet, so nobody can say what will be drawn; close a day first.",
        "Noch ist kein Tag abgeschlossen; deshalb weiß niemand, was verbraucht wird. Schließen Sie zuerst einen Tag ab.",
    ),
    P(
        "No day is closed yet: the study needs at least one, for what everybody draws.",
        "Noch ist kein Tag abgeschlossen: Die Studie braucht mindestens einen, um zu wissen, was alle beziehen.",
    ),
    P("A report covers three days at most.", "Ein Bericht umfasst höchstens drei Tage."),
    P("{why:q} Correct the network first.", "{why} Berichtigen Sie zuerst das Netz."),
    P(
        "Losses of {day} are to be settled, but: {why:q} Correct the network, or switch the settling of losses off.",
        "Die Verluste von {day} sollen abgerechnet werden, aber: {why} Berichtigen Sie das Netz, oder schalten Sie die Abrechnung der Verluste ab.",
    ),
    P("{day} is not over yet.", "{day} ist noch nicht vorbei."),
    P("{count:n} meter days of {day} wait for a review.", "{count} Zählertage von {day} warten auf Prüfung."),
    P("{later} is closed before {day}.", "{later} ist vor {day} abgeschlossen."),
    P(
        "{count:n} comparison days with final readings, {needed:n} are needed",
        "{count} Vergleichstage mit endgültigen Messwerten, {needed} sind nötig",
    ),
    P(
        "A storage's energy times price is too large to be weighed exactly; check the readings.",
        "Energie mal Preis eines Speichers ist zu groß, um genau gewogen zu werden; prüfen Sie die Messwerte.",
    ),
    P(
        "Holders used more of a common plant than was theirs; its days must be closed again.",
        "Inhaber haben mehr von einer gemeinsamen Anlage genutzt, als ihnen gehörte; ihre Tage müssen neu abgeschlossen werden.",
    ),
)
PROGRAMMES = (
    P("An event ends after it begins.", "Ein Abruf endet nach seinem Beginn."),
    P(
        "Members are told {ahead} ahead: the event can begin at the earliest {ahead} from now.",
        "Mitglieder erfahren es {ahead} vorher: Der Abruf kann frühestens in {ahead} beginnen.",
    ),
    P("The event lasts {length}; {most} are allowed.", "Der Abruf dauert {length}; {most} sind erlaubt."),
    P("{count:n} events were called in this month; {most:n} are allowed.", "In diesem Monat gab es {count} Abrufe; {most} sind erlaubt."),
    P("{used} of {most} in this month are used; left: {left}.", "{used} von {most} sind in diesem Monat verbraucht; übrig: {left}."),
    P("{programme} is not offered to {site}.", "{programme} wird {site} nicht angeboten."),
    P("{programme} is offered; members consent on their page.", "{programme} wird angeboten; Mitglieder stimmen auf ihrer Seite zu."),
    P("Called: {event}. {count:n} sites are told.", "Abgerufen: {event}. {count} Anschlüsse erfahren es."),
    P("{programme} has ended; what it brought stays here.", "{programme} ist beendet; was es brachte, bleibt hier."),
    P("Allow at least one event of some length.", "Erlauben Sie mindestens einen Abruf von einiger Dauer."),
    P("There is a programme of that name; choose another.", "Ein Programm dieses Namens gibt es schon; wählen Sie einen anderen."),
    P("Cancelled: {event}. Members are told.", "Abgesagt: {event}. Die Mitglieder erfahren es."),
    P("The month allows less than one event; raise it.", "Der Monat erlaubt weniger als einen Abruf; erhöhen Sie ihn."),
)
MARKET = (
    P("Place at least one order and at most {most:n} at once.", "Geben Sie mindestens einen Auftrag und höchstens {most} auf einmal."),
    P("{site} has no meter that would say what was delivered.", "{site} hat keinen Zähler, der sagt, was geliefert wurde."),
    P("No interval begins at {at}; they are {minutes:n} minutes long.", "Um {at} beginnt kein Intervall; sie dauern {minutes} Minuten."),
    P("On {day} energy is not shared by the market.", "Am {day} wird Energie nicht über den Markt geteilt."),
    P("Orders for this interval are closed.", "Aufträge für dieses Intervall sind geschlossen."),
    P("Orders for this interval are closed; this one stands.", "Aufträge für dieses Intervall sind geschlossen; dieser gilt."),
    P("Order at least 1 Wh and at most {most:n} kWh.", "Bestellen Sie mindestens 1 Wh und höchstens {most} kWh."),
    P("The prices of {day} are not published yet.", "Die Preise von {day} sind noch nicht veröffentlicht."),
    P(
        "The public grid pays {low:n} ct and asks {high:n} ct per kWh; a price beyond them would cost somebody.",
        "Das öffentliche Netz zahlt {low} ct und verlangt {high} ct je kWh; ein Preis darüber hinaus ginge auf jemandes Kosten.",
    ),
    P(
        "{site} has {count:n} orders on this side of the interval already.",
        "{site} hat schon {count} Aufträge auf dieser Seite des Intervalls.",
    ),
    P("Say which price the limit is.", "Sagen Sie, welcher Preis die Grenze ist."),
    P("A limit lies between 0 and {most:n} ct per kWh.", "Eine Grenze liegt zwischen 0 und {most} ct je kWh."),
    P("Say how much and at which price.", "Sagen Sie, wie viel und zu welchem Preis."),
    P("'{text}' is no number.", "„{text}“ ist keine Zahl."),
)
SWITCHING = (P("Open {code} at {node}", "{code} an {node} öffnen"),)
SUPPLY = (
    P(
        "Somebody at {site} depends on supply: it is never limited.",
        "An {site} ist jemand auf Versorgung angewiesen: Sie wird nie begrenzt.",
    ),
    P("There is nothing to decide: it is {state:q}.", "Es gibt nichts zu entscheiden: Der Stand ist „{state}“."),
    P("Say why: the member reads it.", "Sagen Sie, warum: Das Mitglied liest es."),
    P("It is {state:q}: leave the site as it is.", "Der Stand ist „{state}“: Lassen Sie den Anschluss, wie er ist."),
    P("There is nothing to lift: it is {state:q}.", "Es gibt nichts aufzuheben: Der Stand ist „{state}“."),
    P("To decide: {site} at most {watts:n} W", "Zu entscheiden: {site} höchstens {watts} W"),
    P("Nothing happens before somebody has decided.", "Nichts geschieht, bevor jemand entschieden hat."),
    P("Lift now: {site}", "Jetzt aufheben: {site}"),
    P("The limit of {watts:n} W is to be lifted at the site.", "Die Grenze von {watts} W ist am Anschluss aufzuheben."),
)
VOTES = (
    P(
        "Nobody drew anything on the last closed days, so no fixed shares follow from it.",
        "An den letzten abgeschlossenen Tagen hat niemand etwas bezogen; daraus folgen keine festen Anteile.",
    ),
    P(
        "Members need at least {days:n} days to vote; close it later.",
        "Mitglieder brauchen mindestens {days} Tage zum Abstimmen; schließen Sie später.",
    ),
    P(
        "The rule must come into force after the day on which the vote closes.",
        "Die Regel muss nach dem Tag in Kraft treten, an dem die Abstimmung schließt.",
    ),
    P("Another rule begins on {day}; choose another day.", "Am {day} beginnt eine andere Regel; wählen Sie einen anderen Tag."),
    P(
        "No member has a metered site here, so nobody could vote.",
        "Kein Mitglied hat hier einen Anschluss mit Zähler; niemand könnte abstimmen.",
    ),
    P(
        "Fixed shares follow from what each drew; close a day first.",
        "Feste Anteile folgen aus dem, was jeder bezogen hat; schließen Sie zuerst einen Tag ab.",
    ),
)
DEVICES = (
    P("{device} is entered at {site}; its owner is told.", "{device} ist an {site} eingetragen; der Besitzer erfährt es."),
    P("{device} is refused; its owner reads why.", "{device} ist abgelehnt; der Besitzer liest, warum."),
    P("Say why; the member reads it.", "Sagen Sie, warum; das Mitglied liest es."),
    P("{device} was decided already.", "Über {device} ist schon entschieden."),
    P("You asked for it yourself: somebody else decides.", "Sie haben selbst darum gebeten: Jemand anders entscheidet."),
    P(
        "{meter} is placed; it is compared once it has two days of readings.",
        "{meter} ist gesetzt; verglichen wird, sobald es Messwerte von zwei Tagen gibt.",
    ),
    P("{branch} has a meter already; choose another line.", "{branch} hat schon einen Zähler; wählen Sie eine andere Leitung."),
    P("The code '{code}' is taken or empty; give another one.", "Der Code „{code}“ ist vergeben oder leer; wählen Sie einen anderen."),
    P(
        "The cooperative is not a member of itself; enter it as one, with sites of its own.",
        "Die Genossenschaft ist nicht ihr eigenes Mitglied; tragen Sie sie als eines mit eigenen Anschlüssen ein.",
    ),
    P(
        "{switch} was moved at {at} already; moves follow each other in time.",
        "{switch} wurde um {at} schon geschaltet; Schaltungen folgen zeitlich aufeinander.",
    ),
    P(
        "Name a switch and whether it closes, or an element and the node of its end.",
        "Nennen Sie einen Schalter und ob er schließt, oder ein Element und den Knoten seines Endes.",
    ),
    P("Name the later end.", "Nennen Sie das spätere Ende."),
    P("Say when the work begins and when it ends.", "Sagen Sie, wann die Arbeiten beginnen und enden."),
    P("Choose the work and the day until when it is due.", "Wählen Sie die Arbeiten und den Tag, bis zu dem sie fällig sind."),
    P("The work order is made.", "Der Arbeitsauftrag ist angelegt."),
    P(
        "The work ends before it starts; put the later time second.",
        "Die Arbeiten enden vor ihrem Beginn; setzen Sie die spätere Zeit an die zweite Stelle.",
    ),
    P("The work order is {state:q} already.", "Der Arbeitsauftrag ist schon „{state}“."),
    P("The work order is on the page Sources.", "Der Arbeitsauftrag steht auf der Seite Erzeuger."),
    P("the meter was removed; there is nothing to exchange", "der Zähler wurde ausgebaut; es gibt nichts zu tauschen"),
    P("the new meter's serial number is needed", "die Nummer des neuen Zählers fehlt"),
    P("a later exchange of this meter is written down already", "ein späterer Tausch dieses Zählers ist schon eingetragen"),
    P("{meter} was removed; nothing serves it any more", "{meter} wurde ausgebaut; kein Gerät bedient ihn mehr"),
    P("no unused code was found; remove old ones", "kein freier Code gefunden; entfernen Sie alte"),
    P("the image has {size:n} bytes; 1 to {most:n} are possible", "das Abbild hat {size} Byte; 1 bis {most} sind möglich"),
    P("the roll-out was halted: release a new version", "die Verteilung wurde angehalten: geben Sie eine neue Fassung frei"),
    P("the share lies between {least:n} and 100 %", "der Anteil liegt zwischen {least} und 100 %"),
    P(
        "{version} is not newer than {newest}: devices take no older version",
        "{version} ist nicht neuer als {newest}: Geräte nehmen keine ältere Fassung",
    ),
    P(
        "The device of {meter} in {grid}: {what:q}. Its page shows what came before, and ends the alarm.",
        "Das Gerät von {meter} in {grid}: {what}. Seine Seite zeigt, was vorher war, und beendet die Meldung.",
    ),
    P("{site}: {kind:q} asked for", "{site}: {kind} gewünscht"),
    P("{device}, {kilowatts:n} kW. It waits for your decision.", "{device}, {kilowatts} kW. Es wartet auf Ihre Entscheidung."),
)
READINGS = (
    P("The file is empty; choose another one.", "Die Datei ist leer; wählen Sie eine andere."),
    P("The file is larger than {most:n} MiB; split it by months.", "Die Datei ist größer als {most} MiB; teilen Sie sie nach Monaten."),
    P(
        "The file is larger than {most:n} MiB; split it by months, or use manage.py import_readings.",
        "Die Datei ist größer als {most} MiB; teilen Sie sie nach Monaten, oder nutzen Sie manage.py import_readings.",
    ),
    P(
        "The import is accepted; correct it by importing the right values.",
        "Der Import ist übernommen; berichtigen Sie ihn, indem Sie die richtigen Werte importieren.",
    ),
    P(
        "The import {state:q}: mend the file and hand it in again.",
        "Der Import {state}: Bessern Sie die Datei aus und geben Sie sie erneut.",
    ),
    P("This very file is accepted already; nothing changed.", "Genau diese Datei ist schon übernommen; nichts hat sich geändert."),
    P(
        "Accepted: {count:n} meter days. Their days are closed again within minutes.",
        "Übernommen: {count} Zählertage. Ihre Tage werden in wenigen Minuten neu abgeschlossen.",
    ),
    P(
        "Stored values change: say why, it stays with the new versions.",
        "Gespeicherte Werte ändern sich: Sagen Sie, warum; es bleibt bei den neuen Fassungen.",
    ),
    P("{file} is laid aside; nothing changed.", "{file} ist beiseitegelegt; nichts hat sich geändert."),
    P("Write whole numbers with spaces between them.", "Schreiben Sie ganze Zahlen mit Leerzeichen dazwischen."),
    P(
        "Accepted as measured: {count:n} days. They are closed within minutes.",
        "Als gemessen übernommen: {count} Tage. Sie werden in wenigen Minuten abgeschlossen.",
    ),
    P(
        "Accepted as measured: {count:n} day. They are closed within minutes.",
        "Als gemessen übernommen: {count} Tag. Er wird in wenigen Minuten abgeschlossen.",
    ),
    P("Choose at least one day that still waits.", "Wählen Sie mindestens einen Tag, der noch wartet."),
    P("{meter}, {day}: accepted as measured.", "{meter}, {day}: als gemessen übernommen."),
    P("Choose what should stand there instead.", "Wählen Sie, was stattdessen dort stehen soll."),
    P(
        "{meter}, {day}: edited. The day is closed again within minutes.",
        "{meter}, {day}: geändert. Der Tag wird in wenigen Minuten neu abgeschlossen.",
    ),
    P("Say why: the reason stays with the new version.", "Sagen Sie, warum: Der Grund bleibt bei der neuen Fassung."),
    P("This review is {state:q}; reopen it first.", "Diese Prüfung ist „{state}“; öffnen Sie sie zuerst wieder."),
    P("Give {count:n} whole numbers of {unit}, none of them negative.", "Geben Sie {count} ganze Zahlen in {unit}, keine negativ."),
    P(
        "A later version of this day has come; look at that one.",
        "Eine spätere Fassung dieses Tages ist eingegangen; sehen Sie sich diese an.",
    ),
    P("Say why it is looked at again.", "Sagen Sie, warum noch einmal geprüft wird."),
    P("{meter} has no readings before {day}", "{meter} hat keine Messwerte vor {day}"),
)
CALLS = (
    P("Control of {grid} stands still", "Die Regelung von {grid} steht still"),
    P(
        "Devices fall back by themselves: batteries stand idle, sources and loads are free.",
        "Geräte fallen von selbst zurück: Speicher ruhen, Erzeuger und Lasten sind frei.",
    ),
    P("Emergency: {grid}", "Notfall: {grid}"),
    P("DRILL, nothing is switched: {grid}", "ÜBUNG, nichts wird geschaltet: {grid}"),
    P("Emergency in {grid}: {cause:q}", "Notfall in {grid}: {cause}"),
    P("DRILL, nothing is switched in {grid}: {cause:q}", "ÜBUNG, nichts wird geschaltet in {grid}: {cause}"),
    P(
        "Please answer on the emergency page. Without an answer the next contact is called in five minutes.",
        "Bitte antworten Sie auf der Notfallseite. Ohne Antwort wird in fünf Minuten die nächste Person gerufen.",
    ),
)
MOVES = (
    P(
        "Nobody moves into {site}: name a landlord who pays meanwhile, or a member for the cooperative itself.",
        "In {site} zieht niemand ein: Nennen Sie einen Vermieter, der inzwischen zahlt, oder ein Mitglied für die Genossenschaft selbst.",
    ),
    P("{who} takes {site} over on {day}; take that back first.", "{who} übernimmt {site} am {day}; nehmen Sie das zuerst zurück."),
    P("{site} is {who}'s already.", "{site} gehört schon {who}."),
    P("{who} has {site} from {day} on; choose a later day.", "{who} hat {site} ab {day}; wählen Sie einen späteren Tag."),
    P("A move is entered a year ahead at most.", "Ein Wechsel wird höchstens ein Jahr im Voraus eingetragen."),
    P("{site} is handed over already; enter a move back.", "{site} ist schon übergeben; tragen Sie einen Wechsel zurück ein."),
)
BY_OPERATORS = (
    P(
        "{count:n} of the chosen devices revoked; their messages are refused.",
        "{count} der gewählten Geräte gesperrt; ihre Meldungen werden abgewiesen.",
    ),
    P(
        "{count:n} of the chosen devices decommissioned; their messages are refused.",
        "{count} der gewählten Geräte außer Betrieb; ihre Meldungen werden abgewiesen.",
    ),
    P("{count:n} of the chosen devices have to encrypt from now on.", "{count} der gewählten Geräte müssen ab jetzt verschlüsseln."),
    P("{count:n} alarms changed.", "{count} Meldungen geändert."),
    P("{count:n} gateways revoked.", "{count} Gateways gesperrt."),
    P("{count:n} work orders begun.", "{count} Arbeitsaufträge begonnen."),
    P("{count:n} work orders done.", "{count} Arbeitsaufträge erledigt."),
    P("Let a device in for {place}", "Ein Gerät für {place} einlassen"),
    P("Make the code", "Code erzeugen"),
    P("A code lets one device in, once, within seven days.", "Ein Code lässt ein Gerät ein, einmal, innerhalb von sieben Tagen."),
    P(
        "The device that serves it now ends when the new one comes in; codes made before end at once.",
        "Das Gerät, das ihn jetzt bedient, endet, sobald das neue kommt; frühere Codes enden sofort.",
    ),
    P("The code for {place}, shown only now: {code}", "Der Code für {place}, nur jetzt gezeigt: {code}"),
    P("Halt {release}", "{release} anhalten"),
    P("Halt", "Anhalten"),
    P("{release} will be offered to no further device.", "{release} wird keinem weiteren Gerät angeboten."),
    P("What runs it keeps it; a new version mends it.", "Was sie hat, behält sie; eine neue Fassung behebt es."),
    P("{release} is offered to nobody any more.", "{release} wird niemandem mehr angeboten."),
    P("Withdraw {vote}", "{vote} zurückziehen"),
    P("Withdraw", "Zurückziehen"),
    P(
        "Nobody can vote on it any more, nothing is counted and nothing changes.",
        "Niemand kann mehr darüber abstimmen, nichts wird gezählt und nichts ändert sich.",
    ),
    P("Members are told.", "Die Mitglieder erfahren es."),
    P("SunSpec needs the device's IP address.", "SunSpec braucht die IP-Adresse des Geräts."),
    P("Devices may only be in {networks} (DEVICE_NETWORKS).", "Geräte dürfen nur in {networks} sein (DEVICE_NETWORKS)."),
    P("Type {letters}: this cannot be undone.", "Tippen Sie {letters}: Das lässt sich nicht rückgängig machen."),
    P("Type {letters}.", "Tippen Sie {letters}."),
    P("{channel}: last reading of the old meter [{unit}]", "{channel}: letzter Stand des alten Zählers [{unit}]"),
    P("{channel}: first reading of the new meter [{unit}]", "{channel}: erster Stand des neuen Zählers [{unit}]"),
)
FROM_DEVICES = (
    P("the code is not known, was used, or has expired", "der Code ist nicht bekannt, wurde benutzt oder ist abgelaufen"),
    P("the request is not signed by the key that it brings", "die Anfrage ist nicht mit dem Schlüssel unterschrieben, den sie mitbringt"),
    P("{place} was removed; nothing serves it any more", "{place} wurde ausgebaut; nichts bedient es mehr"),
    P(
        "{field}: at most {most:n} letters, digits, blanks and . + - _ are possible",
        "{field}: höchstens {most} Buchstaben, Ziffern, Leerzeichen und . + - _ sind möglich",
    ),
    P("the exchange lies in the future", "der Tausch liegt in der Zukunft"),
    P("the readings of {channels} are needed, and no others", "die Stände von {channels} fehlen, und keine anderen"),
    P("{channel:c}: a reading lies between 0 and {most:n} Wh", "{channel}: ein Stand liegt zwischen 0 und {most} Wh"),
    P(
        "{channel:c}: the last reading {last:n} Wh lies below {before:n} Wh, which the meter had shown before",
        "{channel}: der letzte Stand {last} Wh liegt unter {before} Wh, die der Zähler schon gezeigt hatte",
    ),
    P("the request has {size:n} bytes, {most:n} are possible", "die Anfrage hat {size} Byte, {most} sind möglich"),
    P("the request cannot be read: {why}", "die Anfrage ist nicht lesbar: {why}"),
    P("the request is not signed by the key that it names", "die Anfrage ist nicht mit dem Schlüssel unterschrieben, den sie nennt"),
    P(
        "the key must be ECDSA on P-256 or P-384, Ed25519, or RSA of 2048 to 4096 bits",
        "der Schlüssel muss ECDSA auf P-256 oder P-384, Ed25519 oder RSA mit 2048 bis 4096 Bit sein",
    ),
    P("write bytes as hexadecimal digits", "schreiben Sie Bytes als hexadezimale Ziffern"),
    P("{size:n} bytes, {needed:n} are needed", "{size} Byte, {needed} sind nötig"),
    P("a client has at most {most:n} VENs", "ein Client hat höchstens {most} VENs"),
    P("a client has at most {most:n} subscriptions", "ein Client hat höchstens {most} Abonnements"),
    P("a client has at most {most:n} reports", "ein Client hat höchstens {most} Berichte"),
    P(
        "'{version}' is not a version: write whole numbers with dots, for example 1.4.0",
        "„{version}“ ist keine Fassung: Schreiben Sie ganze Zahlen mit Punkten, zum Beispiel 1.4.0",
    ),
)
TITLES = (
    P("The body is refused", "Der Inhalt wird abgewiesen"),
    P("The exchange cannot be written down", "Der Tausch kann nicht eingetragen werden"),
    P("The device is refused", "Das Gerät wird abgewiesen"),
    P("No certificate can be issued", "Es kann kein Zertifikat ausgestellt werden"),
    P("The message is refused", "Die Meldung wird abgewiesen"),
    P("Cannot be compared", "Lässt sich nicht vergleichen"),
    P("Cannot be changed", "Lässt sich nicht ändern"),
    P("The alarm cannot be shelved", "Die Meldung kann nicht zurückgestellt werden"),
    P("The site cannot take part", "Der Anschluss kann nicht teilnehmen"),
    P("The event cannot be called", "Der Abruf ist nicht möglich"),
    P("The event cannot be cancelled", "Der Abruf kann nicht abgesagt werden"),
    P("It is too late", "Es ist zu spät"),
    P("The device cannot run like that", "So kann das Gerät nicht laufen"),
    P("It was taken back or its time has passed.", "Es wurde zurückgenommen, oder seine Zeit ist vorbei."),
    P("The entry ended before.", "Der Eintrag endete schon."),
    P("cannot order", "kein Auftrag möglich"),
    P("cannot withdraw", "kein Zurückziehen möglich"),
    P("cannot limit", "keine Grenze möglich"),
    P("cannot prefer", "kein Vorzug möglich"),
    P("cannot vote", "keine Stimme möglich"),
    P("Too many", "Zu viele"),
    P("There is one of this name already", "Es gibt schon eines dieses Namens"),
    P("On none of these days was the meter's site yours.", "An keinem dieser Tage gehörte der Anschluss des Zählers Ihnen."),
    P("Only what sites use and sources give is foreseen.", "Vorhergesagt wird nur, was Anschlüsse verbrauchen und Erzeuger liefern."),
    P(
        "The site changed hands a few weeks ago; a forecast would tell of who had it before.",
        "Der Anschluss hat vor wenigen Wochen gewechselt; eine Prognose würde von den Vorigen erzählen.",
    ),
    P("The source has no final day with readings.", "Der Erzeuger hat keinen endgültigen Tag mit Messwerten."),
    P("The site has no complete final day.", "Der Anschluss hat keinen vollständigen endgültigen Tag."),
    P(
        "The JSON is nested too deeply; send the object as it is documented.",
        "Das JSON ist zu tief verschachtelt; senden Sie das Objekt, wie es beschrieben ist.",
    ),
    P("Operators plan and finish work orders.", "Betreiber planen und beenden Arbeitsaufträge."),
    P(
        "Fewer than five similar members; their use would show through.",
        "Weniger als fünf ähnliche Mitglieder; ihr Verbrauch würde durchscheinen.",
    ),
    P(
        "One of the similar members stands out; a mean would show its use.",
        "Eines der ähnlichen Mitglieder fällt auf; ein Mittelwert würde seinen Verbrauch zeigen.",
    ),
    P("Only homes and businesses are compared.", "Verglichen werden nur Haushalte und Betriebe."),
    P("No day is final yet.", "Noch ist kein Tag endgültig."),
    P("A week of complete days is needed.", "Eine Woche vollständiger Tage ist nötig."),
    P(
        "There is no forecast of use that covers this interval; forecasts are made each quarter hour from readings.",
        "Keine Prognose des Verbrauchs reicht über diese Viertelstunde; Prognosen entstehen jede Viertelstunde aus Messwerten.",
    ),
)
ANSWERS = (
    *MOVES,
    *BY_OPERATORS,
    *FROM_DEVICES,
    *TITLES,
    *RULES,
    *NOTHING_YET,
    *PROGRAMMES,
    *MARKET,
    *SWITCHING,
    *SUPPLY,
    *VOTES,
    *DEVICES,
    *READINGS,
    *CALLS,
)
