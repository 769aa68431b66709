"""The last plan from now on, from what is really stored: as near to it as every storage's own limits allow.

Nothing is looked for here, so it takes no time. What a storage was to do is kept as far as it can: what it has not got it does not give, what it has
no room for it does not take, and what its lower limit needs it takes. What the connection's limits leave no room for is not charged, or not
given. Powers are whole watts, so that what is stored for others to read is the plan itself and not a rounding of it.
"""

from dataclasses import dataclass

import numpy as np

from grid.domain.control.dispatch import StorageLimits, next_soc
from grid.domain.control.plan_following import headroom
from grid.domain.planning.parts import Array


@dataclass(frozen=True, slots=True)
class Connection:
    """What the connection carries [W], infinite where there is no limit."""

    import_limit_w: float = np.inf
    export_limit_w: float = np.inf


@dataclass(frozen=True, slots=True)
class Moved:
    """A plan that can be carried out: powers and states of charge [n, T], and what goes through the connection [T], import positive."""

    charge_w: Array
    discharge_w: Array
    soc_wh: Array
    exchange_w: Array


def follow(wanted_w: Array, *, soc_wh: Array, limits: StorageLimits, others_w: Array, connection: Connection, hours: float) -> Moved:
    """What was planned, made possible.

    Args:
        wanted_w: each storage's power [n, T], charging positive.
        soc_wh: what is stored now [n].
        others_w: what all but the storages draws [T], negative where they give.
    """
    every = np.ones(len(soc_wh), dtype=np.bool_)
    charge, discharge, soc = np.zeros((3, *wanted_w.shape))
    for t in range(wanted_w.shape[1]):
        room = headroom(soc_wh, limits, every, hours, hours)
        needed = np.clip(limits.soc_min_wh - soc_wh * limits.kept_per_hour**hours, 0, None) / (limits.eta_charge * hours)
        needed = np.minimum(np.ceil(needed), room.charge_w)
        taken = np.clip(wanted_w[:, t], 0, room.charge_w)
        given = np.clip(-wanted_w[:, t], 0, room.discharge_w)
        taken = _no_more(taken, connection.import_limit_w - others_w[t])
        given = np.where(needed > 0, 0, _no_more(given, connection.export_limit_w + others_w[t]))
        charge[:, t] = np.maximum(np.floor(taken), needed)
        discharge[:, t] = np.floor(given)
        soc_wh = next_soc(soc_wh, charge[:, t], discharge[:, t], limits, hours)
        soc[:, t] = soc_wh
    return Moved(charge, discharge, soc, others_w + (charge - discharge).sum(axis=0))


def _no_more(power_w: Array, room_w: float) -> Array:
    """The same in sum no more than there is room for, all in proportion."""
    total, room_w = float(power_w.sum()), max(room_w, 0.0)
    return power_w if total <= room_w else power_w * (room_w / total)
