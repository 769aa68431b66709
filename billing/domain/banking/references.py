"""References that people and banks write: our bill numbers, ISO 11649 creditor references, SEPA identifiers."""

import re
import unicodedata

from stdnum import iso11649
from stdnum.exceptions import ValidationError

BILL = re.compile(r"(?<![A-Z0-9])([A-Z]{1,3})[\s\-/.]{0,2}(\d{4})[\s\-/.]{0,3}(\d{6})(?!\d)")
CREDITOR_REFERENCE = re.compile(r"(?<![A-Z0-9])RF[\s]?\d{2}(?:[\s]?[A-Z0-9]){1,21}")
SEPA_LETTERS = re.compile(r"[^A-Za-z0-9+?/:().,' \-]")
# Letters that two Latin ones, or another sign, stand for; accents that stand beside a letter are dropped (EPC217-08, conversion table).
SPELLED = {
    ord(a): b
    for a, b in zip(
        "äöüÄÖÜßẞ&æÆœŒøØåÅłŁđĐðÐþÞħĦŧŦıŋŊ’‘‚‛´`“”„–—‐‑‒",
        (
            "ae",
            "oe",
            "ue",
            "Ae",
            "Oe",
            "Ue",
            "ss",
            "SS",
            "+",
            "ae",
            "AE",
            "oe",
            "OE",
            "o",
            "O",
            "a",
            "A",
            "l",
            "L",
            "d",
            "D",
            "d",
            "D",
            "th",
            "TH",
            "h",
            "H",
            "t",
            "T",
            "i",
            "n",
            "N",
            "'",
            "'",
            "'",
            "'",
            "'",
            "'",
            " ",
            " ",
            " ",
            "-",
            "-",
            "-",
            "-",
            "-",
        ),
        strict=True,
    )
}
# Whose accounts SEPA reaches, by the first two letters of the IBAN (EPC409-09), and of these those of the European Economic Area.
EEA = frozenset(
    [
        "AT",
        "BE",
        "BG",
        "CY",
        "CZ",
        "DE",
        "DK",
        "EE",
        "ES",
        "FI",
        "FR",
        "GR",
        "HR",
        "HU",
        "IE",
        "IS",
        "IT",
        "LI",
        "LT",
        "LU",
        "LV",
        "MT",
        "NL",
        "NO",
        "PL",
        "PT",
        "RO",
        "SE",
        "SI",
        "SK",
    ]
)
SEPA = EEA | frozenset(["AD", "AL", "CH", "GB", "GI", "MC", "MD", "ME", "MK", "RS", "SM", "VA"])
CREDITOR_ID = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{3}[A-Z0-9]{1,28}")


def structured(reference: str) -> str:
    """A payment reference as a creditor reference by ISO 11649: RF and two check digits before it."""
    digits = "".join(str(int(letter, 36)) for letter in f"{reference}RF00".upper())
    return f"RF{98 - int(digits) % 97:02d}{reference.upper()}"


def plain(reference: str) -> str:
    """The payment reference inside a creditor reference whose check digits are right; else as it is, without spaces."""
    bare = re.sub(r"\s", "", reference).upper()
    try:
        return str(iso11649.validate(bare))[4:]
    except ValidationError:
        return bare


def references_in(text: str) -> list[str]:
    """Payment references in free text, in order and each once: `B-2016-000123`, `b 2016 000123`, or as RF reference."""
    upper = text.upper()
    found = []
    for rf in CREDITOR_REFERENCE.findall(upper):
        inner = re.sub(r"\s", "", rf)
        for end in range(len(inner), 5, -1):  # words may follow without a sign between
            if iso11649.is_valid(inner[:end]):
                found.append(inner[4:end])
                break
    found += [f"{series}{year}{number}" for series, year, number in BILL.findall(upper)]
    return list(dict.fromkeys(found))


def is_creditor_id(text: str) -> bool:
    """Whether a SEPA creditor identifier's check digits are right (mod 97-10 without its business code, places 5 to 7)."""
    bare = re.sub(r"\s", "", text).upper()
    if not CREDITOR_ID.fullmatch(bare):
        return False
    digits = "".join(str(int(letter, 36)) for letter in bare[7:] + bare[:4])
    return int(digits) % 97 == 1


def sepa_text(text: str, longest: int) -> str:
    """Text in the letters that every SEPA bank takes: é as e, ł as l, ø as o, ä as ae; what has no such letter is left out."""
    composed = unicodedata.normalize("NFC", text).translate(SPELLED)
    bare = "".join(sign for sign in unicodedata.normalize("NFKD", composed) if not unicodedata.combining(sign))
    return re.sub(r"\s+", " ", SEPA_LETTERS.sub(" ", bare)).strip()[:longest].rstrip()


def is_in_sepa(iban: str) -> bool:
    """Whether SEPA reaches the account, by its country."""
    return iban.strip()[:2].upper() in SEPA


def needs_bic(iban: str) -> bool:
    """Whether a debit of the account has to name its bank: outside the European Economic Area it has."""
    return iban.strip()[:2].upper() not in EEA
