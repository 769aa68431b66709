"""camt.052, .053 and .054 in versions 02 to 13: what a bank says of an account, in one form.

The message definitions are ISO 20022's (BankToCustomerAccountReport, -Statement, -DebitCreditNotification). Between versions
parties moved into `Pty`, states into `Cd`, charges into records, amounts of single payments out of `AmtDtls`: each is looked
for where any version has it. Only booked entries count; pending ones and mere information are counted as skipped.
"""

import re
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from billing.adapters.bank.xml import CannotReadFile, message_name, parse, strip_namespaces
from billing.domain.bank_csv import CannotReadStatement
from billing.domain.banking.statements import BankEntry, Statement
from billing.domain.refusals import all_read

MESSAGE = re.compile(r"camt\.(052|053|054)\.001\.(\d{2})")
VERSIONS = range(2, 14)
BODY = {"052": ("BkToCstmrAcctRpt", "Rpt"), "053": ("BkToCstmrStmt", "Stmt"), "054": ("BkToCstmrDbtCdtNtfctn", "Ntfctn")}
MOST_ENTRIES = 200_000
DECIMALS = {"JPY": 0, "KRW": 0, "HUF": 2, "ISK": 0, "KWD": 3, "BHD": 3, "TND": 3}
LARGEST_MINOR = 10**15
# Where versions say what one payment of several comes to: in the account's currency, after an exchange as its counter-value.
AMOUNTS = ("Amt", "AmtDtls/TxAmt/Amt", "AmtDtls/CntrValAmt/Amt")
OPENING = ("OPBD", "PRCD")
CLOSING = ("CLBD",)
Element = Any


def read_camt(content: bytes) -> list[Statement]:
    """The statements of a file, in its order.

    Raises:
        CannotReadStatement: a sentence for each fault, with its statement, entry and payment.
    """
    try:
        root = parse(content)
    except CannotReadFile as problem:
        raise CannotReadStatement(str(problem)) from problem
    name = message_name(root)
    found = MESSAGE.fullmatch(name)
    if found is None or int(found[2]) not in VERSIONS:
        raise CannotReadStatement(f"The file is {name or 'XML of another kind'}; ask the bank for camt.053 or camt.054, version 02 to 13.")
    strip_namespaces(root)
    body, part = BODY[found[1]]
    statements = root.findall(f"{body}/{part}")
    if not statements:
        raise CannotReadStatement(f"The file holds no {part}: there is no statement in it; ask the bank for it again.")
    return list(all_read(statements, lambda element: _Reader(f"camt.{found[1]}", element).statement(), CannotReadStatement))


