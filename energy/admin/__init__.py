"""The room's pages in the admin."""

from energy.admin import facts, maintenance, readings

__all__ = ["facts", "maintenance", "readings"]
