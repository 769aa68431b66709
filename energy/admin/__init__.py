"""The room's pages in the admin."""

from energy.admin import facts, maintenance

__all__ = ["facts", "maintenance"]