class _Reader:
    """One statement on its way out of the file."""

    def __init__(self, kind: str, element: Element) -> None:
        self.kind, self.element = kind, element
        self.number = _text(element, "Id")
        self.currency = _currency_of_account(element)
        self.entries: list[BankEntry] = []
        self.skipped = 0
        self.notes: list[str] = []

    def statement(self) -> Statement:
        entries = self.element.findall("Ntry")
        if len(entries) > MOST_ENTRIES:
            raise CannotReadStatement(f"{self._place(0)}: It has more than {MOST_ENTRIES} entries; fetch a shorter period.")
        all_read(enumerate(entries, 1), lambda one: self._entry(*one), CannotReadStatement)
        opening, closing = all_read(
            ((OPENING, False), (CLOSING, True)), lambda one: self._balance(one[0], last=one[1]), CannotReadStatement
        )
        days = [entry.booked_date for entry in self.entries]
        first = opening[1] if opening else _day(self._place(0), self.element.find("FrToDt"), "FrDtTm")
        last = closing[1] if closing else _day(self._place(0), self.element.find("FrToDt"), "ToDtTm")
        if self.skipped:
            self.notes.append(f"{self.skipped} entries are not booked yet and were left out.")
        return Statement(
            kind=self.kind,
            number=self.number[:40],
            iban=_iban(_text(self.element, "Acct/Id/IBAN")),
            currency=self.currency,
            sequence=self._sequence(),
            first_date=first or min(days, default=None),
            last_date=last or max(days, default=None),
            opening_minor=opening[0] if opening else None,
            closing_minor=closing[0] if closing else None,
            entries=tuple(self.entries),
            skipped=self.skipped,
            notes=tuple(self.notes),
        )

    def _place(self, position: int) -> str:
        return f"Statement '{self.number or '?'}', entry {position}" if position else f"Statement '{self.number or '?'}'"

    def _sequence(self) -> int | None:
        for name in ("ElctrncSeqNb", "LglSeqNb"):
            text = _text(self.element, name)
            if text.isdecimal() and len(text) <= 18:
                return int(text)
        return None

    def _balance(self, codes: tuple[str, ...], *, last: bool) -> tuple[int, date | None] | None:
        """The first opening or last closing balance; a page's interim balances (ITBD) are not the statement's."""
        for code in codes:
            rows = [b for b in self.element.findall("Bal") if _text(b, "Tp/CdOrPrtry/Cd") == code]
            if rows:
                row = rows[-1 if last else 0]
                place = f"{self._place(0)}, balance {code}"
                minor, _ = _amount(place, row.find("Amt"))
                return minor * _sign(place, row), _day(place, row, "Dt")
        return None

    def _entry(self, position: int, entry: Element) -> None:
        place = self._place(position)
        status = _text(entry, "Sts/Cd") or _text(entry, "Sts/Prtry") or _text(entry, "Sts")
        if status != "BOOK":
            self.skipped += 1
            return
        amount, currency = _amount(place, entry.find("Amt"))
        signed = amount * _sign(place, entry)
        if currency != self.currency:
            raise CannotReadStatement(
                f"{place}: The entry is in {currency}, its account in {self.currency}; bring the statement of that account."
            )
        booked = _day(place, entry, "BookgDt") or _day(place, entry, "ValDt")
        if booked is None:
            raise CannotReadStatement(f"{place}: There is no day of booking (BookgDt).")
        words: dict[str, Any] = {
            "booked_date": booked,
            "value_date": _day(place, entry, "ValDt"),
            "is_reversal": _flag(entry, "RvslInd"),
            "entry_ref": _text(entry, "AcctSvcrRef")[:70],
            "bank_code": _code(entry.find("BkTxCd")),
        }
        details = entry.findall("NtryDtls/TxDtls")
        if len(details) <= 1:
            self._append(_single(place, entry, details[0] if details else None, signed, words))
            return
        told = all_read(
            enumerate(details, 1),
            lambda one: _detail(f"{place}, payment {one[0]}", entry, one[1], signed, currency, words),
            CannotReadStatement,
        )
        parts = [part for part in told if part is not None]
        if len(parts) < len(told):
            self._append_sum(entry, position, signed, words, f"Its {len(told)} payments are told in another currency; ")
            return
        if sum(part["amount_minor"] for part in parts) != signed:
            self._append_sum(entry, position, signed, words, f"Its {len(told)} payments do not make its sum; ")
            return
        for part in parts:
            self._append(part)

    def _append_sum(self, entry: Element, position: int, signed: int, words: dict[str, Any], why: str) -> None:
        """An entry whose payments cannot be told apart, with a word about it."""
        place, count = self._place(position), len(entry.findall("NtryDtls/TxDtls"))
        self.notes.append(f"{place}: {why}it is taken as one sum for a person to look at.")
        self._append(_single(place, entry, None, signed, words) | {"batch_count": count})

    def _append(self, words: dict[str, Any]) -> None:
        if len(self.entries) >= MOST_ENTRIES:
            raise CannotReadStatement(f"{self._place(0)}: It has more than {MOST_ENTRIES} payments; fetch a shorter period.")
        self.entries.append(BankEntry(row=len(self.entries) + 1, **words))


def _currency_of_account(element: Element) -> str:
    """As the statement says it, else as its balances or its first entry are written."""
    told = _text(element, "Acct/Ccy")
    if told:
        return told
    amount = element.find("Bal/Amt")
    amount = amount if amount is not None else element.find("Ntry/Amt")
    return amount.get("Ccy", "") if amount is not None else ""


