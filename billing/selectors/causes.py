"""From a transaction of the ledger to what caused it: a document, a payment, a transaction that it takes back."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from billing.models import BankStatementLine, Charge, CoinSale, Distribution, Document, LedgerTransaction, MemberShare, Payment, YearClosing
from billing.models.ledger import YEAR_CLOSING
from kernel.identifiers import uuid_in

PAYMENT_KEY = "payment:"
HASHED = "sha256:"


@dataclass(frozen=True, slots=True)
class Cause:
    """What a transaction is about, in words, and the row behind it where it is one we know; `reference` is what open items are cleared by."""

    kind: str
    name: str
    row: Any = None
    reference: str = ""


def causes_of(transactions: Iterable[LedgerTransaction]) -> dict[int, Cause]:
    """By transaction id; a handful of queries, however many there are."""
    rows = list(transactions)
    found: dict[int, Cause] = {}
    for kind, find in FINDERS.items():
        found |= find([row for row in rows if row.cause == kind and row.pk not in found])
    mirrored = [row for row in rows if row.pk not in found and row.idempotency_key.startswith("reversal:")]
    found |= _reversals(mirrored)
    return {row.pk: found.get(row.pk) or _unknown(row) for row in rows}


def _unknown(row: LedgerTransaction) -> Cause:
    return Cause(row.cause, _(row.cause.replace("_", " ")), None, row.idempotency_key[:36])


def _documents(rows: Sequence[LedgerTransaction]) -> dict[int, Cause]:
    refs = {row.pk: row.cause_ref or _ref_in_key(row) for row in rows}
    known = {d.public_id: d for d in Document.objects.filter(public_id__in=[r for r in refs.values() if r]).select_related("member")}
    return {
        pk: Cause("document", f"{known[ref].get_kind_display()} {known[ref].label}", known[ref], known[ref].label)
        for pk, ref in refs.items()
        if ref in known
    }


def _ref_in_key(row: LedgerTransaction) -> UUID | None:
    """The id that a key ends with."""
    return uuid_in(row.idempotency_key.rsplit(":", 1)[-1])


def _payments(rows: Sequence[LedgerTransaction]) -> dict[int, Cause]:
    """Payments are known to the ledger by rail and outside reference, hashed where that is long."""
    wanted = {
        row.pk: row.idempotency_key.removeprefix(PAYMENT_KEY).split(":", 1) for row in rows if row.idempotency_key.startswith(PAYMENT_KEY)
    }
    if not wanted:
        return {}
    cooperatives = {row.cooperative_id for row in rows}
    payments = Payment.objects.filter(cooperative__in=cooperatives).select_related("document", "member")
    plain = [ref for _, ref in wanted.values() if not ref.startswith(HASHED)]
    by_key = {(p.rail, p.external_ref): p for p in payments.filter(external_ref__in=plain)}
    if len(plain) < len(wanted):
        by_key |= {
            (p.rail, f"{HASHED}{hashlib.sha256(p.external_ref.encode()).hexdigest()}"): p
            for p in payments.filter(external_ref__regex=r"^.{90,}$")
        }
    found = {}
    for pk, (rail, ref) in wanted.items():
        payment = by_key.get((rail, ref))
        if payment is not None:
            label = payment.document.label if payment.document else ""
            found[pk] = Cause(
                "payment",
                _("payment of %(whom)s (%(way)s)") % {"whom": label or payment.member.number, "way": payment.get_rail_display()},
                payment,
                label,
            )
    return found


def _reversals(rows: Sequence[LedgerTransaction]) -> dict[int, Cause]:
    refs = {row.pk: _ref_in_key(row) for row in rows}
    known = {t.public_id: t for t in LedgerTransaction.objects.filter(public_id__in=[r for r in refs.values() if r])}
    behind = causes_of(known.values()) if known else {}
    return {
        pk: Cause("reversal", _("taken back: %(what)s") % {"what": behind[known[ref].pk].name}, known[ref], behind[known[ref].pk].reference)
        for pk, ref in refs.items()
        if ref in known
    }


def _charges(rows: Sequence[LedgerTransaction]) -> dict[int, Cause]:
    refs = {row.pk: row.cause_ref or _ref_in_key(row) for row in rows}
    known = {c.public_id: c for c in Charge.objects.filter(public_id__in=[r for r in refs.values() if r])}
    return {pk: Cause("charge", known[ref].text, known[ref]) for pk, ref in refs.items() if ref in known}


def _bank_lines(rows: Sequence[LedgerTransaction]) -> dict[int, Cause]:
    """Keys end with the line's id, or with that and how often it was decided."""
    refs = {row.pk: row.cause_ref or _ref_in_key(row) or _ref_before_count(row) for row in rows}
    known = {line.public_id: line for line in BankStatementLine.objects.filter(public_id__in=[r for r in refs.values() if r])}
    return {pk: Cause("bank line", _("bank: %(line)s") % {"line": known[ref]}, known[ref]) for pk, ref in refs.items() if ref in known}


