"""Meters on lines and transformers: what flows down to a part of the network and up from it."""

from datetime import datetime

from django.db import transaction

from energy.models import Line, Meter, Microgrid, Node, Site, Transformer
from energy.models.meters import MeterKind
from energy.models.sites import SiteKind
from members.models import Member


class CannotPlaceMeter(ValueError):
    """The meter cannot be placed; the message says why and what to do."""


@transaction.atomic
def place_grid_meter(*, microgrid: Microgrid, branch: Line | Transformer, code: str, now: datetime) -> Meter:
    """Place a meter on a line (at its upper end) or a transformer (at its low-voltage side); it is the cooperative's own.

    Raises:
        CannotPlaceMeter: the branch has one, the code is taken, or the cooperative has no member of its own.
    """
    Microgrid.objects.select_for_update().get(pk=microgrid.pk)
    if branch.microgrid_id != microgrid.pk or Meter.objects.filter(**_on(branch)).exists():
        raise CannotPlaceMeter(f"{branch} has a meter already; choose another line.")
    if not code or Meter.objects.filter(microgrid=microgrid, code=code).exists():
        raise CannotPlaceMeter(f"The code '{code}' is taken or empty; give another one.")
    owner = Member.objects.filter(cooperative=microgrid.cooperative_id, is_cooperative=True).first()
    if owner is None:
        raise CannotPlaceMeter("The cooperative is not a member of itself; enter it as one, with sites of its own.")
    site = Site.objects.create(
        microgrid=microgrid, member=owner, node=_node(branch), code=code, name=f"Meter on {branch}", kind=SiteKind.NETWORK
    )
    return Meter.objects.create(microgrid=microgrid, site=site, kind=MeterKind.GRID, code=code, installed_at=now, **_on(branch))


def _on(branch: Line | Transformer) -> dict[str, Line | Transformer]:
    return {"line" if isinstance(branch, Line) else "transformer": branch}


def _node(branch: Line | Transformer) -> Node:
    return branch.node_from if isinstance(branch, Line) else branch.node_lv
