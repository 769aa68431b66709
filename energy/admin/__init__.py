"""The room's pages in the admin."""

from energy.admin import facts

__all__ = ["facts"]
