"""Loading a network into a microgrid, wholly or not at all: what changed ends at an instant, what is new begins there, sites keep their nodes."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from django.db import transaction

from energy.adapters.network_files import NetworkFile
from energy.adapters.simbench_folder import CannotReadNetwork
from energy.domain.topology import PlannedLine, PlannedNode, PlannedSwitch, PlannedTransformer, Topology
from energy.domain.topology_checks import NEVER_ACCEPTED, Finding, FindingKind, check
from energy.models import Line, Meter, Microgrid, NetworkChange, Node, Site, Switch, Transformer
from energy.models.topology import ISOLATING_POINT

BATCH = 2000
MOST_SAID = 20
KIND_OF: dict[Any, str] = {Line: "lines", Transformer: "transformers", Switch: "switches"}


@dataclass(frozen=True, slots=True)
class TopologyReport:
    """What an import did, or would do; counts by kind of element, and what the checks found."""

    findings: list[Finding]
    added: dict[str, int] = field(default_factory=dict)
    changed: dict[str, int] = field(default_factory=dict)
    ended: dict[str, int] = field(default_factory=dict)

    @property
    def is_unchanged(self) -> bool:
        return not (any(self.added.values()) or any(self.changed.values()) or any(self.ended.values()))


class _OnlyChecked(Exception):
    """Rolls a checking run back; carries its report."""

    def __init__(self, report: TopologyReport) -> None:
        super().__init__()
        self.report = report


def import_topology(
    *,
    microgrid: Microgrid,
    file: NetworkFile,
    now: datetime,
    valid_from: datetime | None = None,
    accept: Collection[FindingKind] = (),
    check_only: bool = False,
    say: Callable[[str], None] = lambda text: None,
) -> TopologyReport:
    """Load the network; elements with the same code and content stay as they are, so a second run changes nothing.

    `valid_from`: from when on (the microgrid's clock) what differs holds; empty: since ever for a first network, otherwise `now`.
    `accept`: kinds of findings that do not stop the import; what no table could hold always does.

    Raises:
        CannotReadNetwork: the checks found errors, or sites or sensors hang on a node that the file does not have.
    """
    say("checking")
    findings = check(file.topology, _site_phases(microgrid))
    errors = [one for one in findings if one.is_error and one.kind not in set(accept) - NEVER_ACCEPTED]
    if errors:
        said = [one.sentence for one in errors[:MOST_SAID]]
        more = [f"{len(errors) - MOST_SAID} more."] if len(errors) > MOST_SAID else []
        raise CannotReadNetwork("\n".join([*said, *more]))
    try:
        with transaction.atomic():
            Microgrid.objects.select_for_update().get(pk=microgrid.pk)
            report = _load(microgrid, file, now, valid_from, findings, say)
            if check_only:
                raise _OnlyChecked(report)
    except _OnlyChecked as checked:
        return checked.report
    return report


def _site_phases(microgrid: Microgrid) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    rows = Site.objects.filter(microgrid=microgrid, node__isnull=False)
    for code, phases in rows.values_list("node__code", "phases").distinct():
        found.setdefault(code, []).append(phases)
    return found


def _load(
    microgrid: Microgrid, file: NetworkFile, now: datetime, valid_from: datetime | None, findings: list[Finding], say: Callable[[str], None]
) -> TopologyReport:
    report = TopologyReport(findings)
    is_first = not Node.objects.filter(microgrid=microgrid).exists()
    since = valid_from if valid_from is not None or is_first else now
    topology = file.topology
    say("nodes")
    nodes = _nodes(microgrid, topology.nodes, since, report)
    say("lines")
    _replace(microgrid, Line, {row.code: line_columns(row, nodes) for row in topology.lines}, since, report)
    say("transformers")
    _replace(microgrid, Transformer, {t.code: transformer_columns(t, nodes) for t in topology.transformers}, since, report)
    say("switches")
    _replace(microgrid, Switch, {s.code: _switch(s, nodes) for s in topology.switches}, since, report)
    _end_nodes(microgrid, topology, since, report)
    if not report.is_unchanged:
        NetworkChange.objects.create(
            microgrid=microgrid, made_at=now, what=f"imported from {file.format}"[:200], source=file.source[:200], digest=file.digest
        )
    return report


def _nodes(microgrid: Microgrid, planned: Sequence[PlannedNode], since: datetime | None, report: TopologyReport) -> dict[str, Node]:
    """Nodes by code: those that are there are corrected in place, since sites and lines hang on them."""
    there = {node.code: node for node in Node.objects.filter(microgrid=microgrid)}
    fresh, altered = [], []
    for plan in planned:
        content = node_columns(plan)
        node = there.get(plan.code)
        if node is None:
            fresh.append(Node(microgrid=microgrid, code=plan.code, valid_from=since, **content))
        elif node.valid_to is not None or any(getattr(node, name) != value for name, value in content.items()):
            for name, value in content.items():
                setattr(node, name, value)
            node.valid_to = None
            altered.append(node)
    Node.objects.bulk_create(fresh, batch_size=BATCH)
    Node.objects.bulk_update(altered, [*_NODE_COLUMNS, "valid_to"], batch_size=BATCH)
    report.added["nodes"], report.changed["nodes"] = len(fresh), len(altered)
    return {node.code: node for node in (*there.values(), *fresh)}


def _end_nodes(microgrid: Microgrid, topology: Topology, since: datetime | None, report: TopologyReport) -> None:
    """End nodes that the file no longer has; those on which something hangs are refused.

    Raises:
        CannotReadNetwork: names the sites.
    """
    kept = {plan.code for plan in topology.nodes}
    gone = Node.objects.filter(microgrid=microgrid, valid_to__isnull=True).exclude(code__in=kept)
    hanging = list(Site.objects.filter(node__in=gone.values("pk")).order_by("code").values_list("code", "node__code")[:5])
    if hanging:
        named = ", ".join(f"{site} at {node}" for site, node in hanging)
        raise CannotReadNetwork(
            f"The file has no node for {named}: sites keep their nodes; add the nodes to the file or move the sites first."
        )
    report.ended["nodes"] = gone.update(valid_to=since)


def _replace(
    microgrid: Microgrid, model: Any, wanted: Mapping[str, dict[str, Any]], since: datetime | None, report: TopologyReport
) -> None:
    """End rows that changed or are gone at `since`, begin what is new there; what began there itself is corrected in place."""
    name = KIND_OF[model]
    rows = model.objects.filter(microgrid=microgrid, valid_to__isnull=True)
    if model is Switch:  # no file names them; they stay
        rows = rows.exclude(kind=ISOLATING_POINT)
    there = {row.code: row for row in rows}
    fresh, corrected, ended, successors = [], [], [], {}
    for code, content in wanted.items():
        row = there.get(code)
        if row is not None and all(getattr(row, column) == value for column, value in content.items()):
            continue
        if row is not None and row.valid_from == since:
            for column, value in content.items():
                setattr(row, column, value)
            corrected.append(row)
            continue
        new = model(microgrid=microgrid, code=code, valid_from=since, **content)
        fresh.append(new)
        if row is not None:
            ended.append(row)
            successors[row.pk] = new
    gone = [row for code, row in there.items() if code not in wanted]
    for row in (*ended, *gone):
        if since is None or (row.valid_from is not None and row.valid_from >= since):
            raise CannotReadNetwork(f"{row} began after the instant from which the file is to hold; choose a later --valid-from.")
        row.valid_to = since
    model.objects.bulk_update((*ended, *gone), ["valid_to"], batch_size=BATCH)
    if corrected:
        model.objects.bulk_update(corrected, list(next(iter(wanted.values()))), batch_size=BATCH)
    model.objects.bulk_create(fresh, batch_size=BATCH)
    _move_meters(model, successors)
    report.added[name] = len(fresh) - len(ended)
    report.changed[name], report.ended[name] = len(ended) + len(corrected), len(gone)


def _move_meters(model: Any, successors: Mapping[int, Any]) -> None:
    """A meter on a line or transformer that was exchanged sits on its successor."""
    if model is Switch or not successors:
        return
    side = "line" if model is Line else "transformer"
    meters = list(Meter.objects.filter(**{f"{side}_id__in": list(successors)}))
    for meter in meters:
        setattr(meter, side, successors[getattr(meter, f"{side}_id")])
    Meter.objects.bulk_update(meters, [side])


_NODE_COLUMNS = ("nominal_voltage_v", "vm_setpoint_pu", "is_coupling_point", "vm_min_pu", "vm_max_pu", "longitude", "latitude")


def node_columns(plan: PlannedNode) -> dict[str, Any]:
    """A node's columns."""
    values = (plan.nominal_voltage_v, plan.held_pu, plan.is_coupling_point, plan.vm_min_pu, plan.vm_max_pu, plan.longitude, plan.latitude)
    return dict(zip(_NODE_COLUMNS, values, strict=True))


def line_columns(plan: PlannedLine, nodes: Mapping[str, Node]) -> dict[str, Any]:
    """A line's columns; what the checks let pass without a value is 0."""
    return {
        "node_from": nodes[plan.node_from],
        "node_to": nodes[plan.node_to],
        "length_km": plan.length_km or 0.0,
        "resistance_ohm_per_km": plan.resistance_ohm_per_km or 0.0,
        "reactance_ohm_per_km": plan.reactance_ohm_per_km or 0.0,
        "susceptance_us_per_km": plan.susceptance_us_per_km,
        "max_current_a": plan.max_current_a or 0.0,
        "line_type": plan.line_type,
        "phases": plan.phases,
        "zero_resistance_ohm_per_km": plan.zero_resistance_ohm_per_km,
        "zero_reactance_ohm_per_km": plan.zero_reactance_ohm_per_km,
    }


def transformer_columns(plan: PlannedTransformer, nodes: Mapping[str, Node]) -> dict[str, Any]:
    """A transformer's columns."""
    same = {f.name: getattr(plan, f.name) for f in fields(plan) if f.name not in ("code", "node_hv", "node_lv", "place")}
    return {"node_hv": nodes[plan.node_hv], "node_lv": nodes[plan.node_lv], **same}


def _switch(plan: PlannedSwitch, nodes: Mapping[str, Node]) -> dict[str, Any]:
    return {
        "node": nodes[plan.node],
        "other_node": nodes[plan.other_node] if plan.other_node else None,
        "line_code": plan.line or "",
        "transformer_code": plan.transformer or "",
        "kind": plan.kind[:40],
        "normally_closed": plan.closed,
    }
