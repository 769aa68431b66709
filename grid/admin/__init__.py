"""The room's pages in the admin."""

from grid.admin import (
    alarms,
    control_rule,
    decisions,
    demand_response,
    device_links,
    emergencies,
    flexibility,
    flexible_runs,
    interruptions,
    market,
    plan_rule,
    plant_shares,
    rules,
    storage_origin,
    switching,
    votes,
)

__all__ = [
    "alarms",
    "control_rule",
    "decisions",
    "demand_response",
    "device_links",
    "emergencies",
    "flexibility",
    "flexible_runs",
    "interruptions",
    "market",
    "plan_rule",
    "plant_shares",
    "rules",
    "storage_origin",
    "switching",
    "votes",
]
