"""Who of the storages does what they do together: by headroom, and fairly by how much each has been cycled.

No member's battery works more than its share: of two with the same room the one that was cycled less since the month began goes first.
"""

import numpy as np

from grid.domain.control.dispatch import Power, StorageLimits, next_soc
from grid.domain.control.plan_following import headroom

FAIRNESS_PER_CYCLE = 0.5
ROUNDS = 8


def cycles(discharged_wh: Power, capacity_wh: Power) -> Power:
    """Full cycles since the month began: what was discharged over the capacity."""
    return np.asarray(discharged_wh / np.maximum(capacity_wh, 1.0))


def fair_shares(total_w: float, room_w: Power, cycled: Power) -> Power:
    """Divide `total_w` >= 0 among storages with `room_w` [n]; the weight of one falls with the cycles it is ahead of the mean.

    What one cannot take goes to the others; the sum is `total_w`, or all the room there is.
    """
    ahead = cycled - float(np.average(cycled, weights=room_w)) if room_w.sum() > 0 else np.zeros_like(cycled)
    weight = room_w * np.exp(-FAIRNESS_PER_CYCLE * np.clip(ahead, -4.0, 4.0))
    given = np.zeros_like(room_w)
    left = min(total_w, float(room_w.sum()))
    for _ in range(ROUNDS):
        open_ones = np.where(given < room_w, weight, 0.0)
        if left <= 1e-9 or open_ones.sum() <= 0:
            break
        more = np.minimum(open_ones * (left / open_ones.sum()), room_w - given)
        given, left = given + more, left - float(more.sum())
    # What rounding of the rounds leaves goes where room is, in proportion.
    spare = room_w - given
    return np.asarray(given + spare * (left / spare.sum() if spare.sum() > left > 0 else 0.0))


def are_alike(limits: StorageLimits) -> bool:
    """Whether storages lose alike, so that it does not matter to the cost which of them works."""
    return all(np.ptp(v) < 1e-6 for v in (limits.eta_charge, limits.eta_discharge, limits.kept_per_hour) if len(v))


def divide_fairly(net_w: Power, soc_wh: Power, limits: StorageLimits, cycled: Power, hours: float) -> tuple[Power, Power, Power]:
    """Divide what all storages do together [T], charging positive, interval by interval.

    Returns charge, discharge and state of charge at the end [n, T]. What limits of single storages do not allow is left out.
    """
    n, able = len(soc_wh), np.ones(len(soc_wh), dtype=np.bool_)
    charge, discharge, soc = np.zeros((3, n, len(net_w)))
    held, worked = soc_wh, cycled
    for t, power in enumerate(net_w.tolist()):
        room = headroom(held, limits, able, hours, hours)
        charge[:, t] = fair_shares(max(power, 0.0), room.charge_w, worked)
        discharge[:, t] = fair_shares(max(-power, 0.0), room.discharge_w, worked)
        held = next_soc(held, charge[:, t], discharge[:, t], limits, hours)
        worked = worked + cycles(discharge[:, t] * hours, limits.soc_max_wh)
        soc[:, t] = held
    return charge, discharge, soc
