"""The room's pages in the admin: tariffs first."""

from billing.admin import books, tariffs

__all__ = ["books", "tariffs"]
