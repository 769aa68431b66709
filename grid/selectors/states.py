"""What the live page shows before the first tick reaches it."""

import json
from typing import Any

from energy.models import Microgrid
from grid.adapters.live_push import last_text
from grid.selectors.drawing import LINE, TRANSFORMER, Drawing


def latest_state(microgrid: Microgrid) -> dict[str, Any] | None:
    """The newest message with all its parts; None where no tick ran within a quarter of an hour."""
    text = last_text(microgrid.public_id)
    return json.loads(text) if text else None


def spelled_out(message: dict[str, Any], drawing: Drawing) -> dict[str, Any]:
    """A message with codes beside its numbers; without wires where it is of another order than the drawing."""
    arrays = (
        "order",
        "voltage",
        "loading",
        "branch_w",
        "storage_soc_wh",
        "storage_charge_w",
        "storage_discharge_w",
        "alarms",
        "reasons_de",
    )
    same = message["order"] == drawing.order
    branches = zip(drawing.branches, message["loading"], message["branch_w"], strict=True) if same and message["loading"] else ()
    told = [(branch.kind, {"code": branch.code, "loading_percent": loading / 10, "power_w": power}) for branch, loading, power in branches]
    voltages = zip(drawing.nodes, message["voltage"], strict=True) if same and message["voltage"] else ()
    storages = (
        zip(drawing.storages, message["storage_soc_wh"], message["storage_charge_w"], message["storage_discharge_w"], strict=True)
        if same
        else ()
    )
    return {
        **{name: value for name, value in message.items() if name not in arrays},
        "nodes": [{"code": node.code, "vm_pu": pu / 10_000} for node, pu in voltages if pu is not None],
        "lines": [row for kind, row in told if kind == LINE],
        "transformers": [row for kind, row in told if kind == TRANSFORMER],
        "storages": [
            {"id": s.id, "code": s.code, "capacity_wh": s.capacity_wh, "soc_wh": soc, "charge_w": charge, "discharge_w": discharge}
            for s, soc, charge, discharge in storages
        ],
    }
