"""Whom and what control believes: readings inside what is possible, devices that do what they were told."""

from dataclasses import dataclass, replace

import numpy as np

from grid.domain.control.dispatch import Power
from grid.domain.control.state import ControlSettings, Mask, Memory, Points, Seen

LEAST_STRAY_W = 200.0
STRAY_SHARE = 0.15
IMPOSSIBLE = 1.5
NOMINAL_HZ = 50.0


@dataclass(frozen=True, slots=True)
class Believed:
    """Net draws by site with what stands in for missing ones, who was not believed, and the storages counted on.

    Attributes:
        net_w: by site [W]; 0 where nothing was heard for long.
        is_guess: sites whose last reading stands in.
        is_estimated: sites that have been silent for longer, for which state estimation stands in.
        is_missing: sites of which nothing is known.
        is_impossible: sites that said what cannot be.
        able: storages that report, are ready, and follow.
    """

    net_w: Power
    is_guess: Mask
    is_estimated: Mask
    is_missing: Mask
    is_impossible: Mask
    able: Mask


def believe(seen: Seen, memory: Memory, site_most_w: Power, settings: ControlSettings) -> tuple[Believed, Memory]:
    """Take readings that are possible, the last one of a meter that is silent for a moment, then the estimate; and judge who follows.

    Args:
        site_most_w: by site, the most that its connection carries either way [W]; infinite where that is not known.
    """
    said = seen.readings.import_w - seen.readings.export_w
    impossible = ~np.isnan(said) & (np.abs(said) > IMPOSSIBLE * site_most_w)
    good = ~np.isnan(said) & ~impossible
    recent = ~good & ~np.isnan(memory.net_w) & (seen.at_s - memory.heard_s <= settings.keep_s)
    estimate = np.full(len(said), np.nan) if seen.estimated_w is None else seen.estimated_w
    estimated = ~good & ~recent & ~np.isnan(estimate)
    net = np.where(good, said, np.where(recent, memory.net_w, np.where(estimated, estimate, 0.0)))
    kept = replace(memory, net_w=np.where(good, said, memory.net_w), heard_s=np.where(good, seen.at_s, memory.heard_s))
    able = seen.readings.storage_reports & seen.readings.storage_is_ready & ~memory.is_distrusted
    return Believed(net, recent, estimated, ~good & ~recent & ~estimated, impossible, able), kept


def expected_droop_w(frequency_hz: float, is_islanded: bool, points: Points, settings: ControlSettings) -> Power:
    """What storages add by themselves to their set-points while they hold an island's frequency [W], charging positive."""
    if not is_islanded or np.isnan(frequency_hz):
        return np.zeros(len(points.storage_node))
    share = np.clip((frequency_hz - NOMINAL_HZ) / (NOMINAL_HZ * settings.droop), -1.0, 1.0)
    most = np.where(share > 0, points.limits.charge_max_w, points.limits.discharge_max_w)
    return np.asarray(share * most)


def note_obedience(seen: Seen, memory: Memory, points: Points, dt_s: float, settings: ControlSettings) -> Memory:
    """For how long each device has not done what it was told; a storage that strays is left out until it follows again.

    Meters tell, and devices behind links by what they read back.
    """
    did = seen.readings.charge_w - seen.readings.discharge_w
    hoped = memory.told_w + expected_droop_w(seen.frequency_hz, not seen.coupling.is_closed, points, settings)
    rating = np.maximum(points.limits.charge_max_w, points.limits.discharge_max_w)
    hoped = np.clip(hoped, -points.limits.discharge_max_w, points.limits.charge_max_w)
    band = np.maximum(LEAST_STRAY_W, STRAY_SHARE * rating)
    off = seen.readings.storage_reports & (np.abs(did - hoped) > band)
    if seen.astray is not None:
        off = off | seen.astray.storages
    strayed = np.where(off, memory.strayed_s + dt_s, 0.0)
    followed = np.where(off | ~seen.readings.storage_reports, 0.0, memory.followed_s + dt_s)
    distrusted = (memory.is_distrusted | (strayed > settings.patience_s)) & ~(followed >= settings.trust_again_s)
    source_w, load_w = np.nan_to_num(seen.source_w), np.nan_to_num(seen.load_w)
    over = source_w > memory.source_limit_w * 1.05 + LEAST_STRAY_W
    drawing = memory.load_is_shed & (load_w > LEAST_STRAY_W)
    if seen.astray is not None:
        over = over | (seen.astray.sources & np.isfinite(memory.source_limit_w))
        drawing = drawing | (seen.astray.loads & memory.load_is_shed)
    return replace(
        memory,
        strayed_s=strayed,
        followed_s=followed,
        is_distrusted=distrusted,
        source_disobeys_s=np.where(over, memory.source_disobeys_s + dt_s, 0.0),
        load_disobeys_s=np.where(drawing, memory.load_disobeys_s + dt_s, 0.0),
    )
