"""Words of a member's page on payments, written in each language."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PaymentWords:
    """One language."""

    lang: str
    labels: dict[str, str]
    rails: dict[str, str]
    mandate_text: str


ENGLISH = PaymentWords(
    lang="en",
    labels={
        "title": "Payments", "lead": "What is open, what was paid and how, and your direct debit.", "open": "Open", "nothing_open": "Nothing is open. Thank you.",
        "due": "due", "collected": "is being collected from your account", "charge": "Fee", "credit": "Your credit",
        "credit_why": "Paid and not used yet; it goes into your next bill.", "no_credit": "No credit.", "debit": "Direct debit",
        "active": "Bills are collected from {iban}.", "paused": "Collecting is paused: {why}. Talk to us, or give a new mandate.", "none": "You transfer each bill yourself.",
        "revoke": "Revoke the mandate", "revoke_why": "What your bank has already is still collected; you can have it back from your bank within eight weeks.",
        "give": "Give a mandate", "change": "Give another account", "holder": "Account holder", "iban": "IBAN", "agree": "I agree to the mandate above.", "sign": "Sign the mandate",
        "paid": "What was paid", "received": "Received", "way": "Way", "settled": "Settled", "amount": "Amount", "account": "on account", "returned": "taken back by the bank",
        "none_yet": "No payment yet", "none_yet_why": "A transfer appears here on the day after your bank sent it. Use the payment reference on the bill.",
        "back": "paid back to you", "reference": "Mandate", "signed": "signed", "given": "Thank you. We collect your bills from now on, and tell you before each debit.",
        "revoked": "The mandate is revoked. You transfer each bill yourself from now on.", "must_agree": "Tick that you agree.", "bad_iban": "The IBAN is not right; look at its digits again.",
        "for_member": "For", "shared_out": "Shared out",
    },
    rails={"bank": "bank transfer", "debit": "direct debit", "cash": "cash", "mobile": "mobile money", "chain": "on the chain"},
    mandate_text="SEPA direct debit mandate. I allow {name} (creditor identifier {creditor}) to collect payments from my account by direct debit, and tell my "
    "bank to honour them. Within eight weeks of a debit I can ask my bank for the money back; the conditions agreed with my bank hold.",
)  # fmt: skip

GERMAN = PaymentWords(
    lang="de",
    labels={
        "title": "Zahlungen", "lead": "Was offen ist, was wie bezahlt wurde, und Ihr Lastschriftmandat.", "open": "Offen", "nothing_open": "Es ist nichts offen. Vielen Dank.",
        "due": "fällig am", "collected": "wird von Ihrem Konto eingezogen", "charge": "Gebühr", "credit": "Ihr Guthaben",
        "credit_why": "Bezahlt und noch nicht verbraucht; es geht in Ihre nächste Rechnung.", "no_credit": "Kein Guthaben.", "debit": "Lastschrift",
        "active": "Rechnungen werden von {iban} eingezogen.", "paused": "Der Einzug ruht: {why}. Sprechen Sie mit uns, oder erteilen Sie ein neues Mandat.", "none": "Sie überweisen jede Rechnung selbst.",
        "revoke": "Mandat widerrufen", "revoke_why": "Was Ihrer Bank schon vorliegt, wird noch eingezogen; Sie können es binnen acht Wochen von Ihrer Bank zurückholen.",
        "give": "Mandat erteilen", "change": "Anderes Konto angeben", "holder": "Kontoinhaber", "iban": "IBAN", "agree": "Ich stimme dem Mandat oben zu.", "sign": "Mandat unterschreiben",
        "paid": "Was bezahlt wurde", "received": "Eingang", "way": "Weg", "settled": "Wofür", "amount": "Betrag", "account": "auf Guthaben", "returned": "von der Bank zurückgegeben",
        "none_yet": "Noch keine Zahlung", "none_yet_why": "Eine Überweisung steht hier am Tag, nachdem Ihre Bank sie ausgeführt hat. Nehmen Sie den Verwendungszweck der Rechnung.",
        "back": "an Sie zurückgezahlt", "reference": "Mandat", "signed": "unterschrieben am", "given": "Vielen Dank. Wir ziehen Ihre Rechnungen ab jetzt ein und kündigen jede Lastschrift an.",
        "revoked": "Das Mandat ist widerrufen. Ab jetzt überweisen Sie jede Rechnung selbst.", "must_agree": "Bitte stimmen Sie zu.", "bad_iban": "Die IBAN stimmt nicht; sehen Sie sich die Ziffern noch einmal an.",
        "for_member": "Für", "shared_out": "Ausgeschüttet",
    },
    rails={"bank": "Überweisung", "debit": "Lastschrift", "cash": "bar", "mobile": "Mobile Money", "chain": "über die Kette"},
    mandate_text="SEPA-Lastschriftmandat. Ich ermächtige {name} (Gläubiger-Identifikationsnummer {creditor}), Zahlungen von meinem Konto mittels Lastschrift "
    "einzuziehen, und weise mein Kreditinstitut an, die Lastschriften einzulösen. Binnen acht Wochen ab der Belastung kann ich die Erstattung verlangen; es gelten "
    "die mit meinem Kreditinstitut vereinbarten Bedingungen.",
)  # fmt: skip

WORDS = {"en": ENGLISH, "de": GERMAN}
