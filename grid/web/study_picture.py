"""The network painted by what was computed about it: what each node still takes of a technology, what each loss means."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from grid.domain.network.room_left import DEVICE_W, Loss, Room, bottlenecks, loss, room
from grid.models import ElementLoss, NodeHosting, Technology
from grid.selectors.drawing import Drawing, DrawnBranch, DrawnNode
from grid.selectors.network_page import HostingRow
from grid.web.live_picture import PlacedNode

RADIUS = {Room.NONE: 4.0, Room.FEW: 3.0, Room.SOME: 4.0, Room.MANY: 5.0, Room.PLENTY: 6.0, Room.UNKNOWN: 2.0}
BROADEST_W = 5.0


@dataclass(frozen=True, slots=True)
class StudiedNode(PlacedNode):
    """A node with the class, the figure and the sentence of what was computed."""

    look: str
    figure: str
    words: str
    radius: float


@dataclass(frozen=True, slots=True)
class StudiedBranch:
    branch: DrawnBranch
    look: str
    width: float
    words: str


def kilowatts(power_w: int) -> str:
    """Watts as kW, with one decimal below a hundred."""
    return number_format(power_w / 1000, 1 if power_w < 100_000 else 0, force_grouping=True)


def _whole_kilowatts(power_w: int) -> str:
    return number_format(power_w // 1000)


def chosen_technology(wanted: str) -> Technology:
    """The technology of an address; roofs where it names none."""
    return Technology(wanted) if wanted in Technology.values else Technology.SOLAR


def hosting_picture(drawing: Drawing, rows: Sequence[HostingRow], technology: Technology) -> dict[str, Any]:
    """Nodes by what they still take, the branches that limit them, and a text that says the same."""
    place = Technology.values.index(technology.value)
    by_code = {row.node_code: row.by_technology[place] for row in rows}
    limits = bottlenecks([(one.limited_by, one.limiting_code) for one in by_code.values() if one is not None])
    device_w = DEVICE_W[technology.value]
    nodes = [_studied_node(node, by_code.get(node.code), device_w) for node in drawing.nodes]
    branches = [_limiting(branch, limits.get((branch.kind, branch.code), 0)) for branch in drawing.branches]
    found = [one for one in by_code.values() if one is not None]
    return {
        "nodes": nodes,
        "branches": branches,
        "summary": _hosting_words(found, device_w, list(limits.items())),
        "device_kw": _whole_kilowatts(device_w),
        "has_bottlenecks": bool(limits),
    }


def _studied_node(node: DrawnNode, one: NodeHosting | None, device_w: int) -> StudiedNode:
    look = room(None if one is None else one.power_w, device_w)
    if one is None:
        return StudiedNode(node, look, "", _("%(node)s: not computed") % {"node": node.code}, RADIUS[look])
    kw = kilowatts(one.power_w)
    words = _("%(node)s: %(kw)s kW more; %(limit)s") % {"node": node.code, "kw": kw, "limit": limit_words(one)}
    return StudiedNode(node, look, kw, words, RADIUS[look])


def limit_words(one: NodeHosting) -> str:
    """What ends it, as a clause."""
    if not one.limited_by:
        return _("nothing limits it")
    if one.limited_by == "voltage" and one.limiting_code == one.node_code:
        return _("its own voltage limits it")
    if one.limited_by == "voltage":
        return _("the voltage at %(code)s limits it") % {"code": one.limiting_code}
    return _("%(code)s limits it") % {"code": one.limiting_code}


def _limiting(branch: DrawnBranch, limits: int) -> StudiedBranch:
    if not limits:
        return StudiedBranch(branch, "calm", 1.5, branch.code)
    words = ngettext("%(code)s limits %(count)d node", "%(code)s limits %(count)d nodes", limits) % {"code": branch.code, "count": limits}
    return StudiedBranch(branch, "high", min(2.5 + limits / 20, BROADEST_W), words)


def _hosting_words(found: Sequence[NodeHosting], device_w: int, limits: Sequence[tuple[tuple[str, str], int]]) -> str:
    if not found:
        return ""
    full = sum(one.power_w < device_w for one in found)
    if full:
        first = ngettext(
            "%(full)d of %(count)d nodes takes not even one more of %(kw)s kW.",
            "%(full)d of %(count)d nodes take not even one more of %(kw)s kW.",
            full,
        ) % {"full": full, "count": len(found), "kw": _whole_kilowatts(device_w)}
    else:
        first = _("Every node takes at least one more of %(kw)s kW.") % {"kw": _whole_kilowatts(device_w)}
    tightest = min(found, key=lambda one: one.power_w)
    said = f"{first} " + _("The tightest is %(node)s with %(kw)s kW; half of all take %(half)s kW or more.") % {
        "node": tightest.node_code,
        "kw": kilowatts(tightest.power_w),
        "half": kilowatts(round(median(one.power_w for one in found))),
    }
    by_voltage = sum(one.limited_by == "voltage" for one in found)
    parts = [_("%(code)s %(nodes)d") % {"code": code, "nodes": nodes} for (_kind, code), nodes in limits[:3]]
    if by_voltage:
        parts.append(_("voltages %(nodes)d") % {"nodes": by_voltage})
    if parts:
        said += " " + _("Nodes by what limits them: %(list)s.") % {"list": ", ".join(parts)}
    return said


def loss_picture(drawing: Drawing, losses: Sequence[ElementLoss], all_sites: int) -> dict[str, Any]:
    """Branches by what their loss means, as broad as many sites hang on them, and a text that says the same."""
    by_code = {(one.kind, one.code): one for one in losses}
    most = max((one.sites_lost for one in losses), default=0)
    nodes = [StudiedNode(node, "plain", "", node.code, 2.0) for node in drawing.nodes]
    branches = [_lost(branch, by_code.get((branch.kind, branch.code)), most, all_sites) for branch in drawing.branches]
    return {"nodes": nodes, "branches": branches, "summary": _loss_words(losses, all_sites)}


def _loss_of(one: ElementLoss, all_sites: int) -> Loss:
    return loss(one.sites_lost, one.sites_lost_with_tie, one.is_within, all_sites)


def _lost(branch: DrawnBranch, one: ElementLoss | None, most: int, all_sites: int) -> StudiedBranch:
    if one is None:
        return StudiedBranch(branch, Loss.UNKNOWN, 1.5, _("%(code)s: not computed") % {"code": branch.code})
    width = 1.5 + (BROADEST_W - 1.5) * one.sites_lost / most if most else 1.5
    return StudiedBranch(branch, _loss_of(one, all_sites), round(width, 1), f"{branch.code}: {consequence_words(one)}")


def consequence_words(one: ElementLoss) -> str:
    """What happens without it, as a clause."""
    if one.sites_lost:
        said = ngettext("%(count)d site without supply", "%(count)d sites without supply", one.sites_lost) % {"count": one.sites_lost}
    else:
        said = _("nobody without supply")
    if one.tie_code and one.sites_lost_with_tie is not None:
        said += ", " + (_("closing %(tie)s leaves %(count)d") % {"tie": one.tie_code, "count": one.sites_lost_with_tie})
    if not one.is_within:
        said += ", " + _("the rest leaves its limits")
    return said


def _loss_words(losses: Sequence[ElementLoss], all_sites: int) -> str:
    if not losses:
        return ""
    looks = [_loss_of(one, all_sites) for one in losses]
    worst = losses[0]
    return _(
        "Of %(count)d elements %(safe)d can be lost without anybody losing supply, %(restored)d more with the help of a switch; "
        "%(many)d leave more than a tenth of the sites dark or the rest beyond its limits. The worst is %(worst)s: %(what)s."
    ) % {
        "count": len(looks),
        "safe": looks.count(Loss.NOBODY),
        "restored": looks.count(Loss.RESTORED),
        "many": looks.count(Loss.MANY_DARK),
        "worst": worst.code,
        "what": consequence_words(worst),
    }
