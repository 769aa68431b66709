"""Opening and closing switches: each move is a row of its own, so that the network of any instant can be told."""

from datetime import datetime

from django.db import transaction

from energy.models import Line, Microgrid, NetworkChange, Node, Switch, SwitchPosition, Transformer
from energy.models.topology import ISOLATING_POINT
from members.models import User


class CannotSwitch(ValueError):
    """The switch cannot be moved; the message says why."""


@transaction.atomic
def move_switch(*, switch: Switch, closed: bool, reason: str, by: User | None, now: datetime) -> SwitchPosition:
    """Record that a switch was opened or closed at the microgrid's `now`; the next tick counts with it.

    Raises:
        CannotSwitch: no reason is given, or a later move is recorded already.
    """
    Switch.objects.select_for_update().get(pk=switch.pk)
    if not reason.strip():
        raise CannotSwitch("Say why the switch is moved; whoever replays the night wants to know.")
    last = SwitchPosition.objects.filter(switch=switch).order_by("-at").first()
    if last is not None and last.at >= now:
        raise CannotSwitch(f"{switch} was moved at {last.at:%Y-%m-%d %H:%M:%S} already; moves follow each other in time.")
    if (last.is_closed if last else switch.normally_closed) == closed:
        raise CannotSwitch(f"{switch} is {'closed' if closed else 'open'} already.")
    position = SwitchPosition.objects.create(switch=switch, at=now, is_closed=closed, reason=reason.strip()[:200], set_by=by)
    NetworkChange.objects.create(microgrid_id=switch.microgrid_id, made_at=now, what=f"{switch} {'closed' if closed else 'opened'}"[:200])
    return position


def ends_of(*, microgrid: Microgrid, kind: str, code: str, at: datetime) -> list[Node]:
    """The two nodes of a line (`kind` line) or transformer at an instant; none where it is not there."""
    if kind == "line":
        line = Line.objects.filter(microgrid=microgrid, code=code).at(at).select_related("node_from", "node_to").first()
        return [line.node_from, line.node_to] if line else []
    row = Transformer.objects.filter(microgrid=microgrid, code=code).at(at).select_related("node_hv", "node_lv").first()
    return [row.node_hv, row.node_lv] if row else []


def switch_at(*, microgrid: Microgrid, kind: str, code: str, node: Node, at: datetime) -> Switch:
    """The switch at that end of a line or side of a transformer; where none is known, its isolating point, closed as it stands."""
    named = {"line_code": code} if kind == "line" else {"transformer_code": code}
    there = Switch.objects.filter(microgrid=microgrid, node=node, **named).at(at).order_by("pk").first()
    if there is not None:
        return there
    return Switch.objects.create(microgrid=microgrid, code=f"{code} at {node.code}"[:120], node=node, kind=ISOLATING_POINT, **named)
