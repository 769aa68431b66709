"""The room's pages in the admin."""

from energy.admin import devices, facts, firmware, maintenance, readings, validation

__all__ = ["devices", "facts", "firmware", "maintenance", "readings", "validation"]
