"""Which sites are without supply by what a tick knows, and what of that is new: loads that were let go, wires without voltage."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from grid.domain.control.state import Mask
from grid.domain.control.tick import Places

SHARE_DECIMALS = 4


@dataclass(frozen=True, slots=True)
class Loss:
    """A site that lost supply: the most important tier that went there, None where the wires are dead; for how long already [s].

    `share` of its connected load is without; below 1 the rest of the site goes on.
    """

    tier: int | None
    gone_s: float
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class ShedLoads:
    """Loads by position: the site each stands behind, its tier, whether it was let go, whether its device said that it obeyed, for how long [s].

    `share` is its part of the connected load of its site, loads that are never let go among it.
    """

    site_ids: Places
    tier: Places
    is_shed: Mask
    is_heard: Mask
    gone_s: np.ndarray
    share: np.ndarray


@dataclass(frozen=True, slots=True)
class SupplySteps:
    """What a tick changes: losses that are new, by tier, and sites that have supply again; where more or less of a site is without, both."""

    lost: Mapping[int | None, Mapping[int, Loss]]
    back: Sequence[int]


def losses_of(loads: ShedLoads, all_sites: Collection[int], wires_are_dead: bool, known: Collection[int]) -> dict[int, Loss]:
    """Sites of which loads are without supply, and how much of each.

    A load that never said it obeyed still draws; one whose site is `known` to be without stays so while it is shed.
    """
    if wires_are_dead:
        return {site: Loss(None, 0.0) for site in all_sites}
    found: dict[int, Loss] = {}
    kept = np.isin(loads.site_ids, np.array(sorted(known), dtype=np.int64))
    for place in np.flatnonzero(loads.is_shed & (loads.is_heard | kept)):
        site, tier, gone_s = int(loads.site_ids[place]), int(loads.tier[place]), float(loads.gone_s[place])
        share = float(loads.share[place])
        before = found.get(site)
        if before is not None and before.tier is not None:
            tier, gone_s, share = min(tier, before.tier), max(gone_s, before.gone_s), share + before.share
        found[site] = Loss(tier, gone_s, share)
    return {site: replace(loss, share=_as_kept(loss.share)) for site, loss in found.items()}


def _as_kept(share: float) -> float:
    """A share as it is recorded, to four decimals; the smallest is not nothing."""
    return min(max(round(share, SHARE_DECIMALS), 10.0**-SHARE_DECIMALS), 1.0)


def supply_steps(losses: Mapping[int, Loss], open_own: Mapping[int, float], open_any: Collection[int]) -> SupplySteps:
    """Compare losses with what is recorded and open: by ticks (`open_own`, with its share), by anybody (`open_any`). Told twice it changes nothing.

    Where another share of a site is without than recorded, what is recorded ends and another begins now.
    """
    lost: dict[int | None, dict[int, Loss]] = {}
    changed = {site for site, share in open_own.items() if site in losses and losses[site].share != share}
    for site, loss in losses.items():
        if site in changed:
            lost.setdefault(loss.tier, {})[site] = replace(loss, gone_s=0.0)
        elif site not in open_any:
            lost.setdefault(loss.tier, {})[site] = loss
    return SupplySteps(lost, sorted(site for site in open_own if site not in losses or site in changed))
