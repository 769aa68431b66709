"""What stands in a letter about an open bill, in the member's language: what is open, what it costs, what can be agreed on."""

import io
from datetime import date
from decimal import Decimal
from typing import Any

import segno

from billing.domain.arrears_words import ARREARS_WORDS
from billing.domain.payment_code import epc_code
from billing.domain.sentences import WORDS
from billing.models import Reminder


def letter_content(reminder: Reminder) -> dict[str, Any]:
    """Everything the template shows, as text; amounts as they were when it was sent."""
    member, cooperative, document = reminder.member, reminder.cooperative, reminder.document
    words = ARREARS_WORDS.get(member.language, ARREARS_WORDS["en"])
    figures = WORDS.get(member.language, WORDS["en"])
    rows = [[words["rest"].format(label=document.label, date=figures.date(document.due_date)), figures.money(reminder.rest_minor)]]
    if reminder.fee_minor:
        rows.append([words["fee"], figures.money(reminder.fee_minor)])
    if reminder.interest_minor:
        rows.append([words["interest"].format(words=_pieces(reminder, words)), figures.money(reminder.interest_minor)])
    total = reminder.rest_minor + reminder.charged_minor
    opening = words["opening"] if reminder.level == 1 else words["opening_later"]
    return {
        "lang": words["lang"],
        "words": words,
        "title": words["letter_1"] if reminder.level == 1 else words["letter"],
        "cooperative": {
            "name": cooperative.name,
            "address": f"{cooperative.street}, {cooperative.postal_code} {cooperative.city}",
            "iban": cooperative.iban,
            "email": cooperative.email,
            "phone": cooperative.phone,
        },
        "member": {"name": member.name, "number": member.number, "street": member.street, "place": f"{member.postal_code} {member.city}"},
        "date": figures.date(reminder.sent_date),
        "opening": opening.format(name=member.name).split("\n\n"),
        "rows": rows,
        "sum": [words["sum"], f"{figures.money(total)} {document.currency}"],
        "until": words["pay_until"].format(date=figures.date(reminder.pay_until)),
        "reference": document.payment_reference,
        "talk": words["talk_text"].format(phone=cooperative.phone, email=cooperative.email),
        "qr": _code(reminder, total),
    }


def _pieces(reminder: Reminder, words: dict[str, str]) -> str:
    """Days and rates of the interest, as stated."""
    figures = WORDS.get(reminder.member.language, WORDS["en"])
    told = []
    for piece in reminder.interest_words.split("; "):
        first, days, percent = piece.split(" ")
        told.append(
            words["interest_piece"].format(
                days=days, date=figures.date(date.fromisoformat(first)), percent=figures.number(Decimal(percent), 2)
            )
        )
    return ", ".join(told)


def _code(reminder: Reminder, total_minor: int) -> str:
    cooperative = reminder.cooperative
    if not cooperative.iban:
        return ""
    out = io.BytesIO()
    content = epc_code(
        name=cooperative.name,
        iban=cooperative.iban,
        bic=cooperative.bic,
        amount_minor=total_minor,
        reference=reminder.document.payment_reference,
    )
    segno.make(content, error="m", boost_error=False).save(out, kind="svg", scale=4, border=0)
    return out.getvalue().decode()
