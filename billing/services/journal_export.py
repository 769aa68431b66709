"""The journal as files: CSV for anybody, DATEV's format for the tax adviser; numbers of accounts are given once and kept."""

import csv
import io
from collections.abc import Iterator
from datetime import datetime

from django.db import transaction

from billing.domain.charts_of_accounts import number_of
from billing.domain.datev import Batch, Booking, account_numbers, fiscal_year_start, write_batch
from billing.domain.ledger import pair_off
from billing.models import Account, AccountCode, ExportProfile, ExternalAccount
from billing.models.ledger import PERSONAL, YEAR_CLOSING
from billing.selectors.journal import JournalRow, journal
from billing.services.ledger import is_closed
from kernel.intervals import Month
from members.models import Cooperative

CSV_HEADINGS = ("booked_date", "transaction", "cause", "reference", "account", "account_number", "member", "currency", "debit", "credit")
CANNOT_START = ("=", "+", "-", "@", "\t", "\r")


@transaction.atomic
def numbered_accounts(*, cooperative: Cooperative) -> dict[int, ExternalAccount]:
    """The other system's number of every account, by account id; what has none yet gets the next free one."""
    Cooperative.objects.select_for_update(no_key=True).get(pk=cooperative.pk)
    profile = ExportProfile.objects.filter(cooperative=cooperative).first() or ExportProfile(cooperative=cooperative)
    known = {row.account_id: row for row in ExternalAccount.objects.filter(cooperative=cooperative)}
    taken = {row.number for row in known.values()}
    fresh: list[ExternalAccount] = []
    missing = Account.objects.filter(cooperative=cooperative).exclude(pk__in=known).order_by("pk")
    ranges = {AccountCode.RECEIVABLE: (profile.first_debtor, profile.first_creditor), AccountCode.PAYABLE: (profile.first_creditor, 10**9)}
    for code, (first, end) in ranges.items():
        rows = [row for row in missing if row.code == code]
        numbers = account_numbers([n for n in taken if first <= n < end], first, len(rows))
        fresh += [ExternalAccount(account=a, cooperative=cooperative, number=n) for a, n in zip(rows, numbers, strict=True)]
        taken.update(numbers)
    for row in missing:
        if row.code not in PERSONAL:
            number = number_of(row.code, taken)
            taken.add(number)
            fresh.append(ExternalAccount(account=row, cooperative=cooperative, number=number))
    ExternalAccount.objects.bulk_create(fresh)
    return known | {row.account_id: row for row in fresh}


def datev_file(*, cooperative: Cooperative, month: Month, now: datetime, closing_alone: bool = False) -> tuple[str, bytes]:
    """Name and content of a month's batch; a transaction with several sides becomes a line for each pair of accounts.

    Args:
        closing_alone: only what closed (or opened again) the year that ends with the month, for who has the month already.

    Raises:
        CannotExport: the format cannot hold the month.
    """
    profile = ExportProfile.objects.filter(cooperative=cooperative).first() or ExportProfile(cooperative=cooperative)
    numbers = numbered_accounts(cooperative=cooperative)
    batch = Batch(
        profile.consultant_number,
        profile.client_number,
        profile.account_length,
        fiscal_year_start(month.first_day, profile.year_starts_in),
        month.first_day,
        month.last_day,
        f"{cooperative.slug} {month.number}",
        cooperative.currency,
        now,
        is_closed(cooperative, month.first_day),
    )
    rows = (row for row in journal(cooperative, month) if row.transaction.currency == cooperative.currency)
    bookings = (
        booking for row in rows if not closing_alone or row.transaction.cause == YEAR_CLOSING for booking in _bookings(row, numbers)
    )
    what = "_Jahresabschluss" if closing_alone else ""
    return f"EXTF_Buchungsstapel_{month.number}{what}.csv", write_batch(batch, bookings)


def _bookings(row: JournalRow, numbers: dict[int, ExternalAccount]) -> Iterator[Booking]:
    entries = [(entry.account_id, entry.debit_minor - entry.credit_minor) for entry in row.entries]
    for pair in pair_off(entries):
        debited, credited = numbers[pair.debited], numbers[pair.credited]
        yield Booking(
            pair.amount_minor,
            debited.number,
            credited.number,
            row.transaction.booked_date,
            row.cause.reference,
            row.cause.name,
            credited.tax_key or debited.tax_key,
            str(row.transaction.public_id),
        )


def journal_csv(*, cooperative: Cooperative, month: Month) -> Iterator[str]:
    """A month's journal as CSV, an entry a line, streaming; amounts in currency units with a decimal point."""
    numbers = numbered_accounts(cooperative=cooperative)
    accounts = Account.objects.filter(cooperative=cooperative).select_related("member").in_bulk()
    yield _csv_line(CSV_HEADINGS)
    for row in journal(cooperative, month):
        for entry in row.entries:
            of = accounts[entry.account_id]
            yield _csv_line(
                (
                    row.transaction.booked_date.isoformat(),
                    str(row.transaction.public_id),
                    row.cause.name,
                    row.cause.reference,
                    of.code,
                    str(numbers[of.pk].number),
                    of.member.number if of.member else "",
                    of.currency,
                    _units(entry.debit_minor),
                    _units(entry.credit_minor),
                )
            )


def _units(amount_minor: int) -> str:
    return f"{amount_minor // 100}.{amount_minor % 100:02d}" if amount_minor else ""


def _csv_line(cells: tuple[str, ...]) -> str:
    """One line; a cell that a spreadsheet would take for a formula is written as text."""
    out = io.StringIO()
    csv.writer(out).writerow([f"'{cell}" if cell.startswith(CANNOT_START) else cell for cell in cells])
    return out.getvalue()
