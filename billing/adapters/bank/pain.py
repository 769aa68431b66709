"""Files for the bank: pain.008.001.08 (debits) and pain.001.001.09 (transfers), written by `sepaxml`, checked by their schemas.

The library makes ids and a time of its own; they are put right afterwards, so that the same order always makes the same file
and the bank's answers name our ids.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path

import sepaxml
from lxml import etree
from sepaxml import SepaDD, SepaTransfer

from billing.domain.banking.references import sepa_text

DEBIT_SCHEMA, TRANSFER_SCHEMA = "pain.008.001.08", "pain.001.001.09"


class InvalidOrder(ValueError):
    """The file breaks its schema; the message says where."""


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
        InvalidOrder: it breaks the schema.
    """
    writer = SepaDD(
        _config(us) | {"batch": True, "creditor_id": us.creditor_id, "instrument": "CORE"},
        schema=DEBIT_SCHEMA,
    )
    for item in items:
        words = {
            "name": sepa_text(item.name, 70), "IBAN": item.iban, "amount": item.amount_minor, "type": item.sequence,
            "collection_date": day, "mandate_id": item.mandate_ref, "mandate_date": item.signed_date,
            "description": sepa_text(item.text, 140), "endtoend_id": item.end_to_end_id,
        }  # fmt: skip
        writer.add_payment(words | ({"BIC": item.bic} if item.bic else {}))
    return _finish(writer.export(validate=False), DEBIT_SCHEMA, message_id, now)


def transfer_file(
    *, us: Party, items: Sequence[TransferItem], message_id: str, day: date, now: datetime
) -> bytes:
    """A credit transfer file.

    Raises:
        InvalidOrder: it breaks the schema.
    """
    writer = SepaTransfer(_config(us) | {"batch": True}, schema=TRANSFER_SCHEMA)
    for item in items:
        writer.add_payment(
            {
                "name": sepa_text(item.name, 70), "IBAN": item.iban, "amount": item.amount_minor, "execution_date": day,
                "description": sepa_text(item.text, 140), "endtoend_id": item.end_to_end_id,
            }
        )  # fmt: skip
    return _finish(writer.export(validate=False), TRANSFER_SCHEMA, message_id, now)


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
        raise InvalidOrder(str(checker.error_log.last_error))
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


@cache
def _schema(name: str) -> "etree.XMLSchema":
    return etree.XMLSchema(file=str(Path(sepaxml.__file__).parent / "schemas" / f"{name}.xsd"))
