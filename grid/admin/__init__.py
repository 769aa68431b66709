"""The room's pages in the admin."""

from grid.admin import alarms, decisions, rules

__all__ = ["alarms", "decisions", "rules"]
