"""The words of the e-mail a letter comes with, in each language."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DeliveryWords:
    """One language; `subject` and `what` by kind of letter. Documents that are explained line by line say so, others say where they stand."""

    subject: dict[str, str]
    what: dict[str, str]
    explained: str
    plain: str
    close: str


DELIVERY_WORDS = {
    "en": DeliveryWords(
        subject={
            "bill": "Your electricity bill {number}, {name}",
            "credit": "What we pay you for your electricity: {number}, {name}",
            "bill_reversal": "Your bill was corrected: {number}, {name}",
            "credit_reversal": "Your credit was corrected: {number}, {name}",
            "reminder_1": "A friendly reminder of your bill {number}, {name}",
            "reminder": "Reminder of your bill {number}, {name}",
            "part": "{number}: your part, {name}",
            "statement": "Your year {number}, {name}",
        },
        what={
            "bill": "your electricity bill, number {number}",
            "credit": "the credit for your electricity, number {number}",
            "bill_reversal": "the credit note that takes back a bill, with the reason, number {number}",
            "credit_reversal": "the note that takes back a credit, with the reason, number {number}",
            "reminder_1": "a friendly reminder of your bill {number}",
            "reminder": "a reminder of your bill {number}",
            "part": "how your part of “{number}” was worked out",
            "statement": "your year {number}: what you drew and gave, and what it cost and brought",
        },
        explained="Dear {member},\n\nattached is {what}. On its page you see how each line came about, and can check it yourself:\n{address}",
        plain="Dear {member},\n\nattached is {what}. You find it in the portal too:\n{address}",
        close="\n\nQuestions? Write to {email} or call {phone}.\n\n{name}\n",
    ),
    "de": DeliveryWords(
        subject={
            "bill": "Ihre Stromrechnung {number}, {name}",
            "credit": "Gutschrift für Ihren Strom: {number}, {name}",
            "bill_reversal": "Ihre Rechnung wurde berichtigt: {number}, {name}",
            "credit_reversal": "Ihre Gutschrift wurde berichtigt: {number}, {name}",
            "reminder_1": "Eine freundliche Erinnerung an Ihre Rechnung {number}, {name}",
            "reminder": "Zahlungserinnerung zu Ihrer Rechnung {number}, {name}",
            "part": "{number}: Ihr Anteil, {name}",
            "statement": "Ihr Jahr {number}, {name}",
        },
        what={
            "bill": "Ihre Stromrechnung, Nummer {number}",
            "credit": "die Gutschrift für Ihren Strom, Nummer {number}",
            "bill_reversal": "das Storno einer Rechnung, mit dem Grund dafür, Nummer {number}",
            "credit_reversal": "das Storno einer Gutschrift, mit dem Grund dafür, Nummer {number}",
            "reminder_1": "eine freundliche Erinnerung an Ihre Rechnung {number}",
            "reminder": "eine Zahlungserinnerung zu Ihrer Rechnung {number}",
            "part": "die Berechnung Ihres Anteils an „{number}“",
            "statement": "Ihr Jahr {number}: was Sie bezogen und abgegeben haben, was es kostete und einbrachte",
        },
        explained="Guten Tag {member},\n\nim Anhang finden Sie {what}. Auf der Seite dazu sehen Sie, wie jede Zeile zustande kommt, und "
        "können selbst nachprüfen:\n{address}",
        plain="Guten Tag {member},\n\nim Anhang finden Sie {what}. Im Portal finden Sie das auch:\n{address}",
        close="\n\nFragen? Schreiben Sie an {email} oder rufen Sie an: {phone}.\n\n{name}\n",
    ),
}
