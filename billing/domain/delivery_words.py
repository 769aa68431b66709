"""The words of the e-mail a document comes with, in each language."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DeliveryWords:
    """One language; `subject` and `what` by kind of document."""

    subject: dict[str, str]
    what: dict[str, str]
    text: str


DELIVERY_WORDS = {
    "en": DeliveryWords(
        subject={
            "bill": "Your electricity bill {number}, {name}", "credit": "What we pay you for your electricity: {number}, {name}",
            "bill_reversal": "Your bill was corrected: {number}, {name}", "credit_reversal": "Your credit was corrected: {number}, {name}",
        },
        what={
            "bill": "your electricity bill", "credit": "the credit for your electricity",
            "bill_reversal": "the credit note that takes back a bill, with the reason",
            "credit_reversal": "the note that takes back a credit, with the reason",
        },
        text="Dear {member},\n\nattached is {what}, number {number}. On its page you see how each line came about, and can check it yourself:\n"
        "{address}\n\nQuestions? Write to {email} or call {phone}.\n\n{name}\n",
    ),
    "de": DeliveryWords(
        subject={
            "bill": "Ihre Stromrechnung {number}, {name}", "credit": "Gutschrift für Ihren Strom: {number}, {name}",
            "bill_reversal": "Ihre Rechnung wurde berichtigt: {number}, {name}",
            "credit_reversal": "Ihre Gutschrift wurde berichtigt: {number}, {name}",
        },
        what={
            "bill": "Ihre Stromrechnung", "credit": "die Gutschrift für Ihren Strom",
            "bill_reversal": "das Storno einer Rechnung, mit dem Grund dafür",
            "credit_reversal": "das Storno einer Gutschrift, mit dem Grund dafür",
        },
        text="Guten Tag {member},\n\nim Anhang finden Sie {what}, Nummer {number}. Auf der Seite dazu sehen Sie, wie jede Zeile zustande kommt, und "
        "können selbst nachprüfen:\n{address}\n\nFragen? Schreiben Sie an {email} oder rufen Sie an: {phone}.\n\n{name}\n",
    ),
}  # fmt: skip
