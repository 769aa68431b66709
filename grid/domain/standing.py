"""By which name people read a state: one that tells of a flow stands only beside a flow that the figures show."""

SHOWN_W = 50
"""Less is 0.0 kW on a page."""


def standing(status: str, import_w: float, export_w: float) -> str:
    """The state's own name, except where a surplus or deficit is kept though the flow [W] has changed.

    Control leaves SURPLUS and DEFICIT only once all was calm for a while; until then the flow itself says the name, and where nothing
    flows in or out supply and use are in balance.
    """
    if status not in ("SURPLUS", "DEFICIT"):
        return status
    if max(import_w, export_w) < SHOWN_W:
        return "NORMAL"
    return "DEFICIT" if import_w >= export_w else "SURPLUS"
