"""Voltage unbalance over the newest closed week, where sites are known to hang on fewer than three phases."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from energy.models import Microgrid, Site
from grid.domain.alarm_life import Finding, FindingKind, Priority
from grid.domain.network.powerflow import CannotSolve
from grid.domain.network.unbalanced import PHASES, UNBALANCE_LIMIT, solve_unbalanced, spread_over_phases
from grid.models import NetworkStudy
from grid.selectors.network import NetworkOfSites
from grid.selectors.site_powers import SitePowers
from grid.services.alarms import clear_alarm, raise_alarm

Array = NDArray[np.float64]
WEEK_DAYS = 7
USUAL = 95  # per cent of a week's intervals: EN 50160, 4.2.4
ALL_PHASES = "123"


@dataclass(frozen=True, slots=True)
class Unbalance:
    """At the node where it is worst.

    Attributes:
        usual: what 95 % of the week's intervals stay below.
        most: the highest of the week, at `most_at`.
    """

    node_code: str
    usual: float
    most: float
    most_at: datetime


def worst_unbalance(*, microgrid: Microgrid, network: NetworkOfSites, powers: SitePowers) -> Unbalance | None:
    """Solve the newest week with each site on its phases; None where all sites hang on all three, then phases are alike.

    Raises:
        CannotSolve: an interval has no solution.
    """
    phases = dict(Site.objects.filter(pk__in=powers.site_ids.tolist()).values_list("pk", "phases"))
    told = tuple(phases[pk] for pk in powers.site_ids.tolist())
    if all(one == ALL_PHASES for one in told):
        return None
    week = powers.within(slice(max(len(powers.starts) - _intervals_of_week(microgrid), 0), None))
    active, reactive = _by_node_and_phase(week, network, told)
    found = solve_unbalanced(network.network, active, reactive).unbalance
    known = ~np.isnan(found).any(axis=0)
    if not known.any():
        return None
    usual = np.where(known, np.percentile(np.nan_to_num(found), USUAL, axis=0), -1.0)
    node = int(usual.argmax())
    instant = int(found[:, node].argmax())
    return Unbalance(network.node_codes[node], float(usual[node]), float(found[instant, node]), week.starts[instant])


def _intervals_of_week(microgrid: Microgrid) -> int:
    return WEEK_DAYS * 24 * 60 // microgrid.interval_minutes


def _by_node_and_phase(powers: SitePowers, network: NetworkOfSites, phases: tuple[str, ...]) -> tuple[Array, Array]:
    """What each node draws on each phase, active [W] and reactive [var], [t, nodes, 3]."""
    at = np.searchsorted(network.site_ids, powers.site_ids)
    node = network.site_node[at]
    known = np.flatnonzero(node >= 0)
    reactive_var = powers.use_w * network.reactive_share[at][:, None]
    found = []
    for values in (powers.net_w, reactive_var):
        spread = spread_over_phases(values.T, phases)
        total = np.zeros((len(network.node_codes), spread.shape[0], PHASES))
        np.add.at(total, node[known], spread[:, known].transpose(1, 0, 2))
        found.append(np.ascontiguousarray(total.transpose(1, 0, 2)))
    return found[0], found[1]


def keep_unbalance(*, study: NetworkStudy, network: NetworkOfSites, powers: SitePowers, now: datetime) -> None:
    """Note it with the study, and raise or clear its alarm: above 2 % in more than 5 % of the week, or no solution at all."""
    microgrid = study.microgrid
    try:
        found = worst_unbalance(microgrid=microgrid, network=network, powers=powers)
        words = "" if found is None or found.usual <= UNBALANCE_LIMIT else _words(found)
    except CannotSolve as problem:
        found, words = None, f"With each site on its own phases: {problem}"
    if found is not None:
        study.unbalance_usual, study.unbalance_most = found.usual, found.most
        study.unbalance_node, study.unbalance_at = found.node_code, found.most_at
        study.save(update_fields=["unbalance_usual", "unbalance_most", "unbalance_node", "unbalance_at"])
    if words:
        finding = Finding(FindingKind.UNBALANCE, "", Priority.MEDIUM, words)
        raise_alarm(microgrid=microgrid, finding=finding, now=now)
    else:
        clear_alarm(microgrid=microgrid, kind=FindingKind.UNBALANCE, subject="", now=now)


def _words(found: Unbalance) -> str:
    return (
        f"The voltage unbalance at {found.node_code} is above {100 * UNBALANCE_LIMIT:.0f} % in more than 5 % of the newest week "
        f"(95 % stay below {100 * found.usual:.1f} %): too much hangs on one phase there."
    )
