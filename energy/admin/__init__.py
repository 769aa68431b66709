"""The room's pages in the admin."""

from energy.admin import asset_requests, devices, facts, firmware, forecasts, maintenance, readings, validation

__all__ = ["asset_requests", "devices", "facts", "firmware", "forecasts", "maintenance", "readings", "validation"]
