"""The room's pages in the admin."""

from grid.admin import alarms, decisions, interruptions, rules

__all__ = ["alarms", "decisions", "interruptions", "rules"]
