"""The words for bills that stay open, in English and German: what is open, what to do, no shame."""

ENGLISH = {
    "lang": "en", "title": "What is open", "lead": "Bills can slip by. Here is what is open, how to pay it, and what we can agree on if it is too much just now.",
    "none": "Nothing is open beyond its day.", "none_text": "There is nothing for you to do.", "total": "Open beyond its day", "bill": "Bill", "due": "Was due", "open": "Open",
    "reminders": "Letters we sent", "level": "Letter {level} of {date}", "until": "please pay by {date}", "costs": "costs {amount}", "free": "costs nothing", "pdf": "PDF",
    "taken_back": "taken back: {why}", "how": "What you can do", "pay": "Pay by transfer", "pay_text": "To {iban}, with the reference of the bill. If you paid in the last days, nothing more is to be done.",
    "talk": "Cannot pay it now?", "talk_text": "Call {phone} or write to {email}. We agree on instalments that fit, and no fee is added while they are kept.",
    "hardship": "In a hard time?", "hardship_text": "Tell us. Members in hardship pay no fees and no interest. Nobody is disconnected in winter, and never where somebody depends on supply.",
    "plan": "Your instalments", "plan_text": "While you keep them, we send no reminders.", "fees": "Fees and interest so far",
    "letter_1": "A friendly reminder", "letter": "Reminder", "opening": "Dear {name},\n\nperhaps this slipped by: the bill below is still open. If your payment is on its way, please take this letter as settled.",
    "opening_later": "Dear {name},\n\nthe bill below is still open. Please pay it by the day named, or call us: we will find a way together.",
    "rest": "Open of bill {label}, due {date}", "fee": "Fee of this reminder", "interest": "Interest: {words}", "sum": "Together", "pay_until": "Please pay by {date}",
    "interest_piece": "{days} days from {date} at {percent} % a year (days / 365)", "board": "Nobody is disconnected by this letter.", "reference": "Reference", "questions": "Questions",
    "code": "Payment code for a banking app", "number": "Member",
}  # fmt: skip
GERMAN = {
    "lang": "de", "title": "Was offen ist", "lead": "Eine Rechnung kann untergehen. Hier steht, was offen ist, wie Sie es zahlen, und was wir vereinbaren können, wenn es gerade zu viel ist.",
    "none": "Nichts ist überfällig.", "none_text": "Sie müssen nichts tun.", "total": "Überfällig", "bill": "Rechnung", "due": "War fällig", "open": "Offen",
    "reminders": "Unsere Schreiben", "level": "Schreiben {level} vom {date}", "until": "bitte zahlen bis {date}", "costs": "kostet {amount}", "free": "kostet nichts", "pdf": "PDF",
    "taken_back": "zurückgenommen: {why}", "how": "Was Sie tun können", "pay": "Überweisen", "pay_text": "Auf {iban}, mit dem Verwendungszweck der Rechnung. Haben Sie in den letzten Tagen gezahlt, ist nichts weiter zu tun.",
    "talk": "Gerade nicht möglich?", "talk_text": "Rufen Sie {phone} an oder schreiben Sie an {email}. Wir vereinbaren passende Raten; solange Sie sie einhalten, kommt keine Gebühr hinzu.",
    "hardship": "Eine schwere Zeit?", "hardship_text": "Sagen Sie es uns. Mitglieder in einer Notlage zahlen keine Gebühren und keine Zinsen. Im Winter wird niemand abgeklemmt, und nie, wo jemand auf Strom angewiesen ist.",
    "plan": "Ihre Raten", "plan_text": "Solange Sie sie einhalten, erinnern wir nicht.", "fees": "Gebühren und Zinsen bisher",
    "letter_1": "Eine freundliche Erinnerung", "letter": "Zahlungserinnerung", "opening": "Guten Tag {name},\n\nvielleicht ist es untergegangen: Die Rechnung unten ist noch offen. Ist Ihre Zahlung unterwegs, betrachten Sie dieses Schreiben bitte als erledigt.",
    "opening_later": "Guten Tag {name},\n\ndie Rechnung unten ist noch offen. Bitte zahlen Sie bis zum genannten Tag, oder rufen Sie uns an: Wir finden gemeinsam einen Weg.",
    "rest": "Offen aus Rechnung {label}, fällig {date}", "fee": "Gebühr dieses Schreibens", "interest": "Zinsen: {words}", "sum": "Zusammen", "pay_until": "Bitte zahlen Sie bis {date}",
    "interest_piece": "{days} Tage ab {date} zu {percent} % im Jahr (Tage / 365)", "board": "Durch dieses Schreiben wird niemand abgeklemmt.", "reference": "Verwendungszweck", "questions": "Fragen",
    "code": "Zahlungscode für eine Banking-App", "number": "Mitglied",
}  # fmt: skip
ARREARS_WORDS = {"en": ENGLISH, "de": GERMAN}
