"""The room's pages in the admin: tariffs first."""

from billing.admin import (
    arrears,
    banking,
    books,
    distributions,
    documents,
    incentives,
    journal_exports,
    moves,
    prepaid,
    public_pages,
    runs,
    tariff_prices,
    tariff_versions,
    tariffs,
    vat,
    years,
)

__all__ = [
    "arrears",
    "banking",
    "books",
    "distributions",
    "documents",
    "incentives",
    "journal_exports",
    "moves",
    "prepaid",
    "public_pages",
    "runs",
    "tariff_prices",
    "tariff_versions",
    "tariffs",
    "vat",
    "years",
]
