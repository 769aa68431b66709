"""Who may watch a microgrid live: judged for many sockets at once, when they come and again while they stay."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from uuid import UUID

from energy.models import Microgrid
from energy.selectors.scope import who_sees_totals
from members.selectors.sessions import users_of_sessions


class Verdict(IntEnum):
    """Zero, or the code with which the socket closes."""

    MAY_WATCH = 0
    LOG_IN_FIRST = 4401
    NOT_YOURS = 4404


@dataclass(frozen=True, slots=True)
class Asked:
    """A socket's question: this session, that microgrid."""

    session_key: str
    public_id: UUID


def judge(asked: Sequence[Asked], now: datetime) -> list[Verdict]:
    """A verdict each, in five queries however many ask; `now` is real time."""
    users = users_of_sessions({one.session_key for one in asked if one.session_key}, now)
    grids = {row.public_id: row for row in Microgrid.objects.filter(public_id__in={a.public_id for a in asked})}
    allowed = who_sees_totals(list(users.values()), list(grids.values()))

    def of(one: Asked) -> Verdict:
        user, grid = users.get(one.session_key), grids.get(one.public_id)
        if user is None:
            return Verdict.LOG_IN_FIRST
        return Verdict.MAY_WATCH if grid and (user.pk, grid.pk) in allowed else Verdict.NOT_YOURS

    return [of(one) for one in asked]
