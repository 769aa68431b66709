"""What stands on a bill or credit document, in the member's language, ready to be set in type."""

import io
from decimal import Decimal
from typing import Any

import segno
from django.utils import translation
from django.utils.dates import MONTHS

from billing.domain.payment_code import epc_code
from billing.domain.sentences import WORDS, Words
from billing.models import Document, DocumentKind, DocumentLine, FlexibilityCredit
from billing.selectors.corrections import Correction
from billing.selectors.e_invoice import vat_of
from billing.selectors.line_energy import from_grid_wh, from_neighbours_wh
from billing.selectors.paper_facts import PaperFacts
from energy.selectors.register_readings import RegisterReading
from grid.domain.indicators import CO2_GRID_G_PER_KWH


def paper_content(document: Document, facts: PaperFacts) -> dict[str, Any]:
    """Everything the template shows, as text."""
    words = WORDS.get(document.member.language, WORDS["en"])
    lines = facts.lines
    is_bill = document.kind == DocumentKind.BILL
    days = document.days()
    received, from_grid = from_neighbours_wh(lines), from_grid_wh(lines)
    drawn = received + from_grid
    month = _month(document.period, words)
    cooperative, member = document.cooperative, document.member
    return {
        "lang": words.lang,
        "words": words.labels,
        "title": f"{_title(document, words)} {month}",
        "cooperative": {
            "name": cooperative.name,
            "street": cooperative.street,
            "place": f"{cooperative.postal_code} {cooperative.city}",
            "vat_id": cooperative.vat_id,
            "iban": cooperative.iban,
            "email": cooperative.email,
            "phone": cooperative.phone,
            "emergency_phone": cooperative.emergency_phone,
        },
        "member": {"name": member.name, "street": member.street, "place": f"{member.postal_code} {member.city}"},
        "head": [
            [words.labels["number"], document.label],
            [words.labels["member"], member.number],
            [words.labels["site"], document.site.code],
            [words.labels["issued"], words.date(document.issue_date)],
            [words.labels["period"], f"{words.date(days[0])} – {words.date(days[-1])}"],
            *([[words.labels["first_bill"], words.labels["moved_in"]]] if facts.moved_in else []),
            *([[words.labels["final_bill"], words.labels["moved_out"]]] if facts.moved_out else []),
        ],
        "ask": _ask(document, words),
        "comparison": _comparison(facts.before, words) if facts.correction is None else facts.correction.total,
        "correction": _correction(facts.correction, words),
        "amount": words.money(document.gross_minor),
        "currency": document.currency,
        "share": received / drawn if is_bill and drawn else None,
        "from_neighbours": words.from_neighbours.format(kwh=words.kwh(received)) + words.stored(facts.mix.neighbours_stored_wh),
        "from_grid": words.from_grid.format(kwh=words.kwh(from_grid)) + words.stored(facts.mix.grid_stored_wh),
        "co2": words.co2.format(
            kg=words.number(Decimal(facts.mix.carbon_wh * CO2_GRID_G_PER_KWH) / 1_000_000, 1), factor=CO2_GRID_G_PER_KWH
        ),
        "lines": [_line(line, words, facts.flexibility.get(line.position)) for line in lines],
        "sums": _sums(document, words),
        "total": [words.labels[_total(document)], words.money(document.gross_minor)],
        "days": [{"label": words.date(row.day), "local": row.local_wh, "grid": row.grid_wh} for row in facts.days] if is_bill else [],
        "readings": _readings(facts.readings, words),
        "pay": _pay(document) if is_bill else None,
        "check": words.check,
        "complain": words.complain.format(name=cooperative.name, email=cooperative.email, phone=cooperative.phone),
    }


def _title(document: Document, words: Words) -> str:
    if document.cancels_id:
        return words.bill_reversal if document.is_for_use else words.credit_reversal
    return words.bill if document.is_for_use else words.credit


def _ask(document: Document, words: Words) -> str:
    if document.cancels_id:
        return words.taken_back
    if document.kind == DocumentKind.CREDIT:
        return words.paid_to_you
    return words.ask.format(date=words.date(document.due_date))


def _total(document: Document) -> str:
    if document.cancels_id:
        return "total_reversal"
    return "total" if document.is_for_use else "total_credit"


def _correction(found: Correction | None, words: Words) -> dict[str, Any] | None:
    """What changed and why, as the template shows it: sentences, then a row for each line that differs."""
    if found is None:
        return None
    return {
        "heading": found.words.heading,
        "sentences": [found.intro, *found.reasons],
        "lines": [
            [line.sentence, f"{'+' if line.difference.net_minor > 0 else ''}{words.money(line.difference.net_minor)}"]
            for line in found.lines
        ],
        "difference": found.words.columns["difference"],
        "total": found.total,
    }


def _sums(document: Document, words: Words) -> list[list[str]]:
    """Net, then VAT rate by rate with the sum that it is on; why none is shown, where none is."""
    parts = vat_of(document)
    rows = [[words.labels["net"], words.money(document.net_minor)]]
    for part in parts:
        name = f"{words.labels['vat']} {words.percent(part.rate)}"
        if len(parts) > 1:
            name += f" {words.labels['vat_on']} {words.money(part.net_minor)}"
        rows.append(["; ".join([name, *part.reasons]), words.money(part.vat_minor)])
    return rows


def _month(period: int, words: Words) -> str:
    with translation.override(words.lang):
        return f"{MONTHS[period % 100]} {period // 100}"


def _line(line: DocumentLine, words: Words, behind: FlexibilityCredit | None) -> dict[str, str]:
    name, why = words.line(line.component, line.window)
    if behind is not None and behind.baseline_wh is not None and behind.measured_wh is not None:
        compared = words.compared.format(baseline=words.kwh(behind.baseline_wh), measured=words.kwh(behind.measured_wh))
        why = f"{compared} {why}"
    return {
        "name": name,
        "why": why,
        "quantity": words.quantity(line.quantity, line.unit),
        "price": words.price(line.price, line.unit) if line.unit else "",
        "net": words.money(line.net_minor),
    }


def _comparison(before: Document | None, words: Words) -> str:
    if before is None:
        return words.no_comparison
    month = _month(before.period, words)
    return words.comparison.format(month=month, amount=words.money(before.gross_minor), currency=before.currency)


def _readings(readings: list[RegisterReading], words: Words) -> list[list[str]]:
    rows = []
    for reading in readings:
        if reading.start_wh is not None and reading.end_wh is not None:
            shown = " → ".join(words.quantity(read, reading.unit) for read in (reading.start_wh, reading.end_wh))
            rows.append([words.registers[reading.channel], shown])
        if reading.estimated_intervals:
            rows.append([words.estimated, f"{reading.estimated_intervals} / {reading.intervals}"])
    return rows or [["", "–"]]


def _pay(document: Document) -> dict[str, str] | None:
    cooperative = document.cooperative
    if document.gross_minor <= 0:
        return None
    qr = ""
    if cooperative.iban:
        out = io.BytesIO()
        content = epc_code(
            name=cooperative.name,
            iban=cooperative.iban,
            bic=cooperative.bic,
            amount_minor=document.gross_minor,
            reference=document.payment_reference,
        )
        segno.make(content, error="m", boost_error=False).save(out, kind="svg", scale=4, border=0)
        qr = out.getvalue().decode()
    return {"qr": qr, "iban": cooperative.iban, "reference": document.payment_reference}
