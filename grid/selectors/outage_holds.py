"""Switches that work on the network rests on: nobody else moves them meanwhile."""

from energy.models import Microgrid
from grid.models import OutageMove, OutageState


def held_for_work(microgrid: Microgrid) -> dict[str, str]:
    """By the switch's code, the work that it stands so for."""
    rows = OutageMove.objects.filter(outage__microgrid=microgrid, outage__state=OutageState.RUNNING, back__isnull=True)
    return dict(rows.values_list("switch__code", "outage__reason"))
