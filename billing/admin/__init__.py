"""The room's pages in the admin: tariffs first."""

from billing.admin import arrears, books, documents, journal_exports, public_pages, runs, tariffs

__all__ = ["arrears", "books", "documents", "journal_exports", "public_pages", "runs", "tariffs"]