def _single(place: str, entry: Element, detail: Element, signed: int, words: dict[str, Any]) -> dict[str, Any]:
    """An entry with one payment, or a sum without details."""
    count = _text(entry, "NtryDtls/Btch/NbOfTxs")
    known = {
        "amount_minor": signed,
        "purpose": _text(entry, "AddtlNtryInf"),
        "bank_ref": words["entry_ref"],
        "batch_ref": _text(entry, "NtryDtls/Btch/PmtInfId") or _text(entry, "NtryDtls/Btch/MsgId"),
        "batch_count": int(count) if count.isdecimal() and detail is None and len(count) < 8 else 1,
    }
    if detail is None:
        known["charges_minor"] = _charges(place, entry, entry.find("Amt").get("Ccy"))
        return words | known
    return words | known | _facts(place, entry, detail, signed)


def _detail(place: str, entry: Element, detail: Element, signed: int, currency: str, words: dict[str, Any]) -> dict[str, Any] | None:
    """One payment of several, None where it is told in another currency alone. Its own direction counts where it says one (version 03 on)."""
    nodes = [node for node in map(detail.find, AMOUNTS) if node is not None]
    if not nodes:
        raise CannotReadStatement(f"{place}: There is no amount (Amt).")
    node = next((node for node in nodes if node.get("Ccy", currency) == currency), None)
    if node is None:
        return None
    minor, _ = _amount(place, node)
    sign = _sign(place, detail) if detail.find("CdtDbtInd") is not None else (1 if signed >= 0 else -1)
    batch = _text(entry, "NtryDtls/Btch/PmtInfId") or _text(entry, "NtryDtls/Btch/MsgId")
    return words | {"amount_minor": minor * sign, "batch_ref": batch} | _facts(place, entry, detail, minor * sign)


def _facts(place: str, entry: Element, detail: Element, signed: int) -> dict[str, Any]:
    """What is told of one payment."""
    other, agent = ("Dbtr", "Cdtr") if signed >= 0 else ("Cdtr", "Dbtr")
    returned = detail.find("RtrInf")
    if returned is not None or _flag(entry, "RvslInd"):  # the parties stay those of the payment that is undone
        other, agent = agent, other
    name = _party(detail, other) or _party(detail, f"Ultmt{other}")
    iban = _text(detail, f"RltdPties/{other}Acct/Id/IBAN")
    # What was paid in another currency is no sum of ours: nothing is compared with it.
    currency = entry.find("Amt").get("Ccy")
    told = (detail.find("AmtDtls/InstdAmt/Amt"), detail.find("AmtDtls/TxAmt/Amt"))
    original = next((node for node in told if node is not None and node.get("Ccy") == currency), None)
    own = {
        "payer": name[:140],
        "payer_iban": _iban(iban),
        "end_to_end_id": _text(detail, "Refs/EndToEndId")[:35],
        "mandate_ref": _text(detail, "Refs/MndtId")[:35],
        "message_id": _text(detail, "Refs/MsgId")[:35],
        "reference": _text(detail, "RmtInf/Strd/CdtrRefInf/Ref")[:40],
        "purpose": _purpose(entry, detail)[:1000],
        "bank_ref": (_text(detail, "Refs/AcctSvcrRef") or _text(detail, "Refs/TxId") or _text(entry, "AcctSvcrRef"))[:70],
        "return_code": _text(detail, "RtrInf/Rsn/Cd")[:8] or _text(detail, "RtrInf/Rsn/Prtry")[:8],
        "charges_minor": _charges(place, detail, currency) or _charges(place, entry, currency),
        "original_minor": _amount(place, original)[0] if original is not None else None,
    }
    if (code := _code(detail.find("BkTxCd"))) != "":
        own["bank_code"] = code
    if batch := _text(detail, "Refs/PmtInfId"):
        own["batch_ref"] = batch[:35]
    if returned is not None and not own["return_code"]:
        own["return_code"] = "NARR"
    return own