def _ref_before_count(row: LedgerTransaction) -> UUID | None:
    parts = row.idempotency_key.split(":")
    return uuid_in(parts[-2]) if len(parts) > 2 else None


def _returns(rows: Sequence[LedgerTransaction]) -> dict[int, Cause]:
    refs = {row.pk: row.cause_ref or _ref_in_key(row) for row in rows}
    payments = Payment.objects.filter(public_id__in=[r for r in refs.values() if r])
    known = {p.public_id: p for p in payments.select_related("document", "member")}
    return {
        pk: Cause(
            "payment return",
            _("returned: %(member)s") % {"member": payment.member.number},
            payment,
            payment.document.label if payment.document else "",
        )
        for pk, ref in refs.items()
        if ref is not None and (payment := known.get(ref)) is not None
    }


def _distributions(rows: Sequence[LedgerTransaction]) -> dict[int, Cause]:
    known = {d.public_id: d for d in Distribution.objects.filter(public_id__in=[r.cause_ref for r in rows if r.cause_ref])}
    return {
        row.pk: Cause(
            "distribution",
            (_("taken back: %(what)s") if known[row.cause_ref].counters_id else _("shared out: %(what)s")) % {"what": known[row.cause_ref]},
            known[row.cause_ref],
        )
        for row in rows
        if row.cause_ref in known
    }


def _years(rows: Sequence[LedgerTransaction]) -> dict[int, Cause]:
    known = {
        y.public_id: y
        for y in YearClosing.objects.filter(public_id__in=[r.cause_ref for r in rows if r.cause_ref]).select_related("cooperative")
    }
    return {
        row.pk: Cause(YEAR_CLOSING, str(known[row.cause_ref]), known[row.cause_ref], f"JA{known[row.cause_ref].name}")
        for row in rows
        if row.cause_ref in known
    }


def _shares(rows: Sequence[LedgerTransaction]) -> dict[int, Cause]:
    found = MemberShare.objects.filter(public_id__in=[r.cause_ref for r in rows if r.cause_ref])
    known = {s.public_id: s for s in found.select_related("member__cooperative")}
    return {
        row.pk: Cause(
            "shares",
            (_("shares given back: %(member)s") if row.idempotency_key.startswith("shares back") else _("shares paid in: %(member)s"))
            % {"member": known[row.cause_ref].member.number},
            known[row.cause_ref],
        )
        for row in rows
        if row.cause_ref in known
    }


def _coin_sales(rows: Sequence[LedgerTransaction]) -> dict[int, Cause]:
    found = CoinSale.objects.filter(public_id__in=[r.cause_ref for r in rows if r.cause_ref])
    known = {s.public_id: s for s in found.select_related("cooperative")}
    return {
        row.pk: Cause(
            "coin sale",
            _("taken back: %(what)s") % {"what": known[row.cause_ref]}
            if row.idempotency_key.startswith("reversal:")
            else str(known[row.cause_ref]),
            known[row.cause_ref],
            known[row.cause_ref].reference[:36],
        )
        for row in rows
        if row.cause_ref in known
    }


Finder = Callable[[Sequence[LedgerTransaction]], dict[int, Cause]]
FINDERS: dict[str, Finder] = {
    "document": _documents,
    "payment": _payments,
    "charge": _charges,
    "charge taken back": _charges,
    "bank line": _bank_lines,
    "distribution": _distributions,
    "payment return": _returns,
    YEAR_CLOSING: _years,
    "shares": _shares,
    "coin sale": _coin_sales,
}
