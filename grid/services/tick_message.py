"""What a tick tells those who watch, and what is kept of it to be looked at again.

The message is small: numbers in a fixed order whose name it carries. The order itself, with codes and places, a page fetches once.
"""

from datetime import timedelta
from typing import Any

from energy.models import Microgrid
from grid.domain.picture import Picture, pack, picture_of
from grid.domain.powerflow import Flow
from grid.models import GridPicture, GridState
from grid.selectors.alarms import unseen_counts
from grid.selectors.drawing import order_name
from grid.selectors.messages import message_of
from grid.selectors.network import NetworkOfSites
from grid.selectors.readings import Scene

KEEP_EVERY = timedelta(seconds=12)


def tell_tick(
    microgrid: Microgrid, state: GridState, scene: Scene, network: NetworkOfSites, flow: Flow | None
) -> dict[str, Any]:
    """Keep the picture of a tick where the last kept one is old enough, and return the tick's message."""
    seen = scene.readings
    picture = picture_of(flow, seen.soc_wh, seen.charge_w, seen.discharge_w)
    order = order_name(network, scene.storages)
    _keep(microgrid, state, order, picture)
    return message_of(state, order, picture) | {"alarms": unseen_counts(microgrid, state.at)}


def _keep(microgrid: Microgrid, state: GridState, order: str, picture: Picture) -> None:
    since = state.at - KEEP_EVERY * max(microgrid.clock_speed, 1.0)
    recent = GridPicture.objects.filter(
        state__microgrid=microgrid, state__at__gt=since, state__at__lt=state.at
    )
    if not recent.exists():
        GridPicture.objects.create(state=state, order=order, packed=pack(picture))
