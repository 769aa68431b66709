"""The room's pages in the admin."""

from energy.admin import devices, facts, firmware, forecasts, maintenance, readings, validation

__all__ = ["devices", "facts", "firmware", "forecasts", "maintenance", "readings", "validation"]
