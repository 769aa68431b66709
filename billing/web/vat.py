"""VAT of a month, a quarter or a year from the books, for the tax return; as a page and as CSV."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from billing.domain.vat_return import KeyNumbers, Side, Treatment, VatRow, key_numbers
from billing.models import AccountCode, LedgerTransaction
from billing.selectors.books import trial_balance_of
from billing.selectors.causes import causes_of
from billing.selectors.rounding import rounding_report
from billing.selectors.vat_return import VatReturn, vat_return
from billing.web.books import Desk, cause_url, desk_of
from kernel.intervals import Month

MONTHS_OF = {"month": 1, "quarter": 3, "year": 12}
NAMES = {
    Treatment.STANDARD: _("standard rate"),
    Treatment.REDUCED: _("reduced rate"),
    Treatment.ZERO: _("rate of nothing"),
    Treatment.REVERSE_CHARGE: _("reverse charge"),
    Treatment.SMALL_BUSINESS: _("small business"),
    Treatment.EXEMPT: _("exempt"),
    Treatment.OUTSIDE: _("outside VAT"),
    Treatment.OWN_SUPPLY: _("own supply, no sale"),
}
CSV_HEADINGS = (
    "first_day",
    "last_day",
    "side",
    "treatment",
    "category",
    "rate",
    "documents",
    "net",
    "tax_owed",
    "tax_deducted",
    "tax_not_deducted",
    "key_number_net",
    "key_number_tax",
    "key_number_deducted",
)


@dataclass(frozen=True, slots=True)
class Span:
    """A month, or the quarter or year that it lies in."""

    name: str
    first: Month
    last: Month

    @classmethod
    def around(cls, month: Month, name: str) -> "Span":
        """The span of that name which holds the month."""
        count = MONTHS_OF[name]
        start = (month.month - 1) // count * count + 1
        return cls(name, Month(month.year, start), Month(month.year, start + count - 1))

    @property
    def days(self) -> tuple[date, date]:
        return self.first.first_day, self.last.last_day

    @property
    def quarter(self) -> int:
        return (self.first.month + 2) // 3


def _asked(request: HttpRequest) -> tuple[Desk, Span, VatReturn]:
    desk = desk_of(request)
    name = request.GET.get("span", "month")
    span = Span.around(desk.month, name if name in MONTHS_OF else "month")
    return desk, span, vat_return(desk.cooperative, *span.days)


@login_required
@require_safe
def vat_page(request: HttpRequest) -> HttpResponse:
    """VAT by what is supplied and how it stands to VAT, with the form's key numbers, held against the documents; what rounding came to."""
    desk, span, report = _asked(request)
    rounding = rounding_report(desk.cooperative, desk.month)
    balance = trial_balance_of(desk.cooperative, until=desk.month.last_day)
    context = desk.context("vat") | {
        "span": span,
        "before": span.first.previous,
        "after": span.last.next,
        "report": report,
        "sides": [(side, [_shown(row, report.last_day) for row in report.rows if row.key.side == side]) for side in Side],
        "gaps": [_shown(row, report.last_day) for row in report.gaps],
        "beside": _beside(report),
        "form": _form(report),
        "rounding": rounding,
        "input_vat": _exists(report, "input"),
        "received": any(r.key.is_received for r in report.rows),
        "rounding_minor": sum(line.closing_minor for line in balance.lines if line.code == AccountCode.ROUNDING),
        "drift": sum(line.drift_minor for line in rounding),
        "bound": sum(line.bound_minor for line in rounding),
    }
    return render(request, "books/vat.html", context)


def _exists(report: VatReturn, side: str) -> bool:
    return any(row.key.side == side for row in report.rows)


def _shown(row: VatRow, last_day: date) -> dict[str, Any]:
    """A row with its words and key numbers, and the account of its tax."""
    numbers = key_numbers(row.key, last_day)
    taxed = {Side.OUTPUT: AccountCode.VAT, Side.INPUT: AccountCode.INPUT_VAT}[row.key.side]
    return {
        "row": row,
        "name": NAMES[row.key.treatment],
        "numbers": numbers,
        "is_rated": bool(row.key.rate),
        "account": AccountCode.REVERSE_VAT if row.key.is_received else taxed,
    }


def _beside(report: VatReturn) -> list[dict[str, Any]]:
    """What moved a tax account and stands for no supply."""
    posted = LedgerTransaction.objects.in_bulk([pk for pk, _ in report.beside])
    causes = causes_of(posted.values())
    return [{"posted": posted[pk], "cause": causes[pk], "url": cause_url(causes[pk]), "minor": minor} for pk, minor in report.beside]


def _form(report: VatReturn) -> list[dict[str, Any]]:
    """The form's lines: bases in whole units as it wants them, taxes in minor units; several rows of one number summed."""
    bases: dict[str, int] = {}
    taxes: dict[str, int] = {}
    for row in report.rows:
        numbers = key_numbers(row.key, report.last_day)
        for number, amounts, minor in (
            (numbers.base, bases, row.base_minor),
            (numbers.tax, taxes, row.tax_minor),
            (numbers.deducted, taxes, row.deducted_minor),
        ):
            if number:
                amounts[number] = amounts.get(number, 0) + minor
    lines = [{"number": n, "whole": int(minor / 100)} for n, minor in bases.items()]
    return sorted(lines + [{"number": n, "minor": minor} for n, minor in taxes.items()], key=lambda line: int(str(line["number"])))


@login_required
@require_safe
def vat_file(request: HttpRequest) -> HttpResponse:
    """The same rows as CSV, amounts in currency units with a decimal point."""
    _desk, span, report = _asked(request)
    reply = HttpResponse(content_type="text/csv; charset=utf-8")
    reply["Content-Disposition"] = f'attachment; filename="vat-{span.first}-{span.last}.csv"'
    writer = csv.writer(reply)
    writer.writerow(CSV_HEADINGS)
    for row in report.rows:
        writer.writerow(_cells(row, report, key_numbers(row.key, report.last_day)))
    return reply


def _cells(row: VatRow, report: VatReturn, numbers: KeyNumbers) -> Sequence[object]:
    amounts = (row.base_minor, row.tax_minor, row.deducted_minor, row.cost_minor)
    return (
        report.first_day,
        report.last_day,
        row.key.side,
        row.key.treatment,
        row.key.category,
        f"{row.key.rate:.4f}",
        row.documents,
        *(_units(minor) for minor in amounts),
        numbers.base,
        numbers.tax,
        numbers.deducted,
    )


def _units(minor: int) -> str:
    return f"{'-' if minor < 0 else ''}{abs(minor) // 100}.{abs(minor) % 100:02d}"
