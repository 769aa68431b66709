"""Planned outages: asked for with their consequence computed at once, computed again before they are approved by somebody else."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from django.db import transaction

from energy.models import Microgrid, Switch
from grid.domain.network.contingencies import Consequence, closed, consequence, without
from grid.domain.outage_notices import Notice
from grid.models import OutageElement, OutageState, OutageSwitching, PlannedOutage
from grid.selectors.network import NetworkOfSites, load_network, open_ties
from grid.selectors.outage_holds import held_for_work
from grid.selectors.outlook import LONGEST, NothingToExpect, Outlook, outlook
from grid.services.outage_notices import is_short_notice, rule_of, tell_members
from members.models import User


class CannotPlanOutage(ValueError):
    """The outage cannot be asked for or decided; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What an outage would mean; sites by id."""

    found: Consequence
    network: NetworkOfSites
    expected: Outlook
    sites_lost: Sequence[int]
    energy_not_supplied_wh: int


def foresee(
    *,
    microgrid: Microgrid,
    lines: Sequence[str],
    transformers: Sequence[str],
    switches: Sequence[str],
    start_at: datetime,
    end_at: datetime,
    now: datetime,
) -> Foreseen:
    """Compute an outage's consequence at the load that is expected; nothing is stored.

    Raises:
        CannotPlanOutage: the window is wrong, an element or switch is not there, or nothing can be expected.
    """
    if not now < end_at or not start_at < end_at or end_at - start_at > LONGEST:
        raise CannotPlanOutage(f"The outage must end after it begins, in the future, and last {LONGEST.days} days at most.")
    if not lines and not transformers:
        raise CannotPlanOutage("Name at least one line or transformer that is to be out.")
    network = load_network(microgrid.pk, max(start_at, now))
    places = _places(network, lines, transformers)
    out = without(network.network, places)
    ties = {switch.code: tie for switch, tie in open_ties(microgrid.pk, network, max(start_at, now))}
    held = held_for_work(microgrid)
    for code in switches:
        if code in held:
            raise CannotPlanOutage(f"Switch '{code}' stands open for work that goes on: {held[code]}.")
        if code not in ties:
            raise CannotPlanOutage(f"Switch '{code}' is not there or stands closed already; choose an open one.")
        if ties[code].line in places:
            raise CannotPlanOutage(f"Switch '{code}' belongs to a line that is to be out; choose another one.")
        out = closed(out, ties[code])
    try:
        expected = outlook(microgrid=microgrid, start_at=start_at, end_at=end_at, now=now)
    except NothingToExpect as problem:
        raise CannotPlanOutage(str(problem)) from None
    draw_w, draw_var = expected.powers.by_node(network)
    lines_there = len(network.network.wires)
    found = consequence(out, draw_w, draw_var, network.vm_min_pu, network.vm_max_pu, lines=lines_there)
    at = np.searchsorted(network.site_ids, expected.powers.site_ids)
    node = network.site_node[at]
    lost = np.flatnonzero((node >= 0) & found.unsupplied[node])
    hours = microgrid.interval_minutes / 60
    missing = round(float(expected.powers.use_w[lost].sum()) * hours)
    return Foreseen(found, network, expected, expected.powers.site_ids[lost].tolist(), missing)


def _places(network: NetworkOfSites, lines: Sequence[str], transformers: Sequence[str]) -> set[int]:
    wires = {w.code: i for i, w in enumerate(network.network.wires)}
    found = {t.code: len(wires) + i for i, t in enumerate(network.network.transformers)}
    places = set()
    for kind, codes, known in (("line", lines, wires), ("transformer", transformers, found)):
        for code in codes:
            if code not in known:
                raise CannotPlanOutage(f"There is no {kind} '{code}' at that time; choose one of the network's.")
            places.add(known[code])
    return places


@transaction.atomic
def request_outage(
    *,
    microgrid: Microgrid,
    lines: Sequence[str],
    transformers: Sequence[str],
    switches: Sequence[str],
    start_at: datetime,
    end_at: datetime,
    reason: str,
    by: User,
    now: datetime,
    waits_for_clearance: bool = False,
) -> PlannedOutage:
    """Ask for an outage; what it would mean is computed and kept with it.

    Raises:
        CannotPlanOutage: as `foresee`, or no reason is given.
    """
    if not reason.strip():
        raise CannotPlanOutage("Say what is to be done; members without supply will be told.")
    seen = foresee(
        microgrid=microgrid, lines=lines, transformers=transformers, switches=switches, start_at=start_at, end_at=end_at, now=now
    )
    outage = PlannedOutage.objects.create(
        microgrid=microgrid,
        start_at=start_at,
        end_at=end_at,
        reason=reason.strip()[:300],
        requested_by=by,
        requested_at=now,
        waits_for_clearance=waits_for_clearance,
        **_columns(seen, now),
    )
    outage.sites_lost.set(seen.sites_lost)
    OutageElement.objects.bulk_create(
        OutageElement(outage=outage, kind=kind, code=code)
        for kind, codes in (("line", lines), ("transformer", transformers))
        for code in dict.fromkeys(codes)
    )
    rows = Switch.objects.filter(microgrid=microgrid, code__in=switches).at(start_at)
    OutageSwitching.objects.bulk_create(OutageSwitching(outage=outage, switch=switch) for switch in rows)
    return outage


def _columns(seen: Foreseen, now: datetime) -> dict[str, object]:
    found, starts = seen.found, seen.expected.powers.starts
    codes = [*(w.code for w in seen.network.network.wires), *(t.code for t in seen.network.network.transformers)]
    loaded = 0 <= found.highest_branch < len(codes)
    is_told = not np.isnan(found.lowest_pu)
    return {
        "computed_at": now,
        "based_on": seen.expected.words,
        "energy_not_supplied_wh": seen.energy_not_supplied_wh,
        "highest_loading": found.highest_loading if loaded else None,
        "loaded_code": codes[found.highest_branch] if loaded else "",
        "loaded_at": starts[found.highest_loading_at] if loaded else None,
        "lowest_voltage_pu": found.lowest_pu if is_told else None,
        "lowest_code": seen.network.node_codes[found.lowest_node] if is_told else "",
        "lowest_at": starts[found.lowest_at] if is_told else None,
        "is_within": found.is_within,
        "problem": found.problem[:300],
    }


@transaction.atomic
def decide_outage(*, outage: PlannedOutage, approve: bool, note: str, by: User, now: datetime) -> PlannedOutage:
    """Approve or refuse; the consequence is computed anew first, because switches and forecasts have moved since. Members are told.

    Raises:
        CannotPlanOutage: it is decided already, over, its own requester decides, or it would break limits or come at short notice and no
            note says why.
    """
    row = PlannedOutage.objects.select_for_update(of=("self",)).select_related("microgrid").get(pk=outage.pk)
    if row.state != OutageState.REQUESTED:
        raise CannotPlanOutage(f"The outage is {row.get_state_display()} already.")
    if row.requested_by_id == by.pk:
        raise CannotPlanOutage("Somebody else decides: whoever asks for an outage does not approve it.")
    if approve:
        compute_again(row, now)
        if (not row.is_within or row.problem) and not note.strip():
            raise CannotPlanOutage("The rest of the network would leave its limits; say in a note why that is accepted, or refuse.")
        if row.sites_lost.exists() and is_short_notice(row, now) and not note.strip():
            raise CannotPlanOutage(
                f"Members would be told less than {rule_of(row).notice_hours} hours before; say in a note why it cannot wait, or refuse."
            )
    row.state = OutageState.APPROVED if approve else OutageState.REFUSED
    row.decided_by, row.decided_at, row.decision_note = by, now, note.strip()[:300]
    row.save()
    if approve:
        tell_members(outage=row, notice=Notice.PLANNED, now=now)
    return row


def compute_again(row: PlannedOutage, now: datetime) -> None:
    """Put what the outage would mean now into its row, which the caller saves.

    Raises:
        CannotPlanOutage: as `foresee`.
    """
    elements = list(row.elements.all())
    seen = foresee(
        microgrid=row.microgrid,
        lines=[e.code for e in elements if e.kind == "line"],
        transformers=[e.code for e in elements if e.kind == "transformer"],
        switches=[s.switch.code for s in row.switchings.select_related("switch")],
        start_at=row.start_at,
        end_at=row.end_at,
        now=now,
    )
    for name, value in _columns(seen, now).items():
        setattr(row, name, value)
    row.sites_lost.set(seen.sites_lost)


@transaction.atomic
def withdraw_outage(*, outage: PlannedOutage, by: User, now: datetime) -> PlannedOutage:
    """Take a request or an approved outage back, by whoever operates the network.

    Raises:
        CannotPlanOutage: it is refused, withdrawn or over.
    """
    row = PlannedOutage.objects.select_for_update(of=("self",)).select_related("microgrid").get(pk=outage.pk)
    if row.state not in (OutageState.REQUESTED, OutageState.APPROVED) or row.end_at <= now:
        raise CannotPlanOutage("Only an outage that is still to come can be withdrawn; end one that is at work.")
    was_approved = row.state == OutageState.APPROVED
    row.state = OutageState.WITHDRAWN
    row.decision_note = f"withdrawn by {by} on {now:%Y-%m-%d %H:%M}"[:300]
    row.save()
    if was_approved:
        tell_members(outage=row, notice=Notice.CANCELLED, now=now)
    return row
