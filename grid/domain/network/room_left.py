"""How much a node still takes, in devices of a usual size, and what the loss of a branch means: classes of a picture."""

from collections.abc import Mapping, Sequence
from enum import StrEnum

DEVICE_W = {"solar": 10_000, "car_charging": 11_000, "heat_pumps": 5_000}
"""A roof of 10 kW, a wall box of 11 kW, a heat pump of 5 kW: what one more of each is [W]."""
FEW, SOME, MANY = 3, 10, 20
MUCH_DARK = 0.1
"""From this share of all sites on, sites that nothing brings back weigh most."""


class Room(StrEnum):
    """How many more devices a node takes; the names are those of the style sheet."""

    NONE = "none"
    FEW = "few"
    SOME = "some"
    MANY = "many"
    PLENTY = "plenty"
    UNKNOWN = "unknown"


class Loss(StrEnum):
    """What the loss of a branch means for those behind it and for the rest."""

    NOBODY = "calm"
    RESTORED = "notable"
    FEW_DARK = "high"
    MANY_DARK = "over"
    UNKNOWN = "unknown"


def room(power_w: int | None, device_w: int) -> Room:
    """The class of what is left: none below one device, few below three, some below ten, many below twenty."""
    if power_w is None:
        return Room.UNKNOWN
    if power_w < device_w:
        return Room.NONE
    if power_w < FEW * device_w:
        return Room.FEW
    if power_w < SOME * device_w:
        return Room.SOME
    return Room.MANY if power_w < MANY * device_w else Room.PLENTY


def loss(sites_lost: int, sites_lost_with_tie: int | None, is_within: bool, all_sites: int) -> Loss:
    """The class of a loss: a rest beyond its limits weighs as much as many sites that nothing brings back."""
    dark = sites_lost if sites_lost_with_tie is None else min(sites_lost, sites_lost_with_tie)
    if not is_within or dark > MUCH_DARK * all_sites:
        return Loss.MANY_DARK
    if dark:
        return Loss.FEW_DARK
    return Loss.RESTORED if sites_lost else Loss.NOBODY


def bottlenecks(limiting: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], int]:
    """How many nodes each line or transformer limits, by kind and code, most first; voltages are no branches."""
    found: dict[tuple[str, str], int] = {}
    for kind, code in limiting:
        if kind in ("line", "transformer"):
            found[kind, code] = found.get((kind, code), 0) + 1
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))