def _purpose(entry: Element, detail: Element) -> str:
    lines = [(line.text or "").strip() for line in detail.findall("RmtInf/Ustrd")]
    lines += [(line.text or "").strip() for line in detail.findall("RmtInf/Strd/AddtlRmtInf")]
    numbers = [_text(strd, "RfrdDocInf/Nb") for strd in detail.findall("RmtInf/Strd")]
    words = " ".join(word for word in [*lines, *numbers] if word)
    return words or _text(detail, "AddtlTxInf") or _text(entry, "AddtlNtryInf")


def _party(detail: Element, role: str) -> str:
    return _text(detail, f"RltdPties/{role}/Pty/Nm") or _text(detail, f"RltdPties/{role}/Nm")


def _charges(place: str, element: Element, currency: str) -> int:
    """What the bank took, in whatever form the version has it; a charge that is given back counts below zero."""
    total = 0
    for node in element.findall("Chrgs"):
        records = node.findall("Rcrd") or ([node] if node.find("Amt") is not None else [])
        for record in records:
            node = record.find("Amt")
            if node is not None and node.get("Ccy") != currency:
                continue  # taken from another account, or told in the payer's currency: no cost of ours
            minor, _ = _amount(place, node)
            total += -minor if _text(record, "CdtDbtInd") == "CRDT" else minor
    return total


def _code(node: Element) -> str:
    """The bank transaction code, domain/family/sub-family, or the bank's own."""
    if node is None:
        return ""
    parts = [_text(node, "Domn/Cd"), _text(node, "Domn/Fmly/Cd"), _text(node, "Domn/Fmly/SubFmlyCd")]
    return ("/".join(part for part in parts if part) or _text(node, "Prtry/Cd"))[:40]


def _text(element: Element, path: str) -> str:
    found = element.find(path)
    return re.sub(r"\s+", " ", found.text).strip() if found is not None and found.text else ""


def _flag(element: Element, path: str) -> bool:
    return _text(element, path).lower() in ("true", "1")


def _iban(text: str) -> str:
    return re.sub(r"\s", "", text).upper()[:34]


def _sign(place: str, element: Element) -> int:
    word = _text(element, "CdtDbtInd")
    if word not in ("CRDT", "DBIT"):
        raise CannotReadStatement(f"{place}: CdtDbtInd is '{word[:20]}', not CRDT or DBIT.")
    return 1 if word == "CRDT" else -1


def _amount(place: str, node: Element) -> tuple[int, str]:
    """Minor units, never below zero, and the currency."""
    if node is None or not (node.text or "").strip():
        raise CannotReadStatement(f"{place}: There is no amount (Amt).")
    currency, text = node.get("Ccy", ""), node.text.strip()
    if not re.fullmatch(r"[A-Z]{3}", currency):
        raise CannotReadStatement(f"{place}: The amount '{text[:20]}' has no currency (Ccy).")
    if not re.fullmatch(r"\d{1,18}(\.\d{0,5})?|\.\d{1,5}", text):
        raise CannotReadStatement(f"{place}: '{text[:30]}' is not an amount.")
    try:
        minor = Decimal(text).scaleb(DECIMALS.get(currency, 2))
    except InvalidOperation as problem:
        raise CannotReadStatement(f"{place}: '{text[:30]}' is not an amount.") from problem
    if minor != int(minor) or minor > LARGEST_MINOR:
        raise CannotReadStatement(f"{place}: '{text[:30]}' {currency} has parts of the smallest coin or is out of range.")
    return int(minor), currency


def _day(place: str, element: Element, path: str) -> date | None:
    """A day given as a day or as an instant; the bank's calendar counts, so the instant's own day is taken."""
    if element is None:
        return None
    text = _text(element, f"{path}/Dt") or _text(element, f"{path}/DtTm") or _text(element, path)
    if not text:
        return None
    try:
        return date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text).date()
    except ValueError:
        pass
    try:
        return date.fromisoformat(text[:10])  # a day with a time zone, `2016-04-01+02:00`
    except ValueError:
        raise CannotReadStatement(f"{place}: '{text[:30]}' is not a day.") from None
