"""Files for the bank: pain.008.001.08 (debits) and pain.001.001.09 (transfers), written by `sepaxml`, checked by their schemas.

The library makes ids and a time of its own; they are put right afterwards, so that the same order always makes the same file
and the bank's answers name our ids.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path

import sepaxml
from lxml import etree
from sepaxml import SepaDD, SepaTransfer
from stdnum import bic, iban

from billing.domain.banking.references import is_in_sepa, needs_bic, sepa_text
from billing.domain.refusals import Refused

DEBIT_SCHEMA, TRANSFER_SCHEMA = "pain.008.001.08", "pain.001.001.09"


class InvalidOrder(Refused):
    """No file can be written; a sentence for each place says which party or payment is wrong and what to do."""


@dataclass(frozen=True, slots=True)
class Party:
    """Our side of an order."""

    name: str
    iban: str
    bic: str
    currency: str
    creditor_id: str = ""


@dataclass(frozen=True, slots=True)
class DebitItem:
    """One debit; `sequence` is FRST or RCUR."""

    name: str
    iban: str
    bic: str
    amount_minor: int
    end_to_end_id: str
    text: str
    sequence: str
    mandate_ref: str
    signed_date: date


@dataclass(frozen=True, slots=True)
class TransferItem:
    """One transfer."""

    name: str
    iban: str
    amount_minor: int
    end_to_end_id: str
    text: str


def debit_file(*, us: Party, items: Sequence[DebitItem], message_id: str, day: date, now: datetime) -> bytes:
    """A direct debit file.

    Raises:
        InvalidOrder: a name, account or id is none, or it breaks the schema.
    """
    _check(us, items, needs_creditor_id=True)
    writer = SepaDD(_config(us) | {"batch": True, "creditor_id": us.creditor_id, "instrument": "CORE"}, schema=DEBIT_SCHEMA)
    for item in items:
        words = {
            "name": sepa_text(item.name, 70),
            "IBAN": item.iban,
            "amount": item.amount_minor,
            "type": item.sequence,
            "collection_date": day,
            "mandate_id": item.mandate_ref,
            "mandate_date": item.signed_date,
            "description": sepa_text(item.text, 140),
            "endtoend_id": item.end_to_end_id,
        }
        writer.add_payment(words | ({"BIC": item.bic} if item.bic else {}))
    return _finish(writer.export(validate=False), DEBIT_SCHEMA, message_id, now)


def transfer_file(*, us: Party, items: Sequence[TransferItem], message_id: str, day: date, now: datetime) -> bytes:
    """A credit transfer file.

    Raises:
        InvalidOrder: a name or account is none, or it breaks the schema.
    """
    _check(us, items, needs_creditor_id=False)
    writer = SepaTransfer(_config(us) | {"batch": True}, schema=TRANSFER_SCHEMA)
    for item in items:
        writer.add_payment(
            {
                "name": sepa_text(item.name, 70),
                "IBAN": item.iban,
                "amount": item.amount_minor,
                "execution_date": day,
                "description": sepa_text(item.text, 140),
                "endtoend_id": item.end_to_end_id,
            }
        )
    return _finish(writer.export(validate=False), TRANSFER_SCHEMA, message_id, now)


def _check(us: Party, items: Sequence[DebitItem | TransferItem], *, needs_creditor_id: bool) -> None:
    """Raises InvalidOrder with all that a bank would send back, before anything is written."""
    faults = list(_our_faults(us, needs_creditor_id))
    for item in items:
        faults += [f"Payment {item.end_to_end_id}: {what}" for what in _item_faults(item)]
    if faults:
        raise InvalidOrder(*faults)


def _our_faults(us: Party, needs_creditor_id: bool) -> Iterator[str]:
    if not sepa_text(us.name, 70):
        yield "The cooperative's name has no letters that banks take; write it in Latin letters at the cooperative."
    if not iban.is_valid(us.iban):
        yield f"The cooperative's IBAN '{us.iban}' is not right; correct it at the cooperative."
    if us.bic and not bic.is_valid(us.bic):
        yield f"The cooperative's BIC '{us.bic}' is not right; correct or empty it at the cooperative."
    if us.currency != "EUR":
        yield f"The cooperative's money is {us.currency}, and SEPA moves euro alone; pay and collect by your bank's own pages."
    if needs_creditor_id and not us.creditor_id:
        yield "The cooperative has no creditor identifier; write it in the rules of payment."


def _item_faults(item: DebitItem | TransferItem) -> Iterator[str]:
    if not sepa_text(item.name, 70):
        yield f"The name '{item.name[:40]}' has no letters that banks take; write it in Latin letters."
    if not iban.is_valid(item.iban):
        yield f"The IBAN '{item.iban}' is not right; ask the member for it again."
    elif not is_in_sepa(item.iban):
        yield f"The IBAN '{item.iban}' is of a country that SEPA does not reach; ask for another account."
    elif isinstance(item, DebitItem) and needs_bic(item.iban) and not item.bic:
        yield f"The account '{item.iban}' is outside the EEA: its bank wants a BIC; write it in a new mandate."
    if isinstance(item, DebitItem) and item.bic and not bic.is_valid(item.bic):
        yield f"The BIC '{item.bic}' is not right; correct or empty it in the mandate."
    if item.amount_minor <= 0:
        yield "The amount is not above zero; take it out of the order."


def _config(us: Party) -> dict[str, object]:
    words: dict[str, object] = {"name": sepa_text(us.name, 70), "IBAN": us.iban, "currency": us.currency}
    return words | ({"BIC": us.bic} if us.bic else {})


def _finish(content: bytes, schema: str, message_id: str, now: datetime) -> bytes:
    root = etree.fromstring(content)
    space = {"p": f"urn:iso:std:iso:20022:tech:xsd:{schema}"}
    root.find(".//p:GrpHdr/p:MsgId", space).text = message_id
    root.find(".//p:GrpHdr/p:CreDtTm", space).text = now.strftime("%Y-%m-%dT%H:%M:%S")
    for number, group in enumerate(root.iterfind(".//p:PmtInf/p:PmtInfId", space), 1):
        group.text = f"{message_id}-{number}"
    checker = _schema(schema)
    if not checker.validate(root):
        problem = checker.error_log.last_error
        raise InvalidOrder(
            f"The file breaks the rules of {schema} in line {problem.line} ('{problem.message[:160]}'); tell whoever runs the program."
        )
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


@cache
def _schema(name: str) -> "etree.XMLSchema":
    return etree.XMLSchema(file=str(Path(sepaxml.__file__).parent / "schemas" / f"{name}.xsd"))
