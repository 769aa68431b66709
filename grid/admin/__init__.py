"""The room's pages in the admin."""

from grid.admin import decisions, rules

__all__ = ["decisions", "rules"]
