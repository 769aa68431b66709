"""Why a bank sends a payment back (ISO 20022 external status reason codes, as the SEPA rulebooks use them), and what follows."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ReturnReason:
    """A code in words; `pauses_mandate` where collecting again would fail or be wrong; `fee` where the payer caused it."""

    code: str
    english: str
    german: str
    pauses_mandate: bool
    fee: bool


REASONS = {
    reason.code: reason
    for reason in (
        ReturnReason("AC01", "the account number is wrong", "die Kontonummer ist falsch", True, False),
        ReturnReason("AC04", "the account is closed", "das Konto ist aufgelöst", True, True),
        ReturnReason("AC06", "the account is blocked", "das Konto ist gesperrt", True, True),
        ReturnReason("AC13", "the account is not a consumer's", "das Konto ist kein Verbraucherkonto", True, False),
        ReturnReason("AG01", "the account takes no debits", "das Konto lässt keine Lastschriften zu", True, False),
        ReturnReason("AG02", "the bank took the kind of payment for a wrong one", "die Zahlungsart war falsch", False, False),
        ReturnReason("AM04", "there was not enough money on the account", "das Konto war nicht gedeckt", False, True),
        ReturnReason("AM05", "the bank took it for the same payment twice", "die Bank hielt sie für doppelt", False, False),
        ReturnReason("BE05", "the bank does not know us as creditor", "unsere Gläubigerkennung war der Bank unbekannt", True, False),
        ReturnReason("CNOR", "our bank cannot be reached", "unsere Bank ist nicht erreichbar", False, False),
        ReturnReason("DNOR", "the payer's bank cannot be reached", "die Bank ist nicht erreichbar", True, False),
        ReturnReason("FF01", "the file had a wrong form", "die Datei hatte ein falsches Format", False, False),
        ReturnReason("FOCR", "we had asked for it back", "von uns zurückgerufen", False, False),
        ReturnReason("MD01", "the bank finds no valid mandate", "es liegt kein gültiges Mandat vor", True, False),
        ReturnReason("MD02", "words of the mandate are missing or wrong", "Angaben des Mandats fehlen oder sind falsch", True, False),
        ReturnReason("MD06", "the payer asked for the money back", "der Zahler hat der Lastschrift widersprochen", True, True),
        ReturnReason("MD07", "the account's owner has died", "der Kontoinhaber ist verstorben", True, False),
        ReturnReason("MS02", "the payer refused it", "der Zahler hat die Lastschrift abgelehnt", True, True),
        ReturnReason("MS03", "the bank gives no reason", "die Bank nennt keinen Grund", False, True),
        ReturnReason("RC01", "the bank code is wrong", "die Bankleitzahl ist falsch", True, False),
        ReturnReason("RR01", "the payer's account or name is missing", "Angaben zum Zahler fehlen", True, False),
        ReturnReason("RR04", "the bank has legal reasons", "die Bank hat rechtliche Gründe", True, False),
        ReturnReason("SL01", "the payer has a block on debits", "der Zahler hat Lastschriften gesperrt", True, True),
        ReturnReason("TM01", "it came too late", "sie kam zu spät", False, False),
    )
}
UNKNOWN = ReturnReason("", "the bank gives a reason we do not know", "die Bank nennt einen uns unbekannten Grund", True, False)


def reason_of(code: str) -> ReturnReason:
    """The reason; a code nobody has heard of pauses the mandate until somebody has looked, and costs the member nothing."""
    return REASONS.get(code.strip().upper(), UNKNOWN)


def fee_minor(rule: str, *, code: str, bank_minor: int, fixed_minor: int) -> int:
    """What a returned debit costs the member by the cooperative's rule (none, bank, fixed); nothing where they did not cause it."""
    if not reason_of(code).fee or rule == "none":
        return 0
    return bank_minor if rule == "bank" else fixed_minor


STATUSES = {
    "RCVD": ("received", "eingegangen"),
    "ACTC": ("its form is accepted", "die Form ist angenommen"),
    "ACCP": ("accepted", "angenommen"),
    "ACWC": ("accepted with a change", "mit einer Änderung angenommen"),
    "ACSP": ("being carried out", "in Ausführung"),
    "ACSC": ("carried out", "ausgeführt"),
    "ACCC": ("arrived on the account", "auf dem Konto angekommen"),
    "PDNG": ("waits at the bank", "wartet bei der Bank"),
    "PART": ("accepted in part", "teilweise angenommen"),
    "RJCT": ("refused", "abgelehnt"),
    "CANC": ("cancelled", "storniert"),
}
"""What a bank says of an order or a payment (ISO 20022 external payment status codes), in English and German."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why the bank did not take a payment: `is_own` where it said so of this one, not of the group or file around it."""

    code: str
    is_own: bool
