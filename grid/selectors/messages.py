"""A tick's message from its stored row and a picture."""

from typing import Any

from grid.domain.network.picture import Picture
from grid.domain.spoken.book import in_language
from grid.models import GridState


def message_of(state: GridState, order: str, picture: Picture) -> dict[str, Any]:
    """The message of a tick and a picture; voltages in 1/10,000 p.u., loadings in 1/1,000 of the rating."""
    return {
        "type": "grid.state",
        "tick": state.pk,
        "at": state.at.isoformat(),
        "status": state.status,
        "production_w": state.production_w,
        "consumption_w": state.consumption_w,
        "charge_w": state.charge_w,
        "discharge_w": state.discharge_w,
        "import_w": state.import_w,
        "export_w": state.export_w,
        "losses_w": state.losses_w,
        "storage_wh": state.storage_wh,
        "storage_capacity_wh": state.storage_capacity_wh,
        "sites_reporting": state.sites_reporting,
        "sites_total": state.sites_total,
        "points_estimated": state.points_estimated,
        "reasons": state.reasons,
        "reasons_de": [in_language(reason, "de") for reason in state.reasons],
        **picture_part(order, picture),
    }


def picture_part(order: str, picture: Picture) -> dict[str, Any]:
    """The arrays of a message, and the name of their order."""
    return {
        "order": order,
        "voltage": picture.voltage,
        "loading": picture.loading,
        "branch_w": picture.branch_w,
        "storage_soc_wh": picture.soc_wh,
        "storage_charge_w": picture.charge_w,
        "storage_discharge_w": picture.discharge_w,
    }
