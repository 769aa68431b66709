"""From a tick to alarms: gather what it found, and what it could judge at all."""

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings

from energy.models import Microgrid
from grid.domain.alarm_life import Finding, FindingKind, Priority
from grid.domain.alarms import Names
from grid.domain.control.tick import Totals
from grid.domain.findings import (
    FLOW_KINDS,
    disobedience_findings,
    exchange_findings,
    frequency_findings,
    late_findings,
    network_findings,
    silence_findings,
    unacknowledged_findings,
)
from grid.domain.network.powerflow import Flow
from grid.models import GridAlarm
from grid.selectors.readings import Scene
from grid.services.alarms import take_in

ALWAYS_JUDGED = frozenset(
    {
        FindingKind.NO_SOLUTION,
        FindingKind.IMPORT_LIMIT,
        FindingKind.EXPORT_LIMIT,
        FindingKind.SITES_SILENT,
        FindingKind.STORAGE_SILENT,
        FindingKind.UNACKNOWLEDGED,
        FindingKind.CONTROL_LATE,
        FindingKind.NOT_OBEYED,
    }
)


def keep_alarms(
    *,
    microgrid: Microgrid,
    scene: Scene,
    names: Names,
    flow: Flow | None,
    seen: Totals,
    now: datetime,
    unheard: Sequence[str],
    gap_s: float = 0.0,
    not_obeying: Sequence[tuple[str, str]] = (),
) -> None:
    """Raise and clear the microgrid's alarms by one tick; part of the tick's transaction.

    `unheard` are devices that do not answer, `not_obeying` those that say themselves that they do otherwise; `gap_s` is how long ago the tick before was.
    """
    judged = ALWAYS_JUDGED | {FindingKind.FREQUENCY}
    seen_reports = scene.readings
    findings = [
        *frequency_findings(scene.frequency_hz),
        *exchange_findings(seen.import_w, seen.export_w, microgrid.import_limit_w, microgrid.export_limit_w),
        *silence_findings(seen_reports.site_reports, [s.code for s in scene.storages], seen_reports.storage_reports),
        *unacknowledged_findings(unheard),
        *disobedience_findings(not_obeying),
        *late_findings(gap_s, settings.CONTROL_TICK_SECONDS),
    ]
    if flow is None:
        findings.append(
            Finding(
                FindingKind.NO_SOLUTION,
                "",
                Priority.CRITICAL,
                "The power flow has no solution: what the meters say cannot flow through these wires.",
            )
        )
    else:
        judged |= FLOW_KINDS
        findings += network_findings(flow, names, _known(microgrid))
    take_in(microgrid=microgrid, findings=findings, judged=judged, now=now)


def _known(microgrid: Microgrid) -> set[tuple[str, str]]:
    """What is active: it has to come back a dead band further than its threshold."""
    active = GridAlarm.objects.filter(microgrid=microgrid, cleared_at=None)
    return set(active.values_list("kind", "subject"))
