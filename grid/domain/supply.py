"""Which sites are without supply by what a tick knows, and what of that is new: loads that were let go, wires without voltage."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from grid.domain.control.state import Mask
from grid.domain.control.tick import Places


@dataclass(frozen=True, slots=True)
class Loss:
    """A site that lost supply: the most important tier that went there, None where the wires are dead; and for how long already [s]."""

    tier: int | None
    gone_s: float


@dataclass(frozen=True, slots=True)
class ShedLoads:
    """Loads by position: the site each stands behind, its tier, whether it was let go, whether its device said that it obeyed, for how long [s]."""

    site_ids: Places
    tier: Places
    is_shed: Mask
    is_heard: Mask
    gone_s: np.ndarray


@dataclass(frozen=True, slots=True)
class SupplySteps:
    """What a tick changes: losses that are new, by tier, and sites that have supply again."""

    lost: Mapping[int | None, Mapping[int, float]]
    back: Sequence[int]


def losses_of(loads: ShedLoads, all_sites: Collection[int], wires_are_dead: bool, known: Collection[int]) -> dict[int, Loss]:  # fmt: skip
    """Sites without supply. A load that never said it obeyed still draws; one whose site is `known` to be without stays so while it is shed.

    A site counts while any of its loads is let go: nothing is made to look better than it was.
    """
    if wires_are_dead:
        return {site: Loss(None, 0.0) for site in all_sites}
    found: dict[int, Loss] = {}
    kept = np.isin(loads.site_ids, np.array(sorted(known), dtype=np.int64))
    for place in np.flatnonzero(loads.is_shed & (loads.is_heard | kept)):
        site, tier, gone_s = int(loads.site_ids[place]), int(loads.tier[place]), float(loads.gone_s[place])
        before = found.get(site)
        if before is not None and before.tier is not None:
            tier, gone_s = min(tier, before.tier), max(gone_s, before.gone_s)
        found[site] = Loss(tier, gone_s)
    return found


def supply_steps(losses: Mapping[int, Loss], open_own: Collection[int], open_any: Collection[int]) -> SupplySteps:  # fmt: skip
    """Compare losses with what is recorded and open: by ticks (`open_own`), by anybody (`open_any`). Told twice it changes nothing."""
    lost: dict[int | None, dict[int, float]] = {}
    for site, loss in losses.items():
        if site not in open_any:
            lost.setdefault(loss.tier, {})[site] = loss.gone_s
    return SupplySteps(lost, sorted(site for site in open_own if site not in losses))
