"""The words for paying before using, in English and German: what is left, what happens when it runs out, and what never happens."""

from typing import Any

ENGLISH: dict[str, Any] = {
    "lang": "en", "title": "Prepaid", "lead": "You pay before you use. Here is what is left, and how long it lasts.",
    "none": "You pay by bill", "none_text": "Your bills come after each month. If you prefer to pay before you use, agree below; you can end it on any day.",
    "terms_title": "Pay before you use",
    "terms": "I pay before I use, for all sites in my name, from {day} on. Bills stay as they are: each is paid from what I paid in. What is shown is an estimate until the bill is posted. When "
    "everything is used up I have a friendly credit of {friendly} for {days} days. After that a limit of {watts} W may be asked for; a person decides, I am told, and topping up ends it. Nobody is cut "
    "off. No limit begins from {night_from} to {night_to} o'clock, at weekends or on holidays, in winter while I am in hardship, and never where somebody depends on supply. I can end this on any day.",
    "terms_always": "I pay before I use, for all sites in my name, from {day} on. Bills stay as they are: each is paid from what I paid in. What is shown is an estimate until the bill is posted. When "
    "everything is used up I have a friendly credit of {friendly} for {days} days. After that a limit of {watts} W may be asked for; a person decides, I am told, and topping up ends it. Nobody is cut "
    "off. No limit begins from {night_from} to {night_to} o'clock, in winter while I am in hardship, and never where somebody depends on supply. I can end this on any day.",
    "agree": "I agree to this.", "begin": "Pay before I use", "left": "Left", "owed": "On friendly credit", "as_of": "As of {at}.",
    "days_left": "lasts about {days} more days, until {day}", "day_left": "lasts about one more day", "today": "is likely to be used up today",
    "no_use": "nothing is usually used, so it lasts", "friendly_left": "Nothing happens: you may go down to {friendly} below nothing, until {day}.", "usual": "A day usually costs you {amount}.",
    "made_of": "How it is made up", "paid_in": "In the books for you", "paid_in_note": "what you paid in, less your bills", "unbilled": "Used and not billed yet", "days_so_far": "{days} days so far", "day_so_far": "one day so far",
    "estimated_some": "{count} of them estimated, not closed yet", "unread_some": "{count} without all readings", "rest": "Left",
    "course": "What was left, day by day", "course_summary": "Each day what was left when we last looked, the friendly credit below nothing. Steps upwards are money you paid in.",
    "day": "Day", "shown": "Left", "friendly": "Friendly credit", "nothing": "Nothing left", "top_up": "Top up", "transfer": "By transfer", "to": "To", "reference": "Reference", "any_amount": "Any amount; the reference brings it to your balance. It counts on the day your bank sends it, at the "
    "latest the next.", "qr": "Payment code for a banking app, {amount}", "amount": "Amount", "new_code": "Change the code", "cash": "Cash or mobile money", "cash_text": "At the office; you get a receipt, and it counts at once. Your member number is {number}.",
    "card": "By card", "by_card": "Pay by card", "chain_text": "What you pay on the chain for a bill beyond its amount comes to your balance too.",
    "plain": "What happens when it runs low", "told_days": "We tell you when {low} days are left, and again at {very_low}; and when {little} are left.",
    "credit_text": "At nothing left a friendly credit of {friendly} begins, for {days} days.", "limit_text": "After that a limit of {watts} W may be asked for. A person decides. Topping up ends it at once.",
    "never_text": "Nobody is cut off. No limit begins between {night_from} and {night_to} o'clock{weekends}, or in winter for members in hardship; where somebody depends on supply there is never one.",
    "weekends": ", at weekends or on holidays", "protected": "Somebody at your home depends on supply: there is never a limit.", "own": "Tell me earlier", "own_days": "when so many days are left", "own_minor": "when so much is left", "keep": "Keep",
    "history": "What happened", "end": "End it", "end_text": "Your money stays yours: it pays your next bills, or you have it paid back.", "end_button": "Pay by bill again", "nothing_yet": "Nothing yet.",
    "limit_now": "A limit of {watts} W is in force at {site}", "limit_now_text": "You can use {watts} W at a time. Top up by {amount} or more, and it ends.", "limit_asked": "A limit of {watts} W is asked for at {site}", "limit_asked_text": "Nobody has decided yet. Top up by {amount} or more, and the request is "
    "gone.", "limit_lifting": "The limit at {site} is being lifted", "limit_lifting_text": "You topped up. A person comes to lift it.",
    "first_look": "We look for the first time within the hour.", "ended": "You pay by bill again.", "agreed": "You pay before you use from now on.", "kept": "Kept.", "tick": "Tick that you agree.", "older": "Earlier ones may not be later than ours.",
    "told": "told", "by_mail": "by e-mail {at}", "waits_for_mail": "e-mail waits", "seen": "seen", "in_portal": "in the portal", "over": "over since {at}", "paid": "Paid in, {way}", "returned": "Taken back by the bank",
    "event_agreed": "Agreed to pay before using", "event_ended": "Ended", "step": {"asked": "A limit of {watts} W was asked for at {site}", "declined": "The limit at {site} was declined", "agreed": "The limit of {watts} W at {site} was agreed to", "in_force": "The limit of {watts} W at {site} is in force",
        "lift_asked": "The limit at {site} is to be lifted", "lifted": "The limit at {site} was lifted", "withdrawn": "The limit asked for at {site} was withdrawn"},
    "alarm": {"low": "Running low", "little": "Little left", "very_low": "Very low", "friendly": "Friendly credit began", "used_up": "Friendly credit used up"},
    "why_supply": "The prepaid balance and the friendly credit of the member are used up.", "why_topped_up": "The member topped up.", "why_protected": "Somebody there depends on supply, or the member is spared now.", "why_ended": "The member pays by bill again.",
    "notice": {
        "low": ("Your prepaid balance is running low", "{left} are left, about {days} more days at your usual use. Top up with the reference {reference}."),
        "little": ("Little is left of your prepaid balance", "{left} are left. Top up with the reference {reference}."),
        "very_low": ("Your prepaid balance lasts about {days} more days", "{left} are left. Top up with the reference {reference}."),
        "friendly": ("Your prepaid balance is used up, your power stays on", "A friendly credit of {friendly} begins, for {credit_days} days. Nothing happens to your supply. Top up with the reference {reference}, or call us if it is too much just now: {phone}."),
        "used_up": ("Your friendly credit is used up", "You are {left} below nothing. A limit of {watts} W may now be asked for, and a person decides; you are not cut off. Top up with the reference {reference} and it ends at once. If it is too much just now, call us, we find a way: {phone}."),
        "limited": ("Your supply is limited to {watts} W", "At {site} a limit of {watts} W was agreed to, because your prepaid balance and friendly credit are used up: {why}. Top up with the reference {reference} and it ends at once. Questions: {phone}."),
        "free": ("The limit at {site} ends", "{why} You can use your power as before; where somebody has to come for it, they are on their way."),
    },
}  # fmt: skip
GERMAN: dict[str, Any] = {
    "lang": "de", "title": "Guthaben", "lead": "Sie zahlen vor dem Verbrauch. Hier steht, was übrig ist und wie lange es reicht.",
    "none": "Sie zahlen auf Rechnung", "none_text": "Ihre Rechnung kommt nach jedem Monat. Wenn Sie lieber vor dem Verbrauch zahlen, stimmen Sie unten zu; Sie können es an jedem Tag beenden.",
    "terms_title": "Vor dem Verbrauch zahlen",
    "terms": "Ich zahle vor dem Verbrauch, für alle Anschlüsse auf meinen Namen, ab {day}. Rechnungen bleiben, wie sie sind: Jede wird aus meinem Guthaben bezahlt. Was angezeigt wird, ist bis zur Rechnung eine Schätzung. Ist "
    "alles verbraucht, habe ich {days} Tage lang einen freundlichen Kredit von {friendly}. Danach kann eine Begrenzung auf {watts} W beantragt werden; ein Mensch entscheidet, ich erfahre es, und Aufladen beendet sie. Niemand wird "
    "abgeklemmt. Keine Begrenzung beginnt von {night_from} bis {night_to} Uhr, am Wochenende oder an Feiertagen, im Winter während einer Notlage, und nie, wo jemand auf Strom angewiesen ist. Ich kann das an jedem Tag beenden.",
    "terms_always": "Ich zahle vor dem Verbrauch, für alle Anschlüsse auf meinen Namen, ab {day}. Rechnungen bleiben, wie sie sind: Jede wird aus meinem Guthaben bezahlt. Was angezeigt wird, ist bis zur Rechnung eine Schätzung. Ist "
    "alles verbraucht, habe ich {days} Tage lang einen freundlichen Kredit von {friendly}. Danach kann eine Begrenzung auf {watts} W beantragt werden; ein Mensch entscheidet, ich erfahre es, und Aufladen beendet sie. Niemand wird "
    "abgeklemmt. Keine Begrenzung beginnt von {night_from} bis {night_to} Uhr, im Winter während einer Notlage, und nie, wo jemand auf Strom angewiesen ist. Ich kann das an jedem Tag beenden.",
    "agree": "Ich stimme zu.", "begin": "Vor dem Verbrauch zahlen", "left": "Übrig", "owed": "Im freundlichen Kredit", "as_of": "Stand {at}.",
    "days_left": "reicht noch etwa {days} Tage, bis {day}", "day_left": "reicht noch etwa einen Tag", "today": "ist wohl heute verbraucht",
    "no_use": "üblicherweise wird nichts verbraucht, also reicht es", "friendly_left": "Es passiert nichts: Sie dürfen bis {friendly} ins Minus, bis {day}.", "usual": "Ein Tag kostet Sie üblicherweise {amount}.",
    "made_of": "Wie es sich zusammensetzt", "paid_in": "In den Büchern für Sie", "paid_in_note": "was Sie eingezahlt haben, weniger Ihre Rechnungen", "unbilled": "Verbraucht und noch nicht berechnet", "days_so_far": "bisher {days} Tage", "day_so_far": "bisher ein Tag",
    "estimated_some": "davon {count} geschätzt, noch nicht abgeschlossen", "unread_some": "{count} ohne alle Messwerte", "rest": "Übrig",
    "course": "Was übrig war, Tag für Tag", "course_summary": "Für jeden Tag, was bei unserem letzten Blick übrig war, unter null der freundliche Kredit. Stufen nach oben sind Ihre Einzahlungen.",
    "day": "Tag", "shown": "Übrig", "friendly": "Freundlicher Kredit", "nothing": "Nichts übrig", "top_up": "Aufladen", "transfer": "Überweisen", "to": "An", "reference": "Verwendungszweck", "any_amount": "Jeder Betrag; der Verwendungszweck bringt ihn auf Ihr Guthaben. Er zählt an dem Tag, an dem Ihre Bank ihn "
    "sendet, spätestens am nächsten.", "qr": "Zahlungscode für eine Banking-App, {amount}", "amount": "Betrag", "new_code": "Code ändern", "cash": "Bar oder mit Mobilgeld", "cash_text": "Im Büro; Sie bekommen eine Quittung, und es zählt sofort. Ihre Mitgliedsnummer ist {number}.",
    "card": "Mit Karte", "by_card": "Mit Karte zahlen", "chain_text": "Was Sie auf der Kette für eine Rechnung über ihren Betrag hinaus zahlen, kommt auch auf Ihr Guthaben.",
    "plain": "Was passiert, wenn es knapp wird", "told_days": "Wir sagen Bescheid, wenn es noch {low} Tage reicht, und wieder bei {very_low}; und wenn {little} übrig sind.",
    "credit_text": "Ist nichts übrig, beginnt ein freundlicher Kredit von {friendly}, {days} Tage lang.", "limit_text": "Danach kann eine Begrenzung auf {watts} W beantragt werden. Ein Mensch entscheidet. Aufladen beendet sie sofort.",
    "never_text": "Niemand wird abgeklemmt. Keine Begrenzung beginnt zwischen {night_from} und {night_to} Uhr{weekends} oder im Winter für Mitglieder in einer Notlage; wo jemand auf Strom angewiesen ist, gibt es nie eine.",
    "weekends": ", am Wochenende oder an Feiertagen", "protected": "Bei Ihnen ist jemand auf Strom angewiesen: Es gibt nie eine Begrenzung.", "own": "Früher Bescheid sagen", "own_days": "wenn es noch so viele Tage reicht", "own_minor": "wenn noch so viel übrig ist", "keep": "Merken",
    "history": "Was geschah", "end": "Beenden", "end_text": "Ihr Geld bleibt Ihres: Es bezahlt Ihre nächsten Rechnungen, oder Sie lassen es sich auszahlen.", "end_button": "Wieder auf Rechnung zahlen", "nothing_yet": "Noch nichts.",
    "limit_now": "Bei {site} gilt eine Begrenzung auf {watts} W", "limit_now_text": "Sie können {watts} W auf einmal nutzen. Laden Sie mindestens {amount} auf, dann endet sie.", "limit_asked": "Für {site} ist eine Begrenzung auf {watts} W beantragt", "limit_asked_text": "Es hat noch niemand entschieden. Laden Sie mindestens {amount} auf, dann "
    "ist der Antrag hinfällig.", "limit_lifting": "Die Begrenzung bei {site} wird aufgehoben", "limit_lifting_text": "Sie haben aufgeladen. Jemand kommt und hebt sie auf.",
    "first_look": "Wir sehen innerhalb der nächsten Stunde zum ersten Mal nach.", "ended": "Sie zahlen wieder auf Rechnung.", "agreed": "Sie zahlen ab jetzt vor dem Verbrauch.", "kept": "Gemerkt.", "tick": "Bitte kreuzen Sie an, dass Sie zustimmen.", "older": "Eigene Schwellen dürfen nicht später kommen als unsere.",
    "told": "gesagt", "by_mail": "per E-Mail {at}", "waits_for_mail": "E-Mail wartet", "seen": "gesehen", "in_portal": "im Portal", "over": "vorbei seit {at}", "paid": "Eingezahlt, {way}", "returned": "Von der Bank zurückgeholt",
    "event_agreed": "Zahlung vor dem Verbrauch vereinbart", "event_ended": "Beendet", "step": {"asked": "Für {site} wurde eine Begrenzung auf {watts} W beantragt", "declined": "Die Begrenzung bei {site} wurde abgelehnt", "agreed": "Der Begrenzung auf {watts} W bei {site} wurde zugestimmt", "in_force": "Bei {site} gilt die Begrenzung auf {watts} W",
        "lift_asked": "Die Begrenzung bei {site} ist aufzuheben", "lifted": "Die Begrenzung bei {site} wurde aufgehoben", "withdrawn": "Der Antrag für {site} wurde zurückgezogen"},
    "alarm": {"low": "Es wird knapp", "little": "Wenig übrig", "very_low": "Sehr knapp", "friendly": "Freundlicher Kredit begonnen", "used_up": "Freundlicher Kredit verbraucht"},
    "why_supply": "Guthaben und freundlicher Kredit des Mitglieds sind verbraucht.", "why_topped_up": "Das Mitglied hat aufgeladen.", "why_protected": "Dort ist jemand auf Strom angewiesen, oder das Mitglied wird jetzt geschont.", "why_ended": "Das Mitglied zahlt wieder auf Rechnung.",
    "notice": {
        "low": ("Ihr Guthaben wird knapp", "{left} sind übrig, bei Ihrem üblichen Verbrauch etwa {days} Tage. Laden Sie auf mit dem Verwendungszweck {reference}."),
        "little": ("Von Ihrem Guthaben ist wenig übrig", "{left} sind übrig. Laden Sie auf mit dem Verwendungszweck {reference}."),
        "very_low": ("Ihr Guthaben reicht noch etwa {days} Tage", "{left} sind übrig. Laden Sie auf mit dem Verwendungszweck {reference}."),
        "friendly": ("Ihr Guthaben ist verbraucht, Ihr Strom bleibt an", "Ein freundlicher Kredit von {friendly} beginnt, {credit_days} Tage lang. An Ihrem Anschluss passiert nichts. Laden Sie auf mit dem Verwendungszweck {reference}, oder rufen Sie an, wenn es gerade zu viel ist: {phone}."),
        "used_up": ("Ihr freundlicher Kredit ist verbraucht", "Sie sind {left} im Minus. Eine Begrenzung auf {watts} W kann jetzt beantragt werden, und ein Mensch entscheidet; abgeklemmt wird nicht. Laden Sie auf mit dem Verwendungszweck {reference}, dann endet sie sofort. Ist es gerade zu viel, rufen Sie an, wir finden einen Weg: {phone}."),
        "limited": ("Ihr Anschluss ist auf {watts} W begrenzt", "Für {site} wurde einer Begrenzung auf {watts} W zugestimmt, weil Guthaben und freundlicher Kredit verbraucht sind: {why}. Laden Sie auf mit dem Verwendungszweck {reference}, dann endet sie sofort. Fragen: {phone}."),
        "free": ("Die Begrenzung bei {site} endet", "{why} Sie können Ihren Strom wie zuvor nutzen; wo jemand dafür kommen muss, ist er unterwegs."),
    },
}  # fmt: skip
PREPAID_WORDS = {"en": ENGLISH, "de": GERMAN}
