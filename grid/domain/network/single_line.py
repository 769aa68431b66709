"""The single-line diagram of a network: where each node stands, feeders as columns below their busbar.

The layout follows the tree of shortest ways from the coupling point. At each node the branch with the longest way below goes straight
down, the others open columns to the right of it. Branches that close a loop are told apart; islands stand beside the tree.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

Branch = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Layout:
    """Places on a grid of columns and rows.

    Attributes:
        column, row: by node.
        last_column: by node, the right-most column among its children, its own where it has none.
        parent: by node, -1 at a root.
        via: by node, the branch from its parent, -1 at a root.
        feeder: by node, the root's grandchild-side branch it hangs below (its column is the feeder's first), -1 above the feeders.
        is_fed: by node, whether a way leads to a coupling point.
        loops: branches that are in no tree: they close a loop, or are open.
    """

    column: list[int]
    row: list[int]
    last_column: list[int]
    parent: list[int]
    via: list[int]
    feeder: list[int]
    is_fed: list[bool]
    loops: list[int]

    @property
    def columns(self) -> int:
        return max(self.column, default=-1) + 1

    @property
    def rows(self) -> int:
        return max(self.row, default=-1) + 1


def lay_out(nodes: int, branches: Sequence[Branch], roots: Sequence[int], is_closed: Sequence[bool] | None = None) -> Layout:
    """Place `nodes` nodes joined by `branches`, below the coupling points `roots`; an open branch joins nothing."""
    closed = list(is_closed) if is_closed is not None else [True] * len(branches)
    order, parent, via, used, is_fed = _trees(nodes, branches, roots, closed)
    children: list[list[int]] = [[] for _ in range(nodes)]
    for node in order:
        if parent[node] >= 0:
            children[parent[node]].append(node)
    depth_below = [0] * nodes
    for node in reversed(order):
        if parent[node] >= 0:
            depth_below[parent[node]] = max(depth_below[parent[node]], depth_below[node] + 1)
    column, row, last = _places(order, parent, children, depth_below)
    feeder = _feeders(order, parent, children)
    loops = [place for place, (a, b) in enumerate(branches) if place not in used and a != b and min(a, b) >= 0]
    return Layout(column, row, last, parent, via, feeder, is_fed, loops)


def _trees(
    nodes: int, branches: Sequence[Branch], roots: Sequence[int], is_closed: Sequence[bool]
) -> tuple[list[int], list[int], list[int], set[int], list[bool]]:
    """Breadth first from the roots, then from the first node of each island; nodes in the order they were reached."""
    touching: list[list[tuple[int, int]]] = [[] for _ in range(nodes)]
    for place, (a, b) in enumerate(branches):
        if is_closed[place]:
            touching[a].append((b, place))
            touching[b].append((a, place))
    parent, via, is_fed = [-1] * nodes, [-1] * nodes, [False] * nodes
    seen, used, order = [False] * nodes, set[int](), list[int]()
    for start, fed in [*((root, True) for root in roots), *((node, False) for node in range(nodes))]:
        if seen[start]:
            continue
        seen[start] = True
        queue = deque([start])
        while queue:
            node = queue.popleft()
            order.append(node)
            is_fed[node] = fed
            for other, place in touching[node]:
                if not seen[other]:
                    seen[other], parent[other], via[other] = True, node, place
                    used.add(place)
                    queue.append(other)
    return order, parent, via, used, is_fed


def _places(
    order: Sequence[int], parent: Sequence[int], children: list[list[int]], depth_below: Sequence[int]
) -> tuple[list[int], list[int], list[int]]:
    """Columns and rows; the child with the longest way below comes first and keeps its parent's column."""
    nodes = len(parent)
    width = [1] * nodes
    for node in reversed(order):
        children[node].sort(key=lambda child: -depth_below[child])
        width[node] = max(sum(width[child] for child in children[node]), 1)
    column, row, last = [0] * nodes, [0] * nodes, [0] * nodes
    free = 0
    for node in order:
        if parent[node] < 0:
            column[node], free = free, free + width[node]
        place = column[node]
        last[node] = place
        for child in children[node]:
            column[child], row[child] = place, row[node] + 1
            last[node] = place
            place += width[child]
    return column, row, last


def _feeders(order: Sequence[int], parent: Sequence[int], children: list[list[int]]) -> list[int]:
    """Number the feeders: below the first node with several children each child begins one; without any the whole tree is one."""
    feeder = [-1] * len(parent)
    begun = 0
    split = [False] * len(parent)
    for node in order:
        above = parent[node]
        if above >= 0 and feeder[above] >= 0:
            feeder[node] = feeder[above]
        elif above >= 0 and split[above]:
            feeder[node], begun = begun, begun + 1
        elif len(children[node]) > 1:
            split[node] = True
    return feeder
