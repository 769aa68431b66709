"""The room's pages in the admin: tariffs first."""

from billing.admin import books, journal_exports, tariffs

__all__ = ["books", "journal_exports", "tariffs"]
